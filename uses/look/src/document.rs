//! The text that a model is looked at with, in tokens.

use serde::Serialize;

/// One token, and what it shows as.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// The id in the vocabulary.
    pub id: u32,
    /// The text that it adds. Where several tokens make up one character, the first has its text
    /// and the others have none.
    pub text: String,
    /// Which of how many tokens that make up [`Token::text`] together, from 1; `[1, 1]` as a rule.
    pub part: [usize; 2],
    /// Whether it is no text but was put before it.
    pub special: bool,
}

/// A text in tokens, as many as are looked at.
#[derive(Clone, Debug)]
pub struct Document {
    /// The tokens that the model reads.
    pub tokens: Vec<Token>,
    /// UTF-8 bytes of their text.
    pub bytes: usize,
    /// Tokens that the text had before it was cut.
    pub whole: usize,
}
