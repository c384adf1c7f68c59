//! `textmill finetune` and `textmill predict`.

mod classes;
mod private;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::model::with_model;
use crate::support::{both, root, succeed};

fn sample(name: &str) -> PathBuf {
    root().join("sample_corpus/tasks").join(name)
}

/// Fine-tunes the small model on one thread, and gives what results.json says of it.
fn finetune(out: &Path, task: &str, train: &Path, options: &str) -> Value {
    let mut command = with_model(&["finetune", "--quiet", "--json", "--task", task]);
    command.arg("--train").arg(train).arg("--out").arg(out);
    if !options.contains("--threads") {
        command.args(["--threads", "1"]);
    }
    let said = succeed(command.args(options.split_whitespace()));
    let outcome = results(out)["outcome"].clone();
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), outcome);
    outcome
}

fn results(out: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap()
}

/// Whether the loss fell by as much at least.
fn assert_learnt(outcome: &Value, by: f64) {
    let [before, after] =
        ["before fine-tuning", "fine-tuned"].map(|line| figure(outcome, line, "loss"));
    assert!(after < before - by, "{before} {after}");
}

/// A figure of the table.
fn figure(outcome: &Value, line: &str, name: &str) -> f64 {
    let lines = outcome["table"]["lines"].as_array().unwrap();
    let line = lines.iter().find(|one| one["name"] == line).unwrap();
    let scores = line["scores"].as_array().unwrap();
    let score = scores.iter().find(|one| one["name"] == name).unwrap();
    score["value"].as_f64().unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn predictions(out: &Path) -> Vec<Value> {
    lines(&fs::read_to_string(out.join("predictions.jsonl")).unwrap())
}

fn answers(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["answer"].as_str().unwrap())
        .collect()
}

fn predict(folder: &Path, further: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(["predict", "--threads", "2"]).arg(folder);
    command.args(further);
    command
}

/// The first `train` lines of a file, and the rest.
fn split(dir: &Path, file: &Path, train: usize) -> [PathBuf; 2] {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (first, rest) = lines.split_at(train);
    let ending = file.extension().unwrap().to_str().unwrap();
    [("train", first), ("dev", rest)].map(|(name, lines)| {
        let path = dir.join(format!("{name}.{ending}"));
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        path
    })
}

fn fails(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert!(!output.status.success(), "{}", both(&output));
    both(&output)
}
