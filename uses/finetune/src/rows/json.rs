//! JSON lines, and JSON in SQuAD's form.

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Raw, Refused, Rows, open, place};
use crate::Error;

/// An object a line; empty lines are none.
pub fn lines(path: &Path) -> Result<Rows, Error> {
    let mut found = Rows::default();
    for (number, line) in (1..).zip(BufReader::new(open(path)?).split(b'\n')) {
        let line = line.map_err(Error::io(path))?;
        let place = place(path, number);
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Map<String, Value>>(&line) {
            Ok(fields) => found.rows.push(Raw { place, fields }),
            Err(error) => found.refused.push(Refused {
                place,
                reason: format!("not a JSON object ({error})"),
            }),
        }
    }
    Ok(found)
}

/// Articles of paragraphs of questions (Rajpurkar et al. 2016), a row a question; also a plain
/// list of rows.
pub fn squad(path: &Path) -> Result<Rows, Error> {
    let parsed = serde_json::from_reader(BufReader::new(open(path)?));
    let parsed: Value = parsed.map_err(|error| Error::file(path, error))?;
    let mut found = Rows::default();
    let articles = parsed.get("data").unwrap_or(&parsed).as_array();
    let articles = articles.ok_or_else(|| {
        Error::file(
            path,
            "holds neither a list of rows nor `data` as SQuAD's files; write JSON lines (.jsonl)",
        )
    })?;
    for article in articles {
        let paragraphs = article.get("paragraphs").and_then(Value::as_array);
        match paragraphs {
            None => row(path, article, &mut found),
            Some(paragraphs) => paragraphs
                .iter()
                .for_each(|paragraph| questions(path, paragraph, &mut found)),
        }
    }
    Ok(found)
}

fn row(path: &Path, value: &Value, found: &mut Rows) {
    let number = (found.rows.len() + found.refused.len() + 1) as u64;
    let place = format!("{} (row {number})", path.display());
    match value.as_object() {
        Some(fields) => found.rows.push(Raw {
            place,
            fields: fields.clone(),
        }),
        None => found.refused.push(Refused {
            place,
            reason: "not a JSON object".to_owned(),
        }),
    }
}

fn questions(path: &Path, paragraph: &Value, found: &mut Rows) {
    let asked = paragraph.get("qas").and_then(Value::as_array);
    for question in asked.into_iter().flatten() {
        let mut fields = question.as_object().cloned().unwrap_or_default();
        let answers = question.get("answers").and_then(Value::as_array);
        let texts = answers
            .into_iter()
            .flatten()
            .filter_map(|one| one.get("text"));
        fields.insert("answers".to_owned(), texts.cloned().collect());
        let context = paragraph.get("context").cloned().unwrap_or(Value::Null);
        fields.insert("context".to_owned(), context);
        row(path, &json!(fields), found);
    }
}
