//! Words at line ends that were parted by a hyphen, mended with the book's own words.

use std::collections::HashMap;

/// Different words that are kept: no language has more in one book.
const MAX_WORDS: usize = 500_000;

/// The words of a book, with those that have a hyphen.
#[derive(Debug, Default)]
pub(super) struct Vocabulary(HashMap<String, u32>);

impl Vocabulary {
    /// Counts the words within lines; what a line's end may have cut is not counted.
    pub fn of(lines: &[&str]) -> Self {
        let mut words: HashMap<String, u32> = HashMap::new();
        for line in lines {
            let mut cut = line.trim_end().ends_with('-');
            for word in line
                .split(|c: char| !(c.is_alphabetic() || c == '-' || c == '\'' || c == '’'))
                .rev()
            {
                let word = word.trim_matches(['-', '\'', '’']);
                if word.is_empty() || std::mem::take(&mut cut) {
                    continue;
                }
                let word = word.to_lowercase();
                if words.len() < MAX_WORDS || words.contains_key(&word) {
                    *words.entry(word).or_default() += 1;
                }
            }
        }
        Self(words)
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains_key(word)
    }

    /// Whether the hyphen between the two halves is part of the word. The book's own spelling
    /// decides; without one, two words keep it ("to-day"), fragments do not ("frag-ments").
    pub fn keeps_hyphen(&self, before: &str, after: &str) -> bool {
        let (before, after) = (before.to_lowercase(), after.to_lowercase());
        if self.has(&format!("{before}-{after}")) {
            return true;
        }
        if self.has(&format!("{before}{after}")) {
            return false;
        }
        // The last part of a longer compound decides like a word of its own.
        let last = before.rsplit('-').next().unwrap_or(&before);
        before.contains('-') || (self.has(last) && self.has(&after))
    }
}
