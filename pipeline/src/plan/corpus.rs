//! What a run's manifests say of its corpus: tokens, and what the data stages took.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use textmill_schemas::Manifest;

use crate::stages::STAGES;

/// A corpus, as the tokenize stage left it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Corpus {
    /// Training tokens.
    pub tokens: f64,
    /// Tokens of the vocabulary.
    pub vocabulary: Option<u64>,
    /// Name, seconds, bytes written and threads of each data stage.
    pub stages: Vec<(String, f64, f64, usize)>,
}

impl Corpus {
    /// Reads the manifests of a run.
    pub fn of_run(run: &Path) -> Result<Self> {
        let mut stages = Vec::new();
        let mut last = None;
        for stage in STAGES {
            let manifest = Manifest::read(&run.join(stage.name))?;
            let Some(manifest) = manifest.filter(|_| !["train", "evaluate"].contains(&stage.name))
            else {
                continue;
            };
            let (seconds, bytes) = (manifest.wall_seconds, manifest.bytes_written as f64);
            stages.push((stage.name.to_owned(), seconds, bytes, manifest.threads));
            if stage.name == "tokenize" {
                last = Some(manifest);
            }
        }
        let tokenize = last.with_context(|| {
            format!(
                "{}: the tokenize stage has not run there; run `textmill tokenize` first",
                run.display()
            )
        })?;
        let number = |key: &str| tokenize.stats.get(key).and_then(Value::as_f64);
        let tokens = number("train_tokens").with_context(|| {
            format!(
                "{}: the manifest of tokenize names no train_tokens; run `textmill tokenize` again",
                run.display()
            )
        })?;
        Ok(Self {
            tokens,
            vocabulary: number("vocab_size").map(|size| size as u64),
            stages,
        })
    }

    /// Seconds and bytes of all data stages for another number of tokens, in proportion.
    pub fn scaled(&self, tokens: f64) -> (f64, f64) {
        let sums = self
            .stages
            .iter()
            .fold((0.0, 0.0), |(seconds, bytes), (_, s, b, _)| {
                (seconds + s, bytes + b)
            });
        let share = tokens / self.tokens.max(1.0);
        (sums.0 * share, sums.1 * share)
    }
}
