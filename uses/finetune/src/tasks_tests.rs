use std::fs;

use proptest::prelude::*;

use super::*;
use crate::rows::{Header, read};

fn found(name: &str, content: &str, task: Task) -> Result<Examples, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    examples(task, read(&path, Header::Guess)?, &Columns::default(), true)
}

fn labels(examples: &Examples) -> Vec<(&str, &str)> {
    let pairs = examples.examples.iter().map(|example| match example {
        Example::Labelled { text, label } => (text.as_str(), label.as_str()),
        other => panic!("{other:?}"),
    });
    pairs.collect()
}

#[test]
fn tables_of_every_shape_are_understood() {
    for (name, content) in [
        (
            "a.tsv",
            "good film\t1\nbad \"film\t0\ngood, too\t1\nbad\t0\n",
        ),
        (
            "a.csv",
            "1,good film\n0,\"bad \"\"film\"\n1,\"good, too\"\n0,bad\n",
        ),
        (
            "a.csv",
            "label,text\n1,good film\n0,\"bad \"\"film\"\n1,\"good, too\"\n0,bad\n",
        ),
        (
            "a.txt",
            "sentence\tlabel\ngood film\t1\nbad \"film\t0\ngood, too\t1\nbad\t0\n",
        ),
        (
            "a.jsonl",
            "{\"text\":\"good film\",\"label\":1}\n\n{\"text\":\"bad \\\"film\",\"label\":0}\n{\"text\":\"good, too\",\"label\":1}\n{\"text\":\"bad\",\"label\":0}\n",
        ),
    ] {
        let all = found(name, content, Task::Sentiment).unwrap();
        assert!(all.refused.is_empty(), "{name}: {:?}", all.refused);
        assert_eq!(
            labels(&all),
            [
                ("good film", "1"),
                ("bad \"film", "0"),
                ("good, too", "1"),
                ("bad", "0")
            ],
            "{name}: {content}"
        );
    }
    let topics = "3,Title one,What happened\n1,Title two,What else\n3,Three,More\n1,Four,Less\n";
    let all = found("news.csv", topics, Task::Classification).unwrap();
    assert_eq!(labels(&all)[0], ("Title one\nWhat happened", "3"));
}

#[test]
fn broken_rows_are_named_and_left_out() {
    let all = found(
        "a.tsv",
        "x\ta\ny\tb\nno label\nz\ta\n \tb\nq\tb\n",
        Task::Sentiment,
    )
    .unwrap();
    assert_eq!(all.examples.len(), 4);
    let said: Vec<String> = all.refused.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("a.tsv:3: 1 columns"), "{said:?}");
    assert!(said[1].contains("a.tsv:5: no text"), "{said:?}");
    let all = found(
        "a.jsonl",
        "{\"text\":\"x\",\"label\":\"a\"}\n[1]\n",
        Task::Sentiment,
    )
    .unwrap();
    assert!(
        all.refused[0].to_string().contains("a.jsonl:2"),
        "{:?}",
        all.refused
    );
    let unknown = found("a.xml", "", Task::Sentiment).unwrap_err().to_string();
    assert!(unknown.contains(".jsonl"), "{unknown}");
    let unclear = found("a.tsv", "one\ntwo\n", Task::Sentiment)
        .unwrap_err()
        .to_string();
    assert!(unclear.contains("--label-column"), "{unclear}");
}

#[test]
fn questions_come_from_squads_form() {
    let squad = r#"{"data":[{"paragraphs":[{"context":"It is red.","qas":[
        {"id":"7","question":"What colour?","answers":[{"text":"red","answer_start":6},{"text":"red","answer_start":6}]},
        {"id":"8","question":"Why?","answers":[]}]}]}]}"#;
    let all = found("q.json", squad, Task::Qa).unwrap();
    assert_eq!(all.examples.len(), 1);
    let Example::Question { id, answers, .. } = &all.examples[0] else {
        panic!()
    };
    assert_eq!(
        (id.as_str(), answers.as_slice()),
        ("7", ["red".to_owned()].as_slice())
    );
    assert!(all.refused[0].reason.contains("no answer"));
}

#[test]
fn chats_come_in_three_forms() {
    let lines = r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}
{"prompt":"a","completion":"b"}
{"instruction":"a","input":"c","output":"b"}
{"messages":[{"role":"robot","content":"a"}]}
{"prompt":"a"}"#;
    let all = found("c.jsonl", lines, Task::Instruct).unwrap();
    let asked: Vec<&str> = all
        .examples
        .iter()
        .map(|example| match example {
            Example::Chat(turns) => turns[0].content.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, ["a", "a", "a\n\nc"]);
    assert!(all.refused[0].reason.contains("robot"));
    assert_eq!(all.refused.len(), 2);
}

#[test]
fn a_class_may_be_called_as_a_column_is() {
    let all = found(
        "a.tsv",
        "Hello\ten\n你好\tzh\nBye\ten\n再见\tzh\n",
        Task::Classification,
    );
    assert_eq!(labels(&all.unwrap())[0], ("Hello", "en"));
    // A header that stands there twice is one all the same.
    let twice = "text\tlabel\nHello\ten\ntext\tlabel\n你好\tzh\n";
    let all = found("a.tsv", twice, Task::Classification).unwrap();
    assert_eq!(labels(&all)[0], ("Hello", "en"));
}

fn again(name: &str, content: &str, task: Task, columns: &Columns) -> Result<Examples, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    examples(task, read(&path, Header::Guess)?, columns, false)
}

#[test]
fn rows_to_answer_are_read_from_the_columns_that_were_learnt() {
    let table = "fine\t1\npoor\t0\ngood\t1\nbad\t0\n";
    let learnt = found("a.tsv", table, Task::Sentiment).unwrap().columns;
    assert_eq!(learnt.text, ["0"]);
    let all = again("a.tsv", table, Task::Sentiment, &learnt).unwrap();
    assert_eq!(labels(&all)[0], ("fine", ""));
    let other = "{\"review\":\"fine\"}\n";
    let all = again("a.jsonl", other, Task::Sentiment, &learnt).unwrap();
    assert_eq!(labels(&all), [("fine", "")]);

    let reversed = Columns {
        reverse: true,
        ..Columns::default()
    };
    for (table, columns) in [
        ("english\tchinese\none\t一\n", ["chinese", "english"]),
        ("one\t一\ntwo\t二\n", ["1", "0"]),
    ] {
        let all = again("a.tsv", table, Task::Translation, &reversed).unwrap();
        let learnt = [all.columns.source.clone(), all.columns.target.clone()];
        assert_eq!(learnt.map(Option::unwrap), columns);
        for answerable in [table, "一\n"] {
            let all = again("a.tsv", answerable, Task::Translation, &all.columns).unwrap();
            let Example::Pair { source, .. } = &all.examples[0] else {
                panic!()
            };
            assert_eq!(source, "一");
        }
    }
}

#[test]
fn columns_that_are_not_there_are_named_beside_those_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tsv");
    fs::write(&path, "x\t1\ny\t0\n").unwrap();
    let given = Columns {
        label: Some("stars".to_owned()),
        ..Columns::default()
    };
    let rows = read(&path, Header::Guess).unwrap();
    let said = examples(Task::Sentiment, rows, &given, true).unwrap_err();
    assert_eq!(said.to_string(), "there is no column `stars`, but `0`, `1`");
    let none = found("a.tsv", "", Task::Sentiment).unwrap_err().to_string();
    assert!(none.contains("no rows"), "{none}");
}

proptest! {
    #[test]
    fn nothing_breaks_the_readers(bytes in prop::collection::vec(any::<u8>(), 0..200), ending in 0usize..4) {
        let dir = tempfile::tempdir().unwrap();
        let name = ["a.jsonl", "a.tsv", "a.csv", "a.json"][ending];
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        if let Ok(rows) = read(&path, Header::Guess) {
            let all = rows.rows.len() + rows.refused.len();
            for task in [Task::Sentiment, Task::Translation, Task::Qa, Task::Instruct] {
                let rows = read(&path, Header::Guess).unwrap();
                if let Ok(found) = examples(task, rows, &Columns::default(), true) {
                    prop_assert_eq!(found.examples.len() + found.refused.len(), all);
                }
            }
        }
    }

    #[test]
    fn tab_separated_rows_round_trip(rows in prop::collection::vec(("[a-z“。渡 ]{0,12}[a-z]", "[ab]"), 1..20)) {
        let lines = rows.iter().map(|(text, label)| format!("{text}\t{label}\n"));
        let content = format!("text\tlabel\n{}", lines.collect::<String>());
        let all = found("a.tsv", &content, Task::Sentiment).unwrap();
        let expected: Vec<(&str, &str)> = rows.iter().map(|(text, label)| (text.as_str(), label.as_str())).collect();
        prop_assert_eq!(labels(&all), expected);
    }
}
