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
    ends: Vec<u64>,
    /// Places of n-grams that may repeat, ascending.
    places: Vec<Place>,
    n: usize,
    power: u64,
    table: Table,
}

#[derive(Clone, Copy)]
struct Place {
    hash: u64,
    at: usize,
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
        let places = words.iter().enumerate();
        Self {
            words,
            ends,
            places: places.map(|(at, &hash)| Place { hash, at }).collect(),
            n: 1,
            power: BASE,
            table: Table::with_room_for(words.len()),
        }
    }

    /// Goes on to the n-grams of one word more.
    pub fn grow(&mut self) {
        let (words, n, power) = (self.words, self.n, self.power);
        self.places.retain_mut(|place| {
            let word = words.get(place.at + n);
            place.hash = place
                .hash
                .wrapping_add(word.map_or(0, |word| word.wrapping_mul(power)));
            word.is_some()
        });
        self.n += 1;
        self.power = power.wrapping_mul(BASE);
    }

    /// Characters of the words of the n-gram that begins at word `at`.
    fn chars(&self, at: usize) -> u64 {
        self.ends[at + self.n] - self.ends[at]
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
    fn count(&mut self) -> (usize, u32) {
        self.table.clear();
        let (mut first, mut most) = (0, 1);
        for place in &self.places {
            let slot = self.table.add(*place);
            if slot.count > most || (slot.count == most && most > 1 && slot.at < first) {
                (first, most) = (slot.at, slot.count);
            }
        }
        let table = &self.table;
        self.places.retain(|place| table.count(place.hash) > 1);
        (first, most)
    }

    /// Characters in n-grams that repeat an earlier one, without counting any word twice.
    pub fn duplicates(&mut self) -> u64 {
        self.count();
        self.table.clear();
        let (mut next, mut chars) = (0, 0);
        for place in &self.places {
            if place.at >= next && self.table.add(*place).count > 1 {
                chars += self.ends[place.at + self.n] - self.ends[place.at];
                next = place.at + self.n;
            }
        }
        chars
    }
}

/// An open-addressing table from hash to count and first place, emptied in one step.
struct Table {
    slots: Vec<Slot>,
    mask: usize,
    round: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    at: usize,
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

    /// The slot that holds `hash`, or the free one where it belongs.
    fn slot(&self, hash: u64) -> usize {
        // The low bits of the product are weak.
        let mut at = (hash.wrapping_mul(BASE) >> 32) as usize & self.mask;
        while self.slots[at].round == self.round && self.slots[at].hash != hash {
            at = (at + 1) & self.mask;
        }
        at
    }

    /// Adds one to the count of a place's n-gram.
    fn add(&mut self, place: Place) -> Slot {
        let at = self.slot(place.hash);
        let round = self.round;
        let slot = &mut self.slots[at];
        if slot.round != round {
            *slot = Slot {
                hash: place.hash,
                at: place.at,
                round,
                count: 0,
            };
        }
        slot.count += 1;
        *slot
    }

    fn count(&self, hash: u64) -> u32 {
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
