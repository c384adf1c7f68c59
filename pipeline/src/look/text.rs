//! A text in tokens, each with the piece of text that it adds.

use anyhow::{Result, ensure};
use textmill_look::{Document, Token};
use textmill_model::ModelConfig;

use crate::serve::vocabulary::{TextStream, Vocabulary};

/// How a text is read.
pub(super) struct Reading<'a> {
    pub vocabulary: &'a Vocabulary,
    /// The token that stands before a text, if the model has one.
    pub prefix: Option<u32>,
    pub model: &'a ModelConfig,
    /// Tokens of the text to read at most.
    pub max_tokens: usize,
    /// Whether special tokens can be spelled.
    pub special_tokens: bool,
}

impl Reading<'_> {
    /// The first tokens of a text, behind the prefix.
    pub fn read(&self, text: &str) -> Result<Document> {
        let ids = match self.special_tokens {
            true => self.vocabulary.encode(text, false)?,
            false => self.vocabulary.encode_as_text(text)?,
        };
        ensure!(!ids.is_empty(), "the text is empty");
        let known = usize::try_from(self.model.vocab_size).unwrap_or(0);
        if let Some(id) = ids
            .iter()
            .chain(&self.prefix)
            .find(|id| **id as usize >= known)
        {
            anyhow::bail!(
                "tokenizer.json has a token {id}, the model {known} tokens: they do not belong together"
            );
        }
        let before = usize::from(self.prefix.is_some());
        let context = usize::try_from(self.model.context).unwrap_or(0);
        let room = self.max_tokens.min(context.saturating_sub(before));
        let read = ids.get(..room).unwrap_or(&ids);
        let mut tokens: Vec<Token> = self.prefix.iter().map(|id| self.special(*id)).collect();
        tokens.extend(self.pieces(read)?);
        Ok(Document {
            tokens,
            bytes: self.bytes(read)?,
            whole: ids.len(),
        })
    }

    fn special(&self, id: u32) -> Token {
        Token {
            id,
            text: self.vocabulary.name(id).into_owned(),
            part: [1, 1],
            special: true,
        }
    }

    /// The tokens with the text that each adds; those that make up a character in several get it
    /// together.
    fn pieces(&self, ids: &[u32]) -> Result<Vec<Token>> {
        let mut stream = TextStream::after(self.vocabulary, &[])?;
        let mut tokens = Vec::with_capacity(ids.len());
        let mut held = Vec::new();
        for id in ids {
            held.push(*id);
            let text = stream.push(*id)?;
            if !text.is_empty() {
                tokens.extend(parts(&std::mem::take(&mut held), text));
            }
        }
        tokens.extend(parts(&held, stream.finish()?));
        Ok(tokens)
    }

    /// Bytes of the text of some tokens.
    fn bytes(&self, ids: &[u32]) -> Result<usize> {
        let known = ids
            .iter()
            .map(|id| self.vocabulary.bytes(*id).map(<[u8]>::len));
        match known.sum::<Option<usize>>() {
            Some(bytes) => Ok(bytes),
            None => Ok(self.vocabulary.decode(ids)?.len()),
        }
    }
}

/// Tokens that add a text together.
fn parts(ids: &[u32], text: String) -> Vec<Token> {
    let mut text = Some(text);
    let numbered = (1..).zip(ids);
    numbered
        .map(|(part, id)| Token {
            id: *id,
            text: text.take().unwrap_or_default(),
            part: [part, ids.len()],
            special: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use textmill_model::{Architecture, Size};

    use super::*;
    use crate::serve::test_support::{END, bytes_vocabulary, words_vocabulary};

    fn config(vocab: i64, context: i64) -> ModelConfig {
        ModelConfig::new(Architecture::Llama, Size::ALL[0], vocab, context)
    }

    fn read(text: &str, max_tokens: usize, special_tokens: bool) -> Result<Document> {
        Reading {
            vocabulary: &bytes_vocabulary(),
            prefix: Some(END),
            model: &config(257, 20),
            max_tokens,
            special_tokens,
        }
        .read(text)
    }

    fn shown(document: &Document) -> Vec<(&str, [usize; 2])> {
        let tokens = document.tokens.iter();
        tokens
            .map(|token| (token.text.as_str(), token.part))
            .collect()
    }

    #[test]
    fn a_character_of_several_tokens_is_shown_by_the_first() {
        let document = read("a渡!", 9, false).unwrap();
        let expected = [
            ("<|endoftext|>", [1, 1]),
            ("a", [1, 1]),
            ("渡", [1, 3]),
            ("", [2, 3]),
            ("", [3, 3]),
            ("!", [1, 1]),
        ];
        assert_eq!(shown(&document), expected);
        assert_eq!((document.bytes, document.whole), (5, 5));
        assert!(document.tokens[0].special && !document.tokens[1].special);
    }

    #[test]
    fn texts_are_cut_to_what_is_wanted_and_to_the_context() {
        let document = read("渡渡", 4, false).unwrap();
        assert_eq!(
            (document.tokens.len(), document.bytes, document.whole),
            (5, 4, 6)
        );
        assert_eq!(shown(&document)[4], ("\u{fffd}", [1, 1]));
        let document = read(&"x".repeat(50), 90, false).unwrap();
        assert_eq!(
            (document.tokens.len(), document.bytes, document.whole),
            (20, 19, 50)
        );
    }

    #[test]
    fn special_tokens_are_text_unless_wanted() {
        assert_eq!(read("<|endoftext|>", 20, false).unwrap().whole, 13);
        assert_eq!(read("<|endoftext|>", 20, true).unwrap().whole, 1);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(
            read("", 4, false)
                .unwrap_err()
                .to_string()
                .contains("empty")
        );
        let words = words_vocabulary();
        let reading = |vocab| {
            let reading = Reading {
                vocabulary: &words,
                prefix: None,
                model: &config(vocab, 8),
                max_tokens: 8,
                special_tokens: false,
            };
            reading.read("two one two")
        };
        let document = reading(3).unwrap();
        assert_eq!((document.tokens.len(), document.bytes), (3, 11));
        let together: String = document
            .tokens
            .into_iter()
            .map(|token| token.text)
            .collect();
        assert_eq!(together, "two one two");
        assert!(
            reading(2)
                .unwrap_err()
                .to_string()
                .contains("belong together")
        );
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "[a渡 é\n]{1,6}") {
            let document = read(&text, 20, false).unwrap();
            let pieces = document.tokens.iter().skip(1).map(|token| token.text.as_str());
            prop_assert_eq!(pieces.collect::<String>(), text);
        }
    }
}
