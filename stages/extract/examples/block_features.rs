//! Writes the features of pages for the training of the block model.
//!
//! `block_features OUT < pages.jsonl` writes `OUT.rows` (f32, little-endian) and `OUT.jsonl`, one
//! `{"id", "width", "texts"}` a page. Pages are `{"id", "url", "html"}` lines, UTF-8.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};

use textmill_extract::training::Sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments
        .next()
        .ok_or("usage: block_features OUT < pages.jsonl")?;
    let mut rows = BufWriter::new(File::create(format!("{out}.rows"))?);
    let mut pages = BufWriter::new(File::create(format!("{out}.jsonl"))?);
    for line in std::io::stdin().lock().lines() {
        let page: serde_json::Value = serde_json::from_str(&line?)?;
        let html = page["html"].as_str().unwrap_or_default();
        let sample = Sample::of(html, page["url"].as_str())?;
        for value in &sample.rows {
            rows.write_all(&value.to_le_bytes())?;
        }
        let width = sample.rows.len() / sample.texts.len().max(1);
        let note = serde_json::json!({"id": page["id"], "width": width, "texts": sample.texts});
        writeln!(pages, "{note}")?;
    }
    Ok(())
}
