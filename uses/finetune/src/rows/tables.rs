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
    let mut names: Option<Vec<String>> = None;
    let mut record = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(found),
            Err(error) => return Err(Error::file(path, error)),
        }
        let place = place(path, record.position().map_or(0, csv::Position::line));
        let refuse = |reason: String| Refused {
            place: place.clone(),
            reason,
        };
        let Ok(values) = StringRecord::from_byte_record(record.clone()) else {
            found.refused.push(refuse("not UTF-8".to_owned()));
            continue;
        };
        let Some(names) = &names else {
            let (given, is_header) = name(&values, header);
            names = Some(given);
            if !is_header {
                found.rows.push(raw(place, names.as_deref(), &values));
            }
            continue;
        };
        match names.len() == values.len() {
            true => found.rows.push(raw(place, Some(names), &values)),
            false => {
                let reason = format!(
                    "{} columns where the first line has {}",
                    values.len(),
                    names.len()
                );
                found.refused.push(refuse(reason));
            }
        }
    }
}

/// The columns' names by the first line, and whether it is a header.
fn name(first: &StringRecord, header: Header) -> (Vec<String>, bool) {
    let known = |value: &str| KNOWN_COLUMNS.contains(&value.trim().to_lowercase().as_str());
    let is_header = match header {
        Header::Present => true,
        Header::Absent => false,
        Header::Guess => first.iter().any(known),
    };
    let names = first.iter().enumerate();
    let names = names.map(|(index, value)| match is_header {
        true => value.trim().to_owned(),
        false => index.to_string(),
    });
    (names.collect(), is_header)
}

fn raw(place: String, names: Option<&[String]>, values: &StringRecord) -> Raw {
    let names = names.unwrap_or_default().iter();
    let fields: Map<String, Value> = names
        .zip(values)
        .map(|(name, value)| (name.clone(), Value::String(value.to_owned())))
        .collect();
    Raw { place, fields }
}
