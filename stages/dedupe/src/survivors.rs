//! The step `survivors`: writes the documents of a shard that stay and those that do not.

use textmill_schemas::{
    Document, Dropped, Origin, Reason, Row, ShardReader, ShardWriter, StageResult, TaskContext,
    TaskReport, shard_name,
};

use crate::corpus::{Corpus, Shard};
use crate::decision::{Decision, Level};
use crate::facts::{FactsReader, FactsScan};
use crate::fates::{Members, gather_kept};
use crate::index::{IndexWriter, Parameters, entry};
use crate::left::{Leaver, Left};
use crate::stage::STAGE;

/// Rule of documents whose address is that of a kept one.
const URL: &str = "dedupe.url";
/// Rule of documents whose normal form equals that of a kept one.
const EXACT: &str = "dedupe.exact";
/// Rule of documents similar to a kept one.
const NEAR: &str = "dedupe.near";
/// Rule of documents that a reference index holds.
const REFERENCE: &str = "dedupe.reference";

pub(crate) fn write_survivors(
    corpus: &Corpus,
    shard: &Shard,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    let mut leaver = Leaver::open(corpus, shard, None)?;
    let mut output = Output::create(corpus, shard, ctx)?;
    ctx.progress.add_total(shard.rows);
    let mut row = corpus.rows.first_of(shard.index);
    for group in ShardReader::<Document>::open(&shard.path)? {
        ctx.check_cancelled()?;
        for document in group? {
            output.report.read += 1;
            match leaver.leave(row, document)? {
                Left::Gone(document, fate) => output.drop_for(document, fate)?,
                Left::Short(document, reason) => output.drop(document, reason, None)?,
                Left::Stays(document) => output.keep(document, row)?,
            }
            row += 1;
            ctx.progress.advance(1);
        }
    }
    for (name, count) in ["lines_cut", "words_cut"].into_iter().zip(leaver.cut) {
        output.report.stats.insert(name.into(), count.into());
    }
    output.finish()
}

/// What is written of a shard.
struct Output<'a> {
    corpus: &'a Corpus,
    facts: FactsReader<'a>,
    members: Members,
    kept: ShardWriter<Document>,
    dropped: ShardWriter<Dropped>,
    report: TaskReport,
    index: Option<IndexOutput>,
    clusters: ClusterReport,
}

#[derive(Default)]
struct ClusterReport {
    clusters: u64,
    largest: u64,
    over_limit: u64,
}

impl<'a> Output<'a> {
    fn create(corpus: &'a Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<Self> {
        let name = shard_name(shard.index);
        Ok(Self {
            corpus,
            facts: gather_kept(corpus, shard, ctx)?,
            members: Members::open(corpus, shard)?,
            kept: ShardWriter::create(ctx.out, &name)?,
            dropped: ShardWriter::create(ctx.out, &format!("dropped/{name}"))?,
            report: TaskReport::default(),
            index: match corpus.config.write_index {
                true => Some(IndexOutput::create(corpus, shard, ctx)?),
                false => None,
            },
            clusters: ClusterReport::default(),
        })
    }

    fn keep(&mut self, mut document: Document, row: u64) -> StageResult<()> {
        let size = 1 + self.members.count(row)?;
        if let Some(index) = &mut self.index {
            index.write(row, document.origin())?;
        }
        let size_column = u32::try_from(size).unwrap_or(u32::MAX);
        document.repetitions = self.corpus.config.repetitions.times(size_column);
        if size > 1 {
            document.cluster_id = Some(document.id.clone());
            document.cluster_size = Some(size_column);
            self.clusters.clusters += 1;
            self.clusters.largest = self.clusters.largest.max(size);
            self.clusters.over_limit += u64::from(size > self.corpus.config.max_cluster);
        }
        self.report.kept_rows += 1;
        Ok(self.kept.write(document)?)
    }

    fn drop_for(&mut self, document: Document, fate: Decision) -> StageResult<()> {
        let kept_id = self.facts.id(fate.kept)?;
        self.drop(document, reason(self.corpus, fate), Some(kept_id))
    }

    fn drop(
        &mut self,
        mut document: Document,
        reason: Reason,
        kept_id: Option<String>,
    ) -> StageResult<()> {
        let text = std::mem::take(&mut document.text);
        let row = Dropped {
            cluster_id: kept_id.clone(),
            kept_id,
            ..Dropped::new(STAGE, document.origin(), reason.text(text))
        };
        self.report.count_drop(&row.rule);
        Ok(self.dropped.write(row)?)
    }

    fn finish(mut self) -> StageResult<TaskReport> {
        self.report.kept.push(self.kept.finish()?);
        self.report.dropped.push(self.dropped.finish()?);
        if let Some(index) = self.index {
            self.report.files.push(index.writer.finish()?);
        }
        for (name, value) in [
            ("clusters", self.clusters.clusters),
            ("largest_cluster", self.clusters.largest),
            ("clusters_over_limit", self.clusters.over_limit),
        ] {
            self.report.stats.insert(name.into(), value.into());
        }
        Ok(self.report)
    }
}

/// The index of the documents kept.
struct IndexOutput {
    scan: FactsScan,
    /// The row that the scan is before.
    next: u64,
    writer: IndexWriter,
}

impl IndexOutput {
    fn create(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<Self> {
        let name = format!("index/{}", shard_name(shard.index));
        let parameters = Parameters::of(&corpus.config);
        Ok(Self {
            scan: FactsScan::open(corpus, shard.index)?,
            next: corpus.rows.first_of(shard.index),
            writer: IndexWriter::create(ctx.out, &name, &parameters)?,
        })
    }

    fn write(&mut self, row: u64, origin: Origin) -> StageResult<()> {
        while let Some((facts, signature)) = self.scan.next_row()? {
            self.next += 1;
            if self.next == row + 1 {
                let entry = entry(origin, facts.length, facts.exact, signature);
                return Ok(self.writer.write(entry)?);
            }
        }
        Ok(())
    }
}

fn reason(corpus: &Corpus, fate: Decision) -> Reason {
    let (rule, limit) = match fate.level {
        Level::Url => (URL, None),
        Level::Exact => (EXACT, Some(1.0)),
        Level::Near => (NEAR, Some(corpus.config.min_similarity)),
    };
    let reason = match corpus.is_reference(fate.kept) {
        true => Reason::new(REFERENCE).detail(format!("by the level {rule}")),
        false => Reason::new(rule),
    };
    match limit {
        Some(limit) => reason.measured(fate.similarity, limit),
        None => reason,
    }
}
