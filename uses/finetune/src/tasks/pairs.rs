//! Texts and what they become.

use super::{Columns, Example, first_of, needed};
use crate::Error;
use crate::rows::Raw;

const SOURCES: [&str; 6] = ["source", "src", "english", "en", "prompt", "0"];
const TARGETS: [&str; 6] = ["target", "tgt", "chinese", "zh", "completion", "1"];

/// What makes an example of a row.
pub(super) fn reader(
    rows: &[Raw],
    columns: &Columns,
    answered: bool,
) -> Result<Box<dyn Fn(&Raw) -> Result<Example, String>>, Error> {
    let source = columns.source.clone().or_else(|| first_of(rows, &SOURCES));
    let target = columns.target.clone().or_else(|| first_of(rows, &TARGETS));
    let missing = |what: &str| {
        Error::Config(format!(
            "which column is the {what} cannot be told; name it with --{what}-column"
        ))
    };
    let source = source.ok_or_else(|| missing("source"))?;
    if answered && target.is_none() {
        return Err(missing("target"));
    }
    Ok(Box::new(move |raw| {
        let target = match (&target, answered) {
            (Some(column), true) => needed(raw, column)?,
            _ => String::new(),
        };
        Ok(Example::Pair {
            source: needed(raw, &source)?,
            target,
        })
    }))
}
