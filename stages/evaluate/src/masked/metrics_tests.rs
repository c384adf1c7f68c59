use super::*;
use crate::test_support::{facts, measured as document, score};

#[test]
fn measures_are_those_of_the_hand() {
    let mut results = Results::default();
    let (a, b) = (document("a", Some("en"), 6), document("b", None, 2));
    results.add(&a, &score(1.0, &[0, 4, 5]), &score(2.0, &[9, 9, 9]));
    results.add(&b, &score(3.0, &[0]), &score(2.0, &[0]));
    // ln 8 nats a token are 3 bits; 4 tokens on 6 bytes are 2 bits a byte
    results.add_pseudo(&a, &score(8f64.ln(), &[0; 4]));
    let metrics = results.report(facts(), 0.15).unwrap();
    let model = &metrics.overall.model;
    assert_eq!((model.documents, model.tokens), (2, 4));
    assert_eq!(model.masked_loss, 1.5);
    // residuals 3 − 1.5 · 3 and 3 − 1.5 · 1: √(2 · (2.25 + 2.25)) / 4
    assert_eq!(model.masked_loss_stderr, Some(0.75));
    assert_eq!((model.masked_accuracy, model.masked_top5), (0.5, 0.75));
    assert_eq!(model.masked_accuracy_stderr, 0.25);
    assert_eq!(metrics.overall.unigram.masked_loss, 2.0);
    assert_eq!(metrics.by_source["b"].model.masked_loss_stderr, None);
    assert!(metrics.by_lang.keys().eq(["en", "und"]));
    let pseudo = metrics.by_source["a"].pseudo.as_ref().unwrap();
    assert_eq!((pseudo.tokens, pseudo.bytes), (4, 6));
    assert_eq!(
        (pseudo.pseudo_perplexity, pseudo.pseudo_bits_per_byte),
        (8.0, 2.0)
    );
    assert_eq!(metrics.by_source["b"].pseudo, None);
}

#[test]
fn what_does_not_apply_is_null_and_the_form_is_told() {
    let mut results = Results::default();
    results.add(
        &document("a", None, 6),
        &score(1.0, &[0]),
        &score(1.0, &[0]),
    );
    let metrics = results.report(facts(), 0.15).unwrap();
    let json = serde_json::to_value(metrics).unwrap();
    assert_eq!(json["objective"], "masked_tokens");
    for key in ["tasks", "memorization", "samples"] {
        assert!(json.as_object().unwrap()[key].is_null(), "{key}");
    }
}

#[test]
fn a_group_without_a_loss_is_left_out() {
    let mut results = Results::default();
    let known = score(1.0, &[0]);
    results.add(&document("a", None, 6), &known, &known);
    results.add_pseudo(&document("b", None, 6), &known);
    results.add(
        &document("c", None, 6),
        &Score::default(),
        &Score::default(),
    );
    let metrics = results.report(facts(), 0.15).unwrap();
    assert!(metrics.by_source.keys().eq(["a"]));
    assert_eq!(metrics.overall.pseudo.unwrap().documents, 1);
}

#[test]
fn nothing_hidden_and_no_numbers_are_errors() {
    let none = Results::default().report(facts(), 0.15).unwrap_err();
    assert!(matches!(none, Error::NoDocuments));
    let mut results = Results::default();
    let (a, known) = (document("a", None, 6), score(1.0, &[0]));
    results.add(&a, &score(f64::NAN, &[0]), &known);
    let error = results.report(facts(), 0.15).unwrap_err().to_string();
    assert!(error.contains("the model gave"), "{error}");
}
