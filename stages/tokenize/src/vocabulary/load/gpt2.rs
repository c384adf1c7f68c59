//! GPT-2's files: encoder.json with the ids of all tokens, vocab.bpe with the merges in their order.
//! Hugging Face calls them vocab.json and merges.txt.

use std::collections::HashMap;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};
use tokenizers::Tokenizer;

use super::build::Vocabulary;
use super::{files, wrong, wrong_line};
use crate::bpe::bytes_of;
use crate::error::Error;
use crate::pieces::Family;

/// Reads the two files. Text is cut into pieces as GPT-2 does.
pub fn read(vocabulary: &Path, merges: &Path) -> Result<Tokenizer, Error> {
    let ids = ids(vocabulary)?;
    let merges = read_merges(merges, &ids)?;
    let special = special(&ids, &merges);
    Vocabulary {
        ids,
        merges,
        special,
        pattern: Family::Gpt2.pattern(),
        whole_first: false,
    }
    .tokenizer(vocabulary)
}

fn ids(path: &Path) -> Result<HashMap<String, u32>, Error> {
    let content = files::content(path)?;
    let ids: HashMap<String, u32> = serde_json::from_slice(&content).map_err(|error| {
        let message = format!("this must be a JSON object of tokens with their ids: {error}");
        match error.line() {
            0 => wrong(path, message),
            line => wrong_line(path, line, message),
        }
    })?;
    let mut seen: FxHashMap<u32, &str> = FxHashMap::default();
    for (token, id) in &ids {
        if let Some(other) = seen.insert(*id, token) {
            // In one order, whatever that of the table.
            let (first, second) = (token.as_str().min(other), token.as_str().max(other));
            return Err(wrong(
                path,
                format!("{first:?} and {second:?} have the same id, {id}"),
            ));
        }
    }
    Ok(ids)
}

fn read_merges(path: &Path, ids: &HashMap<String, u32>) -> Result<Vec<(String, String)>, Error> {
    let content = files::content(path)?;
    let mut merges = Vec::new();
    let mut seen = FxHashMap::default();
    for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        let fail = |message: String| Err(wrong_line(path, number, message));
        let Ok(line) = std::str::from_utf8(line) else {
            return fail("merges are text in UTF-8, and this line is none".to_owned());
        };
        let line = line.trim_end_matches('\r');
        if line.is_empty() || (number == 1 && line.starts_with("#version")) {
            continue;
        }
        let Some((left, right)) = line.split_once(' ') else {
            return fail(format!(
                "a line is two tokens with a space between them, not {line:?}"
            ));
        };
        let whole = format!("{left}{right}");
        let unknown = [left, right, &whole]
            .into_iter()
            .find(|token| !ids.contains_key(*token));
        if let Some(token) = unknown {
            return fail(format!(
                "{token:?} is no token of the vocabulary beside this file"
            ));
        }
        if let Some(other) = seen.insert((left.to_owned(), right.to_owned()), number) {
            return fail(format!("the merge stands in line {other}, too"));
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

/// Tokens that no merge makes and that are no byte: text never gives them.
fn special(ids: &HashMap<String, u32>, merges: &[(String, String)]) -> Vec<String> {
    let made: FxHashSet<String> = merges
        .iter()
        .map(|(left, right)| format!("{left}{right}"))
        .collect();
    let is_byte = |token: &str| bytes_of(token).is_some_and(|bytes| bytes.len() == 1);
    let mut special: Vec<(u32, &String)> = ids
        .iter()
        .filter(|(token, _)| !made.contains(*token) && !is_byte(token))
        .map(|(token, id)| (*id, token))
        .collect();
    special.sort_unstable();
    special
        .into_iter()
        .map(|(_, token)| token.clone())
        .collect()
}
