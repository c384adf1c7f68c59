//! What fine-tuning came to, on the terminal.

use anyhow::Result;
use serde_json::{Value, json};
use textmill_finetune::{Job, Outcome, Task};

use super::FinetuneArgs;
use crate::explore::{escape, table};
use crate::output::{say, sayln};

/// Rows that were left out and are named one by one.
const NAMED: usize = 10;

/// Prints the table, and what is to be known of it.
pub fn outcome(args: &FinetuneArgs, job: &Job, outcome: &Outcome) -> Result<()> {
    for refused in outcome.refused.iter().take(NAMED) {
        eprintln!("left out: {}", escape(refused));
    }
    if outcome.refused.len() > NAMED {
        eprintln!("left out: {} more rows", outcome.refused.len() - NAMED);
    }
    if args.json {
        sayln!("{}", json!(outcome));
        return Ok(());
    }
    let [train, dev, test] = outcome.rows;
    let of = if outcome.tested_on_dev {
        "the dev rows, as there is no --test"
    } else {
        "the test rows"
    };
    sayln!(
        "{} on {train} rows, stopped by {dev}; the table is of {of} ({test})",
        job.task.name()
    );
    if outcome.cut > 0 {
        sayln!(
            "{} of the texts to learn from are longer than the context, and were cut",
            outcome.cut
        );
    }
    sayln!();
    let columns = outcome.table.columns();
    let short = |name: &str| name.split(" (nrefs").next().unwrap_or(name).to_owned();
    let mut head = vec![String::new()];
    head.extend(columns.iter().map(|name| short(name)));
    let mut rows = vec![head];
    for line in &outcome.table.lines {
        let mut row = vec![line.name.clone()];
        row.extend(outcome.table.cells(line));
        rows.push(row);
    }
    say!("{}", numbers(&rows));
    sayln!();
    for line in &outcome.table.lines {
        sayln!("{}: {}", line.name, line.note);
    }
    for name in columns.iter().filter(|name| name.contains("(nrefs")) {
        sayln!("{name}");
    }
    if let Some(matrix) = &outcome.confusion {
        confusion(matrix);
    }
    if let Some(privacy) = &outcome.privacy {
        sayln!();
        sayln!("{privacy}");
    }
    sayln!();
    sayln!(
        "{} parameters trained in {:.0} s. Output: {}",
        outcome.trained,
        outcome.seconds,
        job.out.display()
    );
    let folder = job.out.display();
    match job.task {
        Task::Qa => sayln!("Use it: textmill predict {folder} --file questions.json"),
        Task::Instruct => sayln!("Use it: textmill chat --model {folder}"),
        _ => sayln!("Use it: textmill predict {folder} --text …"),
    }
    Ok(())
}

/// The classes down, what they were taken for across.
fn confusion(matrix: &Value) {
    let labels: Vec<String> = serde_json::from_value(matrix["labels"].clone()).unwrap_or_default();
    let counts: Vec<Vec<u64>> =
        serde_json::from_value(matrix["counts"].clone()).unwrap_or_default();
    let mut rows = vec![vec!["is ↓ taken for →".to_owned()]];
    rows[0].extend(labels.iter().map(|label| escape(label)));
    for (label, counts) in labels.iter().zip(counts) {
        let mut row = vec![escape(label)];
        row.extend(counts.iter().map(u64::to_string));
        rows.push(row);
    }
    sayln!();
    say!("{}", numbers(&rows));
}

/// A table whose first column is text, the others numbers.
fn numbers(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let right: Vec<bool> = (0..columns).map(|column| column > 0).collect();
    table(rows, &right)
}
