//! The `[tokenize]` section.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::pieces::{Digits, Family, Pattern};

/// Configuration of the tokenize stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A vocabulary to use: a Hugging Face tokenizer.json, a tiktoken rank file, or a folder with
    /// GPT-2's vocab.bpe and encoder.json; absent trains one on the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
    /// What kind of vocabulary to train.
    pub model: Model,
    /// Size of the vocabulary to train, special tokens included.
    pub vocab_size: usize,
    /// Pairs that occur less often are not merged.
    pub min_frequency: u64,
    /// Tokens to train are shorter than this many bytes.
    pub max_token_length: usize,
    /// How text is cut into pieces, over whose ends no token reaches.
    pub pre_tokenizer: PreTokenizer,
    /// How runs of digits are cut; absent leaves it to the pre-tokenizer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<Digits>,
    /// Token that ends a document; added to a loaded tokenizer that lacks it.
    pub document_end: String,
    /// Token that fills rows up; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<String>,
    /// Token that stands for a masked one, which a `bert` needs; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Tokens that mark the roles and ends of turns in a chat.
    pub chat: Vec<String>,
    /// Tokens for filling in the middle: prefix, middle, suffix (Bavarian et al. 2022).
    pub fill_in_the_middle: Vec<String>,
    /// Further special tokens.
    pub special_tokens: Vec<String>,
    /// About how many bytes of training documents the vocabulary is trained on, drawn by a hash
    /// of their ids, evenly over sources and languages.
    pub sample_bytes: u64,
    /// Weights of sources and languages in that sample.
    pub sample_weights: SampleWeights,
    /// Memory that the training of a vocabulary may take; a sample that needs more is halved.
    pub memory_limit: ByteSize,
    /// Share of the documents set aside for validation.
    pub validation_fraction: f64,
    /// Seed of that choice; the run's seed has no part in it, so validation stays the same.
    pub split_seed: u64,
}

/// Kinds of vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Byte pair encoding (Sennrich et al. 2016) over bytes (Radford et al. 2019).
    Bpe,
    /// A unigram language model over bytes (Kudo 2018).
    Unigram,
}

/// How text is cut into pieces before BPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreTokenizer {
    /// GPT-2's: letters, digits and other characters apart (Radford et al. 2019).
    Gpt2,
    /// That of cl100k: as GPT-2's, with digits in groups of at most three and line ends kept
    /// together.
    Cl100k,
    /// Llama 3's, which is cl100k's.
    Llama3,
    /// That of o200k: as cl100k's, and words end before capitals.
    O200k,
}

/// Weights in the sample that a vocabulary is trained on; 1 for what is not named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleWeights {
    /// By name of the source.
    pub sources: BTreeMap<String, f64>,
    /// By language, as the filter identified it.
    pub languages: BTreeMap<String, f64>,
}

impl SampleWeights {
    /// The weight of a source's documents in a language.
    #[must_use]
    pub fn of(&self, source: &str, lang: Option<&str>) -> f64 {
        let source = self.sources.get(source);
        let lang = lang.and_then(|lang| self.languages.get(lang));
        source.copied().unwrap_or(1.0) * lang.copied().unwrap_or(1.0)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tokenizer: None,
            model: Model::Bpe,
            vocab_size: 32_768,
            min_frequency: 2,
            max_token_length: 128,
            pre_tokenizer: PreTokenizer::Cl100k,
            digits: None,
            document_end: "<|endoftext|>".to_owned(),
            padding: None,
            mask: None,
            chat: Vec::new(),
            fill_in_the_middle: Vec::new(),
            special_tokens: Vec::new(),
            sample_bytes: 256 << 20,
            sample_weights: SampleWeights::default(),
            memory_limit: ByteSize::gib(4),
            validation_fraction: 0.05,
            split_seed: 0,
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
        if self.vocab_size <= BYTES + self.all_special_tokens().count() {
            let mend = "it must hold the 256 bytes, the special tokens and some merges";
            return error("vocab_size", &self.vocab_size, mend);
        }
        if !(0.0..1.0).contains(&self.validation_fraction) {
            let mend = "it must be at least 0 and below 1";
            return error("validation_fraction", &self.validation_fraction, mend);
        }
        if self.all_special_tokens().any(String::is_empty) {
            let mend = "special tokens, document_end among them, need at least a character";
            return error("special_tokens", &"empty", mend);
        }
        let weights = &self.sample_weights;
        let mut weights = weights.sources.values().chain(weights.languages.values());
        if let Some(weight) = weights.find(|weight| !weight.is_finite() || **weight < 0.0) {
            return error("sample_weights", weight, "weights are 0 or more");
        }
        Ok(())
    }

    /// How text is cut into pieces.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        let family = match self.pre_tokenizer {
            PreTokenizer::Gpt2 => Family::Gpt2,
            PreTokenizer::Cl100k | PreTokenizer::Llama3 => Family::Cl100k,
            PreTokenizer::O200k => Family::O200k,
        };
        let digits = self.digits.unwrap_or(family.pattern().digits);
        Pattern { family, digits }
    }

    /// All special tokens, the one that ends documents first.
    pub fn all_special_tokens(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.document_end)
            .chain(&self.padding)
            .chain(&self.mask)
            .chain(&self.chat)
            .chain(&self.fill_in_the_middle)
            .chain(&self.special_tokens)
    }
}
