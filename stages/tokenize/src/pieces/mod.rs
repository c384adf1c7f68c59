//! Pre-tokenization: text is cut into pieces, and no token reaches over the end of one.
//!
//! The well-known vocabularies define their pieces by a regular expression with a look-ahead, which
//! engines work through by backtracking. Here the same pieces are found by scanning, in linear time;
//! property tests compare them with the engine that the `tokenizers` crate uses.

mod classes;
mod pattern;
mod rules;
mod scan;

#[cfg(test)]
mod tests;

pub use pattern::{Digits, Family, Pattern};

use rules::{Rules, Text};

/// The pieces of a text, in order; joined they are the text.
pub fn pieces(pattern: Pattern, text: &str) -> impl Iterator<Item = &str> {
    let scanned = Text::new(text);
    let rules = Rules::new(pattern);
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let end = rules.end(&scanned, start);
        let piece = text.get(start..end);
        start = end;
        piece
    })
}

/// Calls `found` with the start and the end of every piece, in order: as [`pieces`], with a loop of
/// its own for each family, for the encoder.
#[inline]
pub(crate) fn for_each_piece(pattern: Pattern, text: &str, found: impl FnMut(usize, usize)) {
    let scanned = Text::new(text);
    let rules = Rules::new(pattern);
    match pattern.family {
        Family::Gpt2 => walk(text.len(), |start| rules.gpt2(&scanned, start), found),
        Family::Cl100k => walk(text.len(), |start| rules.cl100k(&scanned, start), found),
        Family::O200k => walk(text.len(), |start| rules.o200k(&scanned, start), found),
    }
}

#[inline]
fn walk(length: usize, end_of: impl Fn(usize) -> usize, mut found: impl FnMut(usize, usize)) {
    let mut start = 0;
    while start < length {
        let end = end_of(start);
        found(start, end);
        start = end;
    }
}
