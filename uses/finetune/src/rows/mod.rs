//! Rows of files: JSON lines, comma- and tab-separated values, Parquet, JSON in SQuAD's form.

mod columnar;
mod json;
mod tables;

use std::path::Path;

use serde_json::{Map, Value};

use crate::Error;

/// A row of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// File and line, or row.
    pub place: String,
    /// Its values by column; columns without a name are called `0`, `1` and so on.
    pub fields: Map<String, Value>,
}

impl Raw {
    /// A value as text: strings as they are, numbers and truth values as JSON writes them.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<String> {
        match self.fields.get(column)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            Value::Array(_) | Value::Object(_) => None,
            value => Some(value.to_string()),
        }
    }
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// File and line.
    pub place: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// How a table without a name for its columns is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// The first line is a header if it holds a name that tasks know.
    #[default]
    Guess,
    /// The first line is one.
    Present,
    /// It is a row like the others.
    Absent,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Raw>,
    /// Those that cannot be read.
    pub refused: Vec<Refused>,
}

/// Reads a file; what it is, its name's ending says.
///
/// # Errors
/// When the file cannot be read, or its ending is none of those; rows that are broken are no
/// error, but refused.
pub fn read(path: &Path, header: Header) -> Result<Rows, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.unwrap_or_default() {
        "jsonl" | "ndjson" => json::lines(path),
        "json" => json::squad(path),
        "csv" => tables::separated(path, b',', header),
        "tsv" | "txt" | "tab" => tables::separated(path, b'\t', header),
        "parquet" => columnar::parquet(path),
        _ => Err(Error::file(
            path,
            "the ending is none of .jsonl, .csv, .tsv, .txt (tab-separated), .parquet and .json (as SQuAD's)",
        )),
    }
}

fn place(path: &Path, line: u64) -> String {
    format!("{}:{line}", path.display())
}

pub(crate) fn open(path: &Path) -> Result<std::fs::File, Error> {
    std::fs::File::open(path).map_err(Error::io(path))
}
