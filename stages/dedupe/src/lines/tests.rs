//! The three steps together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use proptest::prelude::*;
use textmill_schemas::Document;

use super::units::units;
use super::*;
use crate::Cut;
use crate::occurrence::Occurrence;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::tests::steps::Steps;

const MEMORY: u64 = 1 << 20;

fn document(text: &str) -> Document {
    Document {
        text: text.to_owned(),
        ..Document::default()
    }
}

/// Runs the steps over shards of documents; `backwards` runs the tasks of each in reverse.
fn run(
    config: &Config,
    shards: &[Vec<Document>],
    partitions: usize,
    backwards: bool,
) -> (Vec<Document>, Vec<Cut>) {
    config.validate().unwrap();
    let steps = Steps::new(shards.iter().map(Vec::len), backwards);
    let shard_of = |row| steps.shard_of(row);
    let rows = |shard: usize| (steps.first_of(shard)..).zip(&shards[shard]);
    for shard in steps.order(shards.len()) {
        let path = steps.file("occurrences", shard);
        let mut step = Occurrences::create(config, 7, &path, partitions, MEMORY).unwrap();
        rows(shard).for_each(|(row, document)| step.push(row, &document.text).unwrap());
        step.finish().unwrap();
    }
    for partition in steps.order(partitions) {
        let files = steps.files("occurrences", shards.len());
        let mut sorted = Sorted::open(&files, partition, MEMORY, steps.path()).unwrap();
        let path = steps.file("removals", partition);
        let mut writer = ShuffleWriter::create(&path, shards.len(), MEMORY).unwrap();
        find_boilerplate(config, &mut sorted, &mut writer, shard_of, || Ok(())).unwrap();
        writer.finish().unwrap();
    }
    let mut results = BTreeMap::new();
    for shard in steps.order(shards.len()) {
        let files = steps.files("removals", partitions);
        let sorted = Sorted::open(&files, shard, MEMORY, steps.path()).unwrap();
        let mut cutter = Cutter::new(config, 7, sorted).unwrap();
        for (row, document) in rows(shard) {
            let mut document = document.clone();
            let cut = cutter.cut(row, &mut document).unwrap();
            results.insert(row, (document, cut));
        }
    }
    results.into_values().unzip()
}

fn texts(documents: &[Document]) -> Vec<&str> {
    documents
        .iter()
        .map(|document| document.text.as_str())
        .collect()
}

const NOTICE: &str = "We use cookies to improve this site.";

/// Pages of one site: a notice above, and an article of their own.
fn pages(count: usize) -> Vec<Document> {
    let page = |i| {
        document(&format!(
            "{NOTICE}\n\nPage {i} has\na text of its own, number {i}.\n\nRead more\n\n我们使用缓存来改进网站"
        ))
    };
    (0..count).map(page).collect()
}

#[test]
fn boilerplate_goes_and_nothing_else() {
    let own = |i: usize| format!("Page {i} has\na text of its own, number {i}.\n\nRead more");
    let (cut, cuts) = run(&Config::default(), &[pages(10)], 2, false);
    assert_eq!(cut[0], pages(1)[0]);
    let expected: Vec<String> = (1..10).map(own).collect();
    assert_eq!(texts(&cut[1..]), expected);
    assert!(
        cuts[1..]
            .iter()
            .all(|cut| cut.units == 2 && cut.left < 1.0 && cut.reason.is_none())
    );

    let (cut, _) = run(&Config::default(), &[pages(9)], 2, false);
    assert_eq!(cut, pages(9), "too few documents");
    let config = Config {
        keep_first: false,
        ..Config::default()
    };
    let (cut, _) = run(&config, &[pages(10)], 2, false);
    assert_eq!(cut[0].text, own(0));
    let config = Config {
        min_words: 2,
        ..Config::default()
    };
    let (cut, _) = run(&config, &[pages(10)], 2, false);
    assert!(!cut[1].text.contains("Read more"));
    let config = Config {
        fold_digits: true,
        min_left: 0.5,
        ..Config::default()
    };
    let (_, cuts) = run(&config, &[pages(10)], 2, false);
    assert_eq!(cuts[1].units, 3);
    let reason = cuts[1].reason.as_ref().unwrap();
    assert_eq!(
        (reason.rule.as_str(), reason.limit),
        ("dedupe.lines", Some(0.5))
    );
    assert_eq!(reason.value, Some(cuts[1].left));
}

#[test]
fn repeats_within_a_document_go() {
    let text =
        "one line of words\nanother line of words\n\nOne  line of words\n}\n}\n\nand one line more";
    let (cut, _) = run(&Config::default(), &[vec![document(text)]], 1, false);
    assert_eq!(
        cut[0].text,
        "one line of words\nanother line of words\n\n}\n}\n\nand one line more"
    );
    let config = Config {
        unit: Unit::Paragraph,
        ..Config::default()
    };
    let shard = vec![document("a b c\nd e f\n\nx\n\nd e f\n\nA b c\nd e f")];
    let (cut, _) = run(&config, &[shard], 1, false);
    assert_eq!(cut[0].text, "a b c\nd e f\n\nx\n\nd e f");
    let config = Config {
        within: false,
        ..Config::default()
    };
    let (cut, _) = run(&config, &[vec![document(text)]], 1, false);
    assert_eq!(cut[0].text, text);
}

#[test]
fn listings_of_code_stay_whole() {
    let text = "import a as b now\n\nimport a as b now\n\nimport a as b now";
    let mut with_code = document(text);
    with_code.code_spans = vec![19, 36];
    let (cut, _) = run(&Config::default(), &[vec![with_code]], 1, false);
    assert_eq!(cut[0].text, "import a as b now\n\nimport a as b now");
    assert_eq!(cut[0].code_spans, [19, 36]);
}

/// One line in three million documents.
#[test]
fn a_giant_group_streams() {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    let rows = 3_000_000;
    let mut writer = ShuffleWriter::<3>::create(&input, 1, MEMORY).unwrap();
    for row in 0..rows {
        let occurrence = Occurrence {
            hash: 5,
            row,
            ..Occurrence::default()
        };
        writer.push(0, occurrence.to_record()).unwrap();
    }
    writer.finish().unwrap();
    let mut sorted = Sorted::open(&[input], 0, MEMORY, dir.path()).unwrap();
    let mut writer = ShuffleWriter::create(&output, 1, MEMORY).unwrap();
    let config = Config::default();
    let found = find_boilerplate(&config, &mut sorted, &mut writer, |_| 0, || Ok(())).unwrap();
    assert_eq!(found, 1);
    writer.finish().unwrap();
    let mut sorted = Sorted::<2>::open(&[output], 0, MEMORY, dir.path()).unwrap();
    for row in 1..rows {
        assert_eq!(sorted.next_record().unwrap(), Some([row, 0]));
    }
    assert_eq!(sorted.next_record().unwrap(), None);
}

#[test]
fn hostile_texts_take_linear_time() {
    let started = Instant::now();
    let parts = ["a b c d\n", "\n", "x", "a b c d ", "字", "x\n\n"];
    let shard: Vec<Document> = parts
        .iter()
        .map(|part| document(&part.repeat(4_000_000 / part.len())))
        .collect();
    for unit in [Unit::Line, Unit::Paragraph] {
        let config = Config {
            unit,
            min_left: 0.0,
            ..Config::default()
        };
        let (cut, _) = run(&config, std::slice::from_ref(&shard), 1, false);
        assert_eq!(cut[0].text.len() < 10, unit == Unit::Line);
        assert_eq!(cut[1..], shard[1..]);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Lines left of each text, by the definition.
fn naive(config: &Config, texts: &[String]) -> Vec<Vec<String>> {
    let lines = |text: &String| -> Vec<String> {
        units(text, config.unit)
            .into_iter()
            .map(|range| text[range].to_owned())
            .collect()
    };
    let long = |line: &str| line.split_whitespace().count() >= config.min_words;
    let key = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
    for (row, text) in texts.iter().enumerate() {
        let distinct: HashSet<String> = lines(text).iter().map(|line| key(line)).collect();
        distinct
            .into_iter()
            .for_each(|line| rows.entry(line).or_default().push(row));
    }
    let left = texts.iter().enumerate().map(|(row, text)| {
        let mut seen = HashSet::new();
        lines(text)
            .into_iter()
            .filter(|line| {
                let of = &rows[&key(line)];
                let first = config.keep_first && of[0] == row;
                let boilerplate = of.len() as u64 >= config.min_documents && !first;
                let repeated = !seen.insert(key(line)) && config.within;
                !long(line) || !(boilerplate || repeated)
            })
            .collect()
    });
    left.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_lines_left_are_those_of_the_definition(
        texts in prop::collection::vec("([ab] {1,2}[ab]\n|[ab]\n|\n|a b c\n){0,6}", 1..7),
        min_documents in 2_u64..4, keep_first in any::<bool>(), within in any::<bool>(), paragraphs in any::<bool>(),
        size in 1_usize..4, partitions in 1_usize..4,
    ) {
        let unit = if paragraphs { Unit::Paragraph } else { Unit::Line };
        let config = Config { unit, min_documents, keep_first, within, min_words: 2, min_left: 0.0, ..Config::default() };
        let documents: Vec<Document> = texts.iter().map(|text| document(text)).collect();
        let shards: Vec<Vec<Document>> = documents.chunks(size).map(<[_]>::to_vec).collect();
        let (cut, cuts) = run(&config, &shards, partitions, true);
        for ((document, cut), (text, expected)) in cut.iter().zip(&cuts).zip(texts.iter().zip(naive(&config, &texts))) {
            if cut.units == 0 {
                prop_assert_eq!(&document.text, text);
            }
            let lines: Vec<&str> = units(&document.text, unit).into_iter().map(|range| &document.text[range]).collect();
            if cut.reason.is_none() {
                prop_assert_eq!(lines, expected);
            } else {
                prop_assert!(expected.is_empty());
            }
        }
        prop_assert_eq!(run(&config, &[documents], 1, false), (cut, cuts));
    }
}

#[test]
fn bad_values_are_named() {
    let bad = |config: Config, key: &str| {
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    };
    let min_documents = Config {
        min_documents: 1,
        ..Config::default()
    };
    bad(min_documents, "lines.min_documents");
    let min_left = Config {
        min_left: -0.1,
        ..Config::default()
    };
    bad(min_left, "lines.min_left");
    Config::default().validate().unwrap();
}
