//! Vectors of texts.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use textmill_embeddings::{SentenceVectors, nearest, sentence_vectors, write_parquet};
use textmill_model::Gpt;
use textmill_schemas::Progress;
use textmill_tokenize::Encoder;

use super::{Sentences, Similar, Texts, expect_parquet};
use crate::explore::escape;
use crate::output::sayln;

use crate::runner::Reporter;

/// Lines that are named one by one when they cannot be read.
const NAMED: usize = 10;

pub(super) fn sentences(args: &Sentences) -> Result<()> {
    expect_parquet(&args.out)?;
    let lines = Lines::read(&args.texts.file)?;
    let (gpt, encoder) = args.model.open()?;
    let found = vectors(&args.texts, &gpt, &encoder, &lines.texts)?;
    let used = lines.with_vectors(&found);
    let rows = used
        .iter()
        .map(|(line, text, vector)| (*line, *text, *vector));
    write_parquet(&args.out, "text", found.width, rows)?;
    sayln!(
        "{}: {} vectors of {} numbers from {} lines; {} left out: {} empty, {} unreadable; {} cut to the model's context",
        args.out.display(),
        used.len(),
        found.width,
        lines.count(),
        lines.count() - used.len(),
        lines.texts.len() - used.len(),
        lines.unreadable,
        found.cut
    );
    Ok(())
}

pub(super) fn similar(args: &Similar) -> Result<()> {
    let lines = Lines::read(&args.texts.file)?;
    let (gpt, encoder) = args.model.open()?;
    let found = vectors(&args.texts, &gpt, &encoder, &lines.texts)?;
    let query = Texts {
        quiet: true,
        ..args.texts.clone()
    };
    let query = vectors(&query, &gpt, &encoder, &[args.query.as_str()])?;
    let Some(Some(query)) = query.vectors.first() else {
        bail!("--query has no tokens; write some text");
    };
    let used = lines.with_vectors(&found);
    let flat: Vec<f32> = used
        .iter()
        .flat_map(|(_, _, vector)| vector.iter().copied())
        .collect();
    for near in nearest(&flat, found.width, query, args.show.top) {
        let Some((line, text, _)) = used.get(near.row) else {
            continue;
        };
        match args.show.json {
            true => sayln!(
                "{}",
                json!({"line": line, "text": text, "score": near.score})
            ),
            false => sayln!("{:7.4}  line {line}: {}", near.score, escape(text)),
        }
    }
    Ok(())
}

fn vectors(
    args: &Texts,
    gpt: &Gpt,
    encoder: &Encoder,
    texts: &[impl AsRef<str> + Sync],
) -> Result<SentenceVectors> {
    let cores = available_parallelism().map_or(1, usize::from);
    let sizes = [args.batch, args.threads.unwrap_or(cores)];
    let reporter = Reporter::start("embed", args.quiet);
    reporter.add_total(texts.len() as u64);
    let done = |texts| reporter.advance(texts);
    let found = sentence_vectors(gpt, encoder, texts, args.pool, sizes, &done);
    reporter.finish();
    Ok(found?)
}

/// The texts of a file.
struct Lines {
    /// By text, from 1.
    numbers: Vec<i64>,
    texts: Vec<String>,
    unreadable: usize,
}

impl Lines {
    /// Reads lines, or JSON objects with a text in each.
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "jsonl");
        let mut lines = Self {
            numbers: Vec::new(),
            texts: Vec::new(),
            unreadable: 0,
        };
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            match text(line, is_json) {
                Ok(text) => {
                    lines.numbers.push(number);
                    lines.texts.push(text);
                }
                Err(why) => {
                    lines.unreadable += 1;
                    if lines.unreadable <= NAMED {
                        eprintln!("{}, line {number}: {why}; left out", path.display());
                    }
                }
            }
        }
        ensure!(
            !lines.texts.is_empty(),
            "{}: there are no texts in it",
            path.display()
        );
        Ok(lines)
    }

    fn count(&self) -> usize {
        self.texts.len() + self.unreadable
    }

    fn with_vectors<'v>(&'v self, found: &'v SentenceVectors) -> Vec<(i64, &'v str, &'v [f32])> {
        let texts = self.numbers.iter().zip(&self.texts).zip(&found.vectors);
        let used = texts.filter_map(|((number, text), vector)| {
            Some((*number, text.as_str(), vector.as_deref()?))
        });
        used.collect()
    }
}

fn text(line: &[u8], is_json: bool) -> Result<String, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    if !is_json {
        return Ok(line.to_owned());
    }
    let object: Value = serde_json::from_str(line).map_err(|_| "not JSON")?;
    let text = object.get("text").and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or("no \"text\" that is a string")
}
