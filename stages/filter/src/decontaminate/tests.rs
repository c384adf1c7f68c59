use std::io::Write;
use std::path::PathBuf;

use super::*;
use crate::Error;

/// Evaluation sets in files of a folder that lives as long as they do.
struct Sets {
    folder: tempfile::TempDir,
}

impl Sets {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, lines: &[&str]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    }

    fn load(&self, lines: &[&str]) -> Decontaminator {
        let path = self.file("set.jsonl", lines);
        Decontaminator::load(&[path], &DecontaminationOptions::default()).unwrap()
    }
}

const LONG: &str = "A bat and a ball cost one dollar and ten cents in total, and the bat costs one \
    dollar more than the ball: how much does the ball cost?";

#[test]
fn a_receipt_names_item_and_place() {
    let sets = Sets::new();
    let sets = sets.load(&[
        r#"{"question": "unrelated to the rest of it"}"#,
        "",
        &format!(r#"{{"question": "{LONG}"}}"#),
    ]);
    let planted = LONG
        .to_uppercase()
        .replace(',', "")
        .replace("dollar", "“Dollar”\n");
    let document = format!("Some page.\n\n{planted} Answers below.");
    let found = sets.matches(&document);
    let [only] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (
            only.file.file_name().unwrap().to_str(),
            only.line,
            only.field
        ),
        (Some("set.jsonl"), 3, "question")
    );
    assert_eq!(only.text, &document[only.span.clone()]);
    assert_eq!(only.text, planted.trim_end_matches('?'));
    // 29 words have 17 windows of 13.
    assert_eq!((only.ngrams, only.share, only.whole), (17, 1.0, false));
    assert_eq!(sets.check(&document), Some(only.clone()));
    assert_eq!(sets.check("Some page. Answers below."), None);
}

#[test]
fn thirteen_words_match_and_twelve_do_not() {
    let sets = Sets::new();
    let sets = sets.load(&[&format!(r#"{{"text": "{LONG}"}}"#)]);
    let words: Vec<&str> = LONG.split(' ').collect();
    assert_eq!(sets.check(&words[3..15].join(" ")), None);
    let thirteen = words[3..16].join(" ");
    let found = sets.check(&thirteen).unwrap();
    assert_eq!((found.ngrams, found.share), (1, 13.0 / 29.0));
}

#[test]
fn a_changed_word_does_not_split_a_match() {
    let sets = Sets::new();
    let sets = sets.load(&[&format!(r#"{{"text": "{LONG}"}}"#)]);
    let document = LONG.replace("bat costs", "stick costs");
    let found = sets.matches(&document);
    let [only] = found.as_slice() else {
        panic!("{found:?}")
    };
    // 15 words before the changed one, 13 after it.
    assert_eq!((only.ngrams, only.share), (4, 28.0 / 29.0));
    assert_eq!(only.text, document.trim_end_matches('?'));
}

#[test]
fn two_places_are_two_matches() {
    let sets = Sets::new();
    let sets = sets.load(&[&format!(r#"{{"text": "{LONG}"}}"#)]);
    let document = format!("{LONG}\n{}\n{LONG}", "other words here ".repeat(20));
    let spans: Vec<usize> = sets
        .matches(&document)
        .iter()
        .map(|found| found.span.start)
        .collect();
    assert_eq!(spans, [0, document.len() - LONG.len()]);
}

#[test]
fn short_questions_match_as_a_whole_and_short_answers_never() {
    let sets = Sets::new();
    let sets = sets.load(&[
        r#"{"question": "What is the capital of Mongolia?", "choices": ["yes", "in the middle of the country"], "answer": "Ulaanbaatar"}"#,
        r#"{"question": "Yes?"}"#,
        r#"{"question": "Who wrote it?", "answer": "Nobody knows who did"}"#,
    ]);
    let found = sets
        .check("Quiz: “what is the CAPITAL of Mongolia”?")
        .unwrap();
    assert_eq!(
        (found.line, found.whole, found.share, found.text),
        (1, true, 1.0, "what is the CAPITAL of Mongolia")
    );
    for clean in [
        "What is the capital of France?",
        "yes",
        "It lies in the middle of the country",
        "capital of Mongolia",
        "Ulaanbaatar",
    ] {
        assert_eq!(sets.check(clean), None, "{clean}");
    }
    // Together, question and answer are long enough; `Yes?` never is.
    assert_eq!(
        sets.check("Who wrote it? Nobody knows who did.")
            .unwrap()
            .line,
        3
    );
    assert_eq!((sets.items(), sets.unchecked()), (3, 1));
}

#[test]
fn chinese_is_compared_by_characters() {
    let sets = Sets::new();
    let sets = sets.load(&[
        r#"{"question": "一个农夫有三十七只羊，其中十二只是黑色的，请问剩下的白羊有多少只？"}"#,
        r#"{"question": "蒙古国的首都是哪里？"}"#,
    ]);
    let found = sets
        .check("题目：一个农夫有三十七只羊,其中十二只是黑色的.请问剩下的白羊有多少只?解答")
        .unwrap();
    assert_eq!((found.line, found.share), (1, 1.0));
    assert_eq!(
        found.text,
        "一个农夫有三十七只羊,其中十二只是黑色的.请问剩下的白羊有多少只"
    );
    assert!(sets.check("他问：蒙古国的首都是哪里").unwrap().whole);
    assert_eq!(sets.check("一个农夫有三十七只羊，他住在蒙古国的首都"), None);
}

#[test]
fn what_many_items_share_is_no_evidence() {
    let sets = Sets::new();
    let boiler =
        "Read the passage below and choose the answer that best completes the last sentence of it";
    let lines: Vec<String> = (0..11)
        .map(|i| format!(r#"{{"question": "{boiler}: number{i} is special {LONG}{i}"}}"#))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(sets.load(&lines).check(boiler), None);
    assert!(sets.load(&lines[..10]).check(boiler).is_some());
    // The same text again is no other text.
    let again: Vec<&str> = lines.iter().copied().take(1).cycle().take(30).collect();
    assert_eq!(sets.load(&again).check(boiler).unwrap().line, 1);

    let generic: Vec<String> = (0..3)
        .map(|i| {
            format!(r#"{{"question": "Which of these statements is true?", "choices": ["a{i}"]}}"#)
        })
        .collect();
    let generic: Vec<&str> = generic.iter().map(String::as_str).collect();
    assert_eq!(
        sets.load(&generic)
            .check("Which of these statements is true?"),
        None
    );
    assert!(
        sets.load(&generic[..2])
            .check("Which of these statements is true?")
            .is_some()
    );
}

#[test]
fn numbers_and_repetitions_are_no_evidence() {
    let sets = Sets::new();
    let counting: Vec<String> = (1..40).map(|i| i.to_string()).collect();
    let set = sets.load(&[&format!(
        r#"{{"text": "{} {} {LONG}"}}"#,
        counting.join(" "),
        "la ".repeat(30)
    )]);
    assert_eq!(set.check(&counting.join(", ")), None);
    assert_eq!(set.check(&"la ".repeat(40)), None);
}

#[test]
fn texts_are_found_at_any_depth() {
    let sets = Sets::new();
    for item in [
        format!(r#"{{"data": {{"paragraphs": [{{"context": "{LONG}", "id": 3}}]}}}}"#),
        format!(
            r#"{{"question": {{"stem": "which?", "choices": [{{"label": "A", "text": "{LONG}"}}]}}}}"#
        ),
        format!(
            r#"{{"id": "x", "messages": [{{"role": "user", "content": "{LONG}"}}], "n": null}}"#
        ),
        format!(r#"{{"ctx": "a", "endings": ["b", "{LONG}"]}}"#),
    ] {
        assert!(sets.load(&[&item]).check(LONG).is_some(), "{item}");
    }
    let other = DecontaminationOptions {
        fields: vec!["body".into()],
        ..DecontaminationOptions::default()
    };
    let path = sets.file(
        "own.jsonl",
        &[&format!(
            r#"{{"body": "{LONG}", "question": "What else is there to ask?"}}"#
        )],
    );
    let own = Decontaminator::load(&[path], &other).unwrap();
    assert_eq!(own.check(LONG).unwrap().field, "body");
    assert_eq!(own.check("What else is there to ask?"), None);
}

#[test]
fn gzip_is_unpacked() {
    let sets = Sets::new();
    let path = sets.folder.path().join("set.jsonl.gz");
    let mut packed = flate2::write::GzEncoder::new(
        std::fs::File::create(&path).unwrap(),
        flate2::Compression::fast(),
    );
    writeln!(packed, r#"{{"question": "{LONG}"}}"#).unwrap();
    packed.finish().unwrap();
    let sets = Decontaminator::load(&[path], &DecontaminationOptions::default()).unwrap();
    assert!(sets.check(LONG).is_some());
}

#[test]
fn mistakes_are_named_with_their_line() {
    let sets = Sets::new();
    let options = DecontaminationOptions::default();
    let good = r#"{"question": "What is the capital of Mongolia?"}"#;
    for (lines, at, words) in [
        (vec![good, "", "{\"question\": "], 3, "not JSON"),
        (vec![good, "[1]"], 2, "JSON object"),
        (
            vec![r#"{"id": "What is the capital of Mongolia?"}"#],
            1,
            "known key",
        ),
        (vec![], 1, "known key"),
    ] {
        let path = sets.file("bad.jsonl", &lines);
        let error = Decontaminator::load(&[path], &options).unwrap_err();
        assert!(
            matches!(error, Error::EvaluationSet { line, .. } if line == at),
            "{error}"
        );
        let text = error.to_string();
        assert!(
            text.contains(&format!("bad.jsonl:{at}:")) && text.contains(words),
            "{text}"
        );
    }
    let path = sets.folder.path().join("latin1.jsonl");
    std::fs::write(&path, b"{\"question\": \"caf\xe9\"}\n").unwrap();
    assert!(matches!(
        Decontaminator::load(&[path], &options),
        Err(Error::EvaluationSet { line: 1, .. })
    ));
    let missing = sets.folder.path().join("none.jsonl");
    assert!(matches!(
        Decontaminator::load(&[missing], &options),
        Err(Error::Read { .. })
    ));
    let mut long = options;
    long.ngram.words = 64;
    assert!(matches!(
        Decontaminator::load(&[], &long),
        Err(Error::Decontamination { .. })
    ));
}

/// Long texts and short ones, in words of few letters, so that all kinds of overlap come up.
fn words(range: std::ops::Range<usize>) -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    proptest::collection::vec("[ab]{1,2}", range)
}

proptest::proptest! {
    #[test]
    fn finds_just_the_shared_windows(items in proptest::collection::vec(words(1..9), 1..8), document in words(0..60)) {
        let sets = Sets::new();
        let options = DecontaminationOptions {
            ngram: Lengths { words: 5, ideographs: 5, unspaced: 5 },
            shortest: Lengths { words: 2, ideographs: 2, unspaced: 2 },
            max_shared: 100,
            max_shared_whole: 100,
            ..DecontaminationOptions::default()
        };
        let lines: Vec<String> = items.iter().map(|item| format!(r#"{{"text": "{}"}}"#, item.join(" "))).collect();
        let path = sets.file("set.jsonl", &lines.iter().map(String::as_str).collect::<Vec<_>>());
        let sets = Decontaminator::load(&[path], &options).unwrap();
        // At least half of the words of a window are different.
        let telling = |window: &[String]| {
            let different: std::collections::BTreeSet<&String> = window.iter().collect();
            (window.len() - different.len()) * 2 <= window.len()
        };
        let stands = |window: &[String]| telling(window) && document.windows(window.len()).any(|other| other == window);
        let expected = items.iter().any(|item| match item.len() {
            0..2 => false,
            2..5 => stands(item),
            _ => item.windows(5).any(stands),
        });
        proptest::prop_assert_eq!(sets.check(&document.join(", ")).is_some(), expected);
    }

    #[test]
    fn any_document_is_compared(document in "\\PC{0,80}") {
        let sets = Sets::new();
        let sets = sets.load(&[&format!(r#"{{"text": "{LONG}"}}"#)]);
        let whole = format!("{document} {LONG} {document}");
        let found = sets.check(&whole).unwrap();
        proptest::prop_assert!(found.text.contains("bat costs one"));
    }
}
