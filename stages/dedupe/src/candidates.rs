//! From signatures to pairs of candidates: the steps `bands` and `pairs`.

use std::collections::VecDeque;

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::{Corpus, Shard};
use crate::decision::Level;
use crate::facts::FactsScan;
use crate::minhash::MinHash;
use crate::paths::Kind;
use crate::same::Gone;
use crate::shuffle::{ShuffleWriter, Sorted, range_partition};

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

/// The step `bands`: band keys of the documents that the levels before left.
pub(crate) fn shuffle_keys(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut same_url = Gone::open(corpus, shard, Level::Url)?;
    let mut same_text = Gone::open(corpus, shard, Level::Exact)?;
    let minhash = MinHash::new(&corpus.config);
    let partitions = key_partitions(corpus);
    let path = corpus.paths.file(Kind::Keys, shard.index);
    let mut keys = ShuffleWriter::<2>::create(&path, partitions, corpus.budget.task() / 2)?;
    let mut scan = FactsScan::open(corpus, shard.index)?;
    let mut row = corpus.rows.first_of(shard.index);
    while let Some((_, signature)) = scan.next_row()? {
        if row.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        if !same_url.contains(row)? && !same_text.contains(row)? {
            for key in minhash.band_keys(&signature) {
                keys.push(range_partition(key, partitions), [key, row])?;
            }
        }
        row += 1;
    }
    keys.finish()?;
    Ok(())
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
    let mut pairs = PairWriter::create(corpus, partition, sets)?;
    let mut counts = GroupCounts::default();
    let mut group = Group::default();
    let mut current = None;
    while let Some([key, row]) = keys.next_record()? {
        if current != Some(key) {
            ctx.check_cancelled()?;
            current = Some(key);
            group = Group::default();
        }
        group.push(row, |a, b| pairs.push(a, b))?;
        counts.groups += u64::from(group.size == 2);
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

/// Writes pairs, and the rows in them.
struct PairWriter<'a> {
    corpus: &'a Corpus,
    partitions: usize,
    pairs: ShuffleWriter<2>,
    rows: Option<ShuffleWriter<1>>,
}

impl<'a> PairWriter<'a> {
    fn create(corpus: &'a Corpus, partition: usize, sets: bool) -> Result<Self, Error> {
        let partitions = pair_partitions(corpus);
        let memory = corpus.budget.task() / 8;
        let path = corpus.paths.file(Kind::Pairs, partition);
        let pairs = ShuffleWriter::create(&path, partitions, memory)?;
        let path = corpus.paths.file(Kind::Candidates, partition);
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
