//! A document's words, measured once for all rules.

use xxhash_rust::xxh3::xxh3_64;

use crate::stop_words::StopWords;
use crate::words::{Segmenter, is_symbol};

/// What the rules need to know of a document's words; 12 bytes a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// XXH3 hash of each word.
    pub hashes: Vec<u64>,
    /// Length of each word in characters.
    pub chars: Vec<u32>,
    /// Words with something else than symbols in them.
    pub plain: usize,
    /// Characters in such words.
    pub plain_chars: usize,
    /// Words with a letter in them.
    pub alphabetic: usize,
    /// Different stop words.
    pub stop_words: usize,
}

impl Words {
    /// Splits `text` and measures its words.
    #[must_use]
    pub fn measure(text: &str, segmenter: Segmenter, stop_words: &StopWords) -> Self {
        let mut words = Self::default();
        let expected = text.len() / 5;
        words.hashes.reserve(expected);
        words.chars.reserve(expected);
        let mut seen = 0u64;
        segmenter.words(text, |word| {
            let hash = xxh3_64(word.as_bytes());
            let (chars, plain, alphabetic) = classify(word);
            seen |= stop_words.bit(hash);
            words.hashes.push(hash);
            words.chars.push(u32::try_from(chars).unwrap_or(u32::MAX));
            words.plain += usize::from(plain);
            words.plain_chars += if plain { chars } else { 0 };
            words.alphabetic += usize::from(alphabetic);
        });
        words.stop_words = seen.count_ones() as usize;
        words
    }

    /// Number of words, punctuation marks included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// A word's length in characters, whether it is more than symbols, whether it has a letter.
fn classify(word: &str) -> (usize, bool, bool) {
    if word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return (word.len(), true, true);
    }
    let (mut chars, mut plain, mut alphabetic) = (0, false, false);
    for c in word.chars() {
        chars += 1;
        plain = plain || !is_symbol(c);
        alphabetic = alphabetic || c.is_alphabetic();
    }
    (chars, plain, alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_words_symbols_and_letters() {
        let words = Words::measure(
            "The 3 cats, and 4 ...",
            Segmenter::Spaced,
            &StopWords::built_in("en"),
        );
        assert_eq!((words.len(), words.plain, words.alphabetic), (7, 5, 3));
        assert_eq!((words.plain_chars, words.stop_words), (12, 1));
    }

    #[test]
    fn chinese_words_are_counted_in_characters() {
        let words = Words::measure(
            "我们在北京。",
            Segmenter::Chinese,
            &StopWords::built_in("zh"),
        );
        assert_eq!((words.len(), words.plain, words.plain_chars), (4, 3, 5));
    }
}
