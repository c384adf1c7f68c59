//! What a model that fills in masked tokens came to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::summary::{length_class, with_error};
use crate::explore::escape;

/// evaluate/metrics.json of such a model.
#[derive(Clone, Debug, Deserialize)]
pub struct MaskedEvaluation {
    /// Share of the tokens that was hidden.
    pub mask_share: f64,
    /// Model and baseline over all validation documents.
    pub overall: Comparison,
    /// The same by source.
    pub by_source: BTreeMap<String, Comparison>,
    /// The same by language.
    pub by_lang: BTreeMap<String, Comparison>,
    /// By the least number of tokens of a length class.
    pub by_length: BTreeMap<u64, Comparison>,
}

/// The model beside the baseline, on the same hidden tokens.
#[derive(Clone, Debug, Deserialize)]
pub struct Comparison {
    model: Scores,
    unigram: Scores,
    /// Each token hidden alone, of some of the documents.
    pseudo: Option<Pseudo>,
}

#[derive(Clone, Debug, Deserialize)]
struct Scores {
    documents: u64,
    tokens: u64,
    masked_loss: f64,
    masked_loss_stderr: Option<f64>,
    masked_accuracy: f64,
    masked_top5: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct Pseudo {
    documents: u64,
    pseudo_perplexity: f64,
    pseudo_bits_per_byte: f64,
    pseudo_bits_per_byte_stderr: Option<f64>,
}

/// A sentence on what the table holds.
pub fn about(evaluation: &MaskedEvaluation) -> String {
    format!(
        "{:.0}% of the tokens are hidden together, and for the pseudo-perplexity each of some documents' tokens \
         alone; neither is a likelihood, and cannot be put beside a causal model's figures",
        100.0 * evaluation.mask_share
    )
}

/// The comparison table: overall, by language, by source, by length.
pub fn masked_rows(evaluation: &MaskedEvaluation) -> Vec<Vec<String>> {
    let head = [
        "",
        "predictor",
        "documents",
        "hidden",
        "masked loss",
        "accuracy",
        "top-5",
        "pseudo-perplexity",
        "pseudo bits/byte",
        "of documents",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(pair("overall", &evaluation.overall));
    for (lang, comparison) in &evaluation.by_lang {
        rows.extend(pair(&escape(lang), comparison));
    }
    for (source, comparison) in &evaluation.by_source {
        rows.extend(pair(&escape(source), comparison));
    }
    for (class, comparison) in &evaluation.by_length {
        rows.extend(pair(&length_class(*class), comparison));
    }
    rows
}

fn pair(name: &str, comparison: &Comparison) -> [Vec<String>; 2] {
    let none = || "-".to_owned();
    let row = |name: &str, predictor: &str, scores: &Scores, pseudo: Option<&Pseudo>| {
        vec![
            name.to_owned(),
            predictor.to_owned(),
            scores.documents.to_string(),
            scores.tokens.to_string(),
            with_error(Some(scores.masked_loss), scores.masked_loss_stderr, 3),
            format!("{:.1}%", 100.0 * scores.masked_accuracy),
            format!("{:.1}%", 100.0 * scores.masked_top5),
            with_error(pseudo.map(|of| of.pseudo_perplexity), None, 2),
            with_error(
                pseudo.map(|of| of.pseudo_bits_per_byte),
                pseudo.and_then(|of| of.pseudo_bits_per_byte_stderr),
                3,
            ),
            pseudo.map_or_else(none, |of| of.documents.to_string()),
        ]
    };
    [
        row(name, "model", &comparison.model, comparison.pseudo.as_ref()),
        row("", "unigram", &comparison.unigram, None),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_stand_in_their_columns_and_absent_ones_are_dashes() {
        let scores = json!({
            "documents": 3, "tokens": 20, "masked_loss": 2.5, "masked_loss_stderr": 0.25,
            "masked_accuracy": 0.5, "masked_top5": 0.75,
        });
        let pseudo = json!({
            "documents": 2, "pseudo_perplexity": 8.0, "pseudo_bits_per_byte": 1.25,
            "pseudo_bits_per_byte_stderr": null,
        });
        let of = |pseudo: serde_json::Value| json!({"model": scores, "unigram": scores, "pseudo": pseudo});
        let evaluation = json!({
            "mask_share": 0.15, "overall": of(pseudo), "by_source": {"n\u{1b}ews": of(json!(null))},
            "by_lang": {}, "by_length": {},
        });
        let evaluation: MaskedEvaluation = serde_json::from_value(evaluation).unwrap();
        let rows = masked_rows(&evaluation);
        let cells = ["model", "3", "20", "2.500 ± 0.250", "50.0%", "75.0%"];
        assert_eq!(rows[1][1..7], cells);
        assert_eq!(rows[1][7..], ["8.00", "1.250", "2"]);
        assert_eq!(rows[2][7..], ["-", "-", "-"]);
        assert_eq!(rows[3][7..], ["-", "-", "-"]);
        assert!(!rows[3][0].contains('\u{1b}'));
        assert!(about(&evaluation).starts_with("15%"));
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    }
}
