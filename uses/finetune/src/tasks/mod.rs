//! Tasks, and what a row of each is.

mod chats;
mod labelled;
mod pairs;
mod questions;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;
use crate::rows::{Raw, Refused, Rows};

/// Names of columns that tasks look for, by which a header is known.
pub(crate) const KNOWN_COLUMNS: [&str; 25] = [
    "text",
    "sentence",
    "content",
    "review",
    "title",
    "label",
    "labels",
    "class",
    "category",
    "source",
    "target",
    "src",
    "tgt",
    "english",
    "chinese",
    "en",
    "zh",
    "context",
    "question",
    "answer",
    "answers",
    "prompt",
    "completion",
    "instruction",
    "output",
];

/// What a model is fine-tuned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One class of several for a text.
    Classification,
    /// The same, for opinions.
    Sentiment,
    /// A target text for a source text.
    Translation,
    /// An answer to a question about a context.
    Qa,
    /// Answers in a chat.
    Instruct,
}

impl Task {
    /// Whether the answer is one of some classes.
    #[must_use]
    pub fn has_classes(self) -> bool {
        matches!(self, Self::Classification | Self::Sentiment)
    }

    /// The task's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Sentiment => "sentiment",
            Self::Translation => "translation",
            Self::Qa => "qa",
            Self::Instruct => "instruct",
        }
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let all = [
            Self::Classification,
            Self::Sentiment,
            Self::Translation,
            Self::Qa,
            Self::Instruct,
        ];
        let found = all.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| {
            let names = all.map(Self::name).join(", ");
            Error::Config(format!("no task `{name}`; there are {names}"))
        })
    }
}

/// Which columns hold what; those that are not named are looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// Texts of a classification, joined by line breaks.
    pub text: Vec<String>,
    /// Its class.
    pub label: Option<String>,
    /// What is translated, or a prompt.
    pub source: Option<String>,
    /// What it becomes.
    pub target: Option<String>,
    /// Whether translations go from the second column to the first.
    #[serde(default)]
    pub reverse: bool,
}

/// One turn of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
}

/// A row of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Example {
    /// Of a classification.
    Labelled {
        /// The text.
        text: String,
        /// Its class; empty where it is to be found.
        label: String,
    },
    /// Of a translation.
    Pair {
        /// The text.
        source: String,
        /// What it becomes; empty where it is to be found.
        target: String,
    },
    /// A question about a context.
    Question {
        /// Its number in the file.
        id: String,
        /// The text that answers it.
        context: String,
        /// The question.
        question: String,
        /// Answers that count as right; none where it is to be found.
        answers: Vec<String>,
    },
    /// A chat.
    Chat(Vec<Turn>),
}

impl Example {
    /// What decides about splits, besides a seed: examples that tell of each other have the same.
    pub(crate) fn group(&self, seed: u64) -> u64 {
        match self {
            Self::Pair { source: text, .. } | Self::Question { context: text, .. } => {
                xxh3_64_with_seed(text.as_bytes(), seed)
            }
            Self::Labelled { .. } | Self::Chat(_) => self.key(seed),
        }
    }

    /// What decides which examples a limit keeps, besides a seed.
    pub(crate) fn key(&self, seed: u64) -> u64 {
        let hash = |parts: &[&str]| xxh3_64_with_seed(parts.join("\u{1}").as_bytes(), seed);
        match self {
            Self::Labelled { text, label } => hash(&[text, label]),
            Self::Pair { source, target } => hash(&[source, target]),
            Self::Question {
                context, question, ..
            } => hash(&[context, question]),
            Self::Chat(turns) => {
                let said: Vec<&str> = turns.iter().map(|turn| turn.content.as_str()).collect();
                hash(&said)
            }
        }
    }
}

/// The examples of a file, with what could not be used.
#[derive(Debug, Default)]
pub struct Examples {
    /// In the order of the file.
    pub examples: Vec<Example>,
    /// Rows that were left out.
    pub refused: Vec<Refused>,
    /// Which columns they were read from.
    pub columns: Columns,
}

/// Rows by which columns are told.
const LOOKED_AT: usize = 2000;

/// Makes a task's examples of rows. `answered`: a row without its answer is refused.
///
/// # Errors
/// When there are no rows, or the columns cannot be told.
pub fn examples(
    task: Task,
    rows: Rows,
    columns: &Columns,
    answered: bool,
) -> Result<Examples, Error> {
    let Rows { rows, refused } = rows;
    if rows.is_empty() && refused.is_empty() {
        return Err(Error::Config("there are no rows in this file".to_owned()));
    }
    let columns = match (task, rows.is_empty()) {
        (Task::Classification | Task::Sentiment, false) => {
            labelled::found(&rows, columns, answered)?
        }
        (Task::Translation, false) => pairs::found(&rows, columns, answered)?,
        _ => columns.clone(),
    };
    let read = |raw: &Raw| match task {
        Task::Classification | Task::Sentiment => labelled::read(raw, &columns, answered),
        Task::Translation => pairs::read(raw, &columns, answered),
        Task::Qa => questions::read(raw, answered),
        Task::Instruct => chats::read(raw, answered),
    };
    let mut found = Examples {
        examples: Vec::with_capacity(rows.len()),
        refused,
        columns: columns.clone(),
    };
    for raw in &rows {
        match read(raw) {
            Ok(example) => found.examples.push(example),
            Err(reason) => found.refused.push(Refused {
                place: raw.place.clone(),
                reason,
            }),
        }
    }
    Ok(found)
}

/// The first of these columns that the first row has.
fn first_of(rows: &[Raw], names: &[&str]) -> Option<String> {
    let fields = &rows.first()?.fields;
    let has = |name: &&&str| fields.keys().any(|key| key.eq_ignore_ascii_case(name));
    let name = names.iter().find(has)?;
    let key = fields.keys().find(|key| key.eq_ignore_ascii_case(name));
    key.cloned()
}

/// A column that rows have.
fn present(rows: &[Raw], name: &str) -> Result<String, Error> {
    let mut looked_at = rows.iter().take(LOOKED_AT);
    match looked_at.any(|row| row.fields.contains_key(name)) {
        true => Ok(name.to_owned()),
        false => Err(Error::Config(format!(
            "there is no column `{name}`, but {}",
            names(rows)
        ))),
    }
}

/// The names of the columns, for a message.
fn names(rows: &[Raw]) -> String {
    let names = rows.first().map(|row| {
        let quoted = row.fields.keys().map(|name| format!("`{name}`"));
        quoted.collect::<Vec<_>>().join(", ")
    });
    names.unwrap_or_default()
}

fn needed(raw: &Raw, column: &str) -> Result<String, String> {
    let text = raw.text(column).filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| format!("no `{column}`"))
}

#[cfg(test)]
#[path = "../tasks_tests.rs"]
mod tests;
