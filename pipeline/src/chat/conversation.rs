//! What was said so far.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
}

/// Turns in the form that chat templates read.
#[derive(Debug)]
pub(super) struct Conversation {
    messages: Vec<Map<String, Value>>,
}

fn message(role: &str, text: &str) -> Map<String, Value> {
    let mut message = Map::new();
    message.insert("role".to_owned(), json!(role));
    message.insert("content".to_owned(), json!(text));
    message
}

impl Conversation {
    /// A conversation before its first turn.
    pub fn new(system: Option<String>) -> Self {
        let system = system.map(|text| message("system", &text));
        Self {
            messages: system.into_iter().collect(),
        }
    }

    pub fn messages(&self) -> &[Map<String, Value>] {
        &self.messages
    }

    pub fn add(&mut self, role: Role, text: &str) {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        self.messages.push(message(role, text));
    }

    fn instructions(&self) -> usize {
        let first = self.messages.first().and_then(|first| first.get("role"));
        usize::from(first == Some(&json!("system")))
    }

    /// Forgets all turns; what the model was told stays.
    pub fn reset(&mut self) {
        self.messages.truncate(self.instructions());
    }

    /// Tells the model something else before the first turn; an empty text takes it back.
    pub fn instruct(&mut self, text: &str) {
        self.messages.drain(..self.instructions());
        if !text.is_empty() {
            self.messages.insert(0, message("system", text));
        }
    }

    /// Forgets the oldest turn and its answer, but not the last turn; whether there was one.
    pub fn forget(&mut self) -> bool {
        let first = self.instructions();
        let turns = self.messages.len() - first;
        if turns <= 1 {
            return false;
        }
        self.messages.drain(first..first + 2.min(turns - 1));
        true
    }

    /// Appends the conversation to a file of JSON lines.
    pub fn save(&self, file: &str) -> Result<()> {
        ensure!(!file.is_empty(), "name a file: /save talks.jsonl");
        let line = json!({"messages": self.messages}).to_string() + "\n";
        let mut open = OpenOptions::new();
        let opened = open.create(true).append(true).open(file);
        let written = opened.and_then(|mut to| to.write_all(line.as_bytes()));
        written.with_context(|| file.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(talk: &Conversation) -> Vec<&str> {
        let texts = talk.messages().iter().map(|m| m["content"].as_str());
        texts.map(Option::unwrap).collect()
    }

    #[test]
    fn the_oldest_turns_are_forgotten_and_the_instruction_stays() {
        let mut talk = Conversation::new(Some("be brief".to_owned()));
        for (user, answer) in [("a", "b"), ("c", "d")] {
            talk.add(Role::User, user);
            talk.add(Role::Assistant, answer);
        }
        talk.add(Role::User, "e");
        assert!(talk.forget());
        assert_eq!(said(&talk), ["be brief", "c", "d", "e"]);
        assert!(talk.forget());
        assert!(!talk.forget());
        assert_eq!(said(&talk), ["be brief", "e"]);
        talk.instruct("rhyme");
        talk.reset();
        assert_eq!(said(&talk), ["rhyme"]);
        talk.instruct("");
        assert!(talk.messages().is_empty());
    }

    #[test]
    fn saved_conversations_are_lines() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("talks.jsonl");
        let mut talk = Conversation::new(None);
        talk.add(Role::User, "你好\n");
        for _ in 0..2 {
            talk.save(file.to_str().unwrap()).unwrap();
        }
        let lines = std::fs::read_to_string(&file).unwrap();
        assert_eq!(lines.lines().count(), 2);
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["messages"][0]["content"], "你好\n");
        assert!(talk.save("").is_err());
    }
}
