//! Texts and their classes.

use std::collections::BTreeSet;

use super::{Columns, Example, LOOKED_AT, first_of, names, needed, present};
use crate::Error;
use crate::rows::Raw;

const TEXTS: [&str; 6] = [
    "text",
    "sentence",
    "review",
    "content",
    "title",
    "description",
];
const LABELS: [&str; 4] = ["label", "labels", "class", "category"];

/// Which columns are text and label. Those that are given must be there; only where rows are
/// without answers, the columns of other files may be missing.
pub(super) fn found(rows: &[Raw], given: &Columns, answered: bool) -> Result<Columns, Error> {
    let label = match &given.label {
        Some(label) if answered => Some(present(rows, label)?),
        Some(label) => Some(label.clone()),
        None => first_of(rows, &LABELS).or_else(|| answered.then(|| fewest_values(rows)).flatten()),
    };
    let there: Result<Vec<String>, Error> =
        given.text.iter().map(|name| present(rows, name)).collect();
    let text = match there {
        Err(error) if answered => return Err(error),
        Ok(text) if !text.is_empty() => text,
        _ => texts(rows, label.as_deref()),
    };
    if text.is_empty() || (answered && label.is_none()) {
        return Err(Error::Config(format!(
            "which columns are text and label cannot be told (there are {}); name them with \
             --text-column and --label-column",
            names(rows)
        )));
    }
    Ok(Columns {
        text,
        label,
        ..given.clone()
    })
}

/// Makes an example of a row, by columns that were [`found`].
pub(super) fn read(raw: &Raw, columns: &Columns, answered: bool) -> Result<Example, String> {
    let parts = columns.text.iter().filter_map(|column| raw.text(column));
    let text = parts.collect::<Vec<String>>().join("\n");
    if text.trim().is_empty() {
        return Err("no text".to_owned());
    }
    let label = match (&columns.label, answered) {
        (Some(column), true) => needed(raw, column)?.trim().to_owned(),
        _ => String::new(),
    };
    Ok(Example::Labelled { text, label })
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
