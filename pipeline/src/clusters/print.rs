//! Clusters on a terminal, or as JSON lines.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::difference::{Difference, Part};
use super::show::{Card, Shown, ShownMember};
use super::survey::Survey;
use super::{Deduplicated, short};
use crate::explore::{Paint, cut, escape, table};
use crate::output::{say, sayln};

/// What stands before a difference.
pub const INDENT: &str = "          ";

/// Prints how many clusters there are of which size.
pub fn figures(run: &Deduplicated, survey: &Survey, as_json: bool) -> Result<()> {
    let all = survey.clusters();
    if as_json {
        let sizes = survey.sizes();
        let sizes: Map<String, Value> = sizes
            .map(|(name, count)| (name.to_owned(), count.clusters.into()))
            .collect();
        sayln!(
            "{}",
            json!({
                "clusters": all.clusters,
                "documents": all.documents,
                "alone": survey.alone(),
                "sizes": sizes,
                "dropped": run.manifest.dropped_rows,
            })
        );
        return Ok(());
    }
    sayln!(
        "{}: {} clusters of {} documents, and {} documents without duplicates\n",
        run.dir.display(),
        all.clusters,
        all.documents,
        survey.alone()
    );
    let head = ["size", "clusters", "documents"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(survey.sizes().map(|(name, count)| {
        vec![
            name.to_owned(),
            count.clusters.to_string(),
            count.documents.to_string(),
        ]
    }));
    say!("{}", table(&rows, &[true, true, true]));
    let dropped = counts(&run.manifest.dropped_rows);
    sayln!(
        "\nDropped: {}",
        if dropped.is_empty() { "none" } else { &dropped }
    );
    Ok(())
}

/// Prints a cluster with the members that are shown.
pub fn cluster(shown: &Shown, as_json: bool, width: usize) -> Result<()> {
    if as_json {
        sayln!("{}", serde_json::to_string(shown)?);
        return Ok(());
    }
    let paint = Paint::of_stdout();
    let dropped = counts(&shown.rules);
    sayln!("\n{} documents: 1 kept, {dropped}", shown.size);
    let kept = line("kept", None, &shown.id, &shown.kept);
    sayln!("{}", paint.with(Paint::GREEN, &cut(&kept, width)));
    for member in &shown.members {
        print_member(member, paint, width);
    }
    let further = u64::from(shown.size)
        .saturating_sub(1)
        .saturating_sub(shown.members.len() as u64);
    if further > 0 && !shown.members.is_empty() {
        sayln!("  … {further} more");
    }
    Ok(())
}

fn print_member(member: &ShownMember, paint: Paint, width: usize) {
    let line = line(short(&member.rule), member.value, &member.id, &member.card);
    sayln!("{}", cut(&line, width));
    let Some(difference) = &member.difference else {
        return;
    };
    sayln!("{INDENT}{}", paint.dim(&summary(difference)));
    for parts in &difference.lines {
        let text: String = parts.iter().map(|part| mark(part, paint)).collect();
        sayln!("{INDENT}{text}");
    }
}

fn summary(difference: &Difference) -> String {
    let further = difference.places - difference.shown;
    let first = match further {
        0 => String::new(),
        _ => format!(", {} of them shown", difference.shown),
    };
    let whole = if difference.cut {
        "beginnings alone compared: "
    } else {
        ""
    };
    match difference.places {
        0 => format!("{whole}the same words"),
        places => format!(
            "{whole}words only in the kept text: {}, only here: {}; places: {places}{first}",
            difference.removed, difference.added
        ),
    }
}

fn mark(part: &Part, paint: Paint) -> String {
    match part {
        Part::Same(text) => escape(text),
        Part::Removed(text) if paint.is_on() => paint.with(Paint::RED, &escape(text)),
        Part::Added(text) if paint.is_on() => paint.with(Paint::GREEN, &escape(text)),
        Part::Removed(text) => format!("[-{}-]", escape(text)),
        Part::Added(text) => format!("{{+{}+}}", escape(text)),
    }
}

/// What a document is, in one line.
fn line(what: &str, similarity: Option<f64>, id: &str, card: &Card) -> String {
    let similarity = similarity.map_or(String::new(), |value| format!("{value:.4}"));
    let place = card.url.as_ref().unwrap_or(&card.file);
    format!(
        "  {:<6}  {}  {similarity:<6}  {} characters  {}  {}",
        escape(what),
        escape(id),
        card.characters,
        escape(&card.source),
        escape(place)
    )
}

fn counts(rules: &std::collections::BTreeMap<String, u64>) -> String {
    let counts = rules
        .iter()
        .map(|(rule, count)| format!("{count} {}", escape(short(rule))));
    counts.collect::<Vec<_>>().join(", ")
}
