//! Vocabularies of other programs, and the commands that compare, show and prove vocabularies.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{both, manifest, rows, succeed, textmill};
use textmill_schemas::{Document, Tokens};

/// A run with a vocabulary that was trained, or loaded.
fn tokenize(dir: &Path, further: &[&str]) {
    let mut arguments = vec!["run", "--quiet", "--until", "tokenize"];
    arguments.extend(further);
    succeed(&mut textmill(dir, &arguments));
}

/// The model of a run's tokenizer.json.
struct Model {
    ids: Vec<(String, u64)>,
    merges: Vec<(String, String)>,
}

fn model(dir: &Path) -> Model {
    let json = fs::read_to_string(dir.join("tokenize/tokenizer.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let ids = json["model"]["vocab"].as_object().unwrap();
    let ids = ids
        .iter()
        .map(|(token, id)| (token.clone(), id.as_u64().unwrap()));
    Model {
        ids: ids.collect(),
        merges: serde_json::from_value(json["model"]["merges"].clone()).unwrap(),
    }
}

/// The bytes that a character of GPT-2's files stands for.
fn byte_of(character: char) -> u8 {
    let printable = |byte: &u8| matches!(*byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=255_u8).filter(|byte| !printable(byte));
    let code = u32::from(character);
    match code.checked_sub(0x100) {
        Some(place) => others.into_iter().nth(place as usize).unwrap(),
        None => u8::try_from(code).unwrap(),
    }
}

fn all_tokens(dir: &Path) -> Vec<Tokens> {
    let mut all: Vec<Tokens> = rows(dir, "tokenize", false);
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_vocabulary_gives_the_same_ids_from_gpt2_files_and_almost_from_ranks() {
    let dir = tempfile::tempdir().unwrap();
    let trained = dir.path().join("trained");
    tokenize(&trained, &["--set", "tokenize.pre_tokenizer=gpt2"]);
    let Model { ids, merges } = model(&trained);
    let end = ids
        .iter()
        .find(|(token, _)| token == "<|endoftext|>")
        .unwrap()
        .1;
    assert_eq!(end, 0);

    let folder = dir.path().join("gpt2");
    fs::create_dir(&folder).unwrap();
    let object: serde_json::Map<String, Value> = ids
        .iter()
        .map(|(token, id)| (token.clone(), json!(id)))
        .collect();
    fs::write(
        folder.join("encoder.json"),
        Value::Object(object).to_string(),
    )
    .unwrap();
    let lines = merges
        .iter()
        .map(|(left, right)| format!("{left} {right}\n"));
    let lines = lines.collect::<String>();
    fs::write(folder.join("vocab.bpe"), format!("#version: 0.2\n{lines}")).unwrap();

    // Ranks begin with 0, and special tokens have none.
    let ranks = dir.path().join("mine.tiktoken");
    let lines = ids.iter().filter(|(_, id)| *id != end).map(|(token, id)| {
        let bytes: Vec<u8> = token.chars().map(byte_of).collect();
        format!("{} {}\n", STANDARD.encode(bytes), id - 1)
    });
    fs::write(&ranks, lines.collect::<String>()).unwrap();

    let expected = all_tokens(&trained);
    assert!(expected.len() > 20);
    for (name, path, shift) in [("loaded", &folder, 0), ("ranked", &ranks, 1)] {
        let run = dir.path().join(name);
        let tokenizer = format!("tokenize.tokenizer={}", text(path));
        tokenize(
            &run,
            &["--set", &tokenizer, "--set", "tokenize.pre_tokenizer=gpt2"],
        );
        let found = all_tokens(&run);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.id, expected.id);
            let back = found.tokens.iter().map(|id| id + shift);
            assert!(
                back.eq(expected.tokens.iter().copied()),
                "{name} {}",
                found.id
            );
        }
        let stats = manifest(&run, "tokenize").stats;
        assert_eq!(stats["vocab_size"], ids.len());
        // Added behind the ranks, or known.
        assert_eq!(stats["eot_id"], if shift == 1 { ids.len() - 1 } else { 0 });
    }
}

#[test]
fn files_that_are_no_vocabulary_are_told_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cl100k_base.tiktoken");
    fs::write(&file, "IQ== 0\nIg== 1\nI*== 2\n").unwrap();
    let output = textmill(&dir.path().join("run"), &["tokenizer", "show", "x"])
        .args(["--tokenizer", &text(&file)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = both(&output);
    assert!(
        said.contains("cl100k_base.tiktoken:3: ") && said.contains("base64"),
        "{said}"
    );
}

fn check(dir: &Path, further: &[&str]) -> Output {
    let mut arguments = vec!["tokenizer", "check"];
    arguments.extend(further);
    textmill(dir, &arguments).output().unwrap()
}

#[test]
fn reports_checks_and_pieces_of_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    tokenize(&run, &[]);
    report_adds_up(&run);
    check_tells_equal_from_different(dir.path(), &run);
    show_prints_harmless_pieces(&run);
}

fn report_adds_up(run: &Path) {
    let own = text(&run.join("tokenize/tokenizer.json"));
    let arguments = ["tokenizer", "report", &own, &own, "--json"];
    let report: Value = serde_json::from_str(&succeed(&mut textmill(run, &arguments))).unwrap();
    let documents: Vec<Document> = rows(run, "normalize", false);
    let sum = |of: &dyn Fn(&Document) -> usize| documents.iter().map(of).sum::<usize>();
    assert_eq!(report["text"]["documents"], documents.len());
    assert_eq!(report["text"]["bytes"], sum(&|d| d.text.len()));
    assert_eq!(
        report["text"]["characters"],
        sum(&|d| d.text.chars().count())
    );
    assert_eq!(report["text"]["words"], sum(&|d| d.words as usize));
    let [first, second] = report["vocabularies"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(first, second);
    // The encoder that writes the shards gives these tokens.
    let tokens = all_tokens(run);
    let count = |lang: Option<&str>| {
        let these = tokens
            .iter()
            .filter(|row| lang.is_none() || row.lang.as_deref() == lang);
        these.map(|row| row.tokens.len()).sum::<usize>()
    };
    assert_eq!(first["all"]["tokens"], count(None));
    for lang in ["zh", "en"] {
        assert_eq!(
            first["languages"][lang]["tokens"],
            count(Some(lang)),
            "{lang}"
        );
    }
    let used: std::collections::BTreeSet<u32> = tokens
        .iter()
        .flat_map(|row| row.tokens.iter().copied())
        .collect();
    let size = first["tokens"].as_u64().unwrap() - first["special"].as_u64().unwrap();
    assert_eq!(first["unused"]["count"], size - used.len() as u64);
    let rate = |lang: &str| {
        first["languages"][lang]["tokens_per_character"]
            .as_f64()
            .unwrap()
    };
    let ratio = first["chinese_against_english"]["per_character"]
        .as_f64()
        .unwrap();
    assert!((ratio - rate("zh") / rate("en")).abs() < 1e-9);

    let tables = succeed(&mut textmill(run, &["tokenizer", "report"]));
    for title in [
        "language",
        "source",
        "Bytes per token",
        "Tokens of Chinese",
        "Longest",
    ] {
        assert!(tables.contains(title), "{title}: {tables}");
    }
    // Threads have no part in it.
    let alone = ["tokenizer", "report", "--set", "run.threads=1"];
    assert_eq!(tables, succeed(&mut textmill(run, &alone)));
}

fn check_tells_equal_from_different(dir: &Path, run: &Path) {
    let output = check(run, &[]);
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("takes the fast path") && said.contains("ids differ: 0"),
        "{said}"
    );

    let texts = dir.join("texts");
    fs::create_dir(&texts).unwrap();
    fs::write(
        texts.join("a.jsonl"),
        "{\"text\":\"The mill 磨坊\"}\nno JSON\n",
    )
    .unwrap();
    fs::write(texts.join("b.txt"), b"broken \xff\xfe text\r\n\0 here").unwrap();
    let output = check(run, &[&text(&texts)]);
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("2 texts") && said.contains("1 lines without"),
        "{said}"
    );

    // A vocabulary of two words does not give the text back.
    let words: PathBuf = dir.join("words.json");
    let json = json!({
        "version": "1.0",
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "The": 1}, "unk_token": "[UNK]"},
    });
    fs::write(&words, json.to_string()).unwrap();
    let output = check(run, &["--tokenizer", &text(&words), &text(&texts)]);
    let said = both(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("path of the tokenizers crate"), "{said}");
    assert!(
        said.contains("a.jsonl:1: decoded text differs from byte 4 on"),
        "{said}"
    );
    assert!(said.contains("2 are not decoded"), "{said}");
}

fn show_prints_harmless_pieces(run: &Path) {
    let shown = succeed(&mut textmill(
        run,
        &["tokenizer", "show", "--ids", "the \u{1b}[31mred\n磨"],
    ));
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("\\u{1b}") && shown.contains('⏎'), "{shown}");
    let pieces: String = shown
        .split("\n\n")
        .next()
        .unwrap()
        .replace(['\n', '[', ']'], "");
    assert!(pieces.starts_with("the·\\u{1b}31mred⏎"), "{pieces}");
    assert!(
        shown.contains(" 3 words, 14 characters, 16 bytes: "),
        "{shown}"
    );
}
