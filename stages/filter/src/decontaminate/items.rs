//! Reads the texts of evaluation items from JSONL files.

use std::io::BufRead;
use std::path::Path;

use serde_json::Value;

use super::options::DecontaminationOptions;
use crate::error::Error;
use crate::text_file::{open, unreadable};

/// A string of an item.
pub(super) struct Leaf<'a> {
    pub text: &'a str,
    /// The key that it stands under, or under which the list stands that it is in.
    pub key: &'a str,
    /// Whether it says nothing by itself while it is short.
    pub answer: bool,
}

/// Calls `take` with the line number and the strings of each item of a file, `.jsonl` or packed
/// with gzip.
pub(super) fn read(
    path: &Path,
    options: &DecontaminationOptions,
    mut take: impl FnMut(usize, &[Leaf]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut input = open(path)?;
    let mut line = String::new();
    let mut any = false;
    for number in 1.. {
        line.clear();
        match input.read_line(&mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(mistake(
                    path,
                    number,
                    &format!("{error}; save the file as UTF-8"),
                ));
            }
            Err(error) => return Err(unreadable(path, &error)),
        }
        let text = line.trim_start_matches('\u{FEFF}').trim();
        if text.is_empty() {
            continue;
        }
        let item: Value = serde_json::from_str(text)
            .map_err(|error| mistake(path, number, &format!("this is not JSON: {error}")))?;
        if !item.is_object() {
            return Err(mistake(
                path,
                number,
                "an item is a JSON object, one a line",
            ));
        }
        let mut leaves = Vec::new();
        collect(&item, None, options, &mut leaves);
        // serde_json sorts keys; a question stands before its answers.
        leaves.sort_by_key(|leaf| leaf.answer);
        any |= !leaves.is_empty();
        take(number, &leaves)?;
    }
    if any {
        return Ok(());
    }
    let problem = format!(
        "no item has a string under a known key; name the keys of the texts (known are {})",
        options.fields.join(", ")
    );
    Err(mistake(path, 1, &problem))
}

pub(super) fn mistake(path: &Path, line: usize, problem: &str) -> Error {
    Error::EvaluationSet {
        path: path.to_path_buf(),
        line,
        problem: problem.to_string(),
    }
}

/// Collects the strings under known keys: those in lists belong to the list's key, and every object
/// at any depth is looked through for keys of its own.
fn collect<'a>(
    value: &'a Value,
    under: Option<(&'a str, bool)>,
    options: &DecontaminationOptions,
    out: &mut Vec<Leaf<'a>>,
) {
    match value {
        Value::String(text) => out.extend(under.map(|(key, answer)| Leaf { text, key, answer })),
        Value::Array(values) => {
            for value in values {
                collect(value, under, options, out);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let known = |names: &[String]| names.iter().any(|name| name == key);
                // What stands inside an answer is an answer, `text` of a choice too.
                let inside_answer = under.is_some_and(|(_, answer)| answer);
                let own = if known(&options.answer_fields) {
                    Some((key.as_str(), true))
                } else if known(&options.fields) {
                    Some((key.as_str(), inside_answer))
                } else {
                    None
                };
                collect(value, own, options, out);
            }
        }
        _ => {}
    }
}
