//! Vocabularies of other programs: Hugging Face's tokenizer.json, tiktoken's rank files, and GPT-2's
//! vocab.bpe with encoder.json. Each becomes a [`Tokenizer`], which is written as tokenizer.json.

mod build;
mod files;
mod gpt2;
mod hugging_face;
mod ranks;
mod recover;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;

use super::MOST_IDS;
use crate::error::Error;
use crate::pieces::Pattern;
use files::Source;

/// Reads a vocabulary: a file, or a folder that holds one. `pattern` cuts text where the files do
/// not say how: for rank files whose name is none of OpenAI's.
///
/// # Errors
/// When a file is missing, or holds no vocabulary; the message names the file and, where it has
/// lines, the line, and says what would be right.
pub fn read(path: &Path, pattern: Option<Pattern>) -> Result<Tokenizer, Error> {
    let tokenizer = match Source::of(path)? {
        Source::HuggingFace(file) => hugging_face::read(&file),
        Source::Ranks(file) => ranks::read(&file, pattern),
        Source::Gpt2 { vocabulary, merges } => gpt2::read(&vocabulary, &merges),
    }?;
    match tokenizer.get_vocab(true).into_values().max() {
        Some(id) if id >= MOST_IDS => {
            Err(wrong(path, format!("ids go up to {id}, beyond {MOST_IDS}")))
        }
        _ => Ok(tokenizer),
    }
}

/// The files that [`read`] reads.
///
/// # Errors
/// As for [`read`], as far as names and first lines tell.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    Ok(match Source::of(path)? {
        Source::HuggingFace(file) | Source::Ranks(file) => vec![file],
        Source::Gpt2 { vocabulary, merges } => vec![vocabulary, merges],
    })
}

/// The mistake in a file, which has no lines or in which no line is to blame.
fn wrong(path: &Path, message: impl Into<String>) -> Error {
    Error::Vocabulary {
        path: path.to_path_buf(),
        message: message.into(),
    }
}

/// The mistake in a line, counted from 1.
fn wrong_line(path: &Path, line: usize, message: impl Into<String>) -> Error {
    Error::VocabularyLine {
        path: path.to_path_buf(),
        line,
        message: message.into(),
    }
}
