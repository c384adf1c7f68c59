//! Who changes sides.

use std::collections::BTreeMap;

use anyhow::Result;
use textmill_filter::Retune;
use textmill_schemas::Signals;

use super::Measured;
use crate::explore::table;
use crate::output::{say, sayln};

/// Documents and their bytes.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    pub documents: u64,
    pub bytes: u64,
}

impl Sum {
    fn add(&mut self, signals: &Signals) {
        self.documents += 1;
        self.bytes += signals.bytes;
    }
}

/// A document that changes sides.
#[derive(Clone)]
pub struct Example {
    pub id: String,
    /// The rule that dropped it, or drops it now, with what it says.
    pub why: String,
}

/// The documents on one side, by rule, with the first few by id: ids are hashes, so these are a
/// sample that is the same each time.
#[derive(Default)]
pub struct Side {
    pub sum: Sum,
    by_rule: BTreeMap<String, Sum>,
    by_lang: BTreeMap<String, Sum>,
    examples: BTreeMap<String, Example>,
}

impl Side {
    fn add(&mut self, signals: &Signals, rule: &str, why: String, most: usize) {
        self.sum.add(signals);
        self.by_rule
            .entry(rule.to_owned())
            .or_default()
            .add(signals);
        let lang = signals.lang.clone().unwrap_or_else(|| "-".to_owned());
        self.by_lang.entry(lang).or_default().add(signals);
        let id = signals.id.clone();
        self.examples.insert(id.clone(), Example { id, why });
        if self.examples.len() > most {
            self.examples.pop_last();
        }
    }

    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.examples.values()
    }
}

/// What another configuration changes.
#[derive(Default)]
pub struct Tally {
    pub kept_before: Sum,
    pub kept_after: Sum,
    pub newly_kept: Side,
    pub newly_dropped: Side,
    /// Documents that are dropped before and after, by another rule.
    pub other_rule: u64,
}

pub fn count(run: &Measured, retune: &Retune, examples: usize) -> Result<Tally> {
    let mut tally = Tally::default();
    run.each(|signals| {
        let now = retune.decide(signals);
        match (&signals.dropped_by, now) {
            (None, None) => {}
            (None, Some(miss)) => {
                let rule = miss.rule.name();
                let why = format!(
                    "{rule}: {} (limit {})",
                    short(miss.value),
                    short(miss.limit)
                );
                tally.newly_dropped.add(signals, rule, why, examples);
            }
            (Some(rule), None) => {
                tally
                    .newly_kept
                    .add(signals, rule, format!("was dropped by {rule}"), examples);
            }
            (Some(rule), Some(miss)) => {
                tally.other_rule += u64::from(rule != miss.rule.name());
            }
        }
        if signals.dropped_by.is_none() {
            tally.kept_before.add(signals);
        }
        if now.is_none() {
            tally.kept_after.add(signals);
        }
    })?;
    Ok(tally)
}

/// A number with as many decimals as matter.
pub fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Bytes of text that a token holds, where no tokenizer of the run says it: about that of English.
const BYTES_PER_TOKEN: f64 = 4.0;

impl Tally {
    pub fn print(&self, bytes_per_token: Option<f64>) {
        let ratio = bytes_per_token.unwrap_or(BYTES_PER_TOKEN);
        let row = |name: &str, sum: Sum| {
            let tokens = (sum.bytes as f64 / ratio).round();
            vec![
                name.to_owned(),
                sum.documents.to_string(),
                sum.bytes.to_string(),
                format!("{tokens:.0}"),
            ]
        };
        let head = ["", "documents", "bytes", "tokens, about"];
        let rows = [
            head.map(str::to_owned).to_vec(),
            row("kept before", self.kept_before),
            row("newly kept", self.newly_kept.sum),
            row("newly dropped", self.newly_dropped.sum),
            row("kept after", self.kept_after),
        ];
        sayln!();
        say!("{}", table(&rows, &[false, true, true, true]));
        let whence = match bytes_per_token {
            Some(_) => "as this run's tokenizer has it",
            None => "as is usual for English; this run has no tokenizer yet",
        };
        sayln!("\nTokens are counted at {ratio:.2} bytes each, {whence}.");
        sayln!(
            "{} documents are dropped by another rule than before.",
            self.other_rule
        );
        for (name, side) in [
            ("Newly kept", &self.newly_kept),
            ("Newly dropped", &self.newly_dropped),
        ] {
            print_side(name, side, &row);
        }
    }
}

fn print_side(name: &str, side: &Side, row: &dyn Fn(&str, Sum) -> Vec<String>) {
    if side.sum.documents == 0 {
        return;
    }
    let head = [name, "documents", "bytes", "tokens, about"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let rules = side.by_rule.iter().map(|(rule, sum)| row(rule, *sum));
    let languages = side
        .by_lang
        .iter()
        .map(|(lang, sum)| row(&format!("language {lang}"), *sum));
    rows.extend(rules.chain(languages));
    sayln!();
    say!("{}", table(&rows, &[false, true, true, true]));
}
