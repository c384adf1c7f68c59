//! The five steps together.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use proptest::prelude::*;
use textmill_schemas::Document;

use super::places::Places;
use super::removal::Removal;
use super::*;
use crate::Cut;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::tests::steps::Steps;
use crate::words::Unit;

const MEMORY: u64 = 1 << 20;

/// What became of a corpus.
#[derive(Debug, PartialEq)]
struct Outcome {
    documents: Vec<Document>,
    cuts: Vec<Cut>,
    /// Units removed, as row and index.
    removed: BTreeSet<(u64, u64)>,
    /// Windows that went to the shuffle.
    windows: usize,
}

/// Runs the steps over shards of texts; `backwards` runs the tasks of each in reverse.
fn run(config: &Config, shards: &[Vec<String>], partitions: usize, backwards: bool) -> Outcome {
    config.validate().unwrap();
    let steps = Steps::new(shards.iter().map(Vec::len), backwards);
    let shard_of = |row| steps.shard_of(row);
    let check = || Ok(());
    let rows = |shard: usize| (steps.first_of(shard)..).zip(&shards[shard]);
    for shard in steps.order(shards.len()) {
        let path = steps.file("anchors", shard);
        let mut anchors = Anchors::create(config, 7, &path, partitions, MEMORY).unwrap();
        rows(shard).for_each(|(row, text)| anchors.push(row, text).unwrap());
        anchors.finish().unwrap();
    }
    for partition in steps.order(partitions) {
        let files = steps.files("anchors", shards.len());
        let mut sorted = Sorted::open(&files, partition, MEMORY, steps.path()).unwrap();
        let path = steps.file("candidates", partition);
        let mut writer = ShuffleWriter::create(&path, shards.len(), MEMORY).unwrap();
        find_candidates(&mut sorted, &mut writer, shard_of, check).unwrap();
        writer.finish().unwrap();
    }
    for shard in steps.order(shards.len()) {
        let files = steps.files("candidates", partitions);
        let sorted = Sorted::open(&files, shard, MEMORY, steps.path()).unwrap();
        let path = steps.file("windows", shard);
        let mut windows = Windows::create(config, 7, sorted, &path, partitions, MEMORY).unwrap();
        rows(shard).for_each(|(row, text)| windows.push(row, text).unwrap());
        windows.finish().unwrap();
    }
    let mut windows = 0;
    for partition in steps.order(partitions) {
        let files = steps.files("windows", shards.len());
        let mut sorted = Sorted::<3>::open(&files, partition, MEMORY, steps.path()).unwrap();
        while sorted.next_record().unwrap().is_some() {
            windows += 1;
        }
        let mut sorted = Sorted::open(&files, partition, MEMORY, steps.path()).unwrap();
        let path = steps.file("removals", partition);
        let mut writer = ShuffleWriter::create(&path, shards.len(), MEMORY).unwrap();
        find_repeats(config, &mut sorted, &mut writer, shard_of, check).unwrap();
        writer.finish().unwrap();
    }
    let mut cuts = BTreeSet::new();
    let mut removed = BTreeSet::new();
    let mut results: HashMap<u64, (Document, Cut)> = HashMap::new();
    for shard in steps.order(shards.len()) {
        let files = steps.files("removals", partitions);
        let open = || Sorted::open(&files, shard, MEMORY, steps.path()).unwrap();
        let mut records = open();
        while let Some([row, word]) = records.next_record().unwrap() {
            removed.extend(Removal::units(word).map(|unit| (row, unit)));
        }
        let mut cutter = Cutter::new(config, open()).unwrap();
        for (row, text) in rows(shard) {
            let mut document = Document {
                text: text.clone(),
                ..Document::default()
            };
            let cut = cutter.cut(row, &mut document).unwrap();
            cuts.insert(row);
            results.insert(row, (document, cut));
        }
    }
    let (documents, cuts) = cuts.iter().map(|row| results.remove(row).unwrap()).unzip();
    Outcome {
        documents,
        cuts,
        removed,
        windows,
    }
}

fn units(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    Places::default().for_each(text, |_, unit| {
        found.push(match unit {
            Unit::Word(word) => word.as_str().to_owned(),
            Unit::Character(c) => format!("[{c}]"),
        });
    });
    found
}

/// All repeated substrings of `tokens` units or more, from the longest common prefix of each pair
/// of places.
fn naive(texts: &[String], tokens: usize) -> BTreeSet<(u64, u64)> {
    let texts: Vec<Vec<String>> = texts.iter().map(|text| units(text)).collect();
    let mut repeated = BTreeSet::new();
    let places: Vec<(usize, usize)> = (0..texts.len())
        .flat_map(|row| (0..texts[row].len()).map(move |at| (row, at)))
        .collect();
    for (i, &(row, at)) in places.iter().enumerate() {
        for &(other_row, other) in &places[..i] {
            let pairs = texts[row][at..].iter().zip(&texts[other_row][other..]);
            let common = pairs.take_while(|(a, b)| a == b).count();
            if common >= tokens {
                repeated.extend((at..at + common).map(|at| (row as u64, at as u64)));
                repeated.extend((other..other + common).map(|at| (other_row as u64, at as u64)));
            }
        }
    }
    repeated
}

/// Of each window all occurrences but the first, without what is part of that.
fn naive_first(texts: &[String], tokens: usize) -> BTreeSet<(u64, u64)> {
    let mut first: HashMap<Vec<String>, (usize, usize)> = HashMap::new();
    let mut repeated = BTreeSet::new();
    for (row, text) in texts.iter().enumerate() {
        for (at, window) in units(text).windows(tokens).enumerate() {
            let &mut (first_row, place) = first.entry(window.to_vec()).or_insert((row, at));
            if (first_row, place) != (row, at) {
                let kept = if first_row == row { place + tokens } else { 0 };
                repeated.extend((at.max(kept)..at + tokens).map(|at| (row as u64, at as u64)));
            }
        }
    }
    repeated
}

/// What is left of the units of each text.
fn rest(texts: &[String], removed: &BTreeSet<(u64, u64)>) -> Vec<Vec<String>> {
    let rest = texts.iter().enumerate().map(|(row, text)| {
        let units = units(text).into_iter().enumerate();
        let kept = units.filter(|(at, _)| !removed.contains(&(row as u64, *at as u64)));
        kept.map(|(_, unit)| unit).collect()
    });
    rest.collect()
}

fn corpus() -> impl Strategy<Value = Vec<String>> {
    let english = "([abA]([ ,.\n]| \\(|\\. ){1,2}){0,40}";
    let chinese = "([一二]|[，。]|[ \n]){0,60}";
    let mixed = "([a-c][ \n.]|[一二Ａe\u{301}“]|c\u{ad}d ){0,40}";
    let text = prop_oneof![english, chinese, mixed];
    prop::collection::vec(text, 1..6)
}

proptest! {
    // The disk takes its time for each file.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_removed_units_are_those_of_a_suffix_array(texts in corpus(), tokens in 2_usize..9) {
        for (keep, expected) in [
            (Keep::None, naive(&texts, tokens)),
            (Keep::First, naive_first(&texts, tokens)),
        ] {
            let config = Config { keep, min_tokens: tokens, min_left: 0.0, ..Config::default() };
            let outcome = run(&config, std::slice::from_ref(&texts), 2, false);
            prop_assert_eq!(&outcome.removed, &expected);
            let rest = rest(&texts, &expected);
            for ((document, cut), (text, rest)) in outcome.documents.iter().zip(&outcome.cuts).zip(texts.iter().zip(rest)) {
                prop_assert_eq!(cut.units, (units(text).len() - rest.len()) as u64);
                if cut.units == 0 {
                    prop_assert_eq!(&document.text, text);
                } else if cut.reason.is_none() {
                    prop_assert_eq!(units(&document.text), rest, "{:?}", document.text);
                }
            }
        }
    }

    #[test]
    fn cut_and_order_do_not_show(texts in corpus(), size in 1_usize..4, partitions in 1_usize..5) {
        let config = Config { min_tokens: 4, ..Config::default() };
        let whole = run(&config, std::slice::from_ref(&texts), 1, false);
        let shards: Vec<Vec<String>> = texts.chunks(size).map(<[_]>::to_vec).collect();
        prop_assert_eq!(run(&config, &shards, partitions, true), whole);
    }
}

/// A text of words that stand nowhere else.
fn unique(row: usize, words: usize) -> String {
    let words: Vec<String> = (0..words).map(|i| format!("w{row}x{i}")).collect();
    words.join(" ")
}

#[test]
fn a_planted_passage_goes_and_the_rest_stays() {
    let passage: String = (0..60).map(|i| format!("Passage{i}, ")).collect();
    let texts: Vec<String> = (0..4)
        .map(|row| match row {
            1 | 3 => format!(
                "{}.\n\n“{passage}end.”\n\n{}.",
                unique(row, 70),
                unique(row + 10, 70)
            ),
            2 => format!("{} {passage}and {}", unique(row, 70), unique(row + 10, 70)),
            _ => unique(row, 140),
        })
        .collect();
    let config = Config::default();
    let outcome = run(&config, std::slice::from_ref(&texts), 3, false);
    let expected = [
        texts[0].clone(),
        texts[1].clone(),
        format!("{} and {}", unique(2, 70), unique(12, 70)),
        format!("{}.\n\n{}.", unique(3, 70), unique(13, 70)),
    ];
    let found: Vec<&str> = outcome.documents.iter().map(|d| d.text.as_str()).collect();
    assert_eq!(found, expected);
    let units: Vec<u64> = outcome.cuts.iter().map(|cut| cut.units).collect();
    assert_eq!(units, [0, 0, 60, 61]);
    // 60 or 61 units hold 11 or 12 windows; around them, those that have the anchor in common.
    assert!((34..120).contains(&outcome.windows), "{}", outcome.windows);
}

#[test]
fn a_text_that_is_nothing_new_is_dropped() {
    let shards = [
        vec![unique(0, 100)],
        vec![format!("{} and more", unique(0, 100))],
    ];
    let outcome = run(&Config::default(), &shards, 1, false);
    assert_eq!(outcome.cuts[0], Cut::nothing());
    let reason = outcome.cuts[1].reason.as_ref().unwrap();
    assert_eq!(reason.rule, "dedupe.substrings");
    assert!(reason.value < reason.limit);
    assert_eq!(outcome.documents[1].text, shards[1][0]);
}

#[test]
fn giant_groups_take_linear_time() {
    let started = Instant::now();
    let passage = unique(0, 55);
    let mut texts: Vec<String> = (0..5000).map(|_| passage.clone()).collect();
    texts.push("again ".repeat(200_000));
    texts.push(format!("{} a", "a b ".repeat(100_000)));
    let config = Config {
        min_left: 0.0,
        ..Config::default()
    };
    let outcome = run(&config, &[texts], 2, false);
    let left: Vec<usize> = outcome
        .documents
        .iter()
        .map(|d| units(&d.text).len())
        .collect();
    // What would be left empty is dropped, and keeps its text.
    assert!(left[..5000].iter().all(|units| *units == 55));
    assert_eq!(left[5000..], [50, 50]);
    assert_eq!(
        outcome
            .cuts
            .iter()
            .filter(|cut| cut.reason.is_some())
            .count(),
        4999
    );
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn hostile_texts_take_linear_time() {
    let started = Instant::now();
    let texts = ["x", "字。", "a\u{301}", "“Ａ ", "\n", ".", "\u{301}"]
        .map(|part| part.repeat(400_000 / part.len()));
    let config = Config {
        min_left: 0.0,
        ..Config::default()
    };
    let outcome = run(&config, &[texts.to_vec(), texts.to_vec()], 1, false);
    assert!(outcome.cuts[1].units > 60_000 && outcome.cuts[8].units > 60_000);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn bad_values_are_named() {
    let bad = |config: Config, key: &str| {
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    };
    for min_tokens in [0, 1, 1_000_001] {
        bad(
            Config {
                min_tokens,
                ..Config::default()
            },
            "substrings.min_tokens",
        );
    }
    bad(
        Config {
            min_left: f64::NAN,
            ..Config::default()
        },
        "substrings.min_left",
    );
    Config::default().validate().unwrap();
}
