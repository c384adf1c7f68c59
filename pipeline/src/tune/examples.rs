//! What the documents that change sides look like.

use std::path::PathBuf;

use anyhow::{Context, Result};
use textmill_schemas::ShardEntry;

use super::Measured;
use super::tally::{Example, Side, Tally};
use crate::explore::{cut, escape, sql};
use crate::output::sayln;

/// Columns of a terminal that an excerpt takes.
const EXCERPT: usize = 300;

/// Prints the examples of both sides with the beginning of their text.
pub fn print(run: &Measured, tally: &Tally) -> Result<()> {
    // The newly kept lie among the dropped, and the other way round.
    side("Newly kept", run, &run.manifest.dropped, &tally.newly_kept)?;
    side(
        "Newly dropped",
        run,
        &run.manifest.kept,
        &tally.newly_dropped,
    )
}

fn side(name: &str, run: &Measured, shards: &[ShardEntry], side: &Side) -> Result<()> {
    let examples: Vec<&Example> = side.examples().collect();
    if examples.is_empty() {
        return Ok(());
    }
    sayln!("\n{name}, {} of {}:", examples.len(), side.sum.documents);
    let files: Vec<PathBuf> = shards
        .iter()
        .map(|shard| run.dir.join(&shard.path))
        .collect();
    for example in examples {
        // An id is hexadecimal, but a shard may be anybody's.
        let id = example.id.replace('\'', "''");
        let query = format!("SELECT source, file, url, text FROM shards WHERE id = '{id}' LIMIT 1");
        let found = sql(&files, &query)?;
        let cell = |column: &str| -> Result<Option<String>> {
            let column = found.column(column).context("examples")?;
            Ok(column.str()?.iter().next().flatten().map(str::to_owned))
        };
        let place = match cell("url")? {
            Some(url) => url,
            None => {
                let (source, file) = (cell("source")?, cell("file")?);
                format!(
                    "{}/{}",
                    source.unwrap_or_default(),
                    file.unwrap_or_default()
                )
            }
        };
        sayln!("\n  {}  {}", escape(&example.id), escape(&place));
        sayln!("  {}", escape(&example.why));
        let text = cell("text")?.unwrap_or_default();
        sayln!("  {}", cut(&escape(&text), EXCERPT));
    }
    Ok(())
}
