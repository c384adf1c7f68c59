//! Runs that train a model; a build without libtorch has no such stage.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
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
    losses_can_be_asked_by_sql(dir.path());
    a_checkpoint_can_be_asked_tasks(dir.path());
}

fn losses_can_be_asked_by_sql(run: &Path) {
    let documents = run.join("evaluate/documents");
    let ask = |sql: &str| -> Vec<Value> {
        let mut command = plainly(&[
            "inspect",
            documents.to_str().unwrap(),
            "--json",
            "--sql",
            sql,
        ]);
        let lines = succeed(&mut command);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let noise = ask(
        "SELECT id, bits_per_byte FROM shards WHERE side = 'validation' \
         ORDER BY bits_per_byte DESC LIMIT 2",
    );
    let [first, second] = noise.as_slice() else {
        panic!("{noise:?}");
    };
    assert!(first["bits_per_byte"].as_f64() >= second["bits_per_byte"].as_f64());
    let sums = ask("SELECT SUM(nats) AS nats, SUM(bytes) AS bytes FROM shards");
    let figure = |name: &str| sums[0][name].as_f64().unwrap();
    let metrics = fs::read(run.join("evaluate/metrics.json")).unwrap();
    let metrics: Value = serde_json::from_slice(&metrics).unwrap();
    let found = figure("nats") / std::f64::consts::LN_2 / figure("bytes");
    let expected = metrics["overall"]["model"]["bits_per_byte"]
        .as_f64()
        .unwrap();
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}

fn a_checkpoint_can_be_asked_tasks(run: &Path) {
    let (questions, cloze) = (run.join("piqa.jsonl"), run.join("lambada.jsonl"));
    fs::write(
        &questions,
        "{\"goal\": \"Boil water.\", \"sol1\": \"Heat it.\", \"sol2\": \"Cool it.\", \"label\": 0}\n\
         {\"goal\": \"Dry a dress.\"}\n",
    )
    .unwrap();
    fs::write(&cloze, "{\"text\": \"The ferry left the harbour\"}\n").unwrap();
    let items = run.join("items.jsonl");
    let (model, items) = (run.join("train/best"), items.to_str().unwrap());
    let piqa = format!("piqa={}", questions.display());
    let lambada = format!("lambada={}", cloze.display());
    let mut arguments = vec!["tasks", "--model", model.to_str().unwrap(), "--quiet"];
    arguments.extend([
        "--task",
        &piqa,
        "--task",
        &lambada,
        "--items",
        items,
        "--prompts",
    ]);
    let output = plainly(&arguments).output().unwrap();
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    for part in ["acc_norm", "piqa", "0.5000", "piqa.jsonl:2: lacks `sol1`"] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let lines = fs::read_to_string(items).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[1]["task"], &lines[1]["choice"]),
        (&"piqa".into(), &1.into())
    );
    assert_eq!(lines[1]["context"], "Question: Boil water.\nAnswer:");
    assert_eq!(lines[2]["continuation"], " harbour");
    assert!(
        lines
            .iter()
            .all(|line| line["loglikelihood"].as_f64().unwrap() < 0.0)
    );

    let wrong = plainly(&["tasks", "--model", "x", "--task", "helaswag=x"])
        .output()
        .unwrap();
    assert!(!wrong.status.success() && both(&wrong).contains("hellaswag, arc"));
}

/// The program with arguments of its own.
fn plainly(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(arguments);
    command
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
