//! From signatures to pairs of candidates: the steps `bands` and `pairs`.
//!
//! A band key that half the corpus shares must not make one task of `pairs` read half the corpus. Of
//! a key that more than 16 documents of a shard share, `bands` itself pairs these with each other, and
//! only the first and the last 8 go on: what `pairs` reads of a key is at most 17 records a shard.
//! Their pairs with the shard's first ones take the place of those with the corpus' first ones,
//! which the shard's first ones are paired with in their turn: a component stays one, unless its
//! documents resemble the corpus' first ones and not the shard's.

use std::collections::VecDeque;
use std::path::PathBuf;

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::{Corpus, Shard};
use crate::decision::Level;
use crate::facts::FactsScan;
use crate::minhash::MinHash;
use crate::paths::Kind;
use crate::same::Gone;
use crate::shuffle::{ShuffleWriter, Sorted, range_partition};
use crate::sorter::Sorter;

/// Of the documents that share a band key, in ascending order of rows, each is paired with the
/// first ones...
const FIRST: usize = 8;
/// ...and with those right before it. So up to 17 documents are paired all with all, and a
/// million cost no more than linear time; which pairs there are depends on nothing but the rows.
const BEFORE: usize = 8;

/// Partitions of the band keys.
pub(crate) fn key_partitions(corpus: &Corpus) -> usize {
    corpus.partitions::<2>(corpus.config.bands as u64)
}

/// Partitions of the pairs, by row.
pub(crate) fn pair_partitions(corpus: &Corpus) -> usize {
    corpus.partitions::<2>(1)
}

/// The step `bands`: band keys of the documents that the levels before left, and the pairs of
/// those that many documents of the shard share. With `sets`, their rows go to the shuffle as well.
pub(crate) fn shuffle_keys(
    corpus: &Corpus,
    shard: &Shard,
    sets: bool,
    ctx: &TaskContext,
) -> StageResult<()> {
    let mut keys = sorted_keys(corpus, shard, ctx)?;
    let partitions = key_partitions(corpus);
    let path = corpus.paths.file(Kind::Keys, shard.index);
    let mut out = ShuffleWriter::<2>::create(&path, partitions, corpus.budget.task() / 8)?;
    let mut push = |key, row| out.push(range_partition(key, partitions), [key, row]);
    let mut pairs = PairWriter::create(corpus, Source::Shard, shard.index, sets)?;
    let mut next = keys.next_record()?;
    let mut rows = Vec::new();
    while let Some([key, _]) = next {
        ctx.check_cancelled()?;
        rows.clear();
        let mut group = Group::default();
        while let Some([_, row]) = next.filter(|[of, _]| *of == key) {
            if rows.len() < FIRST + BEFORE {
                rows.push(row);
            } else {
                // Pairs of a small group are left to `pairs`.
                if group.size == 0 {
                    for row in &rows {
                        group.push(*row, |a, b| pairs.push(a, b))?;
                    }
                }
                group.push(row, |a, b| pairs.push(a, b))?;
            }
            next = keys.next_record()?;
        }
        if group.size > 0 {
            let held_back = group.size - rows.len() as u64;
            rows.clear();
            rows.extend(group.first.iter().chain(&group.before));
            push(key, HeldBack::record(shard.index, held_back))?;
        }
        rows.iter().try_for_each(|row| push(key, *row))?;
    }
    out.finish()?;
    pairs.finish()?;
    Ok(())
}

/// The number of documents of a shard that a key did not bring to the shuffle, in the place of a row:
/// behind all rows, and different for each shard, as the shuffle leaves out repeats.
struct HeldBack;

impl HeldBack {
    const MARK: u64 = 1 << 63;
    const COUNT_BITS: u32 = 40;

    fn record(shard: usize, count: u64) -> u64 {
        // From 8 million shards on two of them may count as one.
        let shard = (shard as u64) << Self::COUNT_BITS & !Self::MARK;
        Self::MARK | shard | count
    }

    fn count(row: u64) -> Option<u64> {
        (row & Self::MARK != 0).then_some(row & ((1 << Self::COUNT_BITS) - 1))
    }
}

/// The band keys of a shard's documents, each with its rows in order.
fn sorted_keys(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<Sorted<2>> {
    let mut same_url = Gone::open(corpus, shard, Level::Url)?;
    let mut same_text = Gone::open(corpus, shard, Level::Exact)?;
    let minhash = MinHash::new(&corpus.config);
    let mut keys = Sorter::<2>::new(corpus.budget.task() / 4, &corpus.paths.scratch());
    let mut of_row = Vec::new();
    let mut scan = FactsScan::open(corpus, shard.index)?;
    let mut row = corpus.rows.first_of(shard.index);
    while let Some((_, signature)) = scan.next_row()? {
        if row.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        if !same_url.contains(row)? && !same_text.contains(row)? {
            of_row.clear();
            of_row.extend(minhash.band_keys(&signature).map(|key| [key, row]));
            keys.extend(&of_row)?;
        }
        row += 1;
    }
    Ok(keys.finish()?.into())
}

/// What a partition of band keys held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupCounts {
    pub groups: u64,
    pub largest: u64,
}

/// The step `pairs`: documents that share a band key become pairs of candidates. With `sets`,
/// their rows go to the shuffle as well, by shard.
pub(crate) fn shuffle_pairs(
    corpus: &Corpus,
    partition: usize,
    sets: bool,
    ctx: &TaskContext,
) -> StageResult<GroupCounts> {
    let files = corpus.paths.files(Kind::Keys, corpus.shards.len());
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    let mut keys = Sorted::<2>::open(&files, partition, memory, &scratch)?;
    let mut pairs = PairWriter::create(corpus, Source::Keys, partition, sets)?;
    let mut counts = GroupCounts::default();
    let mut group = Group::default();
    let mut current = None;
    while let Some([key, row]) = keys.next_record()? {
        if current != Some(key) {
            ctx.check_cancelled()?;
            current = Some(key);
            group = Group::default();
        }
        match HeldBack::count(row) {
            Some(count) => group.size += count,
            None => {
                group.push(row, |a, b| pairs.push(a, b))?;
                counts.groups += u64::from(group.size == 2);
            }
        }
        counts.largest = counts.largest.max(group.size);
    }
    pairs.finish()?;
    Ok(counts)
}

/// The documents of one band key, as far as later ones are paired with them.
#[derive(Default)]
struct Group {
    size: u64,
    first: Vec<u64>,
    before: VecDeque<u64>,
}

impl Group {
    fn push(
        &mut self,
        row: u64,
        mut pair: impl FnMut(u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for &other in self.first.iter().chain(&self.before) {
            pair(other, row)?;
        }
        self.size += 1;
        if self.first.len() < FIRST {
            self.first.push(row);
            return Ok(());
        }
        if self.before.len() == BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(row);
        Ok(())
    }
}

/// Which task found pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// One of a range of keys.
    Keys,
    /// One of a shard.
    Shard,
}

/// The files of pairs: of all ranges of keys, and of all shards.
pub(crate) fn pair_files(corpus: &Corpus) -> Vec<PathBuf> {
    let mut files = corpus.paths.files(Kind::Pairs, key_partitions(corpus));
    // Two documents of a reference are no pair.
    files.extend(corpus.paths.files(Kind::ShardPairs, corpus.own));
    files
}

/// Writes pairs, and the rows in them.
struct PairWriter<'a> {
    corpus: &'a Corpus,
    partitions: usize,
    pairs: ShuffleWriter<2>,
    rows: Option<ShuffleWriter<1>>,
}

impl<'a> PairWriter<'a> {
    fn create(corpus: &'a Corpus, source: Source, rank: usize, sets: bool) -> Result<Self, Error> {
        let (to_pairs, to_rows) = match source {
            Source::Keys => (Kind::Pairs, Kind::Candidates),
            Source::Shard => (Kind::ShardPairs, Kind::ShardCandidates),
        };
        let partitions = pair_partitions(corpus);
        let memory = corpus.budget.task() / 8;
        let path = corpus.paths.file(to_pairs, rank);
        let pairs = ShuffleWriter::create(&path, partitions, memory)?;
        let path = corpus.paths.file(to_rows, rank);
        let rows = match sets {
            true => Some(ShuffleWriter::create(&path, corpus.own, memory)?),
            false => None,
        };
        Ok(Self {
            corpus,
            partitions,
            pairs,
            rows,
        })
    }

    fn push(&mut self, a: u64, b: u64) -> Result<(), Error> {
        if self.corpus.is_reference(a) {
            return Ok(());
        }
        self.pairs
            .push(self.corpus.range_of(a, self.partitions), [a, b])?;
        if let Some(rows) = &mut self.rows {
            // Documents of an index have no text, and are compared by signature.
            for row in [a, b] {
                if !self.corpus.is_reference(row) {
                    rows.push(self.corpus.shard_of(row), [row])?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Error> {
        self.pairs.finish()?;
        self.rows.map_or(Ok(()), ShuffleWriter::finish)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn small_groups_are_paired_whole_and_large_ones_in_linear_time() {
        for (size, expected) in [(1, 0), (2, 1), (16, 120), (10_000, 159_864)] {
            let mut group = Group::default();
            let mut pairs = BTreeSet::new();
            for row in 0..size {
                let pushed = group.push(row, |a, b| {
                    assert!(a < b && pairs.insert((a, b)));
                    Ok(())
                });
                pushed.unwrap();
            }
            assert_eq!(pairs.len(), expected, "{size}");
        }
    }
}
