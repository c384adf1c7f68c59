//! Hugging Face's tokenizer.json.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokenizers::Tokenizer;

use super::{files, wrong, wrong_line};
use crate::error::Error;

/// Reads a tokenizer.json.
pub fn read(path: &Path) -> Result<Tokenizer, Error> {
    let content = files::content(path)?;
    check(path, &content)?;
    Tokenizer::from_bytes(&content).map_err(|error| Error::Load {
        path: path.to_path_buf(),
        message: error.to_string(),
    })
}

/// What tells a tokenizer.json, and what its reader takes on trust.
#[derive(Deserialize)]
struct File {
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    merges: Vec<Merge>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    vocab: Option<Vocab>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Line(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vocab {
    Ids(HashMap<String, u32>),
    Other(IgnoredAny),
}

fn check(path: &Path, content: &[u8]) -> Result<(), Error> {
    if serde_json::from_slice::<HashMap<String, u32>>(content).is_ok() {
        return Err(wrong(
            path,
            "these are tokens with their ids, and no merges: name the folder that holds this file as \
             vocab.json beside merges.txt, or as encoder.json beside vocab.bpe",
        ));
    }
    let file: File = serde_json::from_slice(content).map_err(|error| {
        let message = format!("this is no tokenizer.json: {error}");
        match error.line() {
            0 => wrong(path, message),
            line => wrong_line(path, line, message),
        }
    })?;
    let model = file.model.ok_or_else(|| {
        let message = "this is JSON, but no tokenizer.json: it has no `model`";
        wrong(path, message)
    })?;
    if let Some(Vocab::Ids(ids)) = &model.vocab {
        let prefix = model.continuing_subword_prefix.as_deref().unwrap_or("");
        check_merges(path, &model.merges, ids, prefix)?;
    }
    Ok(())
}

/// The reader of the crate takes memory for the longest token alone, and fails hard where a merge
/// makes a longer one.
fn check_merges(
    path: &Path,
    merges: &[Merge],
    ids: &HashMap<String, u32>,
    prefix: &str,
) -> Result<(), Error> {
    for (number, merge) in (1..).zip(merges) {
        let (left, right) = match merge {
            Merge::Pair(left, right) => (left.as_str(), right.as_str()),
            Merge::Line(line) => line.split_once(' ').ok_or_else(|| {
                wrong(
                    path,
                    format!("merge {number} is {line:?}, and not two tokens"),
                )
            })?,
        };
        let rest = right.get(prefix.len()..).unwrap_or_default();
        let whole = format!("{left}{rest}");
        let unknown = [left, right, &whole]
            .into_iter()
            .find(|token| !ids.contains_key(*token));
        if let Some(token) = unknown {
            return Err(wrong(
                path,
                format!("merge {number} needs {token:?}, which is no token of the vocabulary"),
            ));
        }
    }
    Ok(())
}
