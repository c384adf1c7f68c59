//! Counting repeated n-grams of words by hash.
//!
//! An n-gram is the polynomial hash of its words' 64-bit hashes, so that going from n to n + 1
//! costs one multiplication a word, and no string is ever built. Two different n-grams of one
//! document share a hash with a probability of about (words squared) / 2^64.

/// Multiplier of the polynomial; odd, from the golden ratio.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The n-grams of a document, for growing n.
///
/// Only the places of n-grams that occur more than once are followed to the next n: no longer
/// n-gram can repeat anywhere else.
pub struct Ngrams<'a> {
    words: &'a [u64],
    /// Length in characters of the first i words.
    ends: &'a [u32],
    /// Places of n-grams that may repeat, ascending.
    places: Vec<Place>,
    n: usize,
    power: u64,
    table: Table,
    /// The slot of each place in the table.
    slots: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Place {
    hash: u64,
    at: u32,
}

impl<'a> Ngrams<'a> {
    /// The 2-grams of a document, given its words' hashes and the length in characters of the
    /// first i words for each i.
    #[must_use]
    pub fn bigrams(words: &'a [u64], ends: &'a [u32]) -> Self {
        Self {
            words,
            ends,
            places: repeated_bigrams(words),
            n: 2,
            power: BASE.wrapping_mul(BASE),
            table: Table::default(),
            slots: Vec::new(),
        }
    }

    /// Goes on to the n-grams of one word more.
    pub fn grow(&mut self) {
        let (words, n, power) = (self.words, self.n, self.power);
        keep(&mut self.places, |place| {
            let word = words.get(place.at as usize + n);
            let more = word.map_or(0, |word| word.wrapping_mul(power));
            place.hash = place.hash.wrapping_add(more);
            word.is_some()
        });
        let again = Again::of(
            self.places.iter().map(|place| place.hash),
            self.places.len(),
        );
        keep(&mut self.places, |place| again.may_have(place.hash));
        self.n += 1;
        self.power = power.wrapping_mul(BASE);
    }

    /// Characters of the words of the n-gram that begins at word `at`.
    fn chars(&self, at: u32) -> u64 {
        u64::from(self.ends[at as usize + self.n] - self.ends[at as usize])
    }

    /// Characters in all occurrences of the commonest n-gram, its words joined by spaces; of
    /// equally common ones the one that comes first counts.
    pub fn top(&mut self) -> u64 {
        if self.words.len() < self.n {
            return 0;
        }
        let (first, most) = self.count();
        (self.chars(first) + self.n as u64 - 1) * u64::from(most)
    }

    /// Counts the n-grams, forgets the places of those that occur once, and returns the first
    /// place of the commonest and how often it occurs.
    fn count(&mut self) -> (u32, u32) {
        if self.places.is_empty() {
            return (0, 1);
        }
        self.table.empty_for(self.places.len());
        self.slots.clear();
        let (mut first, mut most) = (0, 1);
        for place in &self.places {
            let at = self.table.add(*place);
            self.slots.push(at as u32);
            let slot = self.table.slots[at];
            if slot.count > most || (slot.count == most && most > 1 && slot.at < first) {
                (first, most) = (slot.at, slot.count);
            }
        }
        let (table, mut slots) = (&self.table, self.slots.iter());
        keep(&mut self.places, |_| {
            let slot = slots.next();
            slot.is_some_and(|&at| table.slots[at as usize].count > 1)
        });
        (first, most)
    }

    /// Characters in n-grams that repeat an earlier one, without counting any word twice.
    pub fn duplicates(&mut self) -> u64 {
        self.count();
        if self.places.is_empty() {
            return 0;
        }
        self.table.empty_for(self.places.len());
        let (mut next, mut chars) = (0, 0);
        for place in &self.places {
            if place.at < next {
                continue;
            }
            let at = self.table.add(*place);
            if self.table.slots[at].count > 1 {
                chars += self.chars(place.at);
                next = place.at + self.n as u32;
            }
        }
        chars
    }
}

/// The 2-grams that repeat, and a few that do not.
fn repeated_bigrams(words: &[u64]) -> Vec<Place> {
    let hash = |pair: &[u64]| pair[0].wrapping_add(pair[1].wrapping_mul(BASE));
    let again = Again::of(words.windows(2).map(hash), words.len());
    let mut places = Vec::with_capacity(words.len());
    let all = words.windows(2).enumerate().map(|(at, pair)| Place {
        hash: hash(pair),
        at: at as u32,
    });
    places.extend(all.filter(|place| again.may_have(place.hash)));
    places
}

/// Keeps the places for which `is_kept`. Which ones are kept is hard to foresee for a processor,
/// so nothing branches on it.
fn keep(places: &mut Vec<Place>, mut is_kept: impl FnMut(&mut Place) -> bool) {
    let mut kept = 0;
    for at in 0..places.len() {
        let mut place = places[at];
        let is_kept = is_kept(&mut place);
        places[kept] = place;
        kept += usize::from(is_kept);
    }
    places.truncate(kept);
}

/// Which hashes occur more than once, or share a bit with another one. Two bits a hash, modulo a
/// small number, cost far less than a table of all of them.
struct Again {
    bits: Vec<u64>,
}

impl Again {
    fn of(hashes: impl Iterator<Item = u64>, count: usize) -> Self {
        let size = (count.max(8) * 8).next_power_of_two();
        let mut once = vec![0u64; size / 64];
        let mut again = vec![0u64; size / 64];
        for hash in hashes {
            let bit = bit(hash, size);
            let (word, mask) = (bit / 64, 1 << (bit % 64));
            again[word] |= once[word] & mask;
            once[word] |= mask;
        }
        Self { bits: again }
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bit = bit(hash, self.bits.len() * 64);
        self.bits[bit / 64] >> (bit % 64) & 1 != 0
    }
}

/// A number below `size`, a power of two. The low bits of the hashes are weak.
#[inline]
fn bit(hash: u64, size: usize) -> usize {
    (hash.wrapping_mul(BASE) >> 32) as usize & (size - 1)
}

/// An open-addressing table from hash to count and first place.
#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
}

/// A free slot has a count of 0.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    at: u32,
    count: u32,
}

impl Table {
    /// Empties the table and makes it stay at most three quarters full with `items`.
    fn empty_for(&mut self, items: usize) {
        self.slots.clear();
        let size = (items.max(8) * 4 / 3 + 1).next_power_of_two();
        self.slots.resize(size, Slot::default());
    }

    /// The slot that holds `hash`, or the free one where it belongs.
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The low bits of the product are weak.
        let mut at = (hash.wrapping_mul(BASE) >> 32) as usize & mask;
        while self.slots[at].count > 0 && self.slots[at].hash != hash {
            at = (at + 1) & mask;
        }
        at
    }

    /// Adds one to the count of a place's n-gram; returns its slot.
    fn add(&mut self, place: Place) -> usize {
        let at = self.slot(place.hash);
        let slot = &mut self.slots[at];
        if slot.count == 0 {
            slot.hash = place.hash;
            slot.at = place.at;
        }
        slot.count += 1;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};
    use xxhash_rust::xxh3::xxh3_64;

    fn measured(words: &[&str], n: usize) -> (u64, u64) {
        let hashes: Vec<u64> = words.iter().map(|w| xxh3_64(w.as_bytes())).collect();
        let mut ends = vec![0];
        for word in words {
            ends.push(ends[ends.len() - 1] + word.chars().count() as u32);
        }
        let mut ngrams = Ngrams::bigrams(&hashes, &ends);
        for _ in 2..n {
            ngrams.grow();
        }
        (ngrams.top(), ngrams.duplicates())
    }

    /// The definitions, written plainly.
    fn expected(words: &[&str], n: usize) -> (u64, u64) {
        let mut counts: HashMap<String, u64> = HashMap::new();
        let joined: Vec<String> = words.windows(n).map(|w| w.join(" ")).collect();
        for gram in &joined {
            *counts.entry(gram.clone()).or_default() += 1;
        }
        let most = counts.values().max().copied().unwrap_or(0);
        let first = joined.iter().find(|gram| counts[*gram] == most);
        let top = first.map_or(0, |gram| gram.chars().count() as u64 * most);
        let (mut seen, mut at, mut duplicates) = (HashSet::new(), 0, 0);
        while at + n <= words.len() {
            if seen.insert(&words[at..at + n]) {
                at += 1;
            } else {
                duplicates += words[at..at + n].concat().chars().count() as u64;
                at += n;
            }
        }
        (top, duplicates)
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_definitions(picks in proptest::collection::vec(0usize..4, 0..60), n in 2usize..7) {
            let words: Vec<&str> = picks.iter().map(|&p| ["a", "bb", "中文", "dddd"][p]).collect();
            proptest::prop_assert_eq!(measured(&words, n), expected(&words, n));
        }
    }

    #[test]
    fn of_equally_common_ngrams_the_first_counts() {
        assert_eq!(
            measured(&["x", "y", "longer", "z", "x", "y", "longer", "z"], 2).0,
            6
        );
    }
}
