//! Tokens as they come, given out as text that no later token can change.

use std::collections::VecDeque;

use super::error::ApiError;
use super::vocabulary::{TextStream, Vocabulary};

/// A token with what the model thought of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub id: u32,
    /// Log-probability in nats; none for the first token of a text.
    pub log: Option<f32>,
    /// The likeliest tokens at its place with their log-probabilities, the likeliest first.
    pub top: Vec<(u32, f32)>,
    /// Where its text begins in that of the choice, in characters.
    pub offset: usize,
}

impl Token {
    /// A token whose place is not known yet.
    pub fn new(id: u32, log: Option<f32>, top: Vec<(u32, f32)>) -> Self {
        Self {
            id,
            log,
            top,
            offset: 0,
        }
    }
}

/// A part of a choice: text, and the tokens that begin in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Piece {
    pub text: String,
    pub tokens: Vec<Token>,
}

/// Holds back characters that are not whole, and text that may become a stop string.
pub(crate) struct Writer<'v> {
    stream: TextStream<'v>,
    stops: &'v [String],
    /// Decoded text that has not been given out.
    held: String,
    tokens: VecDeque<Token>,
    /// Characters decoded and given out.
    decoded: usize,
    given: usize,
    stopped: bool,
}

impl<'v> Writer<'v> {
    /// A writer of what follows `known`, ended by any of `stops`.
    pub fn new(
        vocabulary: &'v Vocabulary,
        known: &[u32],
        stops: &'v [String],
    ) -> Result<Self, ApiError> {
        Ok(Self {
            stream: TextStream::after(vocabulary, known)?,
            stops,
            held: String::new(),
            tokens: VecDeque::new(),
            decoded: 0,
            given: 0,
            stopped: false,
        })
    }

    /// Adds a token of the prompt, in which stop strings are not looked for.
    pub fn echo(&mut self, token: Token) -> Result<Piece, ApiError> {
        self.add(token)?;
        Ok(self.give(self.held.len()))
    }

    /// Adds a generated token; see [`Writer::stopped`].
    pub fn push(&mut self, token: Token) -> Result<Piece, ApiError> {
        self.add(token)?;
        Ok(self.settle())
    }

    /// Adds a token that ends the text and is not part of it.
    pub fn end(&mut self, mut token: Token) {
        token.offset = self.decoded;
        self.tokens.push_back(token);
    }

    /// Whether a stop string has come; what was behind it is gone. The first one that is whole
    /// counts, even if a longer one began before it.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// Everything that is still held back.
    pub fn finish(mut self) -> Result<Piece, ApiError> {
        if self.stopped {
            return Ok(Piece::default());
        }
        let vocabulary = self.stream.vocabulary();
        let rest = std::mem::replace(&mut self.stream, TextStream::after(vocabulary, &[])?);
        self.held.push_str(&rest.finish()?);
        let mut piece = self.settle();
        if !self.stopped {
            piece.text.push_str(&self.held);
            piece.tokens.extend(self.tokens);
        }
        Ok(piece)
    }

    fn add(&mut self, mut token: Token) -> Result<(), ApiError> {
        token.offset = self.decoded;
        let text = self.stream.push(token.id)?;
        self.tokens.push_back(token);
        self.decoded += text.chars().count();
        self.held.push_str(&text);
        Ok(())
    }

    /// Gives out what is sure: all up to a stop string, or to what may become one.
    fn settle(&mut self) -> Piece {
        let found = self.stops.iter().filter_map(|stop| self.held.find(stop));
        match found.min() {
            Some(at) => {
                self.stopped = true;
                self.give(at)
            }
            None => self.give(self.held.len() - open_end(&self.held, self.stops)),
        }
    }

    fn give(&mut self, bytes: usize) -> Piece {
        let text: String = self.held.drain(..bytes).collect();
        self.given += text.chars().count();
        let begun = self.tokens.iter().take_while(|t| t.offset < self.given);
        let begun = begun.count();
        let tokens = self.tokens.drain(..begun).collect();
        Piece { text, tokens }
    }
}

/// Bytes at the end of a text that may be the beginning of a stop string.
fn open_end(text: &str, stops: &[String]) -> usize {
    let open = |stop: &String| {
        let begins = |&(at, _): &(usize, char)| stop.starts_with(&text[at..]);
        let longest = text.len().saturating_sub(stop.len());
        let ends = text.char_indices().skip_while(|(at, _)| *at < longest);
        ends.clone().find(begins).map(|(at, _)| text.len() - at)
    };
    stops.iter().filter_map(open).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::serve::test_support::bytes_vocabulary;

    fn pieces(text: &str, stops: &[&str]) -> (Vec<Piece>, bool) {
        let vocabulary = bytes_vocabulary();
        let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let mut writer = Writer::new(&vocabulary, &[], &stops).unwrap();
        let mut pieces = Vec::new();
        for id in vocabulary.encode_as_text(text).unwrap() {
            pieces.push(writer.push(Token::new(id, Some(0.0), Vec::new())).unwrap());
            if writer.stopped() {
                break;
            }
        }
        let stopped = writer.stopped();
        pieces.push(writer.finish().unwrap());
        (pieces, stopped)
    }

    fn texts(pieces: &[Piece]) -> Vec<&str> {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn what_may_become_a_stop_string_waits() {
        let (found, stopped) = pieces("ab\nUs\nUser: x", &["\nUser:", "zz"]);
        assert!(stopped);
        assert_eq!(texts(&found).concat(), "ab\nUs");
        assert_eq!(texts(&found)[..6], ["a", "b", "", "", "", "\nUs"]);
        let (found, stopped) = pieces("ab\nUs", &["\nUser:"]);
        assert!(!stopped);
        assert_eq!(texts(&found), ["a", "b", "", "", "", "\nUs"]);
    }

    #[test]
    fn the_first_stop_string_counts_and_takes_its_tokens_along() {
        let (found, stopped) = pieces("one two", &["wo", "e t", "two"]);
        assert!(stopped);
        assert_eq!(texts(&found).concat(), "on");
        let tokens: usize = found.iter().map(|piece| piece.tokens.len()).sum();
        assert_eq!(tokens, 2);
    }

    #[test]
    fn a_stop_string_that_is_whole_does_not_wait_for_one_that_began_before() {
        let (found, stopped) = pieces("b渡渡", &["渡", "b渡渡"]);
        assert!(stopped);
        assert_eq!(texts(&found).concat(), "b");
    }

    #[test]
    fn tokens_of_one_character_come_together_and_share_its_offset() {
        let (found, _) = pieces("a渡b", &[]);
        let offsets = |piece: &Piece| piece.tokens.iter().map(|t| t.offset).collect::<Vec<_>>();
        let offsets: Vec<_> = found.iter().map(offsets).collect();
        assert_eq!(offsets[0], [0]);
        assert_eq!(offsets[3], [1, 1, 1]);
        assert_eq!(offsets[4], [2]);
    }

    #[test]
    fn the_ending_token_has_no_text() {
        let vocabulary = bytes_vocabulary();
        let stops = ["b!".to_owned()];
        let mut writer = Writer::new(&vocabulary, &[], &stops).unwrap();
        assert_eq!(
            writer.push(Token::new(98, None, Vec::new())).unwrap().text,
            ""
        );
        writer.end(Token::new(256, None, Vec::new()));
        let piece = writer.finish().unwrap();
        let offsets: Vec<_> = piece.tokens.iter().map(|t| (t.id, t.offset)).collect();
        assert_eq!(
            (piece.text.as_str(), offsets),
            ("b", vec![(98, 0), (256, 1)])
        );
    }

    proptest! {
        #[test]
        fn no_stop_string_is_given_out(
            text in "[ab渡]{0,20}",
            stops in prop::collection::vec("[ab渡]{1,3}", 0..3),
        ) {
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let (found, stopped) = pieces(&text, &stops);
            // Of several stop strings the one that is whole first ends the text, and of those that
            // are whole at the same place the longest.
            let ends = |stop: &&str| text.find(stop).map(|at| (at + stop.len(), at));
            let end = stops.iter().filter_map(ends).min().map(|(_, at)| at);
            prop_assert_eq!(stopped, end.is_some());
            let given = texts(&found).concat();
            let tokens: usize = found.iter().map(|piece| piece.tokens.len()).sum();
            prop_assert_eq!(tokens, given.len());
            prop_assert_eq!(given.as_str(), &text[..end.unwrap_or(text.len())]);
        }
    }
}
