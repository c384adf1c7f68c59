//! `textmill trace`: one document's way through the stages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use textmill_schemas::{Document, Dropped, Manifest, RawDocument, Row, ShardReader, Tokens};

use super::terminal::{cut, escape};
use crate::config::Config;
use crate::output::sayln;
use crate::stages::STAGES;

/// Characters of a text that are shown at each stop.
const EXCERPT: usize = 300;

/// Prints where a document came from, what each stage changed, and why it ended where it did.
/// `wanted` is an id or its beginning, a URL, or a file.
pub fn trace(config: &Config, wanted: &str) -> Result<()> {
    let run = &config.run.dir;
    let ids = find(run, wanted)?;
    let id = match ids.as_slice() {
        [] => bail!(
            "{}: no document has this id, URL or file: {wanted}",
            run.join("collect").display()
        ),
        [id] => id,
        many => {
            sayln!(
                "{} documents match; name one of them by its id:",
                many.len()
            );
            for id in many.iter().take(50) {
                sayln!("  {id}");
            }
            return Ok(());
        }
    };
    let mut before: Option<String> = None;
    for stage in STAGES.iter().filter(|stage| stage.writes_documents) {
        let dir = run.join(stage.name);
        let Some(manifest) = Manifest::read(&dir)? else {
            sayln!("\n{:>10}  has not run yet", stage.name);
            return Ok(());
        };
        let kept: Vec<PathBuf> = manifest.kept.iter().map(|s| dir.join(&s.path)).collect();
        let dropped: Vec<PathBuf> = manifest.dropped.iter().map(|s| dir.join(&s.path)).collect();
        if let Some(row) = row_of::<Dropped>(&dropped, id)? {
            print_dropped(stage.name, &row);
            return Ok(());
        }
        match stage.name {
            "collect" => print_raw(&row_of(&kept, id)?.with_context(|| lost(stage.name))?),
            "tokenize" => print_tokens(&kept, id)?,
            name => {
                let row: Document = row_of(&kept, id)?.with_context(|| lost(name))?;
                print_document(name, &row, before.as_deref());
                before = Some(row.text);
            }
        }
    }
    Ok(())
}

fn lost(stage: &str) -> String {
    format!("{stage}: the document is neither kept nor dropped; the stage may be out of date")
}

/// Ids of the collected documents that match.
fn find(run: &Path, wanted: &str) -> Result<Vec<String>> {
    let dir = run.join("collect");
    let manifest = Manifest::read(&dir)?.with_context(|| {
        format!(
            "{}: nothing was collected yet; run `textmill run`",
            dir.display()
        )
    })?;
    let is_id = wanted.len() >= 4 && wanted.bytes().all(|b| b.is_ascii_hexdigit());
    let mut ids = Vec::new();
    let mut look = |origin: textmill_schemas::Origin| {
        let place = format!("{}/{}", origin.source, origin.file);
        if (is_id && origin.id.starts_with(wanted))
            || origin.url.as_deref() == Some(wanted)
            || origin.file == wanted
            || place == wanted
        {
            ids.push(origin.id);
        }
    };
    for shard in &manifest.kept {
        for group in ShardReader::<RawDocument>::open(&dir.join(&shard.path))? {
            group?.iter().for_each(|row| look(row.origin()));
        }
    }
    for shard in &manifest.dropped {
        for group in ShardReader::<Dropped>::open(&dir.join(&shard.path))? {
            group?.iter().for_each(|row| look(row.origin()));
        }
    }
    Ok(ids)
}

fn row_of<R: Row>(shards: &[PathBuf], id: &str) -> Result<Option<R>> {
    for shard in shards {
        for group in ShardReader::<R>::open(shard)? {
            if let Some(row) = group?.into_iter().find(|row| row.origin().id == id) {
                return Ok(Some(row));
            }
        }
    }
    Ok(None)
}

fn line(stage: &str, text: &str) {
    sayln!("{stage:>10}  {text}");
}

fn optional(stage: &str, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(stage, &format!("{name}: {}", escape(value)));
    }
}

fn print_raw(row: &RawDocument) {
    line("collect", &format!("id {}", row.id));
    let place = format!("{} / {} at byte {}", row.source, row.file, row.offset);
    line("", &format!("from {}", escape(&place)));
    optional("", "url", row.url.as_deref());
    optional("", "time", row.time.as_deref());
    optional("", "license", row.license.as_deref());
    let charset = row.charset.as_deref().unwrap_or("not declared");
    let what = format!(
        "{}, {} bytes, charset {charset}",
        row.media_type,
        row.body.len()
    );
    line("", &escape(&what));
}

fn print_document(stage: &str, row: &Document, before: Option<&str>) {
    sayln!();
    let chars = row.text.chars().count();
    line(
        stage,
        &format!(
            "kept, {chars} characters, {} lines",
            row.text.lines().count()
        ),
    );
    match stage {
        "extract" => {
            optional("", "title", row.title.as_deref());
            optional("", "author", row.author.as_deref());
            optional("", "date", row.date.as_deref());
            optional("", "charset", row.charset.as_deref());
        }
        "filter" => {
            let lang = row.lang.as_deref().unwrap_or("unknown");
            let script = row.script.as_deref().unwrap_or("unknown");
            let confidence = row.lang_confidence.unwrap_or(0.0);
            line(
                "",
                &format!("language {lang}, script {script}, confidence {confidence:.2}"),
            );
        }
        "dedupe" => match (&row.cluster_id, row.cluster_size) {
            (Some(cluster), Some(size)) => {
                line(
                    "",
                    &format!("survivor of cluster {cluster}, {size} documents"),
                );
                if row.repetitions > 1 {
                    let times = format!("training is to see it {} times", row.repetitions);
                    line("", &times);
                }
            }
            _ => line("", "no duplicates"),
        },
        "normalize" => {
            let text = format!(
                "{} characters repaired or removed, {} private items masked",
                row.repaired, row.masked
            );
            line("", &text);
        }
        _ => {}
    }
    match before {
        Some(before) if before == row.text => line("", "text unchanged"),
        Some(before) => print_changes(before, &row.text),
        None => line("", &cut(&escape(&row.text), EXCERPT)),
    }
}

/// The lines that a stage took away and those that it put in their place.
fn print_changes(before: &str, after: &str) {
    const SHOWN: usize = 8;
    let old: std::collections::HashSet<&str> = before.lines().collect();
    let new: std::collections::HashSet<&str> = after.lines().collect();
    let gone: Vec<&str> = before.lines().filter(|line| !new.contains(line)).collect();
    let come: Vec<&str> = after.lines().filter(|line| !old.contains(line)).collect();
    for (sign, lines) in [('-', &gone), ('+', &come)] {
        for text in lines
            .iter()
            .filter(|text| !text.trim().is_empty())
            .take(SHOWN)
        {
            line("", &cut(&format!("{sign} {}", escape(text)), EXCERPT));
        }
        if lines.len() > SHOWN {
            line("", &format!("{sign} … {} lines more", lines.len() - SHOWN));
        }
    }
}

fn print_dropped(stage: &str, row: &Dropped) {
    sayln!();
    line(stage, &format!("DROPPED by {}", escape(&row.rule)));
    let place = format!("{} / {} at byte {}", row.source, row.file, row.offset);
    line("", &format!("id {}, from {}", row.id, escape(&place)));
    if let (Some(value), Some(limit)) = (row.value, row.limit) {
        line("", &format!("measured {value:.4}, limit {limit:.4}"));
    }
    optional("", "detail", row.detail.as_deref());
    optional("", "cluster", row.cluster_id.as_deref());
    optional("", "kept in its place", row.kept_id.as_deref());
    if let Some(text) = &row.text {
        line("", &cut(&escape(text), EXCERPT));
    }
}

fn print_tokens(shards: &[PathBuf], id: &str) -> Result<()> {
    for shard in shards {
        if let Some(row) = row_of::<Tokens>(std::slice::from_ref(shard), id)? {
            let side = shard
                .parent()
                .and_then(|p| p.file_name())
                .unwrap_or_default();
            sayln!();
            let rate = f64::from(row.bytes) / (row.tokens.len().max(1) as f64);
            let text = format!(
                "{} tokens for {} ({rate:.2} bytes a token)",
                row.tokens.len(),
                side.to_string_lossy()
            );
            line("tokenize", &text);
            return Ok(());
        }
    }
    bail!(lost("tokenize"))
}
