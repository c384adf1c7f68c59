//! Function words by language: text that is written in sentences has them, lists do not.

use crate::hashing::hash_word;

/// Up to 64 words of one language, found by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopWords {
    /// An open-addressing table of hashes; 0 is a free slot.
    slots: [u64; SLOTS],
    count: usize,
}

const SLOTS: usize = 256;

impl Default for StopWords {
    fn default() -> Self {
        Self {
            slots: [0; SLOTS],
            count: 0,
        }
    }
}

impl StopWords {
    /// Codes of the languages that have built-in words.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        let lines = include_str!("../data/stop_words.txt").lines();
        lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split(' ').next())
    }

    /// The built-in words for a language code; none for a language that has no list.
    #[must_use]
    pub fn built_in(lang: &str) -> Self {
        Self::new(Self::list(lang))
    }

    /// The built-in list of a language.
    pub(crate) fn list(lang: &str) -> impl Iterator<Item = &'static str> {
        let lines = include_str!("../data/stop_words.txt").lines();
        let mut lists = lines.filter_map(|line| line.split_once(' '));
        let words = lists
            .find(|(code, _)| *code == lang)
            .map_or("", |(_, words)| words);
        words.split_whitespace()
    }

    /// A set of the given words, as they are written in text; at most 64 are of use.
    pub fn new<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut own = Self::default();
        for hash in words.map(hash_word).filter(|hash| *hash != 0) {
            let slot = own.slot(hash);
            if own.slots[slot] == 0 && own.count < 64 {
                own.slots[slot] = hash;
                own.count += 1;
            }
        }
        own
    }

    /// The slot that holds `hash`, or the free one where it belongs.
    #[inline]
    fn slot(&self, hash: u64) -> usize {
        let mut slot = hash as usize % SLOTS;
        while self.slots[slot] != 0 && self.slots[slot] != hash {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Notes in `seen` the word with this hash, if it is a stop word.
    #[inline]
    pub(crate) fn note(&self, hash: u64, seen: &mut Seen) {
        let slot = self.slot(hash);
        seen.0[slot / 64] |= u64::from(self.slots[slot] != 0) << (slot % 64);
    }
}

/// Which stop words were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen([u64; SLOTS / 64]);

impl Seen {
    /// How many different ones.
    pub fn count(self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_different_words() {
        let english = StopWords::built_in("en");
        let count = |text: &str| {
            let mut seen = Seen::default();
            for word in text.split(' ') {
                english.note(hash_word(word), &mut seen);
            }
            seen.count()
        };
        assert_eq!(count("the cat and the dog"), 2);
        assert_eq!(count("cat dog"), 0);
    }

    #[test]
    fn unknown_languages_have_none() {
        assert!(StopWords::built_in("xx").is_empty());
        assert!(!StopWords::built_in("zh").is_empty());
    }

    #[test]
    fn every_list_fits_the_table() {
        for line in include_str!("../data/stop_words.txt").lines().skip(1) {
            assert!(line.split_whitespace().count() <= 65, "{line}");
        }
    }
}
