//! Texts and what they become.

use super::{Columns, Example, first_of, names, needed, present};
use crate::Error;
use crate::rows::Raw;

const SOURCES: [&str; 6] = ["source", "src", "english", "en", "prompt", "0"];
const TARGETS: [&str; 6] = ["target", "tgt", "chinese", "zh", "completion", "1"];

/// Which columns are source and target. Those that are given must be there; only where rows are
/// without answers, the columns of other files may be missing.
pub(super) fn found(rows: &[Raw], given: &Columns, answered: bool) -> Result<Columns, Error> {
    let (sources, targets) = match given.reverse {
        false => (SOURCES, TARGETS),
        true => (TARGETS, SOURCES),
    };
    let source = match &given.source {
        Some(name) => match present(rows, name) {
            Err(error) if answered => return Err(error),
            there => there.ok(),
        },
        None => None,
    };
    let source = source
        .or_else(|| first_of(rows, &sources))
        .or_else(|| (!answered).then(|| only(rows)).flatten());
    let target = match &given.target {
        Some(name) if answered => Some(present(rows, name)?),
        Some(name) => Some(name.clone()),
        None => first_of(rows, &targets),
    };
    let missing = |what: &str| {
        Error::Config(format!(
            "which column is the {what} cannot be told (there are {}); name it with \
             --{what}-column",
            names(rows)
        ))
    };
    let source = source.ok_or_else(|| missing("source"))?;
    if answered && target.is_none() {
        return Err(missing("target"));
    }
    Ok(Columns {
        source: Some(source),
        target,
        ..given.clone()
    })
}

/// Makes an example of a row, by columns that were [`found`].
pub(super) fn read(raw: &Raw, columns: &Columns, answered: bool) -> Result<Example, String> {
    let value = |column: &Option<String>| match column {
        Some(column) => needed(raw, column),
        None => Err("no such column".to_owned()),
    };
    Ok(Example::Pair {
        source: value(&columns.source)?,
        target: match answered {
            true => value(&columns.target)?,
            false => String::new(),
        },
    })
}

/// The column of rows that have just one.
fn only(rows: &[Raw]) -> Option<String> {
    let fields = &rows.first()?.fields;
    fields.keys().next().filter(|_| fields.len() == 1).cloned()
}
