//! Encoding: a pure function of one document.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use aho_corasick::AhoCorasick;
use textmill_schemas::{
    Document, DocumentStage, Origin, PlainDocument, Reason, Row, Tokens, Verdict,
};
use tokenizers::{NormalizedString, Normalizer, NormalizerWrapper, Tokenizer};
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::bpe::{Bpe, Scratch, Unfit, bytes_of};
use crate::error::Error;
use crate::vocabulary;

/// Turns texts into token ids, and back.
///
/// Byte-level BPE takes a path of our own, which gives the ids that the `tokenizers` crate gives;
/// all other tokenizers, and the few documents that the path does not cover, take the crate's.
pub struct Encoder {
    tokenizer: Tokenizer,
    fast: Result<Fast, Unfit>,
    /// Bytes of each token, by id.
    bytes: Vec<Option<Box<[u8]>>>,
    /// Memory of threads that are not encoding just now.
    idle: Mutex<Vec<Memory>>,
}

/// What one thread at a time encodes with.
#[derive(Default)]
struct Memory {
    scratch: Scratch,
    tokens: Vec<u32>,
}

/// The fast path and what it must look out for.
struct Fast {
    bpe: Bpe,
    /// Finds added tokens that are no special ones: they are cut out before anything else.
    added: Option<AhoCorasick>,
    /// Whether text is brought to Unicode's form C first.
    nfc: bool,
}

impl Encoder {
    /// Loads a tokenizer file of any kind that the configuration takes.
    ///
    /// # Errors
    /// When the file is missing or is no tokenizer; the message names it.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(vocabulary::read(path)?))
    }

    /// Encodes with this tokenizer. Neither truncation nor padding that it asks for is done: what
    /// a document loses is the pipeline's business.
    #[must_use]
    pub fn new(mut tokenizer: Tokenizer) -> Self {
        // Text that spells a special token is text: a page about "<|endoftext|>" must not end
        // its own document.
        tokenizer.set_encode_special_tokens(true);
        let _ = tokenizer.with_truncation(None);
        tokenizer.with_padding(None);
        Self {
            fast: Fast::new(&tokenizer),
            bytes: token_bytes(&tokenizer),
            tokenizer,
            idle: Mutex::default(),
        }
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Why this tokenizer takes the slower path; `None` when it takes the fast one.
    #[must_use]
    pub fn slow_because(&self) -> Option<&str> {
        self.fast.as_ref().err().map(|unfit| unfit.0.as_str())
    }

    /// One more than the greatest token id: what the model's embedding must hold.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the ids of a text.
    ///
    /// # Errors
    /// When the `tokenizers` crate fails; the fast path does not.
    pub fn encode(&self, text: &str, tokens: &mut Vec<u32>) -> Result<(), Error> {
        let mut memory = self.borrow();
        let done = self.encode_with(text, &mut memory.scratch, tokens);
        self.give_back(memory);
        done
    }

    fn encode_with(
        &self,
        text: &str,
        scratch: &mut Scratch,
        tokens: &mut Vec<u32>,
    ) -> Result<(), Error> {
        match &self.fast {
            Ok(fast) if !fast.holds_added(text) => {
                let text = fast.normalized(text, &self.tokenizer)?;
                fast.bpe.encode(&text, scratch, tokens);
            }
            _ => self.encode_by_crate(text, tokens)?,
        }
        Ok(())
    }

    /// Appends the ids that the `tokenizers` crate gives: the yardstick of the fast path.
    ///
    /// # Errors
    /// When the crate fails; a panic of it is a failure like any other.
    pub fn encode_by_crate(&self, text: &str, tokens: &mut Vec<u32>) -> Result<(), Error> {
        let encode = AssertUnwindSafe(|| self.tokenizer.encode_fast(text, false));
        let encoding = catch_unwind(encode).map_err(|_| Error::Encode("it panicked".to_owned()))?;
        let encoding = encoding.map_err(|error| Error::Encode(error.to_string()))?;
        tokens.extend_from_slice(encoding.get_ids());
        Ok(())
    }

    /// The text of some ids: for byte-level vocabularies exactly that which was encoded, after the
    /// tokenizer's own normalization; bytes that are no UTF-8 become replacement characters.
    ///
    /// # Errors
    /// When the `tokenizers` crate fails; byte-level vocabularies do not.
    pub fn decode(&self, ids: &[u32]) -> Result<String, Error> {
        if self.fast.is_err() {
            let decoded = self.tokenizer.decode(ids, false);
            return decoded.map_err(|error| Error::Encode(error.to_string()));
        }
        let bytes = ids.iter().filter_map(|id| self.token_bytes(*id));
        Ok(String::from_utf8_lossy(&bytes.collect::<Vec<_>>().concat()).into_owned())
    }

    /// A text as the tokenizer's own normalizer leaves it: what decoding gives back.
    ///
    /// # Errors
    /// When the `tokenizers` crate fails.
    pub fn normalized<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, Error> {
        normalized(&self.tokenizer, text)
    }

    /// The bytes that a token stands for.
    #[must_use]
    pub fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        self.bytes.get(id as usize)?.as_deref()
    }

    fn borrow(&self) -> Memory {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        idle.unwrap_or_default()
    }

    fn give_back(&self, memory: Memory) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(memory);
        }
    }
}

/// The bytes of all tokens: of byte-level ones those that their characters stand for.
fn token_bytes(tokenizer: &Tokenizer) -> Vec<Option<Box<[u8]>>> {
    let vocabulary = tokenizer.get_vocab(true);
    let size = vocabulary.values().max().map_or(0, |id| *id as usize + 1);
    let mut bytes = vec![None; size];
    for (token, id) in vocabulary {
        let own = || token.as_bytes().into();
        bytes[id as usize] = Some(bytes_of(&token).unwrap_or_else(own));
    }
    bytes
}

impl Fast {
    fn new(tokenizer: &Tokenizer) -> Result<Self, Unfit> {
        let nfc = match tokenizer.get_normalizer() {
            None => false,
            Some(NormalizerWrapper::NFC(_)) => true,
            Some(_) => return Err(Unfit("its normalizer is not NFC".to_owned())),
        };
        let added = tokenizer.get_added_tokens_decoder();
        let added: Vec<_> = added.into_values().filter(|token| !token.special).collect();
        if nfc && added.iter().any(|token| token.normalized) {
            let why = "it has added tokens that are looked for after normalization";
            return Err(Unfit(why.to_owned()));
        }
        let contents = added.iter().map(|token| &token.content);
        let finder = (!added.is_empty()).then(|| AhoCorasick::new(contents));
        Ok(Self {
            bpe: Bpe::from_tokenizer(tokenizer)?,
            added: finder.transpose().map_err(|e| Unfit(e.to_string()))?,
            nfc,
        })
    }

    fn holds_added(&self, text: &str) -> bool {
        self.added
            .as_ref()
            .is_some_and(|added| added.is_match(text))
    }

    /// The text in form C, by the `tokenizers` crate's own tables where it may differ.
    fn normalized<'t>(&self, text: &'t str, tokenizer: &Tokenizer) -> Result<Cow<'t, str>, Error> {
        let settled =
            !self.nfc || text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes;
        match settled {
            true => Ok(text.into()),
            false => normalized(tokenizer, text),
        }
    }
}

/// A text as the tokenizer's normalizer leaves it.
fn normalized<'t>(tokenizer: &Tokenizer, text: &'t str) -> Result<Cow<'t, str>, Error> {
    let Some(normalizer) = tokenizer.get_normalizer() else {
        return Ok(text.into());
    };
    let mut normalized = NormalizedString::from(text);
    let done = normalizer.normalize(&mut normalized);
    done.map_err(|error| Error::Encode(error.to_string()))?;
    Ok(normalized.get().to_owned().into())
}

/// Where a document that ends here came from, and why it does.
pub(crate) type Ended = Box<(Origin, Reason)>;

impl Encoder {
    /// Encodes a document, or says why it ends here.
    pub(crate) fn decide(&self, document: PlainDocument) -> Result<Tokens, Ended> {
        let mut memory = self.borrow();
        let Memory { scratch, tokens } = &mut memory;
        tokens.clear();
        let done = self.encode_with(&document.text, scratch, tokens);
        // A copy has no more room than it needs.
        let tokens = tokens.clone();
        self.give_back(memory);
        let dropped = |reason: Reason| Box::new((document.origin(), reason));
        if let Err(error) = done {
            let reason = Reason::new("tokenize.failed").detail(error.to_string());
            return Err(dropped(reason.text(document.text.clone())));
        }
        if tokens.is_empty() {
            let reason = Reason::new("tokenize.empty").measured(0.0, 1.0);
            return Err(dropped(reason.text(document.text.clone())));
        }
        let too_large = |length: usize| {
            let reason = Reason::new("tokenize.too_large");
            dropped(reason.measured(length as f64, f64::from(u32::MAX)))
        };
        let figure = |length: usize| u32::try_from(length).map_err(|_| too_large(length));
        Ok(Tokens {
            bytes: figure(document.text.len())?,
            count: figure(tokens.len())?,
            id: document.id,
            source: document.source,
            lang: document.lang,
            repetitions: document.repetitions,
            tokens,
        })
    }
}

impl DocumentStage for Encoder {
    type Input = Document;
    type Output = Tokens;

    fn process(&self, input: Document) -> Verdict<Tokens> {
        match self.decide(input.into()) {
            Ok(tokens) => Verdict::Keep(tokens),
            Err(ended) => Verdict::Drop(ended.1),
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
