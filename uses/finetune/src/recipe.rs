//! What a fine-tuned folder must remember to be used: task.json.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use textmill_tokenize::Encoder;

use crate::Error;
use crate::tasks::{Columns, Task};

/// File of the recipe.
pub const RECIPE_FILE: &str = "task.json";

/// How questions are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QaMode {
    /// The model writes the answer.
    Generate,
    /// The model points at the answer's first and last token in the context.
    #[default]
    Span,
}

/// Tokens that mark the turns of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Before what the system says.
    pub system: u32,
    /// Before what the user says.
    pub user: u32,
    /// Before what the assistant says.
    pub assistant: u32,
    /// Behind every turn.
    pub end: u32,
}

impl Marks {
    /// The spellings that are looked for: those that pipeline.toml suggests.
    const SPELLED: [&str; 4] = ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"];

    /// The marks of a vocabulary that has all of them.
    #[must_use]
    pub fn of_vocabulary(encoder: &Encoder) -> Option<Self> {
        let id = |spelled: &str| encoder.tokenizer().token_to_id(spelled);
        let [system, user, assistant, end] = Self::SPELLED.map(id);
        Some(Self {
            system: system?,
            user: user?,
            assistant: assistant?,
            end: end?,
        })
    }

    /// The mark of a role.
    #[must_use]
    pub fn of(&self, role: &str) -> Option<u32> {
        match role {
            "system" => Some(self.system),
            "user" => Some(self.user),
            "assistant" => Some(self.assistant),
            _ => None,
        }
    }
}

/// A task as one model was fine-tuned for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The task.
    pub task: Task,
    /// Classes by number.
    pub labels: Vec<String>,
    /// How questions are answered.
    pub qa: QaMode,
    /// Where rows hold what.
    pub columns: Columns,
    /// Tokens of an answer at most.
    pub max_new_tokens: usize,
    /// How turns are marked; none: as text.
    pub chat: Option<Marks>,
}

impl Recipe {
    /// Outputs of the head; 0 where the model's own head answers.
    #[must_use]
    pub fn outputs(&self) -> i64 {
        match self.task {
            Task::Classification | Task::Sentiment => self.labels.len() as i64,
            Task::Qa if self.qa == QaMode::Span => 2,
            _ => 0,
        }
    }

    /// Name of the head's tensor, as transformers calls it.
    #[must_use]
    pub fn head_name(&self) -> &'static str {
        if self.task.has_classes() {
            "score.weight"
        } else {
            "qa_outputs.weight"
        }
    }

    /// The chat template that writes what the model has learnt from, in Jinja.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self.chat {
            Some(_) => {
                "{% for message in messages %}{{ '<|' + message['role'] + '|>' }}{{ message['content'] | trim }}<|end|>{% endfor %}\
{% if add_generation_prompt %}<|assistant|>{% endif %}"
            }
            None => {
                "{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] | trim }}\
{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}\
{% if add_generation_prompt %}Assistant:{% endif %}"
            }
        }
    }

    /// Reads the recipe of a folder.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(RECIPE_FILE);
        let json = std::fs::read(&path).map_err(|error| {
            let problem = format!("{error}; `textmill finetune` writes folders with one");
            Error::file(&path, problem)
        })?;
        serde_json::from_slice(&json).map_err(|error| Error::file(&path, error))
    }

    /// What config.json must say so that transformers knows the classes.
    pub(crate) fn config(
        &self,
        architecture: &str,
        padding: Option<u32>,
    ) -> Vec<(&'static str, Value)> {
        if !self.task.has_classes() {
            return Vec::new();
        }
        let numbered = || self.labels.iter().enumerate();
        let by_number: serde_json::Map<String, Value> = numbered()
            .map(|(number, label)| (number.to_string(), json!(label)))
            .collect();
        let by_label: serde_json::Map<String, Value> = numbered()
            .map(|(number, label)| (label.clone(), json!(number)))
            .collect();
        vec![
            ("architectures", json!([architecture])),
            ("id2label", Value::Object(by_number)),
            ("label2id", Value::Object(by_label)),
            ("num_labels", json!(self.labels.len())),
            ("pad_token_id", json!(padding)),
        ]
    }
}
