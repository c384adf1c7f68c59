//! Text to token ids and back, as a server needs it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::{Context, Result};
use textmill_tokenize::Encoder;
use tokenizers::{DecoderWrapper, Tokenizer};

use super::error::ApiError;

/// A tokenizer that reads the spelling of a special token as that token, unlike the pipeline's:
/// a prompt is written by someone who may use them.
pub(crate) struct Vocabulary {
    encoder: Encoder,
    tokenizer: Tokenizer,
    /// Finds special tokens in a text.
    special: AhoCorasick,
    special_ids: Vec<u32>,
    /// A string for each token, by id, no two alike.
    names: Vec<String>,
}

impl Vocabulary {
    /// Loads a tokenizer.json.
    ///
    /// # Errors
    /// When the file is missing or is no tokenizer; the message names it.
    pub fn load(path: &Path) -> Result<Self> {
        Self::new(Encoder::load(path)?).with_context(|| path.display().to_string())
    }

    pub(super) fn new(encoder: Encoder) -> Result<Self> {
        let mut tokenizer = encoder.tokenizer().clone();
        tokenizer.set_encode_special_tokens(false);
        let added = tokenizer.get_added_tokens_decoder().into_iter();
        let (special_ids, spellings): (Vec<u32>, Vec<String>) = added
            .filter(|(_, token)| token.special && !token.content.is_empty())
            .map(|(id, token)| (id, token.content))
            .unzip();
        let special = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&spellings)?;
        Ok(Self {
            names: names(&encoder),
            encoder,
            tokenizer,
            special,
            special_ids,
        })
    }

    /// The ids of a text; special tokens may be spelled. `template` adds what the tokenizer puts
    /// around a text, such as a first token.
    pub fn encode(&self, text: &str, template: bool) -> Result<Vec<u32>, ApiError> {
        if !template && !self.special.is_match(text) {
            return self.encode_as_text(text);
        }
        let encode = AssertUnwindSafe(|| self.tokenizer.encode_fast(text, template));
        let failed = |why: &dyn std::fmt::Display| {
            ApiError::internal(format!("the text cannot be encoded: {why}"))
        };
        let encoding = catch_unwind(encode).map_err(|_| failed(&"the tokenizer panicked"))?;
        Ok(encoding.map_err(|e| failed(&e))?.get_ids().to_vec())
    }

    /// The ids of a text in which the spelling of a special token is text.
    pub fn encode_as_text(&self, text: &str) -> Result<Vec<u32>, ApiError> {
        let mut ids = Vec::new();
        self.encoder.encode(text, &mut ids)?;
        Ok(ids)
    }

    /// The text of some ids; bytes that are no UTF-8 become replacement characters.
    pub fn decode(&self, ids: &[u32]) -> Result<String, ApiError> {
        Ok(self.encoder.decode(ids)?)
    }

    /// A string for a token that no other token has: its text; `bytes:\xNN…` if that is no UTF-8;
    /// `token_id:N` for a second token of the same text, or an id without a token.
    pub fn name(&self, id: u32) -> Cow<'_, str> {
        match self.names.get(id as usize) {
            Some(name) => name.into(),
            None => format!("token_id:{id}").into(),
        }
    }

    /// The bytes of a token, where they are known.
    pub fn bytes(&self, id: u32) -> Option<&[u8]> {
        match is_byte_level(&self.encoder) {
            true => self.encoder.token_bytes(id),
            false => None,
        }
    }

    /// The spelling of an id in tokenizer.json.
    pub fn spelling(&self, id: u32) -> Option<String> {
        self.tokenizer.id_to_token(id)
    }

    /// Ids of the special tokens.
    pub fn special_ids(&self) -> &[u32] {
        &self.special_ids
    }

    /// Finds special tokens in a text.
    pub fn special(&self) -> &AhoCorasick {
        &self.special
    }
}

fn is_byte_level(encoder: &Encoder) -> bool {
    matches!(
        encoder.tokenizer().get_decoder(),
        Some(DecoderWrapper::ByteLevel(_))
    )
}

fn names(encoder: &Encoder) -> Vec<String> {
    let byte_level = is_byte_level(encoder);
    let mut taken = HashSet::new();
    let count = u32::try_from(encoder.vocab_size()).unwrap_or(u32::MAX);
    (0..count)
        .map(|id| {
            let name = match byte_level {
                true => encoder.token_bytes(id).map(text_or_bytes),
                false => encoder.tokenizer().id_to_token(id),
            };
            name.filter(|name| taken.insert(name.clone()))
                .unwrap_or_else(|| format!("token_id:{id}"))
        })
        .collect()
}

/// As OpenAI's API writes tokens that are no whole characters.
fn text_or_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let escaped = bytes.iter().map(|byte| format!("\\x{byte:02x}"));
            format!("bytes:{}", escaped.collect::<String>())
        }
    }
}

/// Text of a growing row of tokens, in whole characters.
pub(crate) struct TextStream<'v> {
    vocabulary: &'v Vocabulary,
    /// Tokens whose text decides about that of the next one: those last given out, and those held.
    window: Vec<u32>,
    /// Text of the window that has been given out.
    given: String,
}

impl<'v> TextStream<'v> {
    /// A stream behind tokens whose text is known.
    pub fn after(vocabulary: &'v Vocabulary, known: &[u32]) -> Result<Self, ApiError> {
        let mut stream = Self {
            vocabulary,
            window: known.last().copied().into_iter().collect(),
            given: String::new(),
        };
        stream.slide(0)?;
        // A broken character of the prompt is the prompt's.
        if stream.given.ends_with(char::REPLACEMENT_CHARACTER) {
            stream.window.clear();
            stream.given.clear();
        }
        Ok(stream)
    }

    pub fn vocabulary(&self) -> &'v Vocabulary {
        self.vocabulary
    }

    /// The text that a token adds: none while a character is not whole.
    pub fn push(&mut self, id: u32) -> Result<String, ApiError> {
        let held = self.window.len();
        self.window.push(id);
        let text = self.vocabulary.decode(&self.window)?;
        match text.strip_prefix(&self.given) {
            Some(new) if !new.is_empty() && !new.ends_with(char::REPLACEMENT_CHARACTER) => {
                let new = new.to_owned();
                self.slide(held)?;
                Ok(new)
            }
            _ => Ok(String::new()),
        }
    }

    /// Keeps what the next token's text may depend on: with byte-level vocabularies nothing, with
    /// others the last token, for a word's space belongs to the word before.
    fn slide(&mut self, last: usize) -> Result<(), ApiError> {
        self.window.drain(..last);
        if is_byte_level(&self.vocabulary.encoder) {
            self.window.clear();
        }
        self.given = self.vocabulary.decode(&self.window)?;
        Ok(())
    }

    /// What is still held back, broken characters replaced.
    pub fn finish(self) -> Result<String, ApiError> {
        let text = self.vocabulary.decode(&self.window)?;
        Ok(text.strip_prefix(&self.given).unwrap_or(&text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::serve::test_support::{bytes_vocabulary, words_vocabulary};

    #[test]
    fn special_tokens_can_be_spelled_or_be_text() {
        let vocabulary = bytes_vocabulary();
        let text = "a<|endoftext|>b";
        let ids = vocabulary.encode(text, false).unwrap();
        assert_eq!(ids.len(), 3);
        assert_eq!(vocabulary.spelling(ids[1]).unwrap(), "<|endoftext|>");
        let plain = vocabulary.encode_as_text(text).unwrap();
        assert_eq!(plain.len(), text.len());
        for ids in [ids, plain] {
            assert_eq!(vocabulary.decode(&ids).unwrap(), text);
        }
    }

    #[test]
    fn names_are_text_or_bytes_and_all_differ() {
        for vocabulary in [bytes_vocabulary(), words_vocabulary()] {
            let names: HashSet<_> = (0..300).map(|id| vocabulary.name(id)).collect();
            assert_eq!(names.len(), 300);
        }
        let vocabulary = bytes_vocabulary();
        let ids = vocabulary.encode("é ", false).unwrap();
        let names: Vec<_> = ids.iter().map(|id| vocabulary.name(*id)).collect();
        assert_eq!(names, ["bytes:\\xc3", "bytes:\\xa9", " "]);
        assert_eq!(vocabulary.name(5000), "token_id:5000");
    }

    fn streamed(vocabulary: &Vocabulary, known: &[u32], ids: &[u32]) -> Vec<String> {
        let mut stream = TextStream::after(vocabulary, known).unwrap();
        let mut parts: Vec<String> = ids.iter().map(|id| stream.push(*id).unwrap()).collect();
        parts.push(stream.finish().unwrap());
        parts
    }

    #[test]
    fn a_character_comes_when_it_is_whole() {
        let vocabulary = bytes_vocabulary();
        let ids = vocabulary.encode("a渡b", false).unwrap();
        assert_eq!(
            streamed(&vocabulary, &[], &ids),
            ["a", "", "", "渡", "b", ""]
        );
        assert_eq!(
            streamed(&vocabulary, &[], &ids[..3]),
            ["a", "", "", "\u{fffd}"]
        );
    }

    #[test]
    fn words_keep_the_spaces_between_them() {
        let vocabulary = words_vocabulary();
        let ids = vocabulary.encode("one two one", false).unwrap();
        assert_eq!(streamed(&vocabulary, &[], &ids).concat(), "one two one");
        assert_eq!(
            streamed(&vocabulary, &ids[..1], &ids[1..]).concat(),
            " two one"
        );
    }

    proptest! {
        #[test]
        fn streamed_text_is_the_decoded_text(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let vocabulary = bytes_vocabulary();
            let ids: Vec<u32> = bytes.iter().map(|byte| u32::from(*byte)).collect();
            let parts = streamed(&vocabulary, &[], &ids);
            prop_assert_eq!(parts.concat(), vocabulary.decode(&ids).unwrap());
        }
    }
}
