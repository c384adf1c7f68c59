//! A run that is done, beside what would have been foretold.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use textmill_plan::{Law, Memory, Precision, Rows, Shape};
use textmill_schemas::Manifest;

use super::corpus::Corpus;
use super::model::of_folder;
use crate::explore::table;
use crate::output::{say, sayln};

/// A figure, foretold and found.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    unit: &'static str,
    foretold: f64,
    found: f64,
}

/// What the run was.
struct Run {
    shape: Shape,
    manifest: Manifest,
    rows: Rows,
    tokens: f64,
    accumulate: f64,
}

/// Prints prediction against outcome.
pub(super) fn check(run: &Path, json: bool, probe: f64) -> Result<()> {
    let corpus = Corpus::of_run(run)?;
    let done = Run::read(run)?;
    let lines = done.lines(probe)?;
    if json {
        sayln!(
            "{}",
            json!({"lines": lines, "shape": done.shape, "corpus": corpus})
        );
        return Ok(());
    }
    let mut rows = vec![
        ["", "foretold", "found", "found / foretold"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for line in &lines {
        let number = |value: f64| match value.abs() >= 1e6 {
            true => format!("{value:.3e} {}", line.unit),
            false => format!("{value:.2} {}", line.unit),
        };
        let ratio = format!("{:.2}", line.found / line.foretold);
        rows.push(vec![
            line.name.to_owned(),
            number(line.foretold),
            number(line.found),
            ratio,
        ]);
    }
    say!("{}", table(&rows, &[false, true, true, true]));
    sayln!();
    sayln!(
        "Time is foretold by training the same network on made-up tokens for {probe:.0} s, here and now; it leaves out"
    );
    if !done.shape.is_causal() {
        sayln!(
            "measuring the validation loss and writing checkpoints. No law foretells a masked loss."
        );
        return Ok(());
    }
    sayln!(
        "measuring the validation loss and writing checkpoints. The loss is {}'s,",
        Law::EPOCH.name
    );
    sayln!(
        "for other data and another vocabulary, and so far below its smallest models that it is a guess."
    );
    Ok(())
}

impl Run {
    fn read(run: &Path) -> Result<Self> {
        let folder = run.join("train");
        let manifest = Manifest::read(&folder)?;
        let manifest = manifest
            .with_context(|| format!("{}: training has not ended there", folder.display()))?;
        let config = |key: &str| manifest.config.get(key).cloned().unwrap_or(Value::Null);
        let number = |key: &str| config(key).as_f64().unwrap_or(0.0);
        let context = number("context") as u64;
        let shape = of_folder(&folder.join("best"), context, number("mask_share"))?;
        Ok(Self {
            rows: Rows {
                batch: number("batch") as u64,
                precision: if config("precision") == "bf16" {
                    Precision::Bf16
                } else {
                    Precision::Fp32
                },
                muon: config("optimizer") == "muon",
            },
            tokens: number("steps") * number("batch") * number("accumulate") * number("context"),
            accumulate: number("accumulate"),
            shape,
            manifest,
        })
    }

    fn stat(&self, key: &str) -> Option<f64> {
        self.manifest.stats.get(key).and_then(Value::as_f64)
    }

    fn lines(&self, probe: f64) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut add = |name, unit, foretold: Option<f64>, found: Option<f64>| {
            if let (Some(foretold), Some(found)) = (foretold, found) {
                lines.push(Line {
                    name,
                    unit,
                    foretold,
                    found,
                });
            }
        };
        let seen = self.stat("tokens_seen");
        add(
            "parameters",
            "",
            Some(self.shape.parameters() as f64),
            self.stat("parameters"),
        );
        add("tokens", "", Some(self.tokens), seen);
        add(
            "operations",
            "FLOPs",
            Some(self.shape.training_flops(self.tokens)),
            seen.map(|tokens| self.shape.training_flops(tokens)),
        );
        let speed = self.speed(probe)?;
        add("speed", "tokens/s", speed, self.stat("tokens_per_second"));
        add(
            "training",
            "s",
            speed.map(|speed| self.tokens / speed),
            Some(self.manifest.wall_seconds),
        );
        let memory = Memory::of(&self.shape, self.rows);
        let threads = self.accumulate.min(self.manifest.threads.max(1) as f64);
        // Each thread has activations, logits and a gradient of its own.
        let own = memory.gradients + memory.activations + memory.logits;
        let foretold = memory.total() + (threads - 1.0) * own;
        add(
            "memory",
            "MB",
            Some(foretold / 1e6),
            self.manifest
                .peak_memory_bytes
                .map(|bytes| bytes as f64 / 1e6),
        );
        let checkpoint = 4.0 * self.shape.parameters() as f64;
        let weights = self
            .manifest
            .files
            .iter()
            .find(|file| file.path.ends_with("/model.safetensors"));
        add(
            "weights on disk",
            "MB",
            Some(checkpoint / 1e6),
            weights.map(|file| file.bytes as f64 / 1e6),
        );
        add(
            "validation loss",
            "nats",
            self.shape
                .is_causal()
                .then(|| Law::EPOCH.loss(self.shape.parameters() as f64, self.tokens)),
            self.stat("val_loss"),
        );
        Ok(lines)
    }

    /// Tokens a second of this machine.
    #[cfg(feature = "torch")]
    fn speed(&self, probe: f64) -> Result<Option<f64>> {
        let config = |key: &str| {
            self.manifest
                .config
                .get(key)
                .and_then(Value::as_u64)
                .unwrap_or(0)
        };
        let asked = if config("threads") == 0 {
            self.manifest.threads
        } else {
            config("threads") as usize
        };
        let trial = super::probe::Trial {
            batch: self.rows.batch,
            precision: self.rows.precision,
            muon: self.rows.muon,
            threads: asked.clamp(1, (self.accumulate as usize).max(1)),
        };
        let found = super::probe::run(&self.shape, &trial, probe)?;
        Ok(Some(found.tokens / found.seconds))
    }

    #[cfg(not(feature = "torch"))]
    fn speed(&self, _: f64) -> Result<Option<f64>> {
        Ok(None)
    }
}
