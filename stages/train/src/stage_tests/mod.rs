mod learning;
mod masked;
mod planting;
mod resuming;
mod spikes;

use super::*;
use std::fs;
use std::path::Path;

use crate::test_support::{Context, context, tokenized, write_rows, write_shard};
use crate::{OnSpike, OptimizerKind, Precision, metrics::Metric};
use textmill_model::{Gpt, read_tensors, write_tensors};
use textmill_packing::{Mixture, Packing};
use textmill_schemas::{Cancelled, Side, TokenGroup, Tokens};

fn config() -> Config {
    Config {
        layers: 1,
        heads: 2,
        width: 32,
        context: 16,
        batch: 3,
        accumulate: 3,
        steps: 12,
        warmup: 2,
        lr: 1e-2,
        min_lr: 1e-3,
        dropout: 0.1,
        eval_every: 4,
        checkpoint_every: 5,
        ..Config::default()
    }
}

struct Run {
    dir: tempfile::TempDir,
    ctx: Context,
}

impl Run {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut ctx = context(&dir.path().join("train"));
        ctx.inputs = tokenized(&dir.path().join("tokenize"));
        Self { dir, ctx }
    }

    fn go(&self, config: &Config) -> StageResult<TaskReport> {
        Stage::new(config)?.task("train", 0, &self.ctx.borrow())
    }

    fn out(&self) -> &Path {
        &self.ctx.out
    }

    fn metrics(&self) -> Vec<Metric> {
        let text = fs::read_to_string(self.out().join(METRICS_FILE)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[test]
fn a_run_learns_and_reports() {
    let run = Run::new();
    let config = Config {
        steps: 60,
        dropout: 0.0,
        ..config()
    };
    let report = run.go(&config).unwrap();
    assert_eq!((report.read, report.kept_rows), (24, 24));
    let metrics = run.metrics();
    assert_eq!(metrics.len(), 61);
    assert!((metrics[0].val_loss.unwrap() - 60f64.ln()).abs() < 0.1);
    assert!(metrics[60].loss.unwrap() < 1.5, "{:?}", metrics[60]);
    assert_eq!(metrics[60].tokens, 60 * 9 * 16);
    assert_eq!(report.stats["checkpoint"], "best");
    assert_eq!(report.stats["train_loss"], metrics[60].loss.unwrap());
    let names: Vec<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
    assert!(names.contains(&"best/model.safetensors"));
    assert!(names.contains(&"step-000060/optimizer.safetensors"));
    assert!(!run.out().join("step-000050").exists() || run.out().join("step-000055").exists());
    // the checkpoint holds what the report says
    let best = Gpt::load(&run.out().join("best"), tch::Device::Cpu).unwrap();
    assert_eq!(best.config().eot_id, Some(59));
    assert_eq!(
        best.parameters(),
        report.stats["parameters"].as_i64().unwrap()
    );
    assert!(run.dir.path().join("tokenize").exists());
}

#[test]
fn what_is_logged_is_read_back_by_step() {
    let run = Run::new();
    let report = run.go(&config()).unwrap();
    let events = run.out().join("tensorboard/events.out.tfevents.0000000000");
    let events = crate::tensorboard::tests::read(&events);
    let of = |tag: &str| -> Vec<(u64, f32)> {
        let found = events.iter().filter(|(_, name, _)| name == tag);
        found.map(|(step, _, value)| (*step, *value)).collect()
    };
    let metrics = run.metrics();
    for (tag, figure) in [
        ("loss", (|metric| metric.loss) as fn(&Metric) -> Option<f64>),
        ("grad_norm", |metric| metric.grad_norm),
        ("lr", |metric| metric.lr),
        ("val_loss", |metric| metric.val_loss),
    ] {
        let expected = metrics.iter();
        let expected: Vec<(u64, f32)> = expected
            .filter_map(|metric| Some((metric.step, figure(metric)? as f32)))
            .collect();
        assert!(expected.len() >= 4, "{tag}");
        assert_eq!(of(tag), expected, "{tag}");
    }
    for tag in ["tokens_per_second", "memory"] {
        let found = of(tag);
        assert!(found.len() == 12 && found.iter().all(|(_, value)| *value > 0.0));
    }
    assert_eq!(report.stats["mfu"], Value::Null); // that of a CPU is unknown
    let timings = fs::read_to_string(run.out().join("timings.jsonl")).unwrap();
    assert_eq!(timings.lines().count(), 12);
    assert!(timings.contains("\"mfu\":null") && timings.contains("\"loader_seconds\":"));
    let share = report.stats["loader_share"].as_f64().unwrap();
    assert!((0.0..1.0).contains(&share), "{share}");
}

#[test]
fn the_gpt2_preset_trains_without_validation_documents() {
    let mut run = Run::new();
    let input = run.ctx.inputs.get_mut("tokenize").unwrap();
    input
        .manifest
        .kept
        .retain(|shard| shard.path.starts_with("train/"));
    let config = Config {
        preset: "gpt2".to_owned(),
        ..config()
    };
    let report = run.go(&config).unwrap();
    assert_eq!(report.stats["checkpoint"], "step-000012");
    assert_eq!(report.stats["val_loss"], Value::Null);
}

#[test]
fn inputs_that_lack_something_are_named() {
    let mut run = Run::new();
    let complaint = |run: &Run| run.go(&config()).unwrap_err().to_string();
    let manifest = |run: &mut Run| {
        let input = run.ctx.inputs.get_mut("tokenize").unwrap();
        std::mem::take(&mut input.manifest)
    };
    let mut whole = manifest(&mut run);
    assert!(complaint(&run).contains("`vocab_size`"));
    let files = std::mem::take(&mut whole.files);
    run.ctx.inputs.get_mut("tokenize").unwrap().manifest = whole.clone();
    assert!(complaint(&run).contains("tokenizer.json"));
    whole.files = files;
    let mut other = whole.clone();
    other.files[0].hash = "0123".to_owned();
    run.ctx.inputs.get_mut("tokenize").unwrap().manifest = other;
    let refused = complaint(&run);
    assert!(
        refused.contains("another tokenizer") && refused.contains("part-00000"),
        "{refused}"
    );
    whole.kept.clear();
    run.ctx.inputs.get_mut("tokenize").unwrap().manifest = whole;
    assert!(complaint(&run).contains("no training tokens"));
}
