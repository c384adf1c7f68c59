//! The vocabulary: trained on a sample of the corpus, or read from a file.

mod assemble;
mod counting;
mod lattice;
mod load;
mod merges;
mod sample;
mod unigram;

#[cfg(test)]
mod tests;

use std::path::Path;

use textmill_schemas::{StageInput, TaskContext};
use tokenizers::{AddedToken, Tokenizer};

use crate::bpe::{bytes_of, characters_of};
use crate::config::{Config, Model};
use crate::error::Error;
use crate::split::Split;
pub use counting::{Counts, SharedCounts, TooMany};
pub(crate) use load::files;
pub use merges::{Learnt, Limits, Start, learn};
pub(crate) use sample::{Sample, statistics};

/// Ids are below this: they are places in tables.
pub(crate) const MOST_IDS: u32 = 1 << 24;

/// Loads a vocabulary of any kind and adds the document-end and special tokens that it lacks.
pub(crate) fn load(path: &Path, config: &Config) -> Result<Tokenizer, Error> {
    with_special_tokens(read_as(path, config)?, config)
}

/// Reads a vocabulary of any kind: a tokenizer.json, a tiktoken rank file, or a folder with a
/// tokenizer.json or with GPT-2's files. Where it does not say how text is cut into pieces, the
/// configuration does.
///
/// # Errors
/// When it is missing or malformed; the message names the file, and the line where there is one.
pub fn read_as(path: &Path, config: &Config) -> Result<Tokenizer, Error> {
    load::read(path, Some(config.pattern()))
}

/// Reads a vocabulary that says itself how text is cut into pieces.
pub(crate) fn read(path: &Path) -> Result<Tokenizer, Error> {
    load::read(path, None)
}

fn with_special_tokens(mut tokenizer: Tokenizer, config: &Config) -> Result<Tokenizer, Error> {
    let added = tokenizer.add_special_tokens(special_tokens(config));
    added.map_err(|error| Error::Train(error.to_string()))?;
    Ok(tokenizer)
}

fn special_tokens(config: &Config) -> Vec<AddedToken> {
    let special = |token: &String| AddedToken::from(token.clone(), true);
    config.all_special_tokens().map(special).collect()
}

/// Trains a vocabulary on a sample of the training side of `input`.
pub(crate) fn train(
    input: &StageInput,
    config: &Config,
    split: Split,
    ctx: &TaskContext,
) -> Result<(Tokenizer, Sample), Error> {
    ctx.progress.message("drawing the vocabulary's sample");
    let corpus = sample::Corpus::new(input, split, ctx)?;
    let (sample, counts) = sample::draw(&corpus, config)?;
    ctx.progress.message("training the vocabulary");
    let tokenizer = match config.model {
        Model::Bpe => train_bpe(&counts, config, ctx)?,
        Model::Unigram => train_unigram(&counts, config, ctx)?,
    };
    Ok((with_special_tokens(tokenizer, config)?, sample))
}

fn train_bpe(counts: &[Counts], config: &Config, ctx: &TaskContext) -> Result<Tokenizer, Error> {
    let special: Vec<&String> = config.all_special_tokens().collect();
    let start = start(&special);
    let go_on = |_| ctx.check_cancelled().is_ok();
    let learnt = learn(counts, &start, limits(config), go_on);
    ctx.check_cancelled()?;
    bpe_tokenizer(&special, &start, &learnt, config)
}

fn train_unigram(
    counts: &[Counts],
    config: &Config,
    ctx: &TaskContext,
) -> Result<Tokenizer, Error> {
    let special: Vec<&String> = config.all_special_tokens().collect();
    let start = start(&special);
    let go_on = || ctx.check_cancelled().is_ok();
    let model = unigram::train(counts, &start, &special, limits(config), go_on);
    ctx.check_cancelled()?;
    assemble::byte_level(model, config.pattern())
}

fn limits(config: &Config) -> Limits {
    Limits {
        vocab_size: config.vocab_size,
        min_frequency: config.min_frequency,
        max_token_length: config.max_token_length,
    }
}

/// The vocabulary before any merge, in the order of the `tokenizers` crate: the special tokens, then
/// the bytes in the order of their characters.
fn start(special: &[&String]) -> Start {
    let mut start = Start {
        bytes: [0; 256],
        tokens: Vec::new(),
    };
    for token in special {
        start.tokens.push(bytes_of(token).map(Vec::from));
    }
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.sort_unstable_by_key(|byte| characters_of(&[*byte]));
    for byte in bytes {
        let known = start
            .tokens
            .iter()
            .position(|t| t.as_deref() == Some(&[byte]));
        let id = known.unwrap_or_else(|| {
            start.tokens.push(Some(vec![byte]));
            start.tokens.len() - 1
        });
        start.bytes[usize::from(byte)] = id as u32;
    }
    start
}

fn bpe_tokenizer(
    special: &[&String],
    start: &Start,
    learnt: &Learnt,
    config: &Config,
) -> Result<Tokenizer, Error> {
    let first = start
        .tokens
        .iter()
        .map(|t| characters_of(t.as_deref().unwrap_or_default()));
    let mut tokens: Vec<String> = first.collect();
    for (token, special) in tokens.iter_mut().zip(special) {
        token.clone_from(special);
    }
    tokens.extend(learnt.tokens.iter().map(|token| characters_of(token)));
    let text = |id: u32| tokens.get(id as usize).cloned().unwrap_or_default();
    let merges = learnt.merges.iter();
    let merges = merges.map(|(left, right, _)| (text(*left), text(*right)));
    let vocabulary = tokens.iter().cloned().zip(0..);
    assemble::byte_level_bpe(vocabulary, merges, config.pattern(), false)
}
