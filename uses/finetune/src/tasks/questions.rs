//! Questions about contexts.

use serde_json::Value;

use super::{Example, needed};
use crate::rows::Raw;

/// Makes an example of a row with `context`, `question` and `answers` (a list, or as the Parquet
/// files of SQuAD an object with `text`) or `answer`.
pub(super) fn read(raw: &Raw, answered: bool) -> Result<Example, String> {
    let (context, question) = (needed(raw, "context")?, needed(raw, "question")?);
    let answers = answers(raw);
    if answered && answers.is_empty() {
        return Err("no answer in `answers` or `answer`".to_owned());
    }
    Ok(Example::Question {
        id: raw.text("id").unwrap_or_else(|| raw.place.clone()),
        context,
        question,
        answers,
    })
}

fn answers(raw: &Raw) -> Vec<String> {
    let given = raw
        .fields
        .get("answers")
        .or_else(|| raw.fields.get("answer"));
    let given = match given {
        Some(Value::Object(of)) => of.get("text"),
        other => other,
    };
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        if !text.trim().is_empty() && !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    };
    match given {
        Some(Value::String(text)) => add(text),
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).for_each(add),
        _ => {}
    }
    found
}
