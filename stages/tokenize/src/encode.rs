//! Encoding: a pure function of one document.

use std::path::Path;

use textmill_schemas::{Document, DocumentStage, Reason, Tokens, Verdict};
use tokenizers::Tokenizer;

use crate::error::Error;
use crate::vocabulary;

/// Turns documents into token ids.
pub struct Encoder {
    tokenizer: Tokenizer,
}

impl Encoder {
    /// Loads a Hugging Face tokenizer.json.
    ///
    /// # Errors
    /// When the file is missing or is no tokenizer; the message names it.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(vocabulary::read(path)?))
    }

    /// Encodes with this tokenizer.
    pub(crate) fn new(mut tokenizer: Tokenizer) -> Self {
        // Text that spells a special token is text: a page about "<|endoftext|>" must not end
        // its own document.
        tokenizer.set_encode_special_tokens(true);
        Self { tokenizer }
    }
}

impl DocumentStage for Encoder {
    type Input = Document;
    type Output = Tokens;

    fn process(&self, input: Document) -> Verdict<Tokens> {
        let encoding = match self.tokenizer.encode_fast(input.text.as_str(), false) {
            Ok(encoding) => encoding,
            Err(error) => {
                let reason = Reason::new("tokenize.failed").detail(error.to_string());
                return Verdict::Drop(reason.text(input.text));
            }
        };
        let tokens = encoding.get_ids().to_vec();
        let Ok(bytes) = u32::try_from(input.text.len()) else {
            return Verdict::Drop(
                Reason::new("tokenize.too_large")
                    .measured(input.text.len() as f64, f64::from(u32::MAX)),
            );
        };
        if tokens.is_empty() {
            return Verdict::Drop(
                Reason::new("tokenize.empty")
                    .measured(0.0, 1.0)
                    .text(input.text),
            );
        }
        Verdict::Keep(Tokens {
            id: input.id,
            source: input.source,
            lang: input.lang,
            bytes,
            repetitions: input.repetitions,
            tokens,
        })
    }
}
