//! `preset = "bert"`: a model that fills in masked tokens, and the stock one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;

use crate::support::{both, manifest, python, root, succeed, textmill};

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

fn script(mode: &str, folder: &Path) -> Command {
    let mut command = python();
    command.arg(root().join("tests/uses/masked.py"));
    command.arg(mode).arg(folder);
    command
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
    succeed(&mut script("make", dir.path()));
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

    let (tuned, answers) = adapted(dir.path(), &newest);
    let mut check = script("check", &newest);
    check.arg(tuned).arg(answers).args(TEXTS);
    let theirs: Value = serde_json::from_str(&succeed(&mut check)).unwrap();
    for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"] {
        assert_eq!(theirs[problem], Value::Array(Vec::new()), "{problem}");
    }
    assert_same(&newest, &theirs);
    let found = &theirs["adapter"];
    assert_eq!(found["unmatched"], Value::Array(Vec::new()));
    let far = |what: &str| found[what].as_f64().unwrap();
    assert!(far("changed") > 1e-3, "{found}");
    assert!(far("logits") < 1e-4, "{found}");
    assert!(far("probabilities") < 1e-4, "{found}");
    what_it_has_learnt_is_measured(dir.path());
    what_it_cost_was_foretold(dir.path());
    what_a_bert_cannot_do_is_said(dir.path(), &newest);
}

/// A whole run does not stop before its last stage.
fn what_it_has_learnt_is_measured(run: &Path) {
    let mut command = with_settings(run, &["run"]);
    command.args(["--set", "tokenize.mask=<|mask|>"]);
    command.args(["--set", "evaluate.masked.pseudo_tokens=2000"]);
    let said = succeed(&mut command);
    let metrics = fs::read(run.join("evaluate/metrics.json")).unwrap();
    let metrics: Value = serde_json::from_slice(&metrics).unwrap();
    let overall = &metrics["overall"];
    let figure = |of: &str, name: &str| overall[of][name].as_f64().unwrap();
    let loss = figure("model", "masked_loss");
    let trainers = manifest(run, "train").stats["val_loss"].as_f64().unwrap();
    assert!((loss - trainers).abs() < 0.5, "{loss} {trainers}");
    // Told from all the others, a token is no harder than among hidden ones.
    let pseudo = figure("pseudo", "pseudo_perplexity").ln();
    assert!((pseudo - loss).abs() < 1.0, "{pseudo} {loss}");
    let tokens = figure("pseudo", "tokens");
    assert!((1000.0..=2000.0).contains(&tokens), "{tokens}");
    assert!(metrics["by_lang"]["zh"]["unigram"]["masked_accuracy"].is_number());
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    for text in [said, page] {
        assert!(text.contains("masked loss"), "{text}");
        assert!(text.contains(&format!("{loss:.3}")), "{loss} {text}");
    }
}

fn what_it_cost_was_foretold(run: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(["plan", "--json", "--probe", "0.3", "--check"]);
    let checked: Value = serde_json::from_str(&succeed(command.arg(run))).unwrap();
    let lines = checked["lines"].as_array().unwrap();
    let ratio = |name: &str| {
        let line = lines.iter().find(|line| line["name"] == name)?;
        Some(line["found"].as_f64()? / line["foretold"].as_f64()?)
    };
    assert_eq!(ratio("parameters"), Some(1.0));
    assert_eq!(ratio("tokens"), Some(1.0));
    assert!(ratio("speed").unwrap() > 0.0);
    assert_eq!(ratio("validation loss"), None); // of which no law speaks
}

const TEXTS: [&str; 2] = ["The soup was simply lovely.", "A waste of time."];

/// The folder of a model with merged adapters, and what it says of the texts.
fn adapted(run: &Path, base: &Path) -> (PathBuf, PathBuf) {
    let out = run.join("lora");
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(["finetune", "--quiet", "--task", "sentiment", "--lora"]);
    command.args([
        "--max-train",
        "80",
        "--max-test",
        "20",
        "--epochs",
        "2",
        "--no-scratch",
    ]);
    let rows = root().join("sample_corpus/tasks/reviews.en.tsv");
    command.arg("--train").arg(rows).arg("--model").arg(base);
    succeed(command.arg("--out").arg(&out));
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.arg("predict").arg(&out);
    TEXTS.iter().for_each(|text| {
        command.args(["--text", text]);
    });
    let answers = run.join("answers.jsonl");
    fs::write(&answers, succeed(&mut command)).unwrap();
    (out, answers)
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
    command.args(["--set", "tokenize.mask=<|mask|>"]);
    let task = run.join("cloze.jsonl");
    let tasks = format!("evaluate.tasks=[{{kind=\"lambada\", path={task:?}}}]");
    let said = both(&command.args(["--set", &tasks]).output().unwrap());
    assert!(said.contains("Leave `tasks` out"), "{said}");
}
