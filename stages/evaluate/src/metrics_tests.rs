use super::*;
use crate::test_support::{facts, measured as document, score};

fn scores(nats: f64, ranks: &[u64]) -> Scores {
    let model = score(nats, ranks);
    Scores {
        model,
        kneser_ney_5: model,
        unigram: model,
    }
}

#[test]
fn measures_are_those_of_the_hand() {
    let mut results = Results::default();
    // ln 8 nats a token is 3 bits; 4 tokens on 6 bytes are 2 bits a byte
    let scores = scores(8f64.ln(), &[0, 4, 5, 90]);
    results.add(&document("news", Some("en"), 6), &scores);
    let metrics = results.report(facts(), Further::default()).unwrap();
    let expected = Measures {
        documents: 1,
        tokens: 4,
        bytes: 6,
        perplexity: 8.0,
        bits_per_byte: 2.0,
        bits_per_byte_stderr: None,
        top1: 0.25,
        top1_stderr: 0.216_506, // √(¼ · ¾ / 4)
        top5: 0.5,
        top5_stderr: 0.25,
    };
    assert_eq!(metrics.overall.model, expected);
    assert_eq!(metrics.overall.kneser_ney_5, expected);
    assert_eq!(metrics.by_source["news"].unigram, expected);
}

#[test]
fn groups_add_up_to_the_whole() {
    let mut results = Results::default();
    results.add(&document("a", Some("en"), 10), &scores(1.0, &[0, 1]));
    results.add(&document("b", Some("zh"), 20), &scores(2.0, &[9]));
    results.add(&document("a", None, 30), &scores(3.0, &[0]));
    let metrics = results.report(facts(), Further::default()).unwrap();
    assert_eq!(
        metrics.overall.model.perplexity,
        rounded((7f64 / 4.0).exp())
    );
    assert_eq!(metrics.overall.model.bytes, 60);
    assert_eq!(metrics.by_source["a"].model.documents, 2);
    assert_eq!(metrics.by_source["a"].model.top1, rounded(2.0 / 3.0));
    let langs: Vec<&String> = metrics.by_lang.keys().collect();
    assert_eq!(langs, ["en", "und", "zh"]);
    assert_eq!(metrics.by_lang["zh"].model.tokens, 1);
}

#[test]
fn the_error_of_bits_per_byte_is_that_of_documents() {
    let mut results = Results::default();
    // bits and bytes: (8, 2), (2, 2), (6, 4); 16 / 8 = 2, residuals 4, -2 and -2
    for (bits, bytes) in [(8.0, 2), (2.0, 2), (6.0, 4)] {
        results.add(&document("a", None, bytes), &scores(bits * LN_2, &[0]));
    }
    let metrics = results.report(facts(), Further::default()).unwrap();
    let model = &metrics.overall.model;
    let expected = (3.0f64 / 2.0 * 24.0).sqrt() / 8.0;
    assert_eq!(model.bits_per_byte, 2.0);
    assert_eq!(model.bits_per_byte_stderr, Some(rounded(expected)));
}

#[test]
fn lengths_fall_into_powers_of_four() {
    let classes = [0, 15, 16, 63, 64, 255, 256, 1_000_000].map(length_class);
    assert_eq!(classes, [0, 0, 16, 16, 64, 64, 256, 262_144]);
    let mut results = Results::default();
    for length in [3, 20, 21] {
        let document = Tokens {
            tokens: vec![1; length],
            ..document("a", None, 9)
        };
        results.add(&document, &scores(1.0, &[0]));
    }
    let metrics = results.report(facts(), Further::default()).unwrap();
    let found = metrics.by_length.iter();
    let found: Vec<_> = found
        .map(|(class, group)| (*class, group.model.documents))
        .collect();
    assert_eq!(found, [(0, 1), (16, 2)]);
}

#[test]
fn what_is_not_finite_or_empty_is_an_error() {
    let mut results = Results::default();
    let empty = results.report(facts(), Further::default()).unwrap_err();
    assert!(empty.to_string().contains("validation_fraction"));
    results.add(&document("a", None, 1), &scores(f64::NAN, &[0]));
    let error = results.report(facts(), Further::default()).unwrap_err();
    assert!(error.to_string().contains("the model gave"), "{error}");
}
