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
    /// What decides about splits and orders, besides a seed.
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
}

/// Makes a task's examples of rows. `answered`: a row without its answer is refused.
///
/// # Errors
/// When the columns cannot be told.
pub fn examples(
    task: Task,
    rows: Rows,
    columns: &Columns,
    answered: bool,
) -> Result<Examples, Error> {
    let Rows { rows, refused } = rows;
    let read: Box<dyn Fn(&Raw) -> Result<Example, String>> = match task {
        Task::Classification | Task::Sentiment => labelled::reader(&rows, columns, answered)?,
        Task::Translation => pairs::reader(&rows, columns, answered)?,
        Task::Qa => Box::new(move |raw| questions::read(raw, answered)),
        Task::Instruct => Box::new(move |raw| chats::read(raw, answered)),
    };
    let mut found = Examples {
        examples: Vec::with_capacity(rows.len()),
        refused,
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

fn needed(raw: &Raw, column: &str) -> Result<String, String> {
    let text = raw.text(column).filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| format!("no `{column}`"))
}

#[cfg(test)]
#[path = "../tasks_tests.rs"]
mod tests;
