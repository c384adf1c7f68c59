//! What the filter is tuned and fed with: signals, trained models, lists and evaluation sets.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{both, manifest, root, succeed, textmill};

const LIMITS: [&str; 4] = [
    "--set",
    "filter.min_words=200",
    "--set",
    "filter.max_top_ngrams=[1.0, 1.0, 1.0]",
];

/// The number in the second column of the first line that begins so.
fn figure(said: &str, beginning: &str) -> u64 {
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix(beginning));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.unwrap_or_else(|| panic!("{said}")).parse().unwrap()
}

#[test]
fn tuning_foretells_what_a_run_does() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    succeed(&mut textmill(before.path(), &["filter", "--quiet"]));
    let said = succeed(&mut textmill(before.path(), &["tune", "filter"]));
    assert!(said.contains("gopher_quality.word_count"), "{said}");

    let mut tune = textmill(before.path(), &["tune", "filter"]);
    let said = succeed(tune.args(LIMITS));
    let mut run = textmill(after.path(), &["filter", "--quiet"]);
    succeed(run.args(LIMITS));
    let (old, new) = (
        manifest(before.path(), "filter"),
        manifest(after.path(), "filter"),
    );
    assert_eq!(figure(&said, "kept before"), old.kept_rows);
    assert_eq!(figure(&said, "kept after"), new.kept_rows);
    assert_ne!(old.kept_rows, new.kept_rows);
    assert!(said.contains("Newly dropped, 3 of"), "{said}");

    let lines = ["tune", "filter", "--set", "filter.c4_min_line_words=9"];
    let output = textmill(before.path(), &lines).output().unwrap();
    assert!(!output.status.success());
    assert!(both(&output).contains("filter.c4_min_line_words"));
}

fn apply_filter(settings: &[String], rows: &[Value]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.current_dir(root()).args(["apply", "filter"]);
    for setting in settings {
        command.arg("--set").arg(setting);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for row in rows {
        use std::io::Write;
        writeln!(input, "{row}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const GOOD: [&str; 2] = [
    "The river had risen in the night, and the farmers drove their cattle to the upper meadow.",
    "老人坐在门口，看着远处的山，想起了他年轻时走过的那条路。",
];
const BAD: [&str; 2] = [
    "CLICK HERE buy cheap pills online free shipping best price !!!",
    "点击 注册 领取 优惠 最低价 包邮 加微信",
];

fn write_documents(path: &Path, texts: [&str; 2]) {
    let lines = (0..40).map(|i| {
        let text = format!("{} {i}", texts[i % 2]);
        format!("{}\n", serde_json::json!({ "text": text }))
    });
    fs::write(path, lines.collect::<String>()).unwrap();
}

fn train(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    succeed(command.arg("train-filter").args(arguments))
}

#[test]
fn models_are_trained_and_decide() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    write_documents(&dir.path().join("good.jsonl"), GOOD);
    write_documents(&dir.path().join("bad.jsonl"), BAD);
    let (good, bad) = (path("good.jsonl"), path("bad.jsonl"));
    let (classifier, language_model) = (path("good.bin"), path("en.lm"));
    let said = train(&[
        "classifier",
        "--good",
        &good,
        "--bad",
        &bad,
        "--out",
        &classifier,
    ]);
    assert!(said.contains("accuracy 1.0000"), "{said}");
    let said = train(&[
        "perplexity",
        "--lang",
        "en",
        "--texts",
        &good,
        "--buckets",
        &good,
        &bad,
        "--out",
        &language_model,
    ]);
    assert!(said.contains("is the head"), "{said}");

    let rows: Vec<Value> = [GOOD, BAD]
        .concat()
        .iter()
        .map(|text| serde_json::json!({"id": "1", "text": text, "lang": "en"}))
        .collect();
    let kept = |settings: &[String]| -> Vec<(bool, String)> {
        let answers = apply_filter(settings, &rows).into_iter();
        let rule = |answer: &Value| answer["rule"].as_str().unwrap_or_default().to_owned();
        answers
            .map(|answer| (answer["kept"] == true, rule(&answer)))
            .collect()
    };
    let dropped = |rule: &str| (false, rule.to_owned());
    let stays = (true, String::new());
    let settings = [
        "filter.families=[\"classifier\"]".into(),
        format!("filter.classifier.model={classifier:?}"),
        "filter.classifier.min_score=0.5".into(),
    ];
    let answers = kept(&settings);
    // By which dedupe can choose who stays.
    let scored = apply_filter(&settings, &rows);
    assert!(scored[0]["quality"].as_f64().unwrap() >= 0.5);
    let by_score = dropped("classifier.score");
    assert_eq!(
        answers,
        [stays.clone(), stays.clone(), by_score.clone(), by_score]
    );
    let answers = kept(&[
        "filter.families=[\"perplexity\"]".into(),
        format!("filter.perplexity.models={{en={language_model:?}}}"),
        "filter.perplexity.last_bucket=\"middle\"".into(),
    ]);
    assert_eq!(answers[0], stays);
    assert_eq!(answers[2], dropped("perplexity.bucket"));
}

#[test]
fn items_of_evaluation_sets_are_found_with_a_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("quiz.jsonl");
    let question = "A baker sells seven loaves on Monday and twice as many on Tuesday. How many \
        loaves does she sell on both days together?";
    let items = [
        serde_json::json!({"question": "Which of these rivers is the longest one in the whole country?"}),
        serde_json::json!({"question": question, "answer": "21"}),
    ];
    fs::write(&set, format!("{}\n{}\n", items[0], items[1])).unwrap();
    let text = format!(
        "Homework for the week.\n{}\nGood luck!",
        question.to_uppercase()
    );
    let rows = [
        serde_json::json!({"id": "1", "text": text}),
        serde_json::json!({"id": "2", "text": "A baker sells bread on Mondays, and cake on Tuesdays."}),
    ];
    let settings = [
        "filter.families=[\"decontamination\"]".to_owned(),
        format!("filter.decontamination.sets=[{set:?}]"),
    ];
    let answers = apply_filter(&settings, &rows);
    assert_eq!(answers[0]["rule"], "decontamination.items");
    let receipt = answers[0]["detail"].as_str().unwrap();
    assert!(
        receipt.contains("quiz.jsonl:2") && receipt.contains("100% of it at bytes 23.."),
        "{receipt}"
    );
    assert_eq!(answers[1]["kept"], true);
}

#[test]
fn a_changed_list_makes_the_stage_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("hosts");
    let run = || {
        let setting = format!("filter.url.block=[{list:?}]");
        let run = dir.path().join("run");
        let mut command = textmill(&run, &["filter", "--set", &setting]);
        both(&command.output().unwrap())
    };
    fs::write(&list, "nowhere.example\n").unwrap();
    run();
    assert!(run().contains("Nothing to do"));
    fs::write(&list, "nowhere.example\nelsewhere.example\n").unwrap();
    assert!(!run().contains("Nothing to do"));
    fs::write(&list, "no host at all!\n").unwrap();
    let said = run();
    assert!(said.contains("hosts") && said.contains("line 1"), "{said}");
}
