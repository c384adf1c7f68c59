//! Training by several processes on the CPU, started as torchrun starts them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{both, succeed, textmill};
use tempfile::TempDir;

/// A step is 8 rows of 16 tokens in 4 micro-batches.
const TINY: [&str; 12] = [
    "train.layers=1",
    "train.heads=2",
    "train.width=32",
    "train.context=16",
    "train.batch=2",
    "train.accumulate=4",
    "train.steps=12",
    "train.eval_every=5",
    "train.eval_windows=7",
    "train.checkpoint_every=5",
    "train.threads=1",
    "train.warmup=2",
];

/// A run whose token shards are there, a copy for each test.
fn tokenized() -> TempDir {
    static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        succeed(textmill(dir.path(), &["tokenize", "--quiet"]).args(settings(&[])));
        dir
    });
    let dir = tempfile::tempdir().unwrap();
    let mut copy = Command::new("cp");
    copy.arg("-r")
        .arg(template.path().join("."))
        .arg(dir.path());
    assert!(copy.status().unwrap().success());
    dir
}

fn settings(further: &[&str]) -> Vec<String> {
    let all = TINY.iter().chain(further);
    all.flat_map(|set| ["--set".to_owned(), (*set).to_owned()])
        .collect()
}

/// A port that was free a moment ago.
fn port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// One of two processes.
fn rank(dir: &Path, rank: &str, port: &str, command: &str) -> Command {
    let mut process = textmill(dir, &[command, "--quiet"]);
    process
        .env("RANK", rank)
        .env("LOCAL_RANK", rank)
        .env("WORLD_SIZE", "2")
        .env("LOCAL_WORLD_SIZE", "2")
        .env("MASTER_ADDR", "127.0.0.1")
        .env("MASTER_PORT", port)
        .env("TEXTMILL_RANK_TIMEOUT", "100")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    process
}

/// Starts two ranks that train with the same settings.
fn start(dir: &Path, further: &[&str]) -> [Child; 2] {
    let port = port();
    ["0", "1"].map(|number| {
        let mut process = rank(dir, number, &port, "train");
        process.args(settings(further)).spawn().unwrap()
    })
}

fn end(ranks: [Child; 2]) -> [Output; 2] {
    ranks.map(|child| child.wait_with_output().unwrap())
}

fn train_two(dir: &Path, further: &[&str]) {
    for output in end(start(dir, further)) {
        assert!(output.status.success(), "{}", both(&output));
    }
}

fn train_one(dir: &Path, further: &[&str]) {
    succeed(textmill(dir, &["train", "--quiet"]).args(settings(further)));
}

fn metrics(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("train/metrics.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Losses, norms and validation losses are equal but for what the order of additions does.
fn assert_same_losses(one: &Path, two: &Path) {
    let (one, two) = (metrics(one), metrics(two));
    assert_eq!((one.len(), two.len()), (13, 13));
    for (one, two) in one.iter().zip(&two) {
        for exact in ["step", "tokens", "lr"] {
            assert_eq!(one[exact], two[exact]);
        }
        for (figure, tolerance) in [("loss", 3e-6), ("val_loss", 3e-6), ("grad_norm", 1e-5)] {
            match (one[figure].as_f64(), two[figure].as_f64()) {
                (Some(a), Some(b)) => assert!((a - b).abs() < tolerance, "{one} and {two}"),
                (a, b) => assert_eq!(a, b),
            }
        }
    }
}

/// Waits until a run has written figures.
fn wait_for_figures(dir: &Path) {
    let metrics = dir.join("train/metrics.jsonl");
    let start = Instant::now();
    while fs::read(&metrics).is_ok_and(|text| text.is_empty()) || !metrics.exists() {
        assert!(start.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn two_ranks_give_the_losses_of_one_and_of_one_with_twice_the_batch() {
    let (one, two) = (tokenized(), tokenized());
    train_one(one.path(), &[]);
    train_two(two.path(), &[]);
    assert_same_losses(one.path(), two.path());
    let train = two.path().join("train");
    assert!(train.join("manifest.json").exists() && !train.join("work").exists());

    // Each of the two does two micro-batches of two rows; one alone does two of four. Dropout is
    // drawn by micro-batch, so it is left out here.
    let (one, two) = (tokenized(), tokenized());
    let twice = ["train.batch=4", "train.accumulate=2", "train.dropout=0"];
    train_one(one.path(), &twice);
    train_two(two.path(), &["train.dropout=0"]);
    assert_same_losses(one.path(), two.path());
}

#[test]
fn an_interrupt_of_one_rank_stops_all_and_the_resumed_weights_repeat_in_every_bit() {
    let (whole, stopped) = (tokenized(), tokenized());
    let long = ["train.steps=600", "train.eval_every=200"];
    train_two(whole.path(), &long);
    let ranks = start(stopped.path(), &long);
    wait_for_figures(stopped.path());
    signal(&ranks[1], "-TERM");
    signal(&ranks[1], "-TERM"); // torchrun sends it twice
    for output in end(ranks) {
        assert_eq!(output.status.code(), Some(130), "{}", both(&output));
    }
    let train = stopped.path().join("train");
    assert!(!train.join("manifest.json").exists());
    let entries = fs::read_dir(&train).unwrap().flatten();
    let mut names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let checkpoint = names.any(|name| name.starts_with("step-"));
    assert!(checkpoint || metrics(stopped.path()).len() == 1);

    train_two(stopped.path(), &long);
    for file in [
        "metrics.jsonl",
        "step-000600/model.safetensors",
        "step-000600/optimizer.safetensors",
    ] {
        let bytes = |dir: &TempDir| fs::read(dir.path().join("train").join(file)).unwrap();
        assert!(bytes(&whole) == bytes(&stopped), "{file}");
    }
}

#[test]
fn a_rank_that_is_killed_is_named_by_the_other() {
    for killed in [0, 1] {
        let dir = tokenized();
        let ranks = start(dir.path(), &["train.steps=1000000"]);
        wait_for_figures(dir.path());
        signal(&ranks[killed], "-KILL");
        let outputs = end(ranks);
        let said = both(&outputs[1 - killed]);
        assert_eq!(outputs[1 - killed].status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("rank {killed} on ")), "{said}");
        assert!(said.contains("is gone"), "{said}");
    }
}

#[test]
fn ranks_that_differ_or_lack_their_inputs_are_refused() {
    let (dir, port) = (tokenized(), port());
    let with_lr = |number, lr| {
        let mut process = rank(dir.path(), number, &port, "train");
        process.args(settings(&[lr])).spawn().unwrap()
    };
    let ranks = [with_lr("0", "train.lr=1e-3"), with_lr("1", "train.lr=2e-3")];
    for output in end(ranks) {
        let said = both(&output);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("rank 1 has other settings"), "{said}");
    }
    for output in end(start(dir.path(), &["train.accumulate=1"])) {
        assert!(both(&output).contains("`accumulate` is 1, but 2 processes"));
    }

    let empty = tempfile::tempdir().unwrap();
    for (number, command, complaint) in [
        ("0", "train", "run `textmill tokenize` in one process first"),
        ("1", "train", "run `textmill tokenize` in one process first"),
        ("0", "run", "only `textmill train` is for them"),
        ("1", "tokenize", "only `textmill train` is for them"),
    ] {
        let output = rank(empty.path(), number, &port, command).output().unwrap();
        let said = both(&output);
        assert!(
            !output.status.success() && said.contains(complaint),
            "{said}"
        );
    }
}
