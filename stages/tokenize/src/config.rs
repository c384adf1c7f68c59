//! The `[tokenize]` section.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::pieces::{Family, Pattern};

/// Configuration of the tokenize stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A vocabulary to use: a Hugging Face tokenizer.json, a tiktoken rank file, or a folder with
    /// GPT-2's vocab.bpe and encoder.json; absent trains a byte-level BPE on the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
    /// Size of the vocabulary to train, special tokens included.
    pub vocab_size: usize,
    /// Pairs that occur less often are not merged.
    pub min_frequency: u64,
    /// How text is cut into words before BPE.
    pub pre_tokenizer: PreTokenizer,
    /// Token that ends a document; added to a loaded tokenizer that lacks it.
    pub document_end: String,
    /// Further special tokens, such as chat roles.
    pub special_tokens: Vec<String>,
    /// About how many bytes of training documents the vocabulary is trained on, drawn by a hash
    /// of their ids, evenly over the corpus.
    pub sample_bytes: u64,
    /// Share of the documents set aside for validation.
    pub validation_fraction: f64,
}

/// How text is cut into words before BPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreTokenizer {
    /// GPT-2's: letters, digits and other characters apart (Radford et al. 2019).
    Gpt2,
    /// That of cl100k and Llama 3: as GPT-2's, with digits in groups of at most three and line
    /// ends kept together.
    Cl100k,
}

impl PreTokenizer {
    /// The pattern of the pieces.
    pub(crate) fn pattern(self) -> Pattern {
        match self {
            Self::Gpt2 => Family::Gpt2.pattern(),
            Self::Cl100k => Family::Cl100k.pattern(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tokenizer: None,
            vocab_size: 32_768,
            min_frequency: 2,
            pre_tokenizer: PreTokenizer::Cl100k,
            document_end: "<|endoftext|>".to_owned(),
            special_tokens: Vec::new(),
            sample_bytes: 256 << 20,
            validation_fraction: 0.05,
        }
    }
}

/// The bytes themselves; a byte-level vocabulary cannot be smaller.
const BYTES: usize = 256;

impl Config {
    /// Checks what serde cannot.
    ///
    /// # Errors
    /// Names the key, its value and what it should be.
    pub fn validate(&self) -> Result<(), Error> {
        let error = |key, value: &dyn std::fmt::Display, mend| {
            Err(Error::Config {
                key,
                value: value.to_string(),
                mend,
            })
        };
        if self.vocab_size <= BYTES + self.special_tokens.len() {
            let mend = "it must hold the 256 bytes, the special tokens and some merges";
            return error("vocab_size", &self.vocab_size, mend);
        }
        if !(0.0..1.0).contains(&self.validation_fraction) {
            let mend = "it must be at least 0 and below 1";
            return error("validation_fraction", &self.validation_fraction, mend);
        }
        if self.document_end.is_empty() {
            return error(
                "document_end",
                &"empty",
                "documents need a token that ends them",
            );
        }
        Ok(())
    }
}
