//! What each rule measured and drops.

use std::collections::BTreeMap;

use anyhow::Result;
use textmill_filter::Retune;
use textmill_filter::rules::{Bound, Rule};
use textmill_schemas::Signals;

use super::Measured;
use super::tally::short;
use crate::explore::table;
use crate::output::{say, sayln};

/// Documents that the percentiles are taken from.
const SAMPLE: usize = 20_000;

/// Documents of one rule.
#[derive(Clone, Copy, Default)]
struct Count {
    /// Dropped by it, the first rule that they miss.
    first: u64,
    /// Missing it.
    misses: u64,
    /// Missing it and no other rule.
    alone: u64,
}

/// Prints a table of the rules: percentiles of what they measured, their limits, and how many
/// documents they drop.
pub fn print(run: &Measured, retune: &Retune) -> Result<()> {
    let mut counts = vec![Count::default(); Rule::COUNT];
    let mut sample: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    run.each(|signals| {
        count(signals, retune, &mut counts);
        // Ids are hashes: the first ones are a sample that is the same each time.
        let scores = signals.scores.clone();
        sample.insert(signals.id.clone(), scores);
        if sample.len() > SAMPLE {
            sample.pop_last();
        }
    })?;
    sayln!("{} documents of {}\n", run.manifest.read, run.dir.display());
    say!(
        "{}",
        table(
            &rows(retune, &counts, &sample),
            &[false, true, true, true, true, true, true, true]
        )
    );
    sayln!(
        "\nLimits are those of languages without limits of their own. drops: the first rule that a \
         document misses; misses: all documents that miss the rule; alone: those that miss no other."
    );
    sayln!("Try others with --set, such as: textmill tune filter --set filter.min_words=80");
    Ok(())
}

fn count(signals: &Signals, retune: &Retune, counts: &mut [Count]) {
    let scores = retune.scores(signals);
    let lang = signals.lang.as_deref();
    let misses = |rule: &&Rule| {
        let score = scores.get(**rule);
        score.is_some_and(|score| retune.bound(lang, **rule).missed_by(score).is_some())
    };
    let missed: Vec<&Rule> = Rule::ALL.iter().filter(misses).collect();
    for (place, rule) in missed.iter().enumerate() {
        let count = &mut counts[**rule as usize];
        count.first += u64::from(place == 0);
        count.misses += 1;
        count.alone += u64::from(missed.len() == 1);
    }
}

fn rows(
    retune: &Retune,
    counts: &[Count],
    sample: &BTreeMap<String, Vec<f32>>,
) -> Vec<Vec<String>> {
    let head = [
        "rule", "p5", "p50", "p95", "limit", "drops", "misses", "alone",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (rule, count) in Rule::ALL.iter().zip(counts) {
        let scores = sample
            .values()
            .filter_map(|scores| scores.get(*rule as usize).copied());
        let mut values: Vec<f32> = scores.filter(|score| !score.is_nan()).collect();
        if values.is_empty() {
            continue;
        }
        values.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            let place = (values.len() - 1) as f64 * share;
            short(f64::from(values[place.round() as usize]))
        };
        rows.push(vec![
            rule.name().to_owned(),
            at(0.05),
            at(0.5),
            at(0.95),
            limit(retune.bound(None, *rule)),
            count.first.to_string(),
            count.misses.to_string(),
            count.alone.to_string(),
        ]);
    }
    rows
}

fn limit(bound: Bound) -> String {
    match bound {
        Bound::None => "-".to_owned(),
        Bound::Least(least) => format!("≥ {}", short(least)),
        Bound::Most(most) => format!("≤ {}", short(most)),
        Bound::Within(least, most) => format!("{} – {}", short(least), short(most)),
    }
}
