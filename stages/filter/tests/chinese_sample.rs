//! Chinese texts written for this test, 40 to keep in many genres and 58 to drop: menus, lists of
//! links, keywords in a row, spam, templates, broken encodings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use textmill_filter::{Config, Filter};
use textmill_schemas::{Document, DocumentStage, Verdict};

/// The texts of a file, with what they are.
fn texts(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let blocks = file
        .strip_prefix("= ")
        .expect("a line that says what it is");
    blocks.split("\n= ").map(|block| {
        let (kind, text) = block.split_once('\n').expect("a line that says what it is");
        (kind, text.trim_end())
    })
}

fn keeps(filter: &Filter, text: &str) -> bool {
    let document = Document {
        text: text.to_string(),
        ..Document::default()
    };
    matches!(filter.process(document), Verdict::Keep(_))
}

fn filter(rules_language: &str) -> Filter {
    let config = Config {
        languages: Vec::new(),
        min_lang_confidence: 0.0,
        rules_language: rules_language.into(),
        ..Config::default()
    };
    Filter::new(&config).unwrap()
}

const GOOD: &str = include_str!("data/chinese_good.txt");
const BAD: &str = include_str!("data/chinese_bad.txt");

#[test]
fn keeps_prose_and_drops_menus_and_spam() {
    let filter = filter("");
    let lost: Vec<_> = texts(GOOD)
        .filter(|(_, text)| !keeps(&filter, text))
        .collect();
    let left: Vec<_> = texts(BAD)
        .filter(|(_, text)| keeps(&filter, text))
        .collect();
    let (good, kept) = (texts(GOOD).count(), texts(GOOD).count() - lost.len());
    assert_eq!((good, texts(BAD).count()), (40, 58));
    let recall = kept as f64 / good as f64;
    let precision = kept as f64 / (kept + left.len()) as f64;
    assert!(recall >= 0.97, "{recall}: lost {lost:?}");
    assert!(precision >= 0.99, "{precision}: left {left:?}");
}

#[test]
fn english_rules_drop_chinese_prose() {
    let filter = filter("en");
    assert_eq!(
        texts(GOOD).filter(|(_, text)| keeps(&filter, text)).count(),
        0
    );
}
