//! How often each piece occurs: all that training needs to know of a text.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use crate::pieces::{Pattern, for_each_piece};

/// Different pieces, each with its count, in one block of memory.
#[derive(Default)]
pub struct Counts {
    /// Places of entries, by hash; 0 is free, others are one more than the place.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    count: u64,
    start: usize,
    length: u32,
}

impl Counts {
    /// Adds to the count of a piece.
    #[inline]
    pub fn add(&mut self, piece: &[u8], times: u64) {
        self.add_hashed(xxh3_64(piece), piece, times);
    }

    #[inline]
    fn add_hashed(&mut self, hash: u64, piece: &[u8], times: u64) {
        if self.entries.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let last = self.slots.len() - 1;
        let mut slot = hash as usize & last;
        while let Some(place) = self.slots[slot].checked_sub(1) {
            let entry = &mut self.entries[place as usize];
            if entry.hash == hash
                && self.bytes[entry.start..entry.start + entry.length as usize] == *piece
            {
                entry.count += times;
                return;
            }
            slot = (slot + 1) & last;
        }
        self.entries.push(Entry {
            hash,
            count: times,
            start: self.bytes.len(),
            length: piece.len() as u32,
        });
        self.bytes.extend_from_slice(piece);
        self.slots[slot] = self.entries.len() as u32;
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (place, entry) in (1..).zip(&self.entries) {
            let mut slot = entry.hash as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = place;
        }
    }

    /// The pieces, each with its count.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], u64)> {
        self.entries.iter().map(|entry| {
            let piece = &self.bytes[entry.start..entry.start + entry.length as usize];
            (piece, entry.count)
        })
    }

    /// Number of different pieces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the different pieces.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Longer pieces are counted in parts of this many bytes. Each merge looks through all pieces that
/// hold its pair, so one of megabytes, such as Chinese without punctuation, would cost its length
/// thousands of times; and no token comes near.
const LONGEST: usize = 1024;

/// A piece, or its parts if it is too long.
fn parts(piece: &str) -> impl Iterator<Item = &str> {
    let mut rest = piece;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at(rest.floor_char_boundary(LONGEST));
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Parts of the common table, so that threads seldom wait for each other.
const PARTS: usize = 64;
/// Bytes that counting and merging take for each byte of a piece, and for each piece: at the worst,
/// which is random Chinese. Natural text takes less.
const PER_BYTE: u64 = 44;
const PER_PIECE: u64 = 72;

/// Counts that several threads add to, within a limit.
///
/// Whether the limit is passed depends on the texts alone, not on who counted what when.
pub struct SharedCounts {
    parts: Vec<Mutex<Counts>>,
    used: AtomicU64,
    limit: u64,
}

/// The different pieces take more memory than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl SharedCounts {
    /// Counts that may take about `limit` bytes of memory, what merging them takes included.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            used: AtomicU64::new(0),
            limit,
        }
    }

    /// Counts the pieces of some texts, in memory that does not outgrow the texts.
    ///
    /// # Errors
    /// When there are too many different pieces.
    pub fn count<'t>(
        &self,
        pattern: Pattern,
        texts: impl Iterator<Item = &'t str>,
    ) -> Result<(), TooMany> {
        let mut counts = Counts::default();
        for text in texts {
            for_each_piece(pattern, text, |start, end| {
                parts(&text[start..end]).for_each(|part| counts.add(part.as_bytes(), 1));
            });
        }
        self.merge(&counts)
    }

    fn merge(&self, counts: &Counts) -> Result<(), TooMany> {
        let part = |hash: u64| (hash >> 32) as usize % PARTS;
        let mut by_part: Vec<Vec<&Entry>> = vec![Vec::new(); PARTS];
        for entry in &counts.entries {
            by_part[part(entry.hash)].push(entry);
        }
        for (shared, entries) in self.parts.iter().zip(by_part) {
            let Ok(mut shared) = shared.lock() else {
                continue;
            };
            let before = memory(&shared);
            for entry in entries {
                let piece = &counts.bytes[entry.start..entry.start + entry.length as usize];
                shared.add_hashed(entry.hash, piece, entry.count);
            }
            let added = memory(&shared) - before;
            let used = self.used.fetch_add(added, Ordering::Relaxed) + added;
            if used > self.limit {
                return Err(TooMany);
            }
        }
        Ok(())
    }

    /// All counts, when everything is counted.
    #[must_use]
    pub fn into_parts(self) -> Vec<Counts> {
        let counts = |part: Mutex<Counts>| part.into_inner().unwrap_or_default();
        self.parts.into_iter().map(counts).collect()
    }
}

fn memory(counts: &Counts) -> u64 {
    counts.bytes() as u64 * PER_BYTE + counts.len() as u64 * PER_PIECE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::pieces::{Family, pieces};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_counted(texts in prop::collection::vec("[ab ]{0,60}", 0..12)) {
            let pattern = Family::Cl100k.pattern();
            let mut expected = BTreeMap::new();
            for piece in texts.iter().flat_map(|text| pieces(pattern, text)) {
                *expected.entry(piece.as_bytes().to_vec()).or_insert(0) += 1;
            }
            let shared = SharedCounts::new(u64::MAX);
            for some in texts.chunks(3) {
                shared.count(pattern, some.iter().map(String::as_str)).unwrap();
            }
            let parts = shared.into_parts();
            let all = parts.iter().flat_map(Counts::iter);
            let found: Vec<(Vec<u8>, u64)> = all.map(|(p, n)| (p.to_vec(), n)).collect();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
        }
    }

    #[test]
    fn pieces_of_any_length_are_counted_whole_or_in_parts() {
        for (piece, expected) in [
            (String::new(), 0),
            ("a".repeat(LONGEST), 1),
            ("a".repeat(LONGEST + 1), 2),
            // 341 characters of three bytes fit into a part.
            ("磨".repeat(341 * 100), 100),
        ] {
            let found: Vec<&str> = parts(&piece).collect();
            assert_eq!(found.concat(), piece);
            assert_eq!(found.len(), expected);
            assert!(found.iter().all(|part| part.len() <= LONGEST));
        }
    }

    #[test]
    fn many_different_pieces_fit_or_do_not_whatever_the_order() {
        let texts: Vec<String> = (0..5000).map(|i| format!("{i} {}", i * 7919)).collect();
        let count = |limit, reversed| {
            let shared = SharedCounts::new(limit);
            let mut order: Vec<&str> = texts.iter().map(String::as_str).collect();
            if reversed {
                order.reverse();
            }
            order
                .chunks(100)
                .try_for_each(|some| shared.count(Family::Gpt2.pattern(), some.iter().copied()))
        };
        let fits = (1u64..)
            .map(|i| i * 1000)
            .find(|limit| count(*limit, false).is_ok())
            .unwrap();
        assert_eq!(count(fits, true), Ok(()));
        assert_eq!(count(fits - 1000, true), Err(TooMany));
    }
}
