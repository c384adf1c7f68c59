//! Comma- and tab-separated values.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::{Header, Raw, Refused, Rows, open, place};
use crate::Error;
use crate::tasks::KNOWN_COLUMNS;

/// Reads a table. Values between tabs are taken as they are, those between commas may be quoted.
pub fn separated(path: &Path, delimiter: u8, header: Header) -> Result<Rows, Error> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter == b',')
        .has_headers(false)
        .flexible(true)
        .from_reader(open(path)?);
    let mut found = Rows::default();
    let mut lines: Vec<(String, StringRecord)> = Vec::new();
    let mut record = csv::ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| Error::file(path, error))?
    {
        let place = place(path, record.position().map_or(0, csv::Position::line));
        match StringRecord::from_byte_record(record.clone()) {
            Ok(values) => lines.push((place, values)),
            Err(_) => found.refused.push(Refused {
                place,
                reason: "not UTF-8".to_owned(),
            }),
        }
    }
    let Some((_, first)) = lines.first() else {
        return Ok(found);
    };
    let is_header = match header {
        Header::Present => true,
        Header::Absent => false,
        Header::Guess => looks_like_header(first, &lines),
    };
    let names: Vec<String> = (0..)
        .zip(first)
        .map(|(index, value): (usize, &str)| match is_header {
            true => value.trim().to_owned(),
            false => index.to_string(),
        })
        .collect();
    for (place, values) in lines.into_iter().skip(usize::from(is_header)) {
        match names.len() == values.len() {
            true => found.rows.push(raw(place, &names, &values)),
            false => {
                let (here, first) = (values.len(), names.len());
                let reason = format!("{here} columns where the first line has {first}");
                found.refused.push(Refused { place, reason });
            }
        }
    }
    Ok(found)
}

/// Whether the first line holds a name that tasks know, and no other line holds the same there: a
/// class may be called `en`, too.
fn looks_like_header(first: &StringRecord, lines: &[(String, StringRecord)]) -> bool {
    let known = |value: &str| KNOWN_COLUMNS.contains(&value.trim().to_lowercase().as_str());
    let again = |column: usize, value: &str| {
        let mut others = lines.iter().filter(|(_, line)| line != first);
        others.any(|(_, line)| line.get(column) == Some(value))
    };
    let mut named = (0..).zip(first).filter(|(_, value)| known(value));
    named.any(|(column, value)| !again(column, value))
}

fn raw(place: String, names: &[String], values: &StringRecord) -> Raw {
    let fields: Map<String, Value> = names
        .iter()
        .zip(values)
        .map(|(name, value)| (name.clone(), Value::String(value.to_owned())))
        .collect();
    Raw { place, fields }
}
