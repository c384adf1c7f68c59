//! The step `survivors`: writes the documents of a shard that stay and those that do not.

use textmill_schemas::{
    Document, Dropped, Reason, Row, ShardReader, ShardWriter, StageResult, TaskContext, TaskReport,
    shard_name,
};

use crate::Config;
use crate::clusters::Decision;
use crate::documents::{Documents, Rows};
use crate::paths::Paths;
use crate::shuffle::read_partition;
use crate::stage::{InputShard, STAGE};

/// Rule of documents whose normal form equals that of a kept one.
const EXACT: &str = "dedupe.exact";
/// Rule of documents similar to a kept one.
const NEAR: &str = "dedupe.near";

pub(crate) fn write_survivors(
    config: &Config,
    paths: &Paths,
    rows: &Rows,
    shard: &InputShard,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    let decisions = read_partition::<4>(&[paths.decisions()], shard.index)?;
    let mut decisions = decisions.into_iter().map(Decision::from_record).peekable();
    let mut documents = Documents::new(config, paths, rows);
    let name = shard_name(shard.index);
    let mut kept = ShardWriter::<Document>::create(ctx.out, &name)?;
    let mut dropped = ShardWriter::<Dropped>::create(ctx.out, &format!("dropped/{name}"))?;
    let mut report = TaskReport::default();
    ctx.progress.add_total(shard.rows);
    let mut row = rows.first_of(shard.index);
    for group in ShardReader::<Document>::open(&shard.path)? {
        ctx.check_cancelled()?;
        for mut document in group? {
            let decision = decisions.next_if(|decision| decision.row == row);
            report.read += 1;
            row += 1;
            match decision {
                Some(decision) if decision.kept != decision.row => {
                    let kept_id = documents.origin(decision.kept)?.id;
                    let row = dropped_row(config, document, decision, kept_id);
                    report.count_drop(&row.rule);
                    dropped.write(row)?;
                }
                _ => {
                    document.cluster_id = decision.map(|_| document.id.clone());
                    document.cluster_size = decision.map(|decision| decision.size);
                    report.kept_rows += 1;
                    kept.write(document)?;
                }
            }
            ctx.progress.advance(1);
        }
    }
    report.kept.push(kept.finish()?);
    report.dropped.push(dropped.finish()?);
    Ok(report)
}

fn dropped_row(
    config: &Config,
    mut document: Document,
    decision: Decision,
    kept_id: String,
) -> Dropped {
    let (rule, limit) = if decision.exact && config.exact {
        (EXACT, 1.0)
    } else {
        (NEAR, config.min_similarity)
    };
    let text = std::mem::take(&mut document.text);
    let reason = Reason::new(rule)
        .measured(decision.similarity, limit)
        .text(text);
    Dropped {
        cluster_id: Some(kept_id.clone()),
        kept_id: Some(kept_id),
        ..Dropped::new(STAGE, document.origin(), reason)
    }
}
