//! Documents that share a hash: of the address (`urls`), or of the normal form (`exact`).
//!
//! Of the documents of a shard that share one, only the best goes to the shuffle; what it stays for within
//! the shard is noted beside. So a hash that half the corpus shares is one record a shard, not one a
//! document.

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::{Corpus, Shard};
use crate::decision::{Decision, Decisions, Level, decided, write_sorted};
use crate::facts::FactsScan;
use crate::rank::Rank;
use crate::shuffle::{ShuffleWriter, Sorted, range_partition};
use crate::sorter::Sorter;

/// Writes the hashes of a shard's documents for the level "url" or "exact".
pub(crate) struct HashWriter {
    records: Sorter<6>,
    /// The best document of each hash.
    best: ShuffleWriter<6>,
    partitions: usize,
    /// [the best document, one that it stays for].
    within: Option<ShuffleWriter<2>>,
}

impl HashWriter {
    pub fn create(corpus: &Corpus, shard: &Shard, level: Level) -> Result<Self, Error> {
        let (best, within) = level.hashes();
        let partitions = corpus.hash_partitions();
        let memory = corpus.budget.task() / 8;
        let path = |kind| corpus.paths.file(kind, shard.index);
        Ok(Self {
            records: Sorter::new(2 * memory, &corpus.paths.scratch()),
            best: ShuffleWriter::create(&path(best), partitions, memory)?,
            partitions,
            // Documents of a reference are not dropped.
            within: match shard.index < corpus.own {
                true => Some(ShuffleWriter::create(&path(within), 1, memory)?),
                false => None,
            },
        })
    }

    pub fn push(&mut self, hash: u128, rank: Rank, row: u64) -> Result<(), Error> {
        let [a, b, c] = rank.0;
        let record = [(hash >> 64) as u64, hash as u64, a, b, c, row];
        self.records.extend(&[record])
    }

    pub fn finish(mut self) -> Result<(), Error> {
        let mut records: Sorted<6> = self.records.finish()?.into();
        let mut best = Best::default();
        while let Some(record) = records.next_record()? {
            match (best.of(record), &mut self.within) {
                (None, _) => {
                    let partition = range_partition(record[0], self.partitions);
                    self.best.push(partition, record)?;
                }
                (Some(kept), Some(within)) => within.push(0, [kept, record[5]])?,
                (Some(_), None) => {}
            }
        }
        self.best.finish()?;
        self.within.map_or(Ok(()), ShuffleWriter::finish)
    }
}

/// The best document of the hash at hand: among [hash, hash, rank, rank, rank, row] in ascending order the
/// first.
#[derive(Default)]
struct Best(Option<(u64, u64, u64)>);

impl Best {
    /// The row that is better than this record's; `None` for the best itself.
    fn of(&mut self, [high, low, .., row]: [u64; 6]) -> Option<u64> {
        match self.0 {
            Some((of_high, of_low, kept)) if (of_high, of_low) == (high, low) => Some(kept),
            _ => {
                self.0 = Some((high, low, row));
                None
            }
        }
    }
}

/// The step `texts`: the hashes of the normal forms that the level "url" left.
pub(crate) fn shuffle_texts(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut gone = Gone::open(corpus, shard, Level::Url)?;
    let mut texts = HashWriter::create(corpus, shard, Level::Exact)?;
    let mut scan = FactsScan::open(corpus, shard.index)?;
    let mut row = corpus.rows.first_of(shard.index);
    while let Some((facts, _)) = scan.next_row()? {
        if row.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        if !gone.contains(row)? {
            texts.push(facts.exact, facts.rank, row)?;
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

/// The steps `urls` and `exact`: of the best documents of all shards that share a hash, the best stays.
pub(crate) fn decide(corpus: &Corpus, level: Level, partition: usize) -> Result<(), Error> {
    let files = corpus.paths.files(level.hashes().0, corpus.shards.len());
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    let mut records = Sorted::<6>::open(&files, partition, memory, &scratch)?;
    let path = corpus.paths.file(level.kinds().0, partition);
    let mut decisions = ShuffleWriter::<4>::create(&path, corpus.own, corpus.budget.task() / 4)?;
    let mut best = Best::default();
    while let Some(record) = records.next_record()? {
        let row = record[5];
        if let Some(kept) = best.of(record)
            && !corpus.is_reference(row)
        {
            let decision = Decision::same(level, row, kept);
            decisions.push(corpus.shard_of(row), decision.to_record())?;
        }
    }
    decisions.finish()
}

/// The steps `url-links` and `text-links`: sorts what was decided about a shard's documents, those among
/// them that their shard's best document stayed for.
pub(crate) fn sort_same(corpus: &Corpus, level: Level, shard: usize) -> Result<(), Error> {
    let (memory, scratch) = (corpus.budget.task() / 4, corpus.paths.scratch());
    let within = [corpus.paths.file(level.hashes().1, shard)];
    let mut within = Sorted::<2>::open(&within, 0, memory, &scratch)?;
    let mut decided = decided(corpus, level, shard, corpus.hash_partitions())?;
    let mut all = Sorter::<4>::new(memory, &scratch);
    let mut next = decided.next_record()?;
    while let Some([best, row]) = within.next_record()? {
        while let Some(record) = next.filter(|[of, ..]| *of < best) {
            all.extend(&[record])?;
            next = decided.next_record()?;
        }
        // The shard's best may have gone for one of another shard.
        let kept = match next {
            Some([of, kept, ..]) if of == best => kept,
            _ => best,
        };
        all.extend(&[Decision::same(level, row, kept).to_record()])?;
    }
    while let Some(record) = next {
        all.extend(&[record])?;
        next = decided.next_record()?;
    }
    write_sorted(corpus, level, shard, all.finish()?.into())
}
