//! The step `clusters`: chooses who stays of each component of verified pairs.
//!
//! A component is worked off from the best document down: a document that is a near duplicate of
//! one already kept is dropped for it, otherwise it is kept. So no chain of small differences
//! swallows a document that resembles nothing that stays: each dropped document was itself
//! compared with the one kept for it.

use std::collections::HashMap;

use textmill_schemas::{StageResult, TaskContext};

use crate::compare::{By, Comparer};
use crate::corpus::Corpus;
use crate::decision::{Decision, Level};
use crate::facts::{Column, FactsReader};
use crate::gather::gather_named;
use crate::minhash::MinHash;
use crate::paths::Kind;
use crate::rank::Rank;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::sorter::Sorter;
use crate::{Error, Verify};

/// A document is compared with this many of the best kept documents...
const BEST: usize = 64;
/// ...and with those that share a band key with it, up to this many a key.
const PER_KEY: usize = 8;
/// Kept documents of a component that later ones are compared with by band key: a bound on memory.
/// Nothing is dropped for those beyond it.
const INDEXED: usize = 1 << 16;

/// What the step counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClusterCounts {
    pub compared: u64,
    pub components: u64,
    pub largest: u64,
}

/// Decides about the components of a partition.
pub(crate) fn resolve(
    corpus: &Corpus,
    partition: usize,
    ctx: &TaskContext,
) -> StageResult<ClusterCounts> {
    let files = [corpus.paths.file(Kind::Components, 0)];
    let (memory, scratch) = (corpus.budget.task(), corpus.paths.scratch());
    let members = Sorted::<2>::open(&files, partition, memory / 8, &scratch)?;
    let columns = [Column::Facts, Column::Signature, Column::Set];
    let (mut members, facts) = gather_named(corpus, members, &columns, ctx)?;
    let mut resolver = Resolver::create(facts, partition)?;
    let mut next = members.next_record()?;
    while let Some([root, _]) = next {
        ctx.check_cancelled()?;
        let mut ranked = Sorter::<4>::new(memory / 8, &scratch);
        let mut size = 0_u64;
        while let Some([_, row]) = next.filter(|[of, _]| *of == root) {
            let Rank([a, b, c]) = resolver.comparer.facts.facts(row)?.rank;
            ranked.extend(&[[a, b, c, row]])?;
            size += 1;
            next = members.next_record()?;
        }
        resolver.component(ranked.finish()?.into(), size, ctx)?;
    }
    resolver.finish()
}

/// The step `large`, with `verify = "estimate"`: the members of large components are to be
/// compared by their shingles after all.
pub(crate) fn name_large(corpus: &Corpus, partition: usize) -> Result<(), Error> {
    let files = [corpus.paths.file(Kind::Components, 0)];
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    let mut members = Sorted::<2>::open(&files, partition, memory, &scratch)?;
    let path = corpus.paths.file(Kind::Candidates, partition);
    let mut rows = ShuffleWriter::<1>::create(&path, corpus.own, memory / 2)?;
    let mut push = |row| match corpus.is_reference(row) {
        true => Ok(()),
        false => rows.push(corpus.shard_of(row), [row]),
    };
    // Held back until the component is known to be large.
    let (mut root, mut size, mut held) = (None, 0, Vec::new());
    while let Some([of, row]) = members.next_record()? {
        if root != Some(of) {
            (root, size) = (Some(of), 0);
            held.clear();
        }
        size += 1;
        if size <= corpus.config.max_cluster {
            held.push(row);
        } else {
            held.drain(..).try_for_each(&mut push)?;
            push(row)?;
        }
    }
    rows.finish()
}

struct Resolver<'a> {
    corpus: &'a Corpus,
    comparer: Comparer<'a>,
    minhash: MinHash,
    decisions: ShuffleWriter<4>,
    counts: ClusterCounts,
}

impl<'a> Resolver<'a> {
    fn create(facts: FactsReader<'a>, partition: usize) -> Result<Self, Error> {
        let corpus = facts.corpus;
        let memory = corpus.budget.task();
        let path = corpus.paths.file(Kind::NearDecisions, partition);
        Ok(Self {
            corpus,
            comparer: Comparer::new(facts, memory / 4),
            minhash: MinHash::new(&corpus.config),
            decisions: ShuffleWriter::create(&path, corpus.own, memory / 8)?,
            counts: ClusterCounts::default(),
        })
    }

    /// Decides about the documents of a component, which come best first.
    fn component(
        &mut self,
        mut ranked: Sorted<4>,
        size: u64,
        ctx: &TaskContext,
    ) -> StageResult<()> {
        let exactly = self.corpus.config.verify == Verify::Exact;
        let by = match exactly || size > self.corpus.config.max_cluster {
            true => By::Sets,
            false => By::Signatures,
        };
        self.counts.components += 1;
        self.counts.largest = self.counts.largest.max(size);
        let mut kept = Kept::default();
        while let Some([.., row]) = ranked.next_record()? {
            ctx.check_cancelled()?;
            let signature = self.comparer.signature(row)?;
            let keys: Vec<u64> = self.minhash.band_keys(&signature).collect();
            match self.survivor_for(row, &keys, &kept, by)? {
                Some((survivor, similarity)) if !self.corpus.is_reference(row) => {
                    let decision = Decision {
                        row,
                        kept: survivor,
                        level: Level::Near,
                        similarity,
                    };
                    let shard = self.corpus.shard_of(row);
                    self.decisions.push(shard, decision.to_record())?;
                }
                _ => kept.add(row, keys),
            }
        }
        Ok(())
    }

    /// The first of the kept documents that `row` is a near duplicate of.
    fn survivor_for(
        &mut self,
        row: u64,
        keys: &[u64],
        kept: &Kept,
        by: By,
    ) -> Result<Option<(u64, f64)>, Error> {
        for survivor in kept.candidates(keys) {
            if let Some(similarity) = self.comparer.similarity(survivor, row, by)? {
                return Ok(Some((survivor, similarity)));
            }
        }
        Ok(None)
    }

    fn finish(self) -> StageResult<ClusterCounts> {
        self.decisions.finish()?;
        Ok(ClusterCounts {
            compared: self.comparer.compared,
            ..self.counts
        })
    }
}

/// The kept documents of a component.
#[derive(Debug, Default)]
struct Kept {
    best: Vec<u64>,
    by_key: HashMap<u64, Vec<u64>>,
    indexed: usize,
}

impl Kept {
    fn add(&mut self, row: u64, keys: Vec<u64>) {
        if self.best.len() < BEST {
            self.best.push(row);
        }
        if self.indexed == INDEXED {
            return;
        }
        self.indexed += 1;
        for key in keys {
            let rows = self.by_key.entry(key).or_default();
            if rows.len() < PER_KEY {
                rows.push(row);
            }
        }
    }

    /// With whom a document of these band keys is compared: those that share most keys first.
    fn candidates(&self, keys: &[u64]) -> Vec<u64> {
        let mut sharing: HashMap<u64, usize> = HashMap::new();
        for row in keys.iter().filter_map(|key| self.by_key.get(key)).flatten() {
            *sharing.entry(*row).or_default() += 1;
        }
        let mut candidates: Vec<(u64, usize)> = sharing.iter().map(|(r, n)| (*r, *n)).collect();
        candidates.sort_unstable_by_key(|(row, shared)| (usize::MAX - shared, *row));
        let others = self.best.iter().filter(|row| !sharing.contains_key(row));
        candidates
            .iter()
            .map(|(row, _)| *row)
            .chain(others.copied())
            .collect()
    }
}
