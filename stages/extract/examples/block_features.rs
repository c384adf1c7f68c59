//! Writes the features of pages for the training of the block models.
//!
//! `block_features OUT first < pages.jsonl` writes `OUT.rows` (f32, little-endian) and
//! `OUT.jsonl`, one `{"id", "width", "texts"}` a page. `block_features OUT second P1` reads what
//! the first model says of each block from `P1` (f32, in the order of the first run).
//! Pages are `{"id", "url", "html"}` lines, UTF-8.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};

use textmill_extract::training::Sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, out, pass, rest @ ..] = arguments.as_slice() else {
        return Err("usage: block_features OUT first|second [P1] < pages.jsonl".into());
    };
    let alone = match rest {
        [path] if pass == "second" => std::fs::read(path)?,
        _ => Vec::new(),
    };
    let mut alone = alone
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes));
    let mut rows = BufWriter::new(File::create(format!("{out}.rows"))?);
    let mut pages = BufWriter::new(File::create(format!("{out}.jsonl"))?);
    for line in std::io::stdin().lock().lines() {
        let page: serde_json::Value = serde_json::from_str(&line?)?;
        let sample = Sample::of(page["html"].as_str().unwrap_or(""), page["url"].as_str());
        let texts = sample.texts();
        let found = if pass == "second" {
            sample.second(&alone.by_ref().take(texts.len()).collect::<Vec<_>>())
        } else {
            sample.first()
        };
        for value in &found.values {
            rows.write_all(&value.to_le_bytes())?;
        }
        let note = serde_json::json!({"id": page["id"], "width": found.width, "texts": texts});
        writeln!(pages, "{note}")?;
    }
    Ok(())
}
