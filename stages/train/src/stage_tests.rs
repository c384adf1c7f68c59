use super::*;
use std::fs;
use std::path::Path;

use crate::test_support::{Context, context, tokenized, write_shard};
use crate::{OnSpike, OptimizerKind, Precision, metrics::Metric};
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
    let bf16 = Config {
        precision: Precision::Bf16,
        ..config()
    };
    let muon = Config {
        optimizer: OptimizerKind::Muon,
        ..config()
    };
    let packed = Config {
        packing: Packing::BestFit,
        separate_documents: true,
        ..config()
    };
    for config in [config(), bf16, muon, packed] {
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
    plant(&run, "model.norm.weight", f64::NAN);
    let message = run.go(&config()).unwrap_err().to_string();
    assert!(
        message.contains("at step 8") && message.contains("`lr`"),
        "{message}"
    );
    // The weights never saw it.
    let state = fs::read_to_string(run.out().join("step-000005/state.json")).unwrap();
    assert!(state.contains("\"updates\": 3"), "{state}");
    assert_eq!(spikes(&run).len(), 5);
}

/// Fills a parameter of the checkpoint of step 3 with a value.
fn plant(run: &Run, name: &str, value: f64) {
    let dir = run.out().join("step-000003");
    let weights = dir.join(WEIGHTS_FILE);
    let tensors = read_tensors(&weights).unwrap();
    let _ = tensors[name].shallow_clone().fill_(value);
    write_tensors(&weights, tensors.iter().map(|(name, t)| (name.as_str(), t))).unwrap();
    crate::hashes::seal(&dir).unwrap();
}

fn spikes(run: &Run) -> Vec<Value> {
    let text = fs::read_to_string(run.out().join(SPIKES_FILE)).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// 150 documents that a model learns to foretell, and one of noise, in rows of their own.
fn with_noise() -> (Run, Config) {
    let mut run = Run::new();
    let document = |n: u32| -> Vec<u32> {
        let token = |i: u32| match n {
            150 => (i * i * 31 + i * 7) % 59,
            _ => i % 59,
        };
        (0..63).map(token).collect()
    };
    let documents: Vec<Vec<u32>> = (0..151).map(document).collect();
    let dir = run.dir.path().join("tokenize");
    write_shard(&dir, "train/part-00000.parquet", &documents);
    let input = run.ctx.inputs.get_mut("tokenize").unwrap();
    input.manifest.kept.truncate(1);
    let config = Config {
        context: 64,
        packing: Packing::BestFit,
        batch: 1,
        accumulate: 1,
        steps: 302,
        warmup: 10,
        dropout: 0.0,
        checkpoint_every: 100,
        ..config()
    };
    (run, config)
}

#[test]
fn a_spike_is_skipped_and_its_document_named() {
    let (run, config) = with_noise();
    let report = run.go(&config).unwrap();
    let spikes = spikes(&run);
    assert!(!spikes.is_empty());
    assert!(
        spikes.iter().all(|spike| spike["ids"] == json!(["150"])),
        "{spikes:?}"
    );
    assert_eq!(report.stats["skipped_steps"], spikes.len());
    for spike in &spikes {
        assert_eq!(spike["action"], "skipped");
        assert!(spike["z_loss"].as_f64().unwrap() > 6.0, "{spike}");
        let step = spike["step"].as_u64().unwrap() as usize;
        assert!(run.metrics()[step].skipped);
    }
    let skipped = run.metrics().iter().filter(|metric| metric.skipped).count();
    assert_eq!(skipped, spikes.len());

    // Resumed in the middle of it: the same bytes.
    let (mut stopped, _) = with_noise();
    stopped.ctx.cancel_at = Some(spikes[0]["step"].as_u64().unwrap() + 1);
    stopped.go(&config).unwrap_err();
    stopped.ctx = Context {
        inputs: stopped.ctx.inputs.clone(),
        ..context(&stopped.ctx.out)
    };
    assert_eq!(stopped.go(&config).unwrap().files, report.files);
}

#[test]
fn a_spike_stops_the_run_or_is_let_through_if_asked_for() {
    let (run, config) = with_noise();
    let stop = Config {
        on_spike: OnSpike::Stop,
        ..config.clone()
    };
    let message = run.go(&stop).unwrap_err().to_string();
    for part in ["spikes.jsonl", "trace ID", "`lr`", "`on_spike"] {
        assert!(message.contains(part), "{message}");
    }
    let found = spikes(&run);
    assert_eq!((found.len(), &found[0]["action"]), (1, &json!("stopped")));
    let before = found[0]["step"].as_u64().unwrap() - 1;
    assert!(run.out().join(step_name(before)).exists());
    // The same again: it stands at the same place.
    assert_eq!(run.go(&stop).unwrap_err().to_string(), message);

    let (run, _) = with_noise();
    let ignore = Config {
        on_spike: OnSpike::Ignore,
        ..config
    };
    let report = run.go(&ignore).unwrap();
    assert_eq!(report.stats["skipped_steps"], 0);
    assert!(
        spikes(&run)
            .iter()
            .all(|spike| spike["action"] == "applied")
    );
}

#[test]
fn any_damage_to_a_checkpoint_is_passed_over() {
    let run = Run::new();
    let expected = run.go(&config()).unwrap();
    let newest = run.out().join("step-000012");
    let names: Vec<_> = fs::read_dir(&newest)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in &names {
        let path = newest.join(name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 4;
        for damage in [Some(&whole[..whole.len() - 1]), Some(&flipped), None] {
            match damage {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            run.ctx.messages.lock().unwrap().clear();
            assert_eq!(run.go(&config()).unwrap().files, expected.files);
            let said = run.ctx.messages.lock().unwrap().join("\n");
            let name = name.to_string_lossy();
            assert!(
                said.contains("passed over") && said.contains(&*name),
                "{said}"
            );
            assert!(said.contains("resuming at step 10"), "{said}");
        }
    }
}

#[test]
fn another_validation_set_is_refused() {
    let mut run = Run::new();
    let with = |run: &mut Run, hash: &str, shard: &str| {
        let input = run.ctx.inputs.get_mut("tokenize").unwrap();
        let name = "validation_hash".to_owned();
        input.manifest.stats.insert(name, json!(hash));
        let kept = input.manifest.kept.iter_mut();
        for entry in kept.filter(|shard| shard.path.starts_with("validation/")) {
            entry.hash = shard.to_owned();
        }
    };
    with(&mut run, "0011", "aa");
    run.go(&config()).unwrap();
    for dir in ["step-000012", BEST] {
        let state = fs::read(run.out().join(dir).join(STATE_FILE)).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        assert_eq!(state["validation_hash"], "0011");
    }
    with(&mut run, "0022", "bb");
    let refused = run.go(&config()).unwrap_err().to_string();
    for part in ["step-000012", "0011", "0022"] {
        assert!(refused.contains(part), "{refused}");
    }
    assert!(run.out().join("step-000012").exists());
}

#[test]
fn muon_learns_in_fewer_steps_than_adamw() {
    let loss = |optimizer| {
        let run = Run::new();
        let config = Config {
            optimizer,
            steps: 40,
            dropout: 0.0,
            ..config()
        };
        run.go(&config).unwrap();
        let metrics = run.metrics();
        let last = metrics[31..].iter().map(|metric| metric.loss.unwrap());
        last.sum::<f64>() / 10.0
    };
    let (adamw, muon) = (loss(OptimizerKind::Adamw), loss(OptimizerKind::Muon));
    assert!(muon < 0.9 * adamw, "{muon} {adamw}");
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
fn smaller_micro_batches_give_the_same_gradient() {
    let after = |rows: u64| {
        let run = Run::new();
        let config = Config {
            dropout: 0.0,
            steps: 4,
            checkpoint_every: 1,
            ..config()
        };
        let mut cut = run;
        cut.ctx.cancel_at = Some(1);
        cut.go(&config).unwrap_err();
        // As if memory had not sufficed for more.
        let dir = cut.out().join("step-000001");
        let mut state = crate::checkpoint::State::read(&dir).unwrap();
        assert_eq!(state.rows, 3);
        state.rows = rows;
        state.write(&dir).unwrap();
        crate::hashes::seal(&dir).unwrap();
        cut.ctx = Context {
            inputs: cut.ctx.inputs.clone(),
            ..context(&cut.ctx.out)
        };
        cut.go(&config).unwrap();
        cut.metrics()
    };
    for (three, one) in after(3).iter().zip(after(1)) {
        let loss = |metric: &Metric| metric.loss.unwrap_or_default();
        assert!((loss(three) - loss(&one)).abs() < 1e-5);
        assert_eq!(three.tokens, one.tokens);
    }
}

#[test]
fn documents_kept_apart_are_learned() {
    let run = Run::new();
    let config = Config {
        separate_documents: true,
        steps: 40,
        dropout: 0.0,
        ..config()
    };
    run.go(&config).unwrap();
    let (metrics, plain) = (run.metrics(), Run::new());
    assert!(metrics[40].loss.unwrap() < 2.5, "{:?}", metrics[40]);
    plain
        .go(&Config {
            separate_documents: false,
            ..config
        })
        .unwrap();
    assert_ne!(plain.metrics()[1].loss, metrics[1].loss);
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
