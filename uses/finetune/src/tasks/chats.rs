//! Chats and instructions.

use super::{Example, Turn};
use crate::rows::Raw;

const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// Makes a chat of a row with `messages`, or with `prompt` and `completion`, or with
/// `instruction`, `input` and `output` (Taori et al. 2023, Alpaca).
pub(super) fn read(raw: &Raw, answered: bool) -> Result<Example, String> {
    let turns = match raw.fields.get("messages") {
        Some(messages) => {
            let turns = serde_json::from_value::<Vec<Turn>>(messages.clone());
            turns
                .map_err(|error| format!("`messages`: {error}; each needs `role` and `content`"))?
        }
        None => one_turn(raw)?,
    };
    if let Some(turn) = turns
        .iter()
        .find(|turn| !ROLES.contains(&turn.role.as_str()))
    {
        return Err(format!(
            "the role `{}` is none of {}",
            turn.role,
            ROLES.join(", ")
        ));
    }
    let has_answer = turns.iter().any(|turn| turn.role == "assistant");
    match has_answer || !answered {
        true if !turns.is_empty() => Ok(Example::Chat(turns)),
        _ => Err("nothing that an assistant says".to_owned()),
    }
}

fn one_turn(raw: &Raw) -> Result<Vec<Turn>, String> {
    let turn = |role: &str, content: String| Turn {
        role: role.to_owned(),
        content,
    };
    let instruction = raw.text("instruction").or_else(|| raw.text("prompt"));
    let instruction = instruction.ok_or("no `messages`, `prompt` or `instruction`")?;
    let input = raw.text("input").filter(|input| !input.trim().is_empty());
    let asked = match input {
        Some(input) => format!("{instruction}\n\n{input}"),
        None => instruction,
    };
    let answer = raw.text("output").or_else(|| raw.text("completion"));
    let mut turns = vec![turn("user", asked)];
    turns.extend(answer.map(|answer| turn("assistant", answer)));
    Ok(turns)
}
