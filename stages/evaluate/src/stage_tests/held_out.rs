//! Sources that the trainer's mixture left out.

use super::*;

#[test]
fn what_was_held_out_stands_beside_the_rest_and_is_no_baselines_business() {
    let mut run = prepared();
    run.go(&config()).unwrap();
    let before = run.metrics();
    assert!(before.get("by_training").is_none() && before.get("held_out").is_none());
    let sources: Vec<String> = before["by_source"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let held_out = &sources[0];
    let stats = &mut run.input(TRAIN).manifest.stats;
    stats.insert(
        "held_out".to_owned(),
        json!({"sources": [held_out], "languages": []}),
    );
    let report = run.go(&config()).unwrap();
    let after = run.metrics();
    assert_eq!(after["held_out"]["sources"][0], held_out.as_str());
    let [inside, outside] = ["trained_on", "held_out"].map(|part| &after["by_training"][part]);
    assert_eq!(outside["model"], after["by_source"][held_out]["model"]);
    let documents = |part: &Value| part["model"]["documents"].as_u64().unwrap();
    assert_eq!(
        documents(inside) + documents(outside),
        documents(&after["overall"])
    );
    assert!(documents(inside) > 0);
    // The model is the same, the n-grams have not counted the source.
    assert_eq!(after["overall"]["model"], before["overall"]["model"]);
    let unigram =
        |metrics: &Value| metrics["by_source"][held_out]["unigram"]["bits_per_byte"].as_f64();
    assert!(unigram(&after) > unigram(&before));
    let all: usize = documents_of_training()
        .map(|document| document.tokens.len())
        .sum();
    let rest = documents_of_training().filter(|document| document.source != *held_out);
    let rest: usize = rest.map(|document| document.tokens.len()).sum();
    assert!(rest < all);
    assert_eq!(report.stats["baseline_tokens"], rest);
}

fn documents_of_training() -> impl Iterator<Item = Tokens> {
    super::documents(0..12).into_iter()
}
