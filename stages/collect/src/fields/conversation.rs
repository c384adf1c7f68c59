//! Conversations: lists of turns, as OpenAI (`role`, `content`) and ShareGPT (`from`, `value`) write
//! them.

use std::borrow::Cow;

use serde_json::Value;

/// A conversation as text: a paragraph a turn, which begins with who speaks.
pub(super) fn text(turns: &Value) -> Option<String> {
    let mut text = String::new();
    for turn in turns.as_array()? {
        let said = ["content", "value", "text"];
        let said = said.iter().find_map(|name| content(turn.get(name)?));
        let Some(said) = said else {
            continue; // a call of a tool, a picture
        };
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let role = ["role", "from", "speaker"];
        let role = role.iter().find_map(|name| turn.get(name)?.as_str());
        if let Some(role) = role {
            text.push_str(&speaker(role));
            text.push_str(": ");
        }
        text.push_str(said.trim());
    }
    (!text.is_empty()).then_some(text)
}

/// What a turn says: a string, or the texts of a list of parts.
fn content(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let text = |part: &Value| match part {
                Value::String(text) => Some(text.clone()),
                part => Some(part.get("text")?.as_str()?.to_owned()),
            };
            parts.iter().filter_map(text).collect::<Vec<_>>().join("\n")
        }
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A role as a speaker's name; ShareGPT's `human` and `gpt` are the user and the assistant.
fn speaker(role: &str) -> Cow<'_, str> {
    match role.trim() {
        "human" | "user" | "prompter" => "User".into(),
        "gpt" | "assistant" | "chatgpt" | "bing" | "bard" | "model" => "Assistant".into(),
        "system" => "System".into(),
        "tool" | "function" => "Tool".into(),
        other => other.into(),
    }
}
