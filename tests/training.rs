//! Runs that train a model; a build without libtorch has no such stage.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{both, succeed, textmill};

/// A model small enough to train in seconds.
const TINY: [&str; 14] = [
    "--set",
    "train.steps=6",
    "--set",
    "train.context=32",
    "--set",
    "train.batch=2",
    "--set",
    "train.eval_every=3",
    "--set",
    "train.checkpoint_every=3",
    "--set",
    "train.eval_windows=4",
    "--set",
    "evaluate.max_new_tokens=8",
];

#[test]
fn an_interrupt_stops_cleanly_and_says_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let endless = ["train", "--quiet", "--set", "train.steps=1000000"];
    let mut command = textmill(dir.path(), &endless);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let metrics = dir.path().join("train/metrics.jsonl");
    let start = Instant::now();
    while !metrics.exists() && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = both(&output);
    assert!(said.contains("Run the same command again"), "{said}");
    assert!(!dir.path().join("train/manifest.json").exists());
}

#[test]
fn the_corridor_ends_with_a_model_and_its_evaluation() {
    let dir = tempfile::tempdir().unwrap();
    let said = succeed(textmill(dir.path(), &["run"]).args(TINY));
    for part in [
        "Dropped by rule",
        "bits/byte",
        "5-gram",
        "The model writes",
        "[zh]",
        "report.html",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let report = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(report.contains("<svg") && report.contains("polyline"));
    assert!(dir.path().join("train/metrics.jsonl").exists());
}

#[test]
fn the_mixture_is_shown_before_it_is_trained_on() {
    let dir = tempfile::tempdir().unwrap();
    let train = |further: &[&str]| {
        let mut command = textmill(dir.path(), &["train"]);
        command.args(TINY).args(further).output().unwrap()
    };
    let fit = [
        "--set",
        "train.packing=best_fit",
        "--set",
        "train.mixture.sources.news=2",
    ];
    let output = train(&fit);
    assert!(output.status.success(), "{}", both(&output));
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    let table = notes.find("Training draws").expect("the table");
    assert!(notes[table..].contains("repetitions"), "{notes}");
    assert!(notes[table..].find("documents/s") > notes[table..].find("epochs"));
    let metrics = fs::read_to_string(dir.path().join("train/metrics.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    // Rows are padded, and what is no token is not counted.
    let (tokens, places) = (last["tokens"].as_u64().unwrap(), 6 * 2 * 2 * 32);
    assert!(tokens <= places && tokens > places * 9 / 10, "{tokens}");
    let output = train(&["--set", "train.mixture.sources.nwes=2"]);
    assert!(!output.status.success());
    let said = both(&output);
    assert!(said.contains("nearest is `news`"), "{said}");
}

#[test]
fn an_interrupted_training_ends_with_the_same_losses() {
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let train = |dir: &Path| {
        textmill(dir, &["train", "--quiet"])
            .args(TINY)
            .output()
            .unwrap()
    };
    assert!(train(whole.path()).status.success());
    let tiny = ["train", "--quiet"];
    let mut child = textmill(stopped.path(), &tiny).args(TINY).spawn().unwrap();
    let first = stopped.path().join("train/step-000003");
    let start = Instant::now();
    while !first.exists()
        && child.try_wait().unwrap().is_none()
        && start.elapsed() < Duration::from_secs(120)
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let output = train(stopped.path());
    assert!(output.status.success(), "{}", both(&output));
    let losses = |dir: &Path| fs::read_to_string(dir.join("train/metrics.jsonl")).unwrap();
    assert_eq!(losses(whole.path()), losses(stopped.path()));
}
