//! Spikes and divergence in whole runs.

use super::*;

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
