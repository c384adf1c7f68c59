//! `textmill generate` and `textmill chat`.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::model::with_model;
use crate::support::{both, succeed};

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn piped(mut command: Command, input: &str) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn the_same_seed_writes_the_same_text() {
    let write = |further: &[&str]| {
        let arguments = [
            "generate",
            "--prompt",
            "这座城市 and the town",
            "-n",
            "12",
            "--quiet",
        ];
        succeed(with_model(&arguments).args(further))
    };
    let first = write(&["--seed", "3"]);
    assert!(
        !first.contains(char::REPLACEMENT_CHARACTER) && first.trim().len() > 3,
        "{first:?}"
    );
    assert_eq!(write(&["--seed", "3"]), first);
    assert_ne!(write(&["--seed", "4"]), first);
    let greedy = write(&["--temperature", "0"]);
    assert_eq!(write(&["--temperature", "0", "--seed", "9"]), greedy);
    let penalised = write(&["--temperature", "0", "--repetition-penalty", "50"]);
    assert_ne!(penalised, greedy);
    let one_choice = write(&["--min-p", "1", "--temperature", "5"]);
    assert_eq!(one_choice, greedy);

    let samples = lines(&write(&[
        "--seed",
        "3",
        "--samples",
        "2",
        "--json",
        "--echo",
    ]));
    assert_eq!(samples.len(), 2);
    let text = |index: usize| samples[index]["text"].as_str().unwrap();
    assert_eq!(
        text(0).strip_prefix("这座城市 and the town").unwrap(),
        first.trim_end_matches('\n')
    );
    assert_ne!(text(0), text(1));
    assert_eq!(samples[0]["tokens"], 12);
    assert_eq!(samples[0]["finish"], "length");
}

#[test]
fn stop_strings_and_files_are_heeded() {
    let dir = tempfile::tempdir().unwrap();
    let letter = dir.path().join("letter.txt");
    fs::write(&letter, "The ferry left at seven. The\n").unwrap();
    let write = |further: &[&str]| {
        let arguments = [
            "generate",
            "-n",
            "20",
            "--temperature",
            "0",
            "--quiet",
            "--file",
        ];
        let mut command = with_model(further);
        let _ = command.args(&arguments[1..]).arg(&letter);
        succeed(&mut command)
    };
    let whole = write(&["generate"]);
    let stop: String = whole.chars().skip(5).take(2).collect();
    let cut = write(&["generate", "--stop", &stop]);
    let before = &whole[..whole.find(&stop).unwrap()];
    assert_eq!(cut.trim_end(), before.trim_end());

    fs::write(&letter, b"ab\xff").unwrap();
    let mut command = with_model(&["generate"]);
    let output = command.arg("--file").arg(&letter).output().unwrap();
    assert!(!output.status.success());
    let said = both(&output);
    assert!(
        said.contains("letter.txt") && said.contains("byte 2"),
        "{said}"
    );
}

#[test]
fn rows_of_json_come_back_in_order_whatever_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let prompts = dir.path().join("prompts.jsonl");
    let rows = (0..7)
        .map(|n| format!("{{\"id\": {n}, \"prompt\": \"第{n}章 The\", \"max_tokens\": {n}}}\n"));
    let rows: String = rows.collect();
    fs::write(
        &prompts,
        rows + "{\"text\": \"no prompt\"}\n\n{\"prompt\": \"\", \"seed\": 5}\n",
    )
    .unwrap();
    let write = |threads: &str| {
        let out = dir.path().join(format!("{threads}.jsonl"));
        let arguments = [
            "generate",
            "-n",
            "4",
            "--samples",
            "2",
            "--threads",
            threads,
        ];
        let mut command = with_model(&arguments);
        command.arg("--file").arg(&prompts).arg("--out").arg(&out);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", both(&output));
        assert!(
            both(&output).contains("1 of them malformed"),
            "{}",
            both(&output)
        );
        fs::read_to_string(out).unwrap()
    };
    let one = write("1");
    assert_eq!(write("3"), one);
    let answers = lines(&one);
    assert_eq!(answers.len(), 9);
    for (n, answer) in answers.iter().take(7).enumerate() {
        assert_eq!(answer["id"], n);
        let completions = answer["completions"].as_array().unwrap();
        assert_eq!(completions.len(), 2);
        assert!(
            completions
                .iter()
                .all(|c| c["tokens"].as_u64().unwrap() <= n as u64)
        );
    }
    assert_eq!(answers[7]["line"], 8);
    assert!(answers[7]["error"].as_str().unwrap().contains("prompt"));
    assert_eq!(answers[8]["completions"][0]["tokens"], 4);
}

#[test]
fn a_conversation_is_answered_turn_by_turn_and_saved() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("talks.jsonl");
    let chat = || {
        let mut command = with_model(&["chat", "-n", "6", "--system", "Be brief."]);
        command.current_dir(dir.path());
        command
    };
    let long = "word ".repeat(60);
    let input = format!(
        "Where is the ferry?\n/what\n\n{long}\n/save talks.jsonl\n/reset\n你好\n/save talks.jsonl\n/exit\n"
    );
    let output = piped(chat(), &input);
    assert!(output.status.success(), "{}", both(&output));
    let said = both(&output);
    assert!(said.contains("/what is no command"), "{said}");
    assert!(said.contains("oldest turns are forgotten"), "{said}");
    let saved = lines(&fs::read_to_string(&file).unwrap());
    let roles = |talk: &Value| -> Vec<String> {
        let turns = talk["messages"].as_array().unwrap().iter();
        turns
            .map(|turn| turn["role"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(roles(&saved[0]), ["system", "user", "assistant"]);
    assert_eq!(roles(&saved[1]), ["system", "user", "assistant"]);
    assert_eq!(saved[1]["messages"][1]["content"], "你好");
    // What was answered stands on standard output, and is the same again.
    let again = piped(chat(), &input);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn what_is_no_model_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["generate", "chat"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        let command = command.args([name, "--model"]).arg(dir.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        let said = both(&output);
        assert!(
            said.contains("is no model's folder") && said.contains("config.json"),
            "{said}"
        );
    }
}
