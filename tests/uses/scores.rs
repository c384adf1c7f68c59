//! `textmill score` beside sacreBLEU, and on answers and labels.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{both, python, root, succeed};

const CASES: [(&str, &[&str]); 13] = [
    ("13a", &["bleu"]),
    ("zh", &["bleu", "--tokenize", "zh"]),
    ("char", &["bleu", "--tokenize", "char"]),
    ("intl", &["bleu", "--tokenize", "intl"]),
    ("none", &["bleu", "--tokenize", "none"]),
    ("lowercase", &["bleu", "--lowercase"]),
    ("effective", &["bleu", "--effective-order"]),
    ("floor", &["bleu", "--smooth", "floor"]),
    ("add-k", &["bleu", "--smooth", "add-k"]),
    ("no smoothing", &["bleu", "--smooth", "none"]),
    ("chrf", &["chrf"]),
    ("chrf++", &["chrf++"]),
    ("chrf lowercase", &["chrf", "--lowercase"]),
];

/// Hypothesis and two references a row: numbers, quotes, entities, hyphens, empty lines, words
/// alone, Chinese with Latin, full-width forms, characters outside the BMP, odd spaces, ΣΑΣ.
const ROWS: [[&str; 3]; 16] = [
    [
        "The old mill by the river grinds 1,234.5 sacks a day.",
        "The old mill at the river grinds 1,234.5 bags a day.",
        "An old mill grinds 1,234.5 sacks each day by the river.",
    ],
    [
        "\"Don't go,\" she said -- 5-6 times (or 7%)!",
        "“Don't go”, she said 5–6 times (or 7 %)!",
        "'Don't go,' she said: 5-6 times, or 7%.",
    ],
    ["", "Nothing was said.", ""],
    ["Something.", "", "Something."],
    ["Mill", "mill", "Mill"],
    [
        "水车在河边转动，磨着谷物。",
        "水车在河边转着，磨谷物。",
        "河边的水车在转，磨着粮食。",
    ],
    [
        "他用2.5个GPU训练了GPT-2模型，花了１００元。",
        "他用2.5块GPU训练GPT-2模型，花费100元。",
        "他花了１００元用2.5个GPU训练了一个模型。",
    ],
    ["𠀀𠮷野家的😀饭👨‍👩‍👧。", "𠮷野家的饭😀👨‍👩‍👧。", "𠀀𠮷野家的饭。"],
    [
        "A &quot;quoted&quot; &amp; &lt;tagged&gt; line <skipped>.",
        "A \"quoted\" & <tagged> line.",
        "A &quot;quoted&quot; line.",
    ],
    [
        "state-of-the-art e.g. U.S.A., $5.00/kg; x=y^2 a_b #1 @you",
        "state of the art, e.g. U.S.A., $5/kg; x = y^2 a_b #1 @you",
        "State-of-the-art: U.S.A., $5.00/kg",
    ],
    [
        "the\u{a0}mill\u{3000}turns\u{2009}here\u{200b}now",
        "the mill turns here now",
        "the\u{a0}mill turns here\u{200b}now",
    ],
    [
        "ΟΔΥΣΣΕΥΣ ΣΑΣ İstanbul STRASSE ǅ",
        "οδυσσευς σας istanbul straße ǆ",
        "ΟΔΥΣΣΕΥΣ σας İstanbul Straße ǅ",
    ],
    [
        "In 1999. «1,5» €5 – 3… ok?!",
        "In 1999 . « 1,5 » 5€ — 3 ... ok ?",
        "In 1999. «1,5» €5 – 3… ok!",
    ],
    [
        "the the the the the the the",
        "the cat is on the mat",
        "there is a cat on the mat",
    ],
    [
        " leading and trailing  spaces ",
        "leading and trailing spaces",
        " leading  and trailing spaces",
    ],
    [
        "二〇二六年十一月、「水」と『火』…………",
        "2026年11月，“水”和“火”……",
        "二〇二六年十一月，「水」和『火』……",
    ],
];

fn score(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command
        .current_dir(root())
        .args(["score", "--metric"])
        .args(arguments);
    command
}

fn with_files(arguments: &[&str], files: &[PathBuf]) -> Command {
    let mut command = score(arguments);
    command
        .arg("--predictions")
        .arg(&files[0])
        .arg("--references")
        .args(&files[1..]);
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&succeed(command.arg("--json"))).unwrap()
}

fn write(dir: &Path, name: &str, lines: &[&str]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

/// Compares metrics, all where none is named, on some rows with sacreBLEU.
fn compare(dir: &Path, rows: &[[&str; 3]], references: usize, only: &[&str]) {
    let column = |n: usize| rows.iter().map(|row| row[n]).collect::<Vec<_>>();
    let files: Vec<PathBuf> = (0..=references)
        .map(|n| write(dir, &format!("{n}.txt"), &column(n)))
        .collect();
    let mut script = python();
    let theirs = succeed(script.arg(root().join("tests/uses/scores.py")).args(&files));
    let theirs: BTreeMap<String, (f64, String, String)> = serde_json::from_str(&theirs).unwrap();
    assert_eq!(theirs.len(), CASES.len());
    let wanted = |name: &str| only.is_empty() || only.contains(&name);
    for (name, arguments) in CASES.into_iter().filter(|(name, _)| wanted(name)) {
        let (score, signature, _) = &theirs[name];
        let ours = json(&mut with_files(arguments, &files));
        let apart = (ours["score"].as_f64().unwrap() - score).abs();
        assert!(apart < 1e-4, "{name} of {rows:?}: {ours} {score}");
        assert_eq!(ours["signature"], *signature);
    }
    // What people read is sacreBLEU's own line.
    let said = succeed(&mut with_files(&["bleu"], &files));
    assert_eq!(said.trim_end(), theirs["13a"].2);
}

#[test]
fn translations_score_as_in_sacrebleu() {
    let dir = tempfile::tempdir().unwrap();
    compare(dir.path(), &ROWS, 1, &[]);
    compare(dir.path(), &ROWS, 2, &["13a", "zh", "effective", "chrf++"]);
    // A single sentence, and one that is empty.
    compare(dir.path(), &ROWS[5..6], 2, &["effective", "chrf"]);
    compare(dir.path(), &ROWS[2..3], 1, &["13a", "chrf++"]);
}

#[test]
fn answers_are_scored_from_text_and_from_json() {
    let dir = tempfile::tempdir().unwrap();
    let answers = write(
        dir.path(),
        "answers.txt",
        &["The mill!", "old wheel", "", "x"],
    );
    let right = [
        r#"{"id": 1, "answers": {"text": ["a mill", "river"], "answer_start": [0, 9]}}"#,
        r#"{"id": 2, "reference": "wheel"}"#,
        r#"{"id": 3, "answers": []}"#,
        r#"{"id": 4, "references": [""]}"#,
    ];
    let right = write(dir.path(), "right.jsonl", &right);
    let found = json(&mut with_files(&["squad"], &[answers, right]));
    assert_eq!(found["exact_match"], 50.0);
    let f1 = found["f1"].as_f64().unwrap();
    assert!(
        (f1 - 100.0 * (1.0 + 2.0 / 3.0 + 1.0) / 4.0).abs() < 1e-9,
        "{f1}"
    );
    let answers = [
        r#"{"prediction": "《水车》"}"#,
        r#"{"prediction": "在江边"}"#,
    ];
    let answers = write(dir.path(), "answers.jsonl", &answers);
    let right = write(dir.path(), "right.txt", &["水车。", "江边"]);
    let said = succeed(&mut with_files(&["cmrc"], &[answers, right]));
    assert_eq!(said.trim_end(), "exact match 50.00, F1 90.00, of 2 answers");
}

#[test]
fn labels_may_be_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let object = |field: &str, label: u8| format!("{{\"{field}\": {label}}}");
    let said = [0, 1, 1, 1].map(|label| object("prediction", label));
    let right = [0, 0, 1, 1].map(|label| object("reference", label));
    let said = write(
        dir.path(),
        "said.jsonl",
        &said.each_ref().map(String::as_str),
    );
    let right = write(
        dir.path(),
        "right.jsonl",
        &right.each_ref().map(String::as_str),
    );
    let files = [said, right];
    let found = json(&mut with_files(&["classification"], &files));
    assert_eq!(found["accuracy"], 0.75);
    assert_eq!(
        found["confusion"]["counts"],
        serde_json::json!([[1, 1], [0, 2]])
    );
    let mcc = found["matthews"].as_f64().unwrap();
    assert!((mcc - 1.0 / 3.0_f64.sqrt()).abs() < 1e-12);
    let table = succeed(&mut with_files(&["classification"], &files));
    assert!(table.contains("accuracy 0.7500 ± 0.2165 of 4"), "{table}");
}

fn refused(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert!(!output.status.success());
    both(&output)
}

#[test]
fn files_that_do_not_go_together_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let two = write(dir.path(), "two.txt", &["a", "b"]);
    let three = write(dir.path(), "three.txt", &["a", "b", "c"]);
    let said = refused(&mut with_files(&["bleu"], &[two.clone(), three]));
    for part in ["two.txt has 2 rows", "three.txt has 3"] {
        assert!(said.contains(part), "{said}");
    }
    let broken = write(dir.path(), "broken.jsonl", &[r#"{"prediction": "a"}"#, "{"]);
    let said = refused(&mut with_files(&["bleu"], &[broken, two.clone()]));
    assert!(said.contains("broken.jsonl, line 2"), "{said}");
    let ids = [
        r#"{"id": 7, "prediction": "a"}"#,
        r#"{"id": 8, "prediction": "b"}"#,
    ];
    let ids = write(dir.path(), "ids.jsonl", &ids);
    let others = [
        r#"{"id": 7, "reference": "a"}"#,
        r#"{"id": 9, "reference": "b"}"#,
    ];
    let others = write(dir.path(), "others.jsonl", &others);
    let said = refused(&mut with_files(&["chrf"], &[ids, others]));
    assert!(said.contains("row 2") && said.contains("id 8"), "{said}");
    let said = refused(&mut with_files(
        &["chrf", "--tokenize", "zh"],
        &[two.clone(), two],
    ));
    assert!(said.contains("--tokenize is not for this metric"), "{said}");
}
