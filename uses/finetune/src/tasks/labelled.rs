//! Texts and their classes.

use std::collections::BTreeSet;

use super::{Columns, Example, first_of, needed};
use crate::Error;
use crate::rows::Raw;

type Read = Box<dyn Fn(&Raw) -> Result<Example, String>>;

const TEXTS: [&str; 6] = [
    "text",
    "sentence",
    "review",
    "content",
    "title",
    "description",
];
const LABELS: [&str; 4] = ["label", "labels", "class", "category"];
/// Rows by which the column of the classes is told.
const LOOKED_AT: usize = 2000;

/// What makes an example of a row.
pub(super) fn reader(rows: &[Raw], columns: &Columns, answered: bool) -> Result<Read, Error> {
    let label = columns.label.clone().or_else(|| first_of(rows, &LABELS));
    let label = label.or_else(|| answered.then(|| fewest_values(rows)).flatten());
    let texts = match columns.text.as_slice() {
        [] => texts(rows, label.as_deref()),
        given => given.to_vec(),
    };
    if texts.is_empty() || (answered && label.is_none()) {
        let names = rows
            .first()
            .map(|row| row.fields.keys().cloned().collect::<Vec<_>>());
        return Err(Error::Config(format!(
            "which columns are text and label cannot be told (there are {}); name them with \
             --text-column and --label-column",
            names.unwrap_or_default().join(", ")
        )));
    }
    Ok(Box::new(move |raw| {
        let parts: Vec<String> = texts.iter().filter_map(|column| raw.text(column)).collect();
        let text = parts.join("\n");
        if text.trim().is_empty() {
            return Err("no text".to_owned());
        }
        let label = match (&label, answered) {
            (Some(column), true) => needed(raw, column)?.trim().to_owned(),
            _ => String::new(),
        };
        Ok(Example::Labelled { text, label })
    }))
}

/// The column with the fewest different values, of several.
fn fewest_values(rows: &[Raw]) -> Option<String> {
    let columns = rows.first()?.fields.keys();
    let different = |column: &String| {
        let values = rows
            .iter()
            .take(LOOKED_AT)
            .filter_map(|row| row.text(column));
        values.collect::<BTreeSet<_>>().len()
    };
    let counted = columns.map(|column| (different(column), column));
    let told = counted
        .filter(|(different, _)| *different >= 2 && different * 2 <= rows.len().min(LOOKED_AT));
    told.min_by_key(|(different, _)| *different)
        .map(|(_, column)| column.clone())
}

fn texts(rows: &[Raw], label: Option<&str>) -> Vec<String> {
    let named = first_of(rows, &TEXTS);
    let others = |name: &String| Some(name.as_str()) != label;
    match (named, rows.first()) {
        (Some(name), _) if name != "title" => vec![name],
        (_, Some(row)) => row
            .fields
            .keys()
            .filter(|name| others(name))
            .cloned()
            .collect(),
        (_, None) => Vec::new(),
    }
}
