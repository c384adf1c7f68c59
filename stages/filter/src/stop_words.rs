//! Function words by language: text that is written in sentences has them, lists do not.

use xxhash_rust::xxh3::xxh3_64;

/// Up to 64 words of one language, found by hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopWords {
    /// Hashes of the words, sorted.
    hashes: Vec<u64>,
    /// Bits of the hashes' lowest bytes: rules most words out at once.
    low: [u64; 4],
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
        let mut hashes: Vec<u64> = words.map(|word| xxh3_64(word.as_bytes())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(64);
        let mut low = [0; 4];
        for hash in &hashes {
            low[(hash >> 6 & 3) as usize] |= 1 << (hash & 63);
        }
        Self { hashes, low }
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// A bit for the word with this XXH3 hash, or none.
    #[must_use]
    pub fn bit(&self, hash: u64) -> u64 {
        if self.low[(hash >> 6 & 3) as usize] & (1 << (hash & 63)) == 0 {
            return 0;
        }
        self.hashes.binary_search(&hash).map_or(0, |at| 1 << at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_different_words() {
        let english = StopWords::built_in("en");
        let mask = |text: &str| {
            text.split(' ')
                .fold(0, |m, w| m | english.bit(xxh3_64(w.as_bytes())))
        };
        assert_eq!(mask("the cat and the dog").count_ones(), 2);
        assert_eq!(mask("cat dog").count_ones(), 0);
    }

    #[test]
    fn unknown_languages_have_none() {
        assert!(StopWords::built_in("xx").is_empty());
        assert!(!StopWords::built_in("zh").is_empty());
    }

    #[test]
    fn every_list_fits_the_bit_set() {
        for line in include_str!("../data/stop_words.txt").lines().skip(1) {
            assert!(line.split_whitespace().count() <= 65, "{line}");
        }
    }
}
