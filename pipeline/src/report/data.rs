//! Everything that the reports tell, read from the run's folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use textmill_packing::HeldOut;
use textmill_schemas::Manifest;

use super::masked::MaskedEvaluation;
use crate::config::Config;
use crate::stages::STAGES;

/// A run, as far as it has come.
pub struct RunData {
    /// Its folder.
    pub dir: PathBuf,
    /// Manifests of the stages that are done, in order.
    pub manifests: Vec<Manifest>,
    /// The trainer's losses by step.
    pub metrics: Vec<Metric>,
    /// What the evaluation measured.
    pub evaluation: Option<Evaluation>,
    /// What it measured of a model that fills in masked tokens.
    pub masked: Option<MaskedEvaluation>,
}

/// One line of train/metrics.jsonl.
#[derive(Clone, Debug, Deserialize)]
pub struct Metric {
    /// Steps done.
    pub step: u64,
    /// Training loss in nats a token.
    pub loss: Option<f64>,
    /// Validation loss in nats a token.
    pub val_loss: Option<f64>,
}

/// Tells the forms of evaluate/metrics.json apart.
#[derive(Deserialize)]
struct Form {
    objective: Option<String>,
}

/// evaluate/metrics.json of a causal model.
#[derive(Clone, Debug, Deserialize)]
pub struct Evaluation {
    /// Model and baselines over all validation documents.
    pub overall: Comparison,
    /// Sources and languages that the mixture left out of training.
    #[serde(default)]
    pub held_out: HeldOut,
    /// `trained_on` and `held_out`, where something was.
    #[serde(default)]
    pub by_training: BTreeMap<String, Comparison>,
    /// The same by source.
    pub by_source: BTreeMap<String, Comparison>,
    /// The same by language.
    pub by_lang: BTreeMap<String, Comparison>,
    /// By the least number of tokens of a length class.
    pub by_length: BTreeMap<u64, Comparison>,
    /// How the model did on tasks.
    pub tasks: Vec<TaskScores>,
    /// What the model knows by heart.
    pub memorization: Option<Recitals>,
    /// What it betrays of planted secrets.
    pub exposure: Option<Exposures>,
    /// What the model wrote.
    pub samples: Vec<Sample>,
}

/// The model beside the baselines, on the same tokens.
#[derive(Clone, Debug, Deserialize)]
pub struct Comparison {
    /// The trained model.
    pub model: Scores,
    /// Kneser-Ney 5-gram baseline.
    pub kneser_ney_5: Scores,
    /// Unigram baseline.
    pub unigram: Scores,
}

/// What was measured of one predictor.
#[derive(Clone, Debug, Deserialize)]
pub struct Scores {
    /// Documents.
    pub documents: u64,
    /// Tokens.
    pub tokens: u64,
    /// exp of the mean nats a token.
    pub perplexity: f64,
    /// Bits a UTF-8 byte: comparable between tokenizers.
    pub bits_per_byte: f64,
    /// Its standard error; absent for one document.
    pub bits_per_byte_stderr: Option<f64>,
    /// Share of tokens that were the first guess.
    pub top1: f64,
    /// Share of tokens among the first five guesses.
    pub top5: f64,
}

/// What the model reached on a task.
#[derive(Clone, Debug, Deserialize)]
pub struct TaskScores {
    /// The task or its part.
    pub task: String,
    /// Questions answered.
    pub documents: u64,
    /// Rows left out.
    pub refused: u64,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// Accuracy by the log-likelihood of the choices.
    pub acc: f64,
    /// Its standard error.
    pub acc_stderr: Option<f64>,
    /// Accuracy by the log-likelihood a character.
    pub acc_norm: Option<f64>,
    /// Its standard error.
    pub acc_norm_stderr: Option<f64>,
    /// Perplexity of a cloze.
    pub perplexity: Option<f64>,
    /// Its standard error.
    pub perplexity_stderr: Option<f64>,
    /// The files of a folder.
    #[serde(default)]
    pub parts: Vec<TaskScores>,
}

/// What the model knows by heart.
#[derive(Clone, Debug, Deserialize)]
pub struct Recitals {
    /// Tokens that it was given.
    pub prompt_tokens: u64,
    /// Tokens that it had to find.
    pub continuation_tokens: u64,
    /// Of documents that it has learnt from.
    pub train: Recited,
    /// Of documents that it has not.
    pub validation: Recited,
}

/// How many passages were continued exactly.
#[derive(Clone, Debug, Deserialize)]
pub struct Recited {
    /// Passages tried.
    pub passages: u64,
    /// Share of the passages that were continued exactly.
    pub rate: f64,
}

/// How far the model betrays planted secrets.
#[derive(Clone, Debug, Deserialize)]
pub struct Exposures {
    /// Secrets that each is ranked among.
    pub candidates: u64,
    /// By how often they were planted, ascending.
    pub groups: Vec<ExposureGroup>,
    /// One by one.
    pub canaries: Vec<Exposed>,
}

/// Secrets that were planted equally often.
#[derive(Clone, Debug, Deserialize)]
pub struct ExposureGroup {
    /// How often.
    pub repeats: u32,
    /// How many there are.
    pub canaries: usize,
    /// Mean exposure in bits.
    pub exposure: f64,
    /// Its standard error; absent for one.
    pub exposure_stderr: Option<f64>,
    /// How many the model writes word for word.
    pub recited: usize,
}

/// One secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Exposed {
    /// Its name.
    pub id: String,
    /// Its language.
    pub lang: String,
    /// How often it was planted.
    pub repeats: u32,
    /// In bits.
    pub exposure: f64,
}

/// A continuation that the model wrote.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    /// Language of the prompt.
    pub lang: String,
    /// The prompt.
    pub prompt: String,
    /// The continuation.
    pub text: String,
}

impl RunData {
    /// Reads what there is.
    pub fn read(config: &Config) -> Result<Self> {
        let dir = config.run.dir.clone();
        let mut manifests = Vec::new();
        for stage in &STAGES {
            manifests.extend(Manifest::read(&dir.join(stage.name))?);
        }
        let measured = dir.join("evaluate/metrics.json");
        let form = read::<Form>(&measured)?.and_then(|form| form.objective);
        let (evaluation, masked) = match form.as_deref() {
            Some("masked_tokens") => (None, read(&measured)?),
            _ => (read(&measured)?, None),
        };
        Ok(Self {
            metrics: read_lines(&dir.join("train/metrics.jsonl"))?,
            evaluation,
            masked,
            dir,
            manifests,
        })
    }

    /// The manifest of a stage that is done.
    pub fn manifest(&self, stage: &str) -> Option<&Manifest> {
        self.manifests
            .iter()
            .find(|manifest| manifest.stage == stage)
    }

    /// The losses by step: training and validation.
    pub fn losses(&self) -> [Vec<(f64, f64)>; 2] {
        let points = |loss: fn(&Metric) -> Option<f64>| {
            let point = |m: &Metric| loss(m).map(|loss| (m.step as f64, loss));
            self.metrics.iter().filter_map(point).collect()
        };
        [points(|m| m.loss), points(|m| m.val_loss)]
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(text) = content(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&text)
        .map(Some)
        .with_context(|| path.display().to_string())
}

fn content(path: &Path) -> Result<Option<Vec<u8>>> {
    match textmill_storage::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read.with_context(|| path.display().to_string())?)),
    }
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = content(path)?.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).with_context(|| path.display().to_string()))
        .collect()
}
