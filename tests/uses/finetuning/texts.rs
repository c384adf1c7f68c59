//! Translations, answers and chats.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::*;

#[test]
fn translations_get_likelier_in_both_directions() {
    let dir = tempfile::tempdir().unwrap();
    let named = dir.path().join("named.tsv");
    let pairs = fs::read_to_string(sample("pairs.tsv")).unwrap();
    fs::write(&named, format!("english\tchinese\n{pairs}")).unwrap();
    let options = "--epochs 1 --batch 8 --max-train 96 --max-test 6 --max-tokens 6 --no-scratch";
    for (train, reverse) in [(sample("pairs.tsv"), false), (named, true)] {
        let out = dir.path().join(reverse.to_string());
        let way = if reverse { "--reverse" } else { "" };
        let options = format!("{options} {way}");
        let outcome = finetune(&out, "translation", &train, &options);
        assert_learnt(&outcome, 0.2);
        let known = predictions(&out);
        let source = known[0]["input"].as_str().unwrap();
        let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert_eq!(source.chars().any(han), reverse);
        let found = lines(&succeed(&mut predict(&out, &["--text", source])));
        assert_eq!(answers(&found), answers(&known[..1]));
        let names = outcome["table"].to_string();
        let tokenizer = if reverse { "tok:13a" } else { "tok:zh" };
        assert!(names.contains(tokenizer), "{names}");
    }
}

#[test]
fn answers_are_found_in_their_contexts_or_written() {
    let dir = tempfile::tempdir().unwrap();
    let questions = sample("questions.en.json");
    let span = dir.path().join("span");
    let options = "--epochs 2 --max-train 96 --max-test 16 --no-scratch";
    let outcome = finetune(&span, "qa", &questions, options);
    let f1 = |line: &str| figure(&outcome, line, "F1 (words)");
    assert!(f1("fine-tuned") > f1("majority"), "{outcome}");
    let corpus: Value = serde_json::from_str(&fs::read_to_string(&questions).unwrap()).unwrap();
    let paragraphs: Vec<&Value> = corpus["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|article| article["paragraphs"].as_array().unwrap())
        .collect();
    let context = |id: &Value| {
        let asked = |one: &&&Value| {
            one["qas"]
                .as_array()
                .unwrap()
                .iter()
                .any(|q| q["id"] == *id)
        };
        paragraphs.iter().find(asked).unwrap()["context"]
            .as_str()
            .unwrap()
    };
    let known = predictions(&span);
    assert_eq!(known.len(), 16);
    for row in &known {
        let answer = row["answer"].as_str().unwrap();
        assert!(
            !answer.is_empty() && context(&row["input"]["id"]).contains(answer),
            "{row}"
        );
    }
    // Asked again, without the answers.
    let rows = known.iter().map(|row| {
        let id = &row["input"]["id"];
        json!({"id": id, "question": row["input"]["question"], "context": context(id)}).to_string()
            + "\n"
    });
    let file = dir.path().join("asked.jsonl");
    fs::write(&file, rows.collect::<String>()).unwrap();
    let found = lines(&succeed(predict(&span, &["--file"]).arg(&file)));
    assert_eq!(answers(&found), answers(&known));
    let said = fails(&mut predict(&span, &["--text", "Who?"]));
    assert!(
        said.contains("context") && said.contains("--file"),
        "{said}"
    );

    let written = dir.path().join("written");
    let options = "--qa-mode generate --epochs 1 --batch 8 --max-train 96 --max-test 6 --max-tokens 6 --no-scratch";
    let outcome = finetune(&written, "qa", &sample("questions.zh.json"), options);
    assert_learnt(&outcome, 0.2);
    assert!((0.0..=1.0).contains(&figure(&outcome, "fine-tuned", "F1 (characters)")));
}

#[test]
fn chats_are_answered_as_they_were_learnt() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("helper");
    let options = "--epochs 8 --max-test 8 --max-tokens 8 --lr 3e-3 --batch 8 --no-scratch";
    let outcome = finetune(&out, "instruct", &sample("chats.jsonl"), options);
    assert_learnt(&outcome, 1.0);
    // chat writes its prompts by the folder's template, predict as the rows were learnt.
    let asked = "What is the opposite of “near”?";
    let mut chat = Command::new(env!("CARGO_BIN_EXE_textmill"));
    chat.args(["chat", "-n", "8", "--temperature", "0", "--model"])
        .arg(&out);
    let pipes = chat.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(asked.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    let found = lines(&succeed(&mut predict(&out, &["--text", asked])));
    assert_eq!(said.trim(), answers(&found)[0]);
    assert!(!said.trim().is_empty());
}
