//! Counting repeated n-grams of words by hash.
//!
//! An n-gram is the polynomial hash of its words' 64-bit hashes, so that going from n to n + 1
//! costs one multiplication a word, and no string is ever built. Two different n-grams of one
//! document share a hash with a probability of about (words squared) / 2^64.

/// Multiplier of the polynomial; odd, from the golden ratio.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The n-grams of a document, for growing n.
pub struct Ngrams<'a> {
    words: &'a [u64],
    /// Length in characters of the first i words.
    ends: Vec<u64>,
    hashes: Vec<u64>,
    n: usize,
    power: u64,
    table: Table,
}

impl<'a> Ngrams<'a> {
    /// The 1-grams of a document, given its words' hashes and lengths in characters.
    #[must_use]
    pub fn new(words: &'a [u64], chars: &[u32]) -> Self {
        let mut ends = Vec::with_capacity(chars.len() + 1);
        let mut end = 0u64;
        ends.push(0);
        for &count in chars {
            end += u64::from(count);
            ends.push(end);
        }
        Self {
            words,
            ends,
            hashes: words.to_vec(),
            n: 1,
            power: BASE,
            table: Table::with_room_for(words.len()),
        }
    }

    /// Goes on to the n-grams of one word more.
    pub fn grow(&mut self) {
        let count = (self.words.len()).saturating_sub(self.n);
        self.hashes.truncate(count);
        for (hash, &word) in self
            .hashes
            .iter_mut()
            .zip(&self.words[self.n.min(self.words.len())..])
        {
            *hash = hash.wrapping_add(word.wrapping_mul(self.power));
        }
        self.n += 1;
        self.power = self.power.wrapping_mul(BASE);
    }

    /// Characters of the words of the n-gram that begins at word `at`.
    fn chars(&self, at: usize) -> u64 {
        self.ends[at + self.n] - self.ends[at]
    }

    /// Characters in all occurrences of the commonest n-gram, its words joined by spaces, and
    /// how often it occurs; of equally common ones the one that comes first.
    pub fn top(&mut self) -> (u64, u32) {
        self.table.clear();
        for &hash in &self.hashes {
            self.table.count(hash);
        }
        let (mut first, mut most) = (0, 0);
        for (at, &hash) in self.hashes.iter().enumerate() {
            let count = self.table.get(hash);
            if count > most {
                (first, most) = (at, count);
            }
        }
        if most == 0 {
            return (0, 0);
        }
        let chars = self.chars(first) + self.n as u64 - 1;
        (chars * u64::from(most), most)
    }

    /// Characters in n-grams that repeat an earlier one, without counting any word twice.
    pub fn duplicates(&mut self) -> u64 {
        self.table.clear();
        let (mut at, mut chars) = (0, 0);
        while let Some(&hash) = self.hashes.get(at) {
            if self.table.count(hash) > 1 {
                chars += self.chars(at);
                at += self.n;
            } else {
                at += 1;
            }
        }
        chars
    }
}

/// An open-addressing table from hash to count, emptied in one step.
struct Table {
    slots: Vec<Slot>,
    mask: usize,
    round: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    round: u32,
    count: u32,
}

impl Table {
    /// A table that stays at most half full.
    fn with_room_for(items: usize) -> Self {
        let size = (items.max(8) * 2).next_power_of_two();
        Self {
            slots: vec![Slot::default(); size],
            mask: size - 1,
            round: 0,
        }
    }

    fn clear(&mut self) {
        self.round += 1;
    }

    /// The slot that holds `hash`, or the empty one where it belongs.
    fn slot(&self, hash: u64) -> usize {
        // The polynomial's low bits are weak; its high ones are not.
        let mut at = (hash.wrapping_mul(BASE) >> 32) as usize & self.mask;
        while self.slots[at].round == self.round && self.slots[at].hash != hash {
            at = (at + 1) & self.mask;
        }
        at
    }

    /// Adds one to a hash's count and returns it.
    fn count(&mut self, hash: u64) -> u32 {
        let at = self.slot(hash);
        let round = self.round;
        let slot = &mut self.slots[at];
        if slot.round != round {
            *slot = Slot {
                hash,
                round,
                count: 0,
            };
        }
        slot.count += 1;
        slot.count
    }

    fn get(&self, hash: u64) -> u32 {
        let slot = &self.slots[self.slot(hash)];
        if slot.round == self.round {
            slot.count
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};
    use xxhash_rust::xxh3::xxh3_64;

    fn measured(words: &[&str], n: usize) -> (u64, u64) {
        let hashes: Vec<u64> = words.iter().map(|w| xxh3_64(w.as_bytes())).collect();
        let chars: Vec<u32> = words.iter().map(|w| w.chars().count() as u32).collect();
        let mut ngrams = Ngrams::new(&hashes, &chars);
        for _ in 1..n {
            ngrams.grow();
        }
        (ngrams.top().0, ngrams.duplicates())
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
        fn agrees_with_the_definitions(picks in proptest::collection::vec(0usize..4, 0..60), n in 1usize..7) {
            let words: Vec<&str> = picks.iter().map(|&p| ["a", "bb", "中文", "dddd"][p]).collect();
            proptest::prop_assert_eq!(measured(&words, n), expected(&words, n));
        }
    }

    #[test]
    fn of_equally_common_ngrams_the_first_counts() {
        assert_eq!(measured(&["x", "longer", "x", "longer"], 1).0, 2);
    }
}
