//! `textmill index show`: what an index holds.

use std::fs;

use anyhow::{Context, Result};
use polars::prelude::DataFrame;
use textmill_dedupe::index::Index;

use crate::explore::{bytes, escape, sql, table};
use crate::output::{say, sayln};

const BY_SOURCE: &str = "SELECT source, count(*) AS entries, count(url) AS addresses, \
    sum(length) AS bytes FROM shards GROUP BY source ORDER BY source";

/// Prints sizes, entries by source, and the parameters.
pub fn show(index: &Index) -> Result<()> {
    let mut on_disk = 0;
    for shard in index.shards() {
        on_disk += fs::metadata(shard)
            .with_context(|| shard.display().to_string())?
            .len();
    }
    sayln!(
        "{}: {} entries in {} shard(s), {} on disk\n",
        index.folder().display(),
        index.rows(),
        index.shards().len(),
        bytes(on_disk)
    );
    let frame = sql(index.shards(), BY_SOURCE)?;
    let head = ["source", "entries", "with address", "text (normal form)"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for row in 0..frame.height() {
        rows.push(cells(&frame, row)?);
    }
    say!("{}", table(&rows, &[false, true, true, true]));
    let of = index.parameters();
    sayln!("\nMade with, and comparable where these are equal:");
    for (key, value) in [
        ("ngram", of.ngram.to_string()),
        ("cjk_ngram", of.cjk_ngram.to_string()),
        ("bands", of.bands.to_string()),
        ("rows", of.rows.to_string()),
        ("seed", of.seed.to_string()),
        ("near", of.near.to_string()),
        ("normal_form", of.normal_form.to_string()),
    ] {
        sayln!("  {key:<12} {value}");
    }
    Ok(())
}

fn cells(frame: &DataFrame, row: usize) -> Result<Vec<String>> {
    let mut cells = Vec::new();
    for (place, column) in frame.columns().iter().enumerate() {
        let value = column.get(row)?;
        cells.push(match (value.get_str(), place) {
            (Some(text), _) => escape(text),
            (None, 3) => bytes(value.extract().unwrap_or_default()),
            (None, _) => value.to_string(),
        });
    }
    Ok(cells)
}
