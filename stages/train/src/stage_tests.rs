use super::*;
use std::fs;
use std::path::Path;

use crate::test_support::{Context, context, tokenized};
use crate::{Precision, metrics::Metric};
use textmill_model::{Gpt, read_tensors, write_tensors};
use textmill_packing::{Mixture, Packing};
use textmill_schemas::{Cancelled, Side, TokenGroup};

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
fn threads_do_not_show_in_the_bytes() {
    let (one, three) = (Run::new(), Run::new());
    let report = |run: &Run, threads| {
        run.go(&Config {
            threads,
            ..config()
        })
        .unwrap()
    };
    assert_eq!(report(&one, 1).files, report(&three, 3).files);
}

#[test]
fn stopped_and_resumed_equals_undisturbed_in_every_byte() {
    for (precision, packing) in [
        (Precision::Fp32, Packing::Concatenate),
        (Precision::Bf16, Packing::Concatenate),
        (Precision::Fp32, Packing::BestFit),
    ] {
        let config = Config {
            precision,
            packing,
            ..config()
        };
        let whole = Run::new();
        let expected = whole.go(&config).unwrap();
        let mut run = Run::new();
        for stop in [3, 7] {
            // 7 = 3 steps resumed + 4 further ones
            run.ctx.cancel_at = Some(stop);
            run.ctx
                .cancel
                .store(false, std::sync::atomic::Ordering::Relaxed);
            let error = run.go(&config).unwrap_err();
            assert!(error.downcast_ref::<Cancelled>().is_some(), "{error}");
            run.ctx = Context {
                inputs: run.ctx.inputs.clone(),
                ..context(&run.ctx.out)
            };
        }
        assert!(run.out().join("step-000007").exists());
        assert_eq!(run.go(&config).unwrap().files, expected.files);
        assert_eq!(run.metrics(), whole.metrics());
        // nothing left to do: the same again
        assert_eq!(run.go(&config).unwrap().files, expected.files);
    }
}

#[test]
fn a_kill_or_a_damaged_checkpoint_costs_steps_not_bytes() {
    let whole = Run::new();
    let expected = whole.go(&config()).unwrap();
    let run = Run::new();
    run.go(&config()).unwrap();
    // as if killed behind step 10, with step 12's checkpoint cut and a half-written one about
    let cut = run.out().join("step-000012/model.safetensors");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fs::create_dir(run.out().join("step-000014.new")).unwrap();
    fs::rename(run.out().join("best"), run.out().join("best.old")).unwrap();
    assert_eq!(run.go(&config()).unwrap().files, expected.files);
    let messages = run.ctx.messages.lock().unwrap().join("\n");
    assert!(messages.contains("resuming at step 10"), "{messages}");
    assert!(!run.out().join("step-000014.new").exists());
}

#[test]
fn another_configuration_starts_anew() {
    let run = Run::new();
    run.go(&config()).unwrap();
    let other = Config {
        lr: 5e-3,
        ..config()
    };
    let report = run.go(&other).unwrap();
    let fresh = Run::new();
    assert_eq!(report.files, fresh.go(&other).unwrap().files);
}

#[test]
fn divergence_stops_with_the_step_and_the_mend() {
    let mut run = Run::new();
    run.ctx.cancel_at = Some(3);
    run.go(&config()).unwrap_err();
    run.ctx
        .cancel
        .store(false, std::sync::atomic::Ordering::Relaxed);
    let weights = run.out().join("step-000003/model.safetensors");
    let tensors = read_tensors(&weights).unwrap();
    let _ = tensors["model.norm.weight"].shallow_clone().fill_(f64::NAN);
    write_tensors(&weights, tensors.iter().map(|(name, t)| (name.as_str(), t))).unwrap();
    let message = run.go(&config()).unwrap_err().to_string();
    assert!(
        message.contains("at step 4") && message.contains("`lr`"),
        "{message}"
    );
    assert!(!run.out().join("step-000005").exists());
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

#[test]
fn packed_documents_are_learned_and_counted_without_padding() {
    let run = Run::new();
    let config = Config {
        steps: 60,
        dropout: 0.0,
        context: 100,
        packing: Packing::BestFit,
        batch: 2,
        accumulate: 5,
        ..config()
    };
    run.go(&config).unwrap();
    let metrics = run.metrics();
    // Twenty documents of 40 tokens and one that ends them: two to a row of 100, so a step of ten
    // rows has all of them.
    assert_eq!(metrics[1].tokens, 20 * 41);
    assert_eq!(metrics[1].epoch, 1.0);
    assert_eq!(metrics[60].tokens, 60 * 20 * 41);
    assert!((metrics[1].loss.unwrap() - 60f64.ln()).abs() < 0.1);
    assert!(metrics[60].loss.unwrap() < 1.5, "{:?}", metrics[60]);
}

#[test]
fn a_mixture_decides_how_often_documents_are_seen() {
    let run = Run::new();
    let groups = [TokenGroup {
        side: Side::Train,
        documents: 20,
        tokens: 800,
        ..TokenGroup::default()
    }];
    let path = run.dir.path().join("tokenize").join(TokenGroup::FILE);
    fs::write(path, serde_json::to_vec(&groups).unwrap()).unwrap();
    let with = |source: &str, weight| Config {
        mixture: Mixture {
            sources: [(source.to_owned(), weight)].into(),
            ..Mixture::default()
        },
        ..config()
    };
    // The documents of the fixture have the source "".
    run.go(&with("", 3.0)).unwrap();
    let per_step = (3 * 3 * 16) as f64;
    let expected = per_step / (3 * 20 * 41) as f64;
    assert!((run.metrics()[1].epoch - expected).abs() < 1e-6);
    let complaint = run.go(&with("nwes", 3.0)).unwrap_err().to_string();
    assert!(complaint.contains("`nwes`"), "{complaint}");
    let complaint = run.go(&with("", 0.0)).unwrap_err().to_string();
    assert!(complaint.contains("no training document"), "{complaint}");
}
