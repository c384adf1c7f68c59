//! Documents that share a hash: of the address (`urls`), or of the normal form (`exact`).

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::{Corpus, Shard};
use crate::decision::{Decision, Decisions, Level};
use crate::facts::FactsScan;
use crate::paths::Kind;
use crate::shuffle::{ShuffleWriter, Sorted, range_partition};
use crate::signatures::hash_record;

/// The step `texts`: the hashes of the normal forms that the level "url" left go to the shuffle.
pub(crate) fn shuffle_texts(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut gone = Gone::open(corpus, shard, Level::Url)?;
    let partitions = corpus.partitions::<6>(1);
    let path = corpus.paths.file(Kind::Texts, shard.index);
    let mut texts = ShuffleWriter::<6>::create(&path, partitions, corpus.budget.task() / 2)?;
    let mut scan = FactsScan::open(corpus, shard.index)?;
    let mut row = corpus.rows.first_of(shard.index);
    while let Some((facts, _)) = scan.next_row()? {
        if row.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        if !gone.contains(row)? {
            let record = hash_record(facts.exact, facts.rank, row);
            texts.push(range_partition(record[0], partitions), record)?;
        }
        row += 1;
    }
    texts.finish()?;
    Ok(())
}

/// The rows of a shard that a level dropped.
pub(crate) struct Gone(Option<Decisions>);

impl Gone {
    /// Of a level whose decisions are sorted; of none when the level is off.
    pub fn open(corpus: &Corpus, shard: &Shard, level: Level) -> Result<Self, Error> {
        if shard.index >= corpus.own || !corpus.config.has(level) {
            return Ok(Self(None));
        }
        let decisions = Decisions::open(corpus, level.kinds().1, shard.index)?;
        Ok(Self(Some(decisions)))
    }

    /// To be asked in ascending order.
    pub fn contains(&mut self, row: u64) -> Result<bool, Error> {
        match &mut self.0 {
            Some(decisions) => Ok(decisions.about(row)?.is_some()),
            None => Ok(false),
        }
    }
}

/// The steps `urls` and `exact`: of the documents that share a hash, the best stays.
pub(crate) fn decide(corpus: &Corpus, level: Level, partition: usize) -> Result<(), Error> {
    let (from, similarity) = match level {
        Level::Url => (Kind::Urls, f64::NAN),
        _ => (Kind::Texts, 1.0),
    };
    let files = corpus.paths.files(from, corpus.shards.len());
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    let mut records = Sorted::<6>::open(&files, partition, memory, &scratch)?;
    let path = corpus.paths.file(level.kinds().0, partition);
    let mut decisions = ShuffleWriter::<4>::create(&path, corpus.own, corpus.budget.task() / 4)?;
    // Records of a hash come with the best first.
    let mut best = None;
    while let Some([high, low, .., row]) = records.next_record()? {
        match best {
            Some((hash, kept)) if hash == (high, low) => {
                if !corpus.is_reference(row) {
                    let decision = Decision {
                        row,
                        kept,
                        level,
                        similarity,
                    };
                    decisions.push(corpus.shard_of(row), decision.to_record())?;
                }
            }
            _ => best = Some(((high, low), row)),
        }
    }
    decisions.finish()
}
