//! Scores as people and programs read them.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};
use textmill_metrics::{BleuScore, ChrfScore, Confusion};

use super::Metric;
use crate::explore::escape;
use crate::output::sayln;

/// Classes to print a confusion matrix of at most; --json has all.
const SHOWN: usize = 12;

/// What came out.
pub(super) enum Scores {
    Bleu(BleuScore),
    Chrf(ChrfScore),
    /// In percent.
    Answers {
        exact_match: f64,
        f1: f64,
    },
    Classification(Confusion),
}

impl Scores {
    pub fn print(&self, metric: Metric, rows: usize, json: bool) -> Result<()> {
        if json {
            let mut value = self.json()?;
            let name = metric.to_possible_value();
            value["metric"] = name.map(|name| name.get_name().to_owned()).into();
            value["rows"] = rows.into();
            sayln!("{value}");
            return Ok(());
        }
        match self {
            Self::Bleu(score) => sayln!("{score}"),
            Self::Chrf(score) => sayln!("{score}"),
            Self::Answers { exact_match, f1 } => {
                sayln!("exact match {exact_match:.2}, F1 {f1:.2}, of {rows} answers");
            }
            Self::Classification(confusion) => table(confusion),
        }
        Ok(())
    }

    fn json(&self) -> Result<Value> {
        Ok(match self {
            Self::Bleu(score) => serde_json::to_value(score)?,
            Self::Chrf(score) => serde_json::to_value(score)?,
            Self::Answers { exact_match, f1 } => json!({"exact_match": exact_match, "f1": f1}),
            Self::Classification(confusion) => json!({
                "accuracy": confusion.accuracy(),
                "accuracy_error": confusion.accuracy_error(),
                "majority": confusion.majority(),
                "matthews": confusion.matthews(),
                "macro": confusion.macro_average(),
                "weighted": confusion.weighted_average(),
                "micro": confusion.micro_average(),
                "classes": confusion.classes(),
                "confusion": {"labels": confusion.labels(), "counts": confusion.counts()},
            }),
        })
    }
}

fn table(confusion: &Confusion) {
    let (accuracy, error) = (confusion.accuracy(), confusion.accuracy_error());
    sayln!(
        "accuracy {accuracy:.4} ± {error:.4} of {}; the most frequent class alone {:.4}; MCC {:.4}",
        confusion.total(),
        confusion.majority(),
        confusion.matthews()
    );
    sayln!(
        "{:>9} {:>9} {:>9} {:>9}  class",
        "precision",
        "recall",
        "F1",
        "support"
    );
    for class in confusion.classes() {
        let label = escape(&class.label);
        let (precision, recall, f1) = (class.precision, class.recall, class.f1);
        sayln!(
            "{precision:9.4} {recall:9.4} {f1:9.4} {:9}  {label}",
            class.support
        );
    }
    for (name, mean) in [
        ("macro average", confusion.macro_average()),
        ("weighted average", confusion.weighted_average()),
        ("micro average", confusion.micro_average()),
    ] {
        let (precision, recall, f1) = (mean.precision, mean.recall, mean.f1);
        sayln!(
            "{precision:9.4} {recall:9.4} {f1:9.4} {:9}  {name}",
            confusion.total()
        );
    }
    let labels = confusion.labels();
    if labels.len() > SHOWN {
        sayln!("{} classes: --json has the confusion matrix", labels.len());
        return;
    }
    sayln!("confusion matrix: a row for each class, a column for each prediction, in this order");
    for (label, row) in labels.iter().zip(confusion.counts()) {
        let cells: Vec<String> = row.iter().map(|n| format!("{n:>7}")).collect();
        sayln!("{}  {}", cells.join(" "), escape(label));
    }
}
