//! Classes of texts, and rows that do not do.

use serde_json::json;

use super::*;
use crate::model::model;
use crate::support::python;

#[test]
fn reviews_are_told_apart_whatever_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let [train, dev] = split(dir.path(), &sample("reviews.en.tsv"), 320);
    let teach = |threads: &str| {
        let out = dir.path().join(threads);
        let dev = dev.to_str().unwrap();
        let options = format!(
            "--epochs 4 --head-lr 1e-3 --no-scratch --batch 16 --dataset sst2 --threads {threads} --dev {dev}"
        );
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
    let options = "--lora --max-train 160 --max-test 20 --epochs 2 --no-scratch";
    let outcome = finetune(&out, "sentiment", &sample("reviews.zh.tsv"), options);
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
