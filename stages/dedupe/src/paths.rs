use std::path::{Path, PathBuf};

/// Where the steps leave what the next ones read. Names follow from step and rank alone.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    work: PathBuf,
}

impl Paths {
    pub fn new(work: &Path) -> Self {
        Self {
            work: work.to_path_buf(),
        }
    }

    fn path(&self, kind: &str, rank: usize) -> PathBuf {
        self.work.join(kind).join(format!("{rank:05}.bin"))
    }

    /// Hash, length and signature of a shard's documents.
    pub fn facts(&self, shard: usize) -> PathBuf {
        self.path("facts", shard)
    }

    /// Origins of a shard's documents.
    pub fn origins(&self, shard: usize) -> PathBuf {
        self.path("origins", shard)
    }

    /// Shingle sets of a shard's candidates.
    pub fn sets(&self, shard: usize) -> PathBuf {
        self.path("sets", shard)
    }

    /// Band keys and rows of a shard, partitioned by key.
    pub fn keys(&self, shard: usize) -> PathBuf {
        self.path("keys", shard)
    }

    /// Groups of rows that share a key of a partition.
    pub fn groups(&self, partition: usize) -> PathBuf {
        self.path("groups", partition)
    }

    /// Rows of a partition's groups, partitioned by shard.
    pub fn candidates(&self, partition: usize) -> PathBuf {
        self.path("candidates", partition)
    }

    /// What becomes of the rows in clusters, partitioned by shard.
    pub fn decisions(&self) -> PathBuf {
        self.path("decisions", 0)
    }
}
