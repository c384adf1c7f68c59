//! Tasks of a level's steps, run by hand.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder for the files of steps over shards of rows.
pub struct Steps {
    dir: TempDir,
    starts: Vec<u64>,
    backwards: bool,
}

impl Steps {
    /// `backwards` runs the tasks of each step in reverse.
    pub fn new(shard_rows: impl Iterator<Item = usize>, backwards: bool) -> Self {
        let mut next = 0;
        let starts = shard_rows.map(|rows| {
            next += rows as u64;
            next - rows as u64
        });
        Self {
            starts: starts.collect(),
            dir: tempfile::tempdir().unwrap(),
            backwards,
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self, step: &str, rank: usize) -> PathBuf {
        self.path().join(format!("{step}{rank}"))
    }

    pub fn files(&self, step: &str, ranks: usize) -> Vec<PathBuf> {
        (0..ranks).map(|rank| self.file(step, rank)).collect()
    }

    pub fn order(&self, tasks: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..tasks).collect();
        if self.backwards {
            order.reverse();
        }
        order
    }

    pub fn first_of(&self, shard: usize) -> u64 {
        self.starts[shard]
    }

    pub fn shard_of(&self, row: u64) -> usize {
        self.starts.partition_point(|start| *start <= row) - 1
    }
}
