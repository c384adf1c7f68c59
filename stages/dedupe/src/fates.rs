//! The step `fates`: what becomes of each document in the end.
//!
//! A document may be dropped for one that a later level drops in its turn. Here each is led to
//! the one that stays.

use std::collections::BTreeSet;
use std::path::PathBuf;

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::{Corpus, Shard};
use crate::decision::{Decision, Decisions, Level, find};
use crate::facts::{Column, FactsReader, OPEN_FILES};
use crate::gather::gather;
use crate::intermediate::IntermediateFile;
use crate::paths::Kind;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::sorter::Sorter;

/// Writes the fates of a shard's documents, and to the shuffle who stays for whom.
pub(crate) fn write_fates(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut facts = FactsReader::new(corpus);
    let mut levels = Levels::open(corpus, shard)?;
    let mut fates = IntermediateFile::create(&corpus.paths.file(Kind::Fates, shard.index))?;
    let path = corpus.paths.file(Kind::Members, shard.index);
    let groups = Groups::of(corpus);
    let mut members = ShuffleWriter::<2>::create(&path, groups.count, corpus.budget.task() / 2)?;
    loop {
        ctx.check_cancelled()?;
        let decisions = levels.next_decisions(FOLLOWED)?;
        if decisions.is_empty() {
            break;
        }
        if corpus.far {
            facts.open_together(&later_files(corpus, &decisions))?;
        }
        for decision in decisions {
            let fate = follow(&mut facts, decision)?;
            fates.write_words(&fate.to_record())?;
            if !corpus.is_reference(fate.kept) {
                let group = groups.of_shard(corpus.shard_of(fate.kept));
                members.push(group, [fate.kept, fate.row])?;
            }
        }
    }
    fates.finish()?;
    members.finish()?;
    Ok(())
}

/// Decisions that are followed at a time: from a store the files in which their next steps stand come
/// together. There are two levels behind the first.
const FOLLOWED: usize = OPEN_FILES / 2;

/// Where the next step of some decisions may stand.
fn later_files(corpus: &Corpus, decisions: &[Decision]) -> Vec<PathBuf> {
    let mut files = BTreeSet::new();
    for decision in decisions.iter().filter(|d| !corpus.is_reference(d.kept)) {
        let shard = corpus.shard_of(decision.kept);
        for level in later(corpus, decision.level) {
            files.insert(corpus.paths.file(level.kinds().1, shard));
        }
    }
    files.into_iter().collect()
}

/// The levels behind one.
fn later(corpus: &Corpus, than: Level) -> impl Iterator<Item = Level> {
    let levels = Level::ALL.into_iter();
    levels.filter(move |level| *level as u8 > than as u8 && corpus.config.has(*level))
}

/// Looks up those that stay for a shard's documents.
pub(crate) fn gather_kept<'a>(
    corpus: &'a Corpus,
    shard: &Shard,
    ctx: &TaskContext,
) -> StageResult<FactsReader<'a>> {
    if !corpus.far {
        return Ok(FactsReader::new(corpus));
    }
    let mut rows = Sorter::<1>::new(corpus.budget.task() / 8, &corpus.paths.scratch());
    let mut fates = Decisions::open(corpus, Kind::Fates, shard.index)?;
    while let Some(fate) = fates.next_decision()? {
        rows.extend(&[[fate.kept]])?;
    }
    let gathered = gather(corpus, rows.finish()?.into(), &[Column::Id], ctx)?;
    Ok(FactsReader::with(corpus, gathered))
}

/// The decision about the one that stays in the end.
fn follow(facts: &mut FactsReader, mut decision: Decision) -> Result<Decision, Error> {
    let corpus = facts.corpus;
    for level in later(corpus, decision.level) {
        if corpus.is_reference(decision.kept) {
            break;
        }
        let Some(next) = find(facts, level.kinds().1, decision.kept)? else {
            continue;
        };
        decision.kept = next.kept;
        if decision.level == Level::Exact {
            // Equal texts are as similar to the survivor as each other.
            (decision.level, decision.similarity) = (next.level, next.similarity);
        }
    }
    Ok(decision)
}

/// The decisions of all levels about a shard, by row; a row has one at most.
struct Levels {
    files: Vec<(Decisions, Option<Decision>)>,
}

impl Levels {
    fn open(corpus: &Corpus, shard: &Shard) -> Result<Self, Error> {
        let levels = Level::ALL.into_iter().filter(|l| corpus.config.has(*l));
        let open = |level: Level| {
            let mut file = Decisions::open(corpus, level.kinds().1, shard.index)?;
            let head = file.next_decision()?;
            Ok((file, head))
        };
        Ok(Self {
            files: levels.map(open).collect::<Result<_, Error>>()?,
        })
    }

    fn next_decisions(&mut self, most: usize) -> Result<Vec<Decision>, Error> {
        let next = std::iter::from_fn(|| self.next_decision().transpose());
        next.take(most).collect()
    }

    fn next_decision(&mut self) -> Result<Option<Decision>, Error> {
        let heads = self.files.iter_mut().filter(|(_, head)| head.is_some());
        let Some((file, head)) = heads.min_by_key(|(_, head)| head.map(|d| d.row)) else {
            return Ok(None);
        };
        let decision = head.take();
        *head = file.next_decision()?;
        Ok(decision)
    }
}

/// Groups of neighbouring shards, of about a partition's worth of members each. From every shard to
/// every shard would be as many reads as the square of their number.
pub(crate) struct Groups {
    pub count: usize,
    shards: usize,
}

impl Groups {
    pub fn of(corpus: &Corpus) -> Self {
        let count = corpus.partitions::<2>(1).clamp(1, corpus.own.max(1));
        let shards = corpus.own.div_ceil(count).max(1);
        let count = corpus.own.div_ceil(shards).max(1);
        Self { count, shards }
    }

    fn of_shard(&self, shard: usize) -> usize {
        shard / self.shards
    }

    fn within(&self, shard: usize) -> usize {
        shard % self.shards
    }
}

/// The step `members`: sorts what the fates of all shards say of the survivors of a group.
pub(crate) fn sort_members(corpus: &Corpus, group: usize, ctx: &TaskContext) -> StageResult<()> {
    let groups = Groups::of(corpus);
    let files = corpus.paths.files(Kind::Members, corpus.own);
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    let mut members = Sorted::<2>::open(&files, group, memory, &scratch)?;
    let path = corpus.paths.file(Kind::GroupMembers, group);
    let mut sorted = ShuffleWriter::<2>::create(&path, groups.shards, memory / 2)?;
    let mut count = 0_u64;
    while let Some([kept, row]) = members.next_record()? {
        if count.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        count += 1;
        sorted.push(groups.within(corpus.shard_of(kept)), [kept, row])?;
    }
    sorted.finish()?;
    Ok(())
}

/// How many documents each survivor of a shard stands for.
pub(crate) struct Members {
    sorted: Sorted<2>,
    next: Option<[u64; 2]>,
}

impl Members {
    pub fn open(corpus: &Corpus, shard: &Shard) -> Result<Self, Error> {
        let groups = Groups::of(corpus);
        let group = groups.of_shard(shard.index);
        let files = [corpus.paths.file(Kind::GroupMembers, group)];
        let (memory, scratch) = (corpus.budget.task() / 4, corpus.paths.scratch());
        let mut sorted = Sorted::open(&files, groups.within(shard.index), memory, &scratch)?;
        let next = sorted.next_record()?;
        Ok(Self { sorted, next })
    }

    /// Documents dropped for this one; to be asked in ascending order.
    pub fn count(&mut self, row: u64) -> Result<u64, Error> {
        let mut count = 0;
        while let Some([kept, _]) = self.next.filter(|[kept, _]| *kept <= row) {
            count += u64::from(kept == row);
            self.next = self.sorted.next_record()?;
        }
        Ok(count)
    }
}
