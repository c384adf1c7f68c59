//! Words by language: what counts as a word decides what the rules measure.

mod chinese;
mod classes;
mod exceptions;
mod letters;
mod ranges;
mod spaced;
mod unspaced;
mod web_address;

pub(crate) use classes::{chunks, is_east_asian_letter};
pub use classes::{is_space, is_symbol, is_terminal};
pub(crate) use letters::letters_len;
pub(crate) use spaced::{Piece, words_and_gaps};

/// How a language's text is split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segmenter {
    /// At spaces, with spaCy's rules for punctuation, clitics and hyphens.
    Spaced,
    /// Chinese, by a word list.
    Chinese,
    /// Scripts without spaces: runs of one script (Japanese), clusters (Thai, Khmer, …) by
    /// UAX #29.
    Unspaced,
}

impl Segmenter {
    /// The segmenter for a language code.
    #[must_use]
    pub fn of(lang: &str) -> Self {
        match lang {
            "zh" | "yue" => Self::Chinese,
            "ja" | "th" | "lo" | "km" | "my" | "bo" | "dz" => Self::Unspaced,
            _ => Self::Spaced,
        }
    }

    /// Calls `emit` for each word of `text`, punctuation marks included, white space not.
    pub fn words<'a>(self, text: &'a str, mut emit: impl FnMut(&'a str)) {
        match self {
            Self::Spaced => spaced::words(text, &mut emit),
            Self::Chinese => chinese::words(text, &mut emit),
            Self::Unspaced => unspaced::words(text, &mut emit),
        }
    }
}
