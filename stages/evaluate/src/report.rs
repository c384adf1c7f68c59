//! What the stage leaves: its figures and the documents' losses.

use serde::Serialize;
use serde_json::Value;
use textmill_schemas::{ShardEntry, TaskContext, TaskReport, write_atomically};

use crate::Error;
use crate::losses::Losses;

/// Where the stage puts what it measured.
pub(crate) const METRICS_FILE: &str = "metrics.json";

/// Writes metrics.json and what is left of the losses, and reports so many documents, with some of
/// the figures for the manifest.
pub(crate) fn report(
    metrics: &impl Serialize,
    stats: Vec<(String, Value)>,
    losses: Losses,
    documents: u64,
    ctx: &TaskContext,
) -> Result<TaskReport, Error> {
    let mut json = serde_json::to_vec_pretty(metrics)?;
    json.push(b'\n');
    write_atomically(&ctx.out.join(METRICS_FILE), &json)?;
    let mut files = vec![ShardEntry::of_file(ctx.out, METRICS_FILE)?];
    files.extend(losses.finish()?);
    Ok(TaskReport {
        read: documents,
        kept_rows: documents,
        files,
        stats: stats.into_iter().collect(),
        ..TaskReport::default()
    })
}
