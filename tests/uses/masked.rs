//! `preset = "bert"`: a model that fills in masked tokens, and the stock one.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;

use crate::support::{both, python, root, succeed, textmill};

/// As in masked.py.
const ROW: [i64; 8] = [5, 17, 3, 60, 41, 8, 22, 9];
const LENGTH: i64 = 5;

const SETTINGS: [&str; 10] = [
    "train.preset=bert",
    "train.layers=1",
    "train.width=64",
    "train.context=64",
    "train.batch=4",
    "train.steps=60",
    "train.lr=0.005",
    "train.eval_every=30",
    "train.checkpoint_every=30",
    "train.eval_windows=16",
];

fn with_settings(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = textmill(dir, arguments);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    command
}

fn script(mode: &str, folder: &Path) -> String {
    let mut command = python();
    command.arg(root().join("tests/uses/masked.py"));
    succeed(command.arg(mode).arg(folder))
}

/// Whether our model answers as transformers' does.
fn assert_same(folder: &Path, theirs: &Value) {
    let gpt = Gpt::load(folder, Device::Cpu).unwrap();
    let ids = Tensor::from_slice(&ROW).unsqueeze(0);
    let padded = gpt.hidden_padded(&ids, &Tensor::from_slice(&[LENGTH]));
    let padded = padded.unwrap().narrow(1, 0, LENGTH);
    for (name, ours) in [("logits", gpt.logits(&ids).unwrap()), ("padded", padded)] {
        let ours = Vec::<f32>::try_from(ours.to_kind(Kind::Float).reshape([-1])).unwrap();
        let theirs: Vec<f32> = serde_json::from_value(theirs[name].clone()).unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let apart = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
        let apart = apart.fold(0.0, f32::max);
        assert!(apart < 1e-4, "{name}: {apart}");
    }
}

#[test]
fn a_stock_bert_answers_as_in_transformers() {
    let dir = tempfile::tempdir().unwrap();
    script("make", dir.path());
    let theirs = fs::read_to_string(dir.path().join("answers.json")).unwrap();
    assert_same(dir.path(), &serde_json::from_str(&theirs).unwrap());
}

#[test]
fn a_bert_is_trained_from_the_same_shards() {
    let dir = tempfile::tempdir().unwrap();
    let refused = with_settings(dir.path(), &["train", "--quiet"]).output();
    let refused = both(&refused.unwrap());
    assert!(refused.contains("set `mask = "), "{refused}");

    let train = || {
        let mut command = with_settings(dir.path(), &["train", "--quiet"]);
        succeed(command.args(["--set", "tokenize.mask=<|mask|>"]))
    };
    train();
    let metrics = fs::read_to_string(dir.path().join("train/metrics.jsonl")).unwrap();
    let lines: Vec<Value> = metrics
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, last] = [0, 60].map(|step: usize| lines[step]["val_loss"].as_f64().unwrap());
    assert!(last < first - 0.5, "{first} {last}");

    let newest = dir.path().join("train/step-000060");
    let read = |name: &str| fs::read(newest.join(name)).unwrap();
    let before = ["model.safetensors", "optimizer.safetensors", "state.json"].map(read);
    fs::remove_dir_all(&newest).unwrap();
    fs::remove_file(dir.path().join("train/manifest.json")).unwrap();
    train(); // from step 30 on
    let again = ["model.safetensors", "optimizer.safetensors", "state.json"].map(read);
    assert!(again == before);
    let repeated = fs::read_to_string(dir.path().join("train/metrics.jsonl")).unwrap();
    assert_eq!(repeated, metrics);

    let theirs: Value = serde_json::from_str(&script("check", &newest)).unwrap();
    for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"] {
        assert_eq!(theirs[problem], Value::Array(Vec::new()), "{problem}");
    }
    assert_same(&newest, &theirs);
    what_a_bert_cannot_do_is_said(dir.path(), &newest);
}

fn what_a_bert_cannot_do_is_said(run: &Path, model: &Path) {
    let model = model.to_str().unwrap();
    let cloze = run.join("cloze.jsonl");
    fs::write(&cloze, "{\"text\": \"The mill turns in the wind.\"}\n").unwrap();
    let cloze = format!("lambada={}", cloze.display());
    for arguments in [
        vec!["generate", "--prompt", "The", "--model", model],
        vec!["serve", "--port", "0", "--model", model],
        vec!["look", model, "--text", "The mill."],
        vec!["tasks", "--model", model, "--task", &cloze],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        let output = command.args(&arguments).output().unwrap();
        let said = both(&output);
        assert!(!output.status.success());
        assert!(said.contains("fills in masked tokens"), "{said}");
    }
    let mut command = with_settings(run, &["evaluate", "--quiet"]);
    let output = command.args(["--set", "tokenize.mask=<|mask|>"]).output();
    let said = both(&output.unwrap());
    assert!(said.contains("`--until train`"), "{said}");
}
