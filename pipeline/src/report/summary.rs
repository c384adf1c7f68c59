//! The summary at the end of a run.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::chart;
use super::data::{Comparison, Evaluation, Recitals, Recited, RunData, TaskScores};
use super::exposure::exposures;
use super::masked::{about, masked_rows};
use crate::config::Config;
use crate::explore::{cut, escape, table};
use crate::output::{say, sayln};

/// Prints what a run came to, as far as it has come.
pub fn print_summary(config: &Config) -> Result<()> {
    let run = RunData::read(config)?;
    if run.manifests.is_empty() {
        bail!(
            "{}: nothing has run yet; start with `textmill run`",
            run.dir.display()
        );
    }
    sayln!("\nDocuments");
    say!("{}", stages(&run));
    let rules = rules(&run);
    if rules.len() > 1 {
        sayln!("\nDropped by rule");
        say!("{}", table(&rules, &[false, false, true, true]));
    }
    print_clusters(&run);
    print_tokens(&run);
    let curve = chart::text(&run.losses());
    if !curve.is_empty() {
        sayln!("\nLoss in nats a token, · training, ● validation");
        say!("{curve}");
    }
    if let Some(evaluation) = &run.evaluation {
        sayln!("\nValidation");
        say!("{}", scores(evaluation));
        if !evaluation.tasks.is_empty() {
            sayln!("\nTasks");
            say!("{}", tasks(&evaluation.tasks));
        }
        if let Some(memorization) = &evaluation.memorization {
            sayln!("\n{}", known_by_heart(memorization));
        }
        if let Some(found) = &evaluation.exposure {
            sayln!("\nExposure of planted secrets");
            say!("{}", exposures(found));
        }
        if !evaluation.samples.is_empty() {
            sayln!("\nThe model writes");
        }
        for sample in &evaluation.samples {
            sayln!(
                "  [{}] {} ▸ {}",
                sample.lang,
                escape(&sample.prompt),
                cut(&escape(&sample.text), 400)
            );
        }
    }
    if let Some(masked) = &run.masked {
        sayln!("\nValidation: {}", about(masked));
        let right: Vec<bool> = (0..10).map(|column| column > 1).collect();
        say!("{}", table(&masked_rows(masked), &right));
    }
    print_places(&run);
    Ok(())
}

fn stages(run: &RunData) -> String {
    let head = [
        "stage", "in", "kept", "dropped", "seconds", "peak MiB", "written",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for manifest in &run.manifests {
        rows.push(vec![
            manifest.stage.clone(),
            manifest.read.to_string(),
            manifest.kept_rows.to_string(),
            manifest.dropped_total().to_string(),
            format!("{:.1}", manifest.wall_seconds),
            manifest
                .peak_memory_bytes
                .map_or("-".to_owned(), |b| (b >> 20).to_string()),
            indicatif::BinaryBytes(manifest.bytes_written).to_string(),
        ]);
    }
    table(&rows, &[false, true, true, true, true, true, true])
}

/// Every rule that dropped something, with its share of what the stage read.
pub fn rules(run: &RunData) -> Vec<Vec<String>> {
    let head = ["stage", "rule", "documents", "share"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for manifest in &run.manifests {
        let mut rules: Vec<(&String, &u64)> = manifest.dropped_rows.iter().collect();
        rules.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        for (rule, count) in rules {
            rows.push(vec![
                manifest.stage.clone(),
                rule.clone(),
                count.to_string(),
                format!(
                    "{:.1}%",
                    100.0 * *count as f64 / manifest.read.max(1) as f64
                ),
            ]);
        }
    }
    rows
}

/// Large clusters are seldom what they seem: a word to look at them.
fn print_clusters(run: &RunData) {
    let Some(manifest) = run.manifest("dedupe") else {
        return;
    };
    let stat = |name: &str| manifest.stats.get(name).and_then(|v| v.as_u64());
    let (Some(clusters @ 1..), Some(largest)) = (stat("clusters"), stat("largest_cluster")) else {
        return;
    };
    sayln!(
        "\nDuplicates: {clusters} clusters, the largest of {largest} documents (textmill clusters)"
    );
    if let Some(over @ 1..) = stat("clusters_over_limit") {
        sayln!("  {over} are larger than [dedupe] max_cluster: look at them before you trust them");
    }
}

fn print_tokens(run: &RunData) {
    let Some(manifest) = run.manifest("tokenize") else {
        return;
    };
    let stat = |name: &str| {
        manifest
            .stats
            .get(name)
            .and_then(|v| v.as_u64())
            .unwrap_or(0)
    };
    sayln!("\nTokens (vocabulary of {})", stat("vocab_size"));
    for side in ["train", "validation"] {
        let [documents, tokens, bytes] =
            ["documents", "tokens", "bytes"].map(|name| stat(&format!("{side}_{name}")));
        let rate = bytes as f64 / tokens.max(1) as f64;
        sayln!("  {side:<10}  {tokens} tokens in {documents} documents, {rate:.2} bytes a token");
    }
}

/// The comparison table: overall, by language, by source.
pub fn comparison_rows(evaluation: &Evaluation) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "",
            "predictor",
            "documents",
            "tokens",
            "perplexity",
            "bits/byte",
            "top-1",
            "top-5",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut add = |name: &str, comparison: &Comparison| {
        let predictors = [
            ("model", &comparison.model),
            ("5-gram", &comparison.kneser_ney_5),
            ("unigram", &comparison.unigram),
        ];
        for (index, (predictor, scores)) in predictors.into_iter().enumerate() {
            rows.push(vec![
                if index == 0 {
                    name.to_owned()
                } else {
                    String::new()
                },
                predictor.to_owned(),
                scores.documents.to_string(),
                scores.tokens.to_string(),
                format!("{:.1}", scores.perplexity),
                with_error(Some(scores.bits_per_byte), scores.bits_per_byte_stderr, 3),
                format!("{:.1}%", 100.0 * scores.top1),
                format!("{:.1}%", 100.0 * scores.top5),
            ]);
        }
    };
    add("overall", &evaluation.overall);
    for part in ["trained_on", "held_out"] {
        if let Some(comparison) = evaluation.by_training.get(part) {
            add(&part.replace('_', " "), comparison);
        }
    }
    for (lang, comparison) in &evaluation.by_lang {
        add(&mark(lang, &evaluation.held_out.languages), comparison);
    }
    for (source, comparison) in &evaluation.by_source {
        add(&mark(source, &evaluation.held_out.sources), comparison);
    }
    for (class, comparison) in &evaluation.by_length {
        add(&length_class(*class), comparison);
    }
    rows
}

/// A name, and whether the model has learnt from what it names.
fn mark(name: &str, held_out: &BTreeSet<String>) -> String {
    match held_out.contains(name) {
        true => format!("{} (held out)", escape(name)),
        false => escape(name),
    }
}

/// A length class in words, by the least number of tokens in it.
pub fn length_class(from: u64) -> String {
    match from {
        0 => "under 16 tokens".to_owned(),
        from => format!("{from} to {} tokens", 4 * from - 1),
    }
}

/// A figure with its standard error.
pub fn with_error(value: Option<f64>, error: Option<f64>, decimals: usize) -> String {
    let number = |value: f64| match value < 1e6 {
        true => format!("{value:.decimals$}"),
        false => format!("{value:.2e}"), // of a model that knows nothing
    };
    match (value, error) {
        (Some(value), Some(error)) => format!("{} ± {}", number(value), number(error)),
        (Some(value), None) => number(value),
        (None, _) => "-".to_owned(),
    }
}

/// The table of tasks as text.
pub fn tasks(all: &[TaskScores]) -> String {
    let mut right = [true; 7];
    right[..1].fill(false);
    table(&task_rows(all), &right)
}

/// The table of tasks, those of several files with their parts before them.
pub fn task_rows(all: &[TaskScores]) -> Vec<Vec<String>> {
    let head = [
        "task",
        "questions",
        "left out",
        "chance",
        "acc",
        "acc_norm",
        "perplexity",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let row = |scores: &TaskScores| {
        vec![
            escape(&scores.task),
            scores.documents.to_string(),
            scores.refused.to_string(),
            with_error(scores.chance, None, 4),
            with_error(Some(scores.acc), scores.acc_stderr, 4),
            with_error(scores.acc_norm, scores.acc_norm_stderr, 4),
            with_error(scores.perplexity, scores.perplexity_stderr, 2),
        ]
    };
    for scores in all {
        rows.extend(scores.parts.iter().map(row));
        rows.push(row(scores));
    }
    rows
}

/// A sentence about what the model can recite.
pub fn known_by_heart(memorization: &Recitals) -> String {
    let side = |recited: &Recited| format!("{:.1}% of {}", 100.0 * recited.rate, recited.passages);
    format!(
        "By heart: given {} tokens, the model goes on with exactly the next {} in {} training \
         passages, and in {} validation passages",
        memorization.prompt_tokens,
        memorization.continuation_tokens,
        side(&memorization.train),
        side(&memorization.validation)
    )
}

fn scores(evaluation: &Evaluation) -> String {
    table(
        &comparison_rows(evaluation),
        &[false, false, true, true, true, true, true, true],
    )
}

fn print_places(run: &RunData) {
    sayln!("\nWhere it lies");
    let dir = run.dir.display();
    for manifest in &run.manifests {
        sayln!("  {dir}/{}", manifest.stage);
    }
    let checkpoint = run
        .manifest("train")
        .and_then(|train| train.stats.get("checkpoint"));
    if let Some(checkpoint) = checkpoint.and_then(|name| name.as_str()) {
        sayln!("  {dir}/train/{checkpoint}  the model, as Hugging Face loads it");
    }
    sayln!("  {dir}/report.html  this summary as a page");
}
