//! The steps of the levels that cut texts: repeated lines and paragraphs, repeated substrings.

use textmill_schemas::{StageResult, TaskContext, TaskReport};

use crate::corpus::{Corpus, Shard};
use crate::left::{Cutting, for_each_left, removals};
use crate::paths::Kind;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::{Error, lines, substrings};

/// The step `lines`: where each line stands.
pub(crate) fn shuffle_lines(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut occurrences = lines::Occurrences::create(
        &corpus.config.lines,
        corpus.config.seed,
        &corpus.paths.file(Kind::Lines, shard.index),
        corpus.line_partitions(),
        corpus.budget.task() / 4,
    )?;
    for_each_left(corpus, shard, Cutting::Lines, ctx, |row, text| {
        occurrences.push(row, text)
    })?;
    Ok(occurrences.finish()?)
}

/// The step `boilerplate`: which lines many documents share.
pub(crate) fn find_boilerplate(
    corpus: &Corpus,
    partition: usize,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    let mut occurrences = gather::<3>(corpus, Kind::Lines, partition)?;
    let mut removals = by_shard(corpus, Kind::LineRemovals, partition)?;
    let found = lines::find_boilerplate(
        &corpus.config.lines,
        &mut occurrences,
        &mut removals,
        |row| corpus.shard_of(row),
        || Ok(ctx.check_cancelled()?),
    )?;
    removals.finish()?;
    Ok(counted("boilerplate_lines", found))
}

/// The step `anchors`: chosen places of each text.
pub(crate) fn shuffle_anchors(
    corpus: &Corpus,
    shard: &Shard,
    ctx: &TaskContext,
) -> StageResult<()> {
    let mut anchors = substrings::Anchors::create(
        &corpus.config.substrings,
        corpus.config.seed,
        &corpus.paths.file(Kind::Anchors, shard.index),
        corpus.window_partitions(),
        corpus.budget.task() / 4,
    )?;
    for_each_left(corpus, shard, Cutting::Substrings, ctx, |row, text| {
        anchors.push(row, text)
    })?;
    Ok(anchors.finish()?)
}

/// The step `repeated-anchors`: those that stand in more than one place.
pub(crate) fn find_candidates(
    corpus: &Corpus,
    partition: usize,
    ctx: &TaskContext,
) -> StageResult<()> {
    let mut anchors = gather::<3>(corpus, Kind::Anchors, partition)?;
    let mut candidates = by_shard(corpus, Kind::RepeatedAnchors, partition)?;
    substrings::find_candidates(
        &mut anchors,
        &mut candidates,
        |row| corpus.shard_of(row),
        || Ok(ctx.check_cancelled()?),
    )?;
    Ok(candidates.finish()?)
}

/// The step `windows`: runs of words around these places.
pub(crate) fn shuffle_windows(
    corpus: &Corpus,
    shard: &Shard,
    ctx: &TaskContext,
) -> StageResult<()> {
    let tasks = corpus.window_partitions();
    let mut windows = substrings::Windows::create(
        &corpus.config.substrings,
        corpus.config.seed,
        removals(corpus, shard, Kind::RepeatedAnchors, tasks)?,
        &corpus.paths.file(Kind::Windows, shard.index),
        tasks,
        corpus.budget.task() / 4,
    )?;
    for_each_left(corpus, shard, Cutting::Substrings, ctx, |row, text| {
        windows.push(row, text)
    })?;
    Ok(windows.finish()?)
}

/// The step `repeats`: which of them stand in more than one place.
pub(crate) fn find_repeats(
    corpus: &Corpus,
    partition: usize,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    let mut windows = gather::<3>(corpus, Kind::Windows, partition)?;
    let mut removals = by_shard(corpus, Kind::WindowRemovals, partition)?;
    let found = substrings::find_repeats(
        &corpus.config.substrings,
        &mut windows,
        &mut removals,
        |row| corpus.shard_of(row),
        || Ok(ctx.check_cancelled()?),
    )?;
    removals.finish()?;
    Ok(counted("repeated_windows", found))
}

/// A partition of what all own shards wrote.
fn gather<const N: usize>(
    corpus: &Corpus,
    kind: Kind,
    partition: usize,
) -> Result<Sorted<N>, Error> {
    let files = corpus.paths.files(kind, corpus.own);
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    Sorted::open(&files, partition, memory, &scratch)
}

fn by_shard(corpus: &Corpus, kind: Kind, partition: usize) -> Result<ShuffleWriter<2>, Error> {
    let path = corpus.paths.file(kind, partition);
    ShuffleWriter::create(&path, corpus.own, corpus.budget.task() / 4)
}

fn counted(name: &str, count: u64) -> TaskReport {
    let mut report = TaskReport::default();
    report.stats.insert(name.to_owned(), count.into());
    report
}
