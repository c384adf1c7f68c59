//! The documents that the stage sees, as rows.
//!
//! A row is a document's number: shards in order, rows in order; behind the documents of the run
//! come those of the reference indexes. So it does not change when the same documents are cut
//! into other shards.

use std::path::PathBuf;

use textmill_schemas::{StageInput, TaskContext};
use textmill_storage::is_remote;

use crate::budget::Budget;
use crate::paths::Paths;
use crate::shuffle::partitions_for;
use crate::{Config, Error};

/// A shard of the input, or of an earlier run's index.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub index: usize,
    pub path: PathBuf,
    pub rows: u64,
}

impl Shard {
    /// Row numbers are only right when the manifest is.
    pub fn check_rows(&self, found: u64) -> Result<(), Error> {
        if found == self.rows {
            return Ok(());
        }
        Err(Error::Rows {
            path: self.path.clone(),
            expected: self.rows,
            found,
        })
    }
}

/// First row of each shard, and the number of rows behind the last.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    starts: Vec<u64>,
}

impl Rows {
    /// From the number of rows of each shard.
    pub fn new(shards: impl Iterator<Item = u64>) -> Self {
        let mut starts = vec![0];
        let mut next = 0;
        for rows in shards {
            next += rows;
            starts.push(next);
        }
        Self { starts }
    }

    pub fn total(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    pub fn first_of(&self, shard: usize) -> u64 {
        self.starts.get(shard).copied().unwrap_or_default()
    }

    /// Shard of a row, and its place there.
    pub fn locate(&self, row: u64) -> (usize, u64) {
        let shard = self
            .starts
            .partition_point(|start| *start <= row)
            .saturating_sub(1);
        (shard, row - self.first_of(shard))
    }
}

/// What all tasks of a run agree on.
#[derive(Clone, Debug)]
pub(crate) struct Corpus {
    pub config: Config,
    /// Shards of documents, then shards of reference indexes.
    pub shards: Vec<Shard>,
    /// How many of the shards hold documents of this run.
    pub own: usize,
    /// Size of the own shards on disk, in bytes.
    pub bytes: u64,
    pub rows: Rows,
    pub paths: Paths,
    /// Whether the files between the steps lie in a store.
    pub far: bool,
    pub budget: Budget,
}

impl Corpus {
    pub fn new(
        config: &Config,
        input: &StageInput,
        reference: &[(PathBuf, u64)],
        ctx: &TaskContext,
    ) -> Self {
        let own = input.shards();
        let count = own.len();
        let shards: Vec<Shard> = own
            .map(|(path, entry)| (path, entry.rows))
            .chain(reference.iter().cloned())
            .enumerate()
            .map(|(index, (path, rows))| Shard { index, path, rows })
            .collect();
        Self {
            config: config.clone(),
            rows: Rows::new(shards.iter().map(|shard| shard.rows)),
            shards,
            own: count,
            bytes: input.manifest.kept.iter().map(|shard| shard.bytes).sum(),
            paths: Paths::new(&ctx.work()),
            far: is_remote(&ctx.work()),
            budget: Budget::new(config.memory_limit.as_u64(), ctx.threads),
        }
    }

    /// Rows of this run's documents; those of the references lie behind.
    pub fn own_rows(&self) -> u64 {
        self.rows.first_of(self.own)
    }

    /// Whether a row is of a reference index.
    pub fn is_reference(&self, row: u64) -> bool {
        row >= self.own_rows()
    }

    /// Partitions for records of N words, `each` for every row.
    pub fn partitions<const N: usize>(&self, each: u64) -> usize {
        let records = self.rows.total().saturating_mul(each);
        partitions_for::<N>(records, self.budget.partition())
    }

    /// Partitions of the hashes of addresses or normal forms.
    pub fn hash_partitions(&self) -> usize {
        self.partitions::<6>(1)
    }

    /// Partitions of lines: one record for about 20 bytes of a compressed shard.
    pub fn line_partitions(&self) -> usize {
        partitions_for::<3>(self.bytes / 20, self.budget.partition())
    }

    /// Partitions of anchors and windows: likewise.
    pub fn window_partitions(&self) -> usize {
        let tokens = self.config.substrings.min_tokens.max(2) as u64;
        partitions_for::<3>(self.bytes / tokens, self.budget.partition())
    }

    /// Partition of a row among `partitions` ranges of equal width.
    pub fn range_of(&self, row: u64, partitions: usize) -> usize {
        let total = u128::from(self.rows.total().max(1));
        (u128::from(row) * partitions as u128 / total) as usize
    }

    /// Shard of a row; the number of own shards for rows of references.
    pub fn shard_of(&self, row: u64) -> usize {
        self.rows.locate(row).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_located() {
        let rows = Rows::new([3, 0, 2].into_iter());
        assert_eq!(rows.total(), 5);
        let places: Vec<_> = (0..5).map(|row| rows.locate(row)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]);
    }
}
