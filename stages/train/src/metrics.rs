//! Lines that are written down while training: metrics.jsonl, the same at every repetition, and
//! timings.jsonl, which is not.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::write_atomically;

use crate::Error;

/// Losses and norms by step; the same bytes for the same data, configuration and seed.
pub(crate) const METRICS_FILE: &str = "metrics.jsonl";
/// Time and speed by step.
pub(crate) const TIMINGS_FILE: &str = "timings.jsonl";

/// One line of metrics.jsonl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metric {
    /// Steps done.
    pub step: u64,
    /// Tokens read so far, those of skipped steps too.
    pub tokens: u64,
    /// The same in passes over the corpus.
    pub epoch: f64,
    /// Mean cross-entropy of the step's batch in nats a token, for a BERT a masked one; absent
    /// before the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Norm of the gradient before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Learning rate of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Whether the step was a spike whose gradient was thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    /// Mean cross-entropy of the validation windows after the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_loss: Option<f64>,
}

impl Metric {
    /// The figures that there are, by name.
    pub fn figures(&self) -> Vec<(&'static str, f64)> {
        present([
            ("loss", self.loss),
            ("grad_norm", self.grad_norm),
            ("lr", self.lr),
            ("val_loss", self.val_loss),
        ])
    }
}

fn present<const N: usize>(figures: [(&'static str, Option<f64>); N]) -> Vec<(&'static str, f64)> {
    let present = figures.into_iter();
    present
        .filter_map(|(name, figure)| Some((name, figure?)))
        .collect()
}

/// One line of timings.jsonl.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timing {
    pub step: u64,
    /// Since this run or resumption began.
    pub elapsed_seconds: f64,
    /// Of the step alone, without measurements of the validation loss and checkpoints.
    pub step_seconds: f64,
    /// In that time.
    pub tokens_per_second: f64,
    /// Model FLOPs utilisation in that time; null where the device's peak is unknown.
    pub mfu: Option<f64>,
    /// The most memory in bytes that the process had so far; null on a GPU.
    pub memory_bytes: Option<u64>,
    /// What the loader's thread took to read and assemble the step's batches, while others
    /// computed.
    pub loader_seconds: f64,
    /// Of the step's time, what its batches were waited for.
    pub loader_wait_seconds: f64,
}

impl Timing {
    /// The figures that there are, by name.
    pub fn figures(&self) -> Vec<(&'static str, f64)> {
        present([
            ("tokens_per_second", Some(self.tokens_per_second)),
            ("mfu", self.mfu),
            ("memory", self.memory_bytes.map(|bytes| bytes as f64)),
        ])
    }
}

/// Rounds to six decimals: beyond them is noise, and such numbers survive JSON unchanged.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A JSONL file that is appended to.
#[derive(Debug)]
pub(crate) struct Lines {
    file: File,
    path: PathBuf,
}

impl Lines {
    /// Opens the file for a run that goes on behind `step`, dropping the lines beyond it (and a
    /// last line that was cut off), which will come again.
    pub fn resume(path: &Path, step: Option<u64>) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Numbered {
            step: u64,
        }
        let old = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other.map_err(Error::io(path))?,
        };
        let kept: String = old
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .filter(|line| {
                let number = serde_json::from_str(line).map(|line: Numbered| line.step);
                number.is_ok_and(|number| step.is_some_and(|step| number <= step))
            })
            .collect();
        write_atomically(path, kept.as_bytes())?;
        let file = File::options()
            .append(true)
            .open(path)
            .map_err(Error::io(path))?;
        Ok(Self {
            file,
            path: path.to_path_buf(),
        })
    }

    pub fn add(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let mut json = serde_json::to_vec(line).map_err(Error::json(&self.path))?;
        json.push(b'\n');
        self.file.write_all(&json).map_err(Error::io(&self.path))
    }

    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(Error::io(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_resumed_step_and_cut_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(METRICS_FILE);
        let metric = |step| Metric {
            step,
            tokens: 1,
            epoch: 0.5,
            loss: Some(rounded(4.123_456_789)),
            grad_norm: None,
            lr: None,
            skipped: false,
            val_loss: None,
        };
        let mut lines = Lines::resume(&path, None).unwrap();
        for step in 0..5 {
            lines.add(&metric(step)).unwrap();
        }
        lines.file.write_all(b"{\"step\":1").unwrap();
        let mut lines = Lines::resume(&path, Some(2)).unwrap();
        lines.add(&metric(3)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let steps: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<Metric>(line).unwrap().step)
            .collect();
        assert_eq!(steps, [0, 1, 2, 3]);
        assert!(text.starts_with("{\"step\":0,\"tokens\":1,\"epoch\":0.5,\"loss\":4.123457}\n"));
        Lines::resume(&path, None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
