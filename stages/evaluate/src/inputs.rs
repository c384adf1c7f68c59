//! What the stages before left, checked against each other.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use textmill_model::{ModelConfig, TOKENIZER_FILE, WEIGHTS_FILE};
use textmill_packing::HeldOut;
use textmill_schemas::{ShardEntry, Side, StageInput, Tokens};
use tokenizers::Tokenizer;

use crate::Error;

pub(crate) const TOKENIZE: &str = "tokenize";
pub(crate) const TRAIN: &str = "train";
/// What the train stage notes beside a checkpoint.
const STATE_FILE: &str = "state.json";
/// What it says in its statistics of the sources and languages that it left out.
const HELD_OUT: &str = "held_out";
/// Names the set of validation documents, there and in the tokenize stage's statistics.
const VALIDATION_HASH: &str = "validation_hash";

/// What the tokenize stage says about its tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary {
    pub size: usize,
    /// The document-end token.
    pub end: u32,
    /// Tokens in the training shards.
    pub train_tokens: u64,
}

impl Vocabulary {
    pub fn of(input: &StageInput) -> Result<Self, Error> {
        let figure = |name: &str| {
            let value = input.manifest.stats.get(name).and_then(Value::as_u64);
            value.ok_or_else(|| lacks(TOKENIZE, format!("does not say `{name}`")))
        };
        let (size, end) = (figure("vocab_size")?, figure("eot_id")?);
        if end >= size || size > 1 << 24 {
            let problem = format!("has eot_id {end} for a vocabulary of {size}");
            return Err(lacks(TOKENIZE, problem));
        }
        Ok(Self {
            size: size as usize,
            end: end as u32,
            train_tokens: figure("train_tokens")?,
        })
    }

    /// Refuses a document with a token outside the vocabulary.
    pub fn check(&self, shard: &Path, document: &Tokens) -> Result<(), Error> {
        let outside = |token: &&u32| **token as usize >= self.size;
        match document.tokens.iter().find(outside) {
            None => Ok(()),
            Some(&token) => Err(Error::Token {
                shard: shard.to_path_buf(),
                document: document.id.clone(),
                token,
                vocab: self.size,
            }),
        }
    }
}

/// The shards of one side, in order.
pub(crate) fn shards(
    input: &StageInput,
    side: Side,
) -> impl Iterator<Item = (PathBuf, &ShardEntry)> {
    let folder = match side {
        Side::Train => "train",
        Side::Validation => "validation",
    };
    let is_side = move |path: &str| path.split('/').next() == Some(folder);
    input
        .shards()
        .filter(move |(_, shard)| is_side(&shard.path))
}

/// The checkpoint that the train stage says is the one to use.
pub(crate) struct Checkpoint {
    /// Its folder's name.
    pub name: String,
    pub dir: PathBuf,
}

impl Checkpoint {
    /// Finds it, and checks that it was trained with the tokenizer of these tokens and without
    /// their validation documents.
    pub fn find(trained: &StageInput, tokenized: &StageInput) -> Result<Self, Error> {
        let name = trained.manifest.stats.get("checkpoint");
        let name = name.and_then(Value::as_str);
        let name = name.ok_or_else(|| lacks(TRAIN, "does not say `checkpoint`".to_owned()))?;
        let weights = format!("{name}/{WEIGHTS_FILE}");
        if hash(trained, &weights).is_none() {
            return Err(lacks(TRAIN, format!("has no {weights}")));
        }
        let dir = trained.dir.join(name);
        let own = hash(trained, &format!("{name}/{TOKENIZER_FILE}"));
        if own.is_some_and(|own| hash(tokenized, TOKENIZER_FILE) != Some(own)) {
            return Err(Error::OtherTokenizer { checkpoint: dir });
        }
        check_validation(&dir, tokenized)?;
        Ok(Self {
            name: name.to_owned(),
            dir,
        })
    }

    /// Refuses a model whose vocabulary is not that of the tokens.
    pub fn check(&self, model: &ModelConfig, vocabulary: Vocabulary) -> Result<(), Error> {
        let tokenizer = vocabulary.size as i64;
        if model.vocab_size == tokenizer {
            return Ok(());
        }
        Err(Error::Vocabulary {
            checkpoint: self.dir.clone(),
            model: model.vocab_size,
            tokenizer,
        })
    }
}

/// Refuses a model that was trained while other documents were held apart for validation: it may
/// have learnt from those that it would be measured on.
fn check_validation(checkpoint: &Path, tokenized: &StageInput) -> Result<(), Error> {
    let state = std::fs::read(checkpoint.join(STATE_FILE)).ok();
    let state: Option<Value> = state.and_then(|json| serde_json::from_slice(&json).ok());
    let trained = state.as_ref().and_then(|state| state.get(VALIDATION_HASH));
    let found = tokenized.manifest.stats.get(VALIDATION_HASH);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    match (text(trained), text(found)) {
        (Some(trained), Some(found)) if trained != found => Err(Error::OtherValidation {
            checkpoint: checkpoint.to_path_buf(),
            trained,
            found,
        }),
        _ => Ok(()),
    }
}

/// What the trainer's mixture left out.
pub(crate) fn held_out(trained: &StageInput) -> Result<HeldOut, Error> {
    let Some(found) = trained.manifest.stats.get(HELD_OUT) else {
        return Ok(HeldOut::default());
    };
    HeldOut::deserialize(found).map_err(|error| lacks(TRAIN, format!("has `{HELD_OUT}`: {error}")))
}

fn hash<'a>(input: &'a StageInput, path: &str) -> Option<&'a str> {
    let mut files = input.manifest.files.iter();
    files
        .find(|file| file.path == path)
        .map(|file| file.hash.as_str())
}

/// Loads the tokenizer that the documents were encoded with.
pub(crate) fn tokenizer(input: &StageInput) -> Result<Tokenizer, Error> {
    let path = input.dir.join(TOKENIZER_FILE);
    let mut tokenizer = Tokenizer::from_file(&path).map_err(|error| Error::Tokenizer {
        path,
        message: error.to_string(),
    })?;
    // as the tokenize stage has it: text that spells a special token is text
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}

fn lacks(stage: &'static str, problem: String) -> Error {
    Error::Input { stage, problem }
}
