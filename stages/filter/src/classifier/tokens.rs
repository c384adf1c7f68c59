//! Words by script.
//!
//! fastText splits at white space alone, which makes a line of Chinese one word. Here a character
//! of a script without spaces is a word, and n-grams of words then are n-grams of characters; so is
//! a punctuation mark.

use crate::lang::Script;

/// A word that no text has. It stands in the dictionary of models that split by script, so that
/// the model's file tells how it is to be applied.
pub(super) const MARK: &str = "textmill: words by script";

/// Hands over the words of `text`.
pub(super) fn each(text: &str, mut each: impl FnMut(&str)) {
    let mut start = None;
    for (at, c) in text.char_indices() {
        let kind = Kind::of(c);
        if kind != Kind::Letter
            && let Some(start) = start.take()
        {
            each(&text[start..at]);
        }
        match kind {
            Kind::Letter => start = start.or(Some(at)),
            Kind::Alone => each(&text[at..at + c.len_utf8()]),
            Kind::Space => {}
        }
    }
    if let Some(start) = start {
        each(&text[start..]);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    /// Part of a word.
    Letter,
    /// A word by itself.
    Alone,
}

impl Kind {
    fn of(c: char) -> Self {
        if c.is_ascii() {
            return match c {
                _ if c.is_ascii_alphanumeric() => Self::Letter,
                _ if c.is_ascii_graphic() => Self::Alone,
                _ => Self::Space,
            };
        }
        let unspaced = [
            Script::Han,
            Script::Kana,
            Script::Thai,
            Script::Lao,
            Script::Khmer,
            Script::Myanmar,
            Script::Tibetan,
        ];
        match Script::of(c) {
            Some(script) if unspaced.contains(&script) => Self::Alone,
            Some(_) => Self::Letter,
            None if c.is_whitespace() || c.is_control() => Self::Space,
            None if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => {
                Self::Letter
            }
            None => Self::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each(text, |word| words.push(word.to_string()));
        words
    }

    #[test]
    fn characters_without_spaces_are_words() {
        assert_eq!(
            words("用Rust 1.95写的，don't\0panic…"),
            [
                "用", "Rust", "1", ".", "95", "写", "的", "，", "don", "'", "t", "panic", "…"
            ]
        );
    }

    proptest! {
        #[test]
        fn words_are_what_fasttext_splits_when_spaced(text in "\\PC{0,60}|(?s).{0,30}") {
            let found = words(&text);
            let spaced = found.join(" ");
            let split: Vec<&str> = spaced.split([' ', '\n', '\r', '\t', '\x0B', '\x0C', '\0']).collect();
            if !found.is_empty() {
                prop_assert_eq!(found, split);
            }
        }
    }
}
