//! The `[evaluate]` section.

use serde::{Deserialize, Serialize};
use textmill_model::Sampling;
use textmill_schemas::Side;

use crate::Error;
use crate::masked::MaskedConfig;
use crate::memorization::Memorization;
use crate::tasks::{Task, TaskKind};

/// Each is one pass of the model over a sentence, for each canary.
const MOST_CANDIDATES: usize = 1 << 20;

/// Configuration of the evaluate stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Windows that are scored together, each at most the model's context long.
    pub batch: usize,
    /// Tokens that a window scores beyond those of the window before it; 0 is the model's
    /// context: disjoint windows, cheapest, and what lm-evaluation-harness does. Smaller values
    /// give every token more context, at a cost of context / stride.
    pub stride: usize,
    /// Validation documents to score at most, drawn evenly over the shards; 0 scores all.
    pub max_documents: u64,
    /// Training tokens that the n-gram baselines are counted from at most, drawn evenly over the
    /// shards in whole documents; 0 counts all, up to 2³⁰. Memory: 8 bytes a token and 12 bytes a
    /// different n-gram, 25 to 50 bytes a token in all.
    pub baseline_tokens: u64,
    /// Sides whose documents' losses are written, one row a document: `validation`, and `train`
    /// for what the model makes of the documents that it has learnt from. Of a BERT they are
    /// pseudo-log-likelihoods, of the documents that [`MaskedConfig`] bounds.
    pub document_loss: Vec<Side>,
    /// Training documents whose losses are written at most, drawn evenly over the shards; 0 writes
    /// all. Each costs as much as a validation document.
    pub max_train_documents: u64,
    /// How a model is measured that fills in masked tokens; others are not concerned.
    pub masked: MaskedConfig,
    /// What the model knows by heart.
    pub memorization: Memorization,
    /// Secrets that each canary's is ranked among, where `[train.canaries]` planted some: its
    /// exposure is at most log₂ of it; 0 leaves it out.
    pub canary_candidates: usize,
    /// Multiple-choice and cloze tasks.
    pub tasks: Vec<Task>,
    /// Continuations that the model writes for each prompt.
    pub samples: usize,
    /// Tokens in a continuation at most.
    pub max_new_tokens: usize,
    /// Divides the logits; 0 always takes the most likely token.
    pub temperature: f64,
    /// Draw among this many most likely tokens only; 0 is no limit.
    pub top_k: usize,
    /// Draw among the fewest tokens that have this much probability together; 1 is no limit.
    pub top_p: f64,
    /// What the model continues.
    pub prompts: Vec<Prompt>,
    /// Threads; 0 takes those of the run. The result does not depend on them.
    pub threads: usize,
}

/// A text for the model to continue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prompt {
    /// Language of the text, ISO 639-1.
    pub lang: String,
    /// The text; empty lets the model begin a document.
    pub text: String,
}

impl Prompt {
    fn new(lang: &str, text: &str) -> Self {
        Self {
            lang: lang.to_owned(),
            text: text.to_owned(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let sampling = Sampling::default();
        Self {
            batch: 16,
            stride: 0,
            max_documents: 0,
            baseline_tokens: 20_000_000,
            document_loss: vec![Side::Validation],
            max_train_documents: 10_000,
            masked: MaskedConfig::default(),
            memorization: Memorization::default(),
            canary_candidates: 1024,
            tasks: Vec::new(),
            samples: 1,
            max_new_tokens: 100,
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            top_p: sampling.top_p,
            prompts: vec![
                Prompt::new("en", "The town council"),
                Prompt::new("en", "When I was young,"),
                Prompt::new("zh", "这座城市"),
                Prompt::new("zh", "很久以前，"),
            ],
            threads: 0,
        }
    }
}

impl Config {
    /// Checks what serde cannot.
    ///
    /// # Errors
    /// Names the key and what it should be.
    pub fn validate(&self) -> Result<(), Error> {
        if self.batch == 0 {
            return Err(Error::Config("`batch` is 0; it must be at least 1".into()));
        }
        self.masked.validate()?;
        self.memorization.validate()?;
        if self.canary_candidates > MOST_CANDIDATES || self.canary_candidates == 1 {
            return Err(Error::Config(format!(
                "`canary_candidates` is {}; it must lie between 2 and {MOST_CANDIDATES}, or be 0",
                self.canary_candidates
            )));
        }
        for task in &self.tasks {
            task.kind.parse::<TaskKind>()?;
            if task.path.as_os_str().is_empty() {
                return Err(Error::Config(format!(
                    "`tasks`: the task `{}` has no `path`; name its file or folder",
                    task.kind
                )));
            }
        }
        Ok(self.sampling(0, 0).validate()?)
    }

    /// How a continuation is drawn, up to the document-end token.
    pub(crate) fn sampling(&self, seed: u64, end: u32) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            seed,
            max_new_tokens: self.max_new_tokens,
            stop: vec![end],
            ..Sampling::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_speak_both_languages() {
        let config = Config::default();
        config.validate().unwrap();
        for lang in ["en", "zh"] {
            let prompts = config.prompts.iter().filter(|prompt| prompt.lang == lang);
            assert_eq!(prompts.count(), 2);
        }
    }

    #[test]
    fn senseless_values_are_refused_by_key() {
        for (config, key) in [
            (
                Config {
                    batch: 0,
                    ..Config::default()
                },
                "`batch`",
            ),
            (
                Config {
                    canary_candidates: 1,
                    ..Config::default()
                },
                "`canary_candidates`",
            ),
            (
                Config {
                    top_p: 0.0,
                    ..Config::default()
                },
                "`top_p`",
            ),
            (
                Config {
                    temperature: -1.0,
                    ..Config::default()
                },
                "`temperature`",
            ),
            (
                Config {
                    memorization: Memorization {
                        prompt_tokens: 0,
                        ..Memorization::default()
                    },
                    ..Config::default()
                },
                "`memorization.prompt_tokens`",
            ),
            (
                Config {
                    tasks: vec![Task {
                        kind: "helaswag".to_owned(),
                        ..Task::default()
                    }],
                    ..Config::default()
                },
                "`helaswag`",
            ),
            (
                Config {
                    tasks: vec![Task {
                        kind: "piqa".to_owned(),
                        ..Task::default()
                    }],
                    ..Config::default()
                },
                "`path`",
            ),
        ] {
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
        let typo = serde_json::from_str::<Config>(r#"{"batches": 3}"#);
        assert!(typo.unwrap_err().to_string().contains("`batches`"));
    }
}
