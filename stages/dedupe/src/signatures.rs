//! The steps that look at one shard's texts: `signatures` at all, `shingles` at candidates.

use textmill_schemas::{Document, Row, ShardReader, StageResult, TaskContext};

use crate::Config;
use crate::documents::{FactsWriter, Rows, SetsWriter};
use crate::minhash::MinHash;
use crate::paths::Paths;
use crate::shingles::{Shingled, Shingler, make_set};
use crate::shuffle::{ShuffleWriter, range_partition, read_partition};
use crate::stage::InputShard;

/// Hashes each document of a shard; writes its facts, and its band keys to the shuffle.
pub(crate) struct Signatures<'a> {
    pub config: &'a Config,
    pub paths: &'a Paths,
    pub rows: &'a Rows,
    pub partitions: usize,
}

impl Signatures<'_> {
    pub fn run(&self, shard: &InputShard, ctx: &TaskContext) -> StageResult<()> {
        let mut shingler = Shingler::new(self.config);
        let minhash = MinHash::new(self.config);
        let mut facts = FactsWriter::create(self.paths, shard.index, self.config)?;
        let mut keys = ShuffleWriter::<2>::create(&self.paths.keys(shard.index), self.partitions)?;
        let mut signature = Vec::new();
        ctx.progress.add_total(shard.rows);
        let mut row = self.rows.first_of(shard.index);
        for group in ShardReader::<Document>::open(&shard.path)? {
            ctx.check_cancelled()?;
            for document in group? {
                let shingled = shingler.shingle(&document.text);
                let Shingled { exact, length, .. } = shingled;
                signature.clear();
                if self.config.near {
                    minhash.sign(shingled.shingles, &mut signature);
                }
                facts.write(exact, length, &document.origin(), &signature)?;
                let exact_key = self.config.exact.then_some((exact >> 64) as u64);
                for key in minhash.band_keys(&signature).chain(exact_key) {
                    keys.push(range_partition(key, self.partitions), [key, row])?;
                }
                row += 1;
                ctx.progress.advance(1);
            }
        }
        shard.check_rows(row - self.rows.first_of(shard.index))?;
        facts.finish()?;
        keys.finish()?;
        Ok(())
    }
}

/// Writes the shingle sets of a shard's candidates, for exact verification.
pub(crate) struct ShingleSets<'a> {
    pub config: &'a Config,
    pub paths: &'a Paths,
    pub rows: &'a Rows,
    pub partitions: usize,
}

impl ShingleSets<'_> {
    pub fn run(&self, shard: &InputShard, ctx: &TaskContext) -> StageResult<()> {
        let files: Vec<_> = (0..self.partitions)
            .map(|p| self.paths.candidates(p))
            .collect();
        let mut candidates = read_partition::<1>(&files, shard.index)?;
        candidates.dedup();
        let mut candidates = candidates.into_iter().flatten().peekable();
        let mut sets = SetsWriter::create(self.paths, shard.index)?;
        let mut shingler = Shingler::new(self.config);
        let mut row = self.rows.first_of(shard.index);
        for group in ShardReader::<Document>::open(&shard.path)? {
            ctx.check_cancelled()?;
            for document in group? {
                if candidates.next_if_eq(&row).is_some() {
                    let shingles = shingler.shingle(&document.text).shingles;
                    make_set(shingles);
                    sets.write(shingles)?;
                } else {
                    sets.write(&[])?;
                }
                row += 1;
            }
        }
        shard.check_rows(row - self.rows.first_of(shard.index))?;
        sets.finish()?;
        Ok(())
    }
}
