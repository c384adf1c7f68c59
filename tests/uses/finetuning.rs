//! `textmill finetune` and `textmill predict`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::model::{model, with_model};
use crate::support::{both, python, root, succeed};

fn sample(name: &str) -> PathBuf {
    root().join("sample_corpus/tasks").join(name)
}

/// Fine-tunes the small model on one thread, and gives what results.json says of it.
fn finetune(out: &Path, task: &str, train: &Path, further: &[&str]) -> Value {
    let mut command = with_model(&["finetune", "--quiet", "--json", "--task", task]);
    command.arg("--train").arg(train).arg("--out").arg(out);
    if !further.contains(&"--threads") {
        command.args(["--threads", "1"]);
    }
    let said = succeed(command.args(further));
    let outcome = results(out)["outcome"].clone();
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), outcome);
    outcome
}

fn results(out: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap()
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

#[test]
fn reviews_are_told_apart_whatever_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let [train, dev] = split(dir.path(), &sample("reviews.en.tsv"), 320);
    let teach = |threads: &str| {
        let out = dir.path().join(threads);
        let dev = dev.to_str().unwrap();
        let options = [
            "--dev",
            dev,
            "--epochs",
            "4",
            "--head-lr",
            "1e-3",
            "--no-scratch",
            "--batch",
            "16",
            "--dataset",
            "sst2",
            "--threads",
            threads,
        ];
        let mut outcome = finetune(&out, "sentiment", &train, &options);
        outcome["seconds"] = json!(0);
        (out, outcome)
    };
    let (out, outcome) = teach("1");
    let (other, same) = teach("3");
    assert_eq!(outcome, same);
    assert_eq!(predictions(&out), predictions(&other));

    assert_eq!(outcome["rows"], json!([320, 80, 80]));
    assert_eq!(outcome["refused"], json!([]));
    let accuracy = |line: &str| figure(&outcome, line, "accuracy");
    assert!(
        accuracy("fine-tuned") > accuracy("majority") + 0.1,
        "{outcome}"
    );
    assert!(
        accuracy("bag of words") > accuracy("majority") + 0.1,
        "{outcome}"
    );
    assert_eq!(accuracy("BERT-base (110M)"), 0.935);
    let right = predictions(&out);
    let right = right
        .iter()
        .filter(|row| row["references"][0] == row["answer"]);
    assert_eq!(right.count() as f64 / 80.0, accuracy("fine-tuned"));
    let counts = outcome["confusion"]["counts"].as_array().unwrap().iter();
    let all = counts.flat_map(|row| row.as_array().unwrap());
    assert_eq!(all.map(|count| count.as_u64().unwrap()).sum::<u64>(), 80);
    let table = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(
        table.contains("| majority |") && table.contains("| 93.5 |"),
        "{table}"
    );

    // The same rows with and without their labels, and one alone, are answered as they were.
    let known = predictions(&out);
    let texts: Vec<&str> = known
        .iter()
        .map(|row| row["input"].as_str().unwrap())
        .collect();
    let bare = dir.path().join("bare.txt");
    fs::write(&bare, texts.join("\n")).unwrap();
    for file in [&dev, &bare] {
        let found = lines(&succeed(predict(&out, &["--file"]).arg(file)));
        assert_eq!(answers(&found), answers(&known), "{}", file.display());
        for row in &found {
            let of = |label: &str| row["probabilities"][label].as_f64().unwrap();
            let (positive, negative) = (of("positive"), of("negative"));
            assert!((positive + negative - 1.0).abs() < 1e-5);
            assert_eq!(row["answer"] == "positive", positive > negative);
        }
    }
    let one = lines(&succeed(&mut predict(&out, &["--text", texts[0]])));
    assert_eq!(answers(&one), [known[0]["answer"].as_str().unwrap()]);
}

#[test]
fn adapters_and_heads_are_those_of_transformers() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("lora");
    let options = [
        "--lora",
        "--max-train",
        "160",
        "--max-test",
        "20",
        "--epochs",
        "2",
        "--no-scratch",
    ];
    let outcome = finetune(&out, "sentiment", &sample("reviews.zh.tsv"), &options);
    // Two heads of 128, and 8 columns and rows for each of seven matrices in two blocks.
    let adapters = 2 * 8 * (4 * (128 + 128) + 3 * (128 + 384));
    assert_eq!(outcome["trained"], 2 * 128 + adapters);
    let texts = [
        "鱼汤让人失望。",
        "我觉得渡口的茶馆让人惊喜。",
        "The soup was simply lovely.",
    ];
    let mut command = predict(&out, &[]);
    texts.iter().for_each(|text| {
        command.args(["--text", text]);
    });
    let answers = dir.path().join("answers.jsonl");
    fs::write(&answers, succeed(&mut command)).unwrap();
    let mut check = python();
    check.arg(root().join("tests/uses/finetuned.py"));
    check.arg(&out).arg(model()).arg(&answers).args(texts);
    let far: Value = serde_json::from_str(&succeed(&mut check)).unwrap();
    let far = |what: &str| far[what].as_f64().unwrap();
    assert!(far("probabilities") < 1e-4, "{}", far("probabilities"));
    assert!(
        far("weights") < 1e-5 && far("changed") > 1e-4,
        "{} {}",
        far("weights"),
        far("changed")
    );
}

#[test]
fn translations_get_likelier_in_both_directions() {
    let dir = tempfile::tempdir().unwrap();
    let named = dir.path().join("named.tsv");
    let pairs = fs::read_to_string(sample("pairs.tsv")).unwrap();
    fs::write(&named, format!("english\tchinese\n{pairs}")).unwrap();
    let options = [
        "--epochs",
        "1",
        "--batch",
        "8",
        "--max-train",
        "96",
        "--max-test",
        "6",
        "--max-tokens",
        "6",
        "--no-scratch",
    ];
    for (train, reverse) in [(sample("pairs.tsv"), false), (named, true)] {
        let out = dir.path().join(reverse.to_string());
        let mut options = options.to_vec();
        options.extend(reverse.then_some("--reverse"));
        let outcome = finetune(&out, "translation", &train, &options);
        let loss = |line: &str| figure(&outcome, line, "loss");
        assert!(
            loss("fine-tuned") < loss("before fine-tuning") - 0.2,
            "{outcome}"
        );
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
    let options = [
        "--epochs",
        "2",
        "--max-train",
        "96",
        "--max-test",
        "16",
        "--no-scratch",
    ];
    let outcome = finetune(&span, "qa", &questions, &options);
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
    let options = [
        "--qa-mode",
        "generate",
        "--epochs",
        "1",
        "--batch",
        "8",
        "--max-train",
        "96",
        "--max-test",
        "6",
        "--max-tokens",
        "6",
        "--no-scratch",
    ];
    let outcome = finetune(&written, "qa", &sample("questions.zh.json"), &options);
    let loss = |line: &str| figure(&outcome, line, "loss");
    assert!(
        loss("fine-tuned") < loss("before fine-tuning") - 0.2,
        "{outcome}"
    );
    assert!((0.0..=1.0).contains(&figure(&outcome, "fine-tuned", "F1 (characters)")));
}

#[test]
fn chats_are_answered_as_they_were_learnt() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("helper");
    let options = [
        "--epochs",
        "8",
        "--max-test",
        "8",
        "--max-tokens",
        "8",
        "--lr",
        "3e-3",
        "--batch",
        "8",
        "--no-scratch",
    ];
    let outcome = finetune(&out, "instruct", &sample("chats.jsonl"), &options);
    let loss = |line: &str| figure(&outcome, line, "loss");
    assert!(
        loss("fine-tuned") < loss("before fine-tuning") - 1.0,
        "{outcome}"
    );
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

#[test]
fn broken_rows_are_named_and_files_that_do_not_do_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let good = fs::read_to_string(sample("reviews.en.tsv")).unwrap();
    let good: String = good
        .lines()
        .take(60)
        .map(|line| format!("{line}\n"))
        .collect();
    let broken = write("broken.tsv", &format!("{good}no label here\n \tpositive\n"));
    let mut command = with_model(&[
        "finetune",
        "--task",
        "sentiment",
        "--quiet",
        "--epochs",
        "1",
    ]);
    command.args(["--threads", "1", "--train"]).arg(&broken);
    let out = dir.path().join("out");
    let output = command.arg("--out").arg(&out).output().unwrap();
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("broken.tsv:61: 1 columns"), "{said}");
    assert!(said.contains("broken.tsv:62: no text"), "{said}");
    let outcome = &results(&out)["outcome"];
    let scratch = figure(outcome, "from scratch", "accuracy");
    assert!((0.0..=1.0).contains(&scratch));
    let rows = &outcome["rows"];
    assert_eq!(rows[0].as_u64().unwrap() + rows[1].as_u64().unwrap(), 60);
    assert_eq!(outcome["refused"].as_array().unwrap().len(), 2);

    let fit = |train: &Path, further: &[&str]| {
        let mut command = with_model(&["finetune", "--task", "sentiment"]);
        command.arg("--train").arg(train).arg("--out").arg(&out);
        fails(command.args(further))
    };
    let one = write("one.tsv", "text\tlabel\na\tx\nb\tx\nc\tx\n");
    assert!(fit(&one, &[]).contains("one.tsv: has rows of one class only"));
    let unclear = write("unclear.tsv", "a\tb\nc\td\n");
    let said = fit(&unclear, &[]);
    assert!(
        said.contains("unclear.tsv") && said.contains("--label-column"),
        "{said}"
    );
    assert!(fit(&unclear, &["--label-column", "stars"]).contains("no column `stars`"));
    assert!(fit(&write("rows.xml", ""), &[]).contains(".jsonl"));
    assert!(fit(&write("empty.csv", ""), &[]).contains("empty.csv: there are no rows"));
    assert!(fit(&broken, &["--dataset", "nothing"]).contains("sst2"));
    let classes = write("classes.txt", "bad\n");
    let numbered = write("numbered.tsv", "text\tlabel\na\t0\nb\t1\nc\t7\n");
    let said = fit(&numbered, &["--labels", classes.to_str().unwrap()]);
    assert!(said.contains("no name"), "{said}");

    let none = dir.path().join("none");
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(["finetune", "--task", "sentiment", "--out", "x", "--train"]);
    let said = fails(command.arg(&broken).arg("--model").arg(&none));
    assert!(said.contains("is no model's folder"), "{said}");
    let said = fails(&mut predict(model(), &["--text", "a"]));
    assert!(
        said.contains("task.json") && said.contains("textmill finetune"),
        "{said}"
    );
}
