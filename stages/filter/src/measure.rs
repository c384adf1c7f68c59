//! A document's words, measured once for all rules.

use crate::hashing::hash_word_at;
use crate::lines::lines;
use crate::sentences;
use crate::stop_words::{Seen, StopWords};
use crate::words::{Segmenter, is_east_asian_letter, is_space, is_symbol, letters_len};

/// What the rules need to know of a document's words and lines; 12 bytes a word and 16 a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Hash of each word.
    pub hashes: Vec<u64>,
    /// Characters of the first i words together; one more than there are words.
    pub ends: Vec<u32>,
    /// Words with something else than symbols in them.
    pub plain: usize,
    /// Characters in such words.
    pub plain_chars: usize,
    /// Words with a letter in them.
    pub alphabetic: usize,
    /// Different stop words.
    pub stop_words: usize,
    /// Its lines ([`lines`]).
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the text, white space left aside.
    pub start: u32,
    /// Where it ends, white space left aside.
    pub end: u32,
    /// Words, punctuation marks included.
    pub words: u32,
    /// Sentences; what follows the last terminal mark is one.
    pub sentences: u32,
}

impl Line {
    /// The line itself.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

impl Words {
    /// Splits `text` and measures its words.
    #[must_use]
    pub fn measure(text: &str, segmenter: Segmenter, stop_words: &StopWords) -> Self {
        let expected = text.len() / 4;
        let mut measure = Measure {
            text,
            stop_words,
            seen: Seen::default(),
            chars: 0,
            words: Self {
                hashes: Vec::with_capacity(expected),
                ends: Vec::with_capacity(expected + 1),
                plain: 0,
                plain_chars: 0,
                alphabetic: 0,
                stop_words: 0,
                lines: Vec::new(),
            },
        };
        measure.words.ends.push(0);
        for line in lines(text) {
            let before = measure.words.hashes.len();
            let line = line.trim_matches(is_space);
            let start = line.as_ptr().addr() - text.as_ptr().addr();
            let sentences = sentences::count(line, segmenter, |word| measure.word(word));
            measure.words.lines.push(Line {
                start: start as u32,
                end: (start + line.len()) as u32,
                words: (measure.words.hashes.len() - before) as u32,
                sentences,
            });
        }
        measure.words.stop_words = measure.seen.count();
        measure.words
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

struct Measure<'a> {
    text: &'a str,
    stop_words: &'a StopWords,
    seen: Seen,
    chars: u32,
    words: Words,
}

impl Measure<'_> {
    #[inline]
    fn word(&mut self, word: &str) {
        // A word is a piece of the text.
        let start = word.as_ptr().addr() - self.text.as_ptr().addr();
        let hash = hash_word_at(self.text.as_bytes(), start, word.len());
        let all_letters = letters_len(&self.text.as_bytes()[start..]) >= word.len();
        let (chars, plain, alphabetic) = match all_letters {
            true => (word.len(), true, true),
            false => classify(word),
        };
        self.stop_words.note(hash, &mut self.seen);
        // A text is below 2 GiB, Arrow's limit.
        self.chars = self.chars.saturating_add(chars as u32);
        self.words.hashes.push(hash);
        self.words.ends.push(self.chars);
        self.words.plain += usize::from(plain);
        self.words.plain_chars += if plain { chars } else { 0 };
        self.words.alphabetic += usize::from(alphabetic);
    }
}

/// A word's length in characters, whether it is more than symbols, whether it has a letter.
fn classify(word: &str) -> (usize, bool, bool) {
    if let [byte] = word.as_bytes() {
        let c = char::from(*byte);
        return (1, !is_symbol(c), c.is_ascii_alphabetic());
    }
    let (mut chars, mut plain, mut alphabetic) = (0, false, false);
    for c in word.chars() {
        chars += 1;
        if plain && alphabetic {
            continue;
        }
        if is_east_asian_letter(c) {
            (plain, alphabetic) = (true, true);
        } else if !is_symbol(c) {
            plain = true;
            alphabetic = alphabetic || c.is_alphabetic();
        }
    }
    (chars, plain, alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_words_symbols_and_letters() {
        let words = Words::measure(
            "The 3 cats,\nand 4 ...",
            Segmenter::Spaced,
            &StopWords::built_in("en"),
        );
        assert_eq!((words.len(), words.plain, words.alphabetic), (7, 5, 3));
        assert_eq!((words.plain_chars, words.stop_words), (12, 1));
        assert_eq!(words.ends, [0, 3, 4, 8, 9, 12, 13, 16]);
        let line = |start, end, words, sentences| Line {
            start,
            end,
            words,
            sentences,
        };
        assert_eq!(words.lines, [line(0, 11, 4, 1), line(12, 21, 3, 1)]);
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
