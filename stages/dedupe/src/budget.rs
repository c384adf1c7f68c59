//! How much memory the stage's parts may take.

/// Below this a limit could not be kept: two threads decode a row group each.
pub(crate) const LEAST: u64 = 512 << 20;
/// What the program takes whatever it does, libtorch among it.
const PROGRAM: u64 = 128 << 20;
/// Row groups of a task: one that is read, one of kept and one of dropped rows, each as rows and
/// as columns.
const ROW_GROUP: u64 = 96 << 20;
/// A partition that a task sorts should not exceed this, so that many can be sorted at a time...
const LARGEST_PARTITION: u64 = 64 << 20;
/// ...or this share of the memory, where that is more: each partition is read out of the files of all
/// shards, so that a corpus of terabytes wants fewer of them.
const LARGE_SHARE: u64 = 64;
/// In tests so small that a few hundred documents go through every path on disk.
const SMALLEST_PARTITION: u64 = if cfg!(test) { 4 << 10 } else { 4 << 20 };

/// The configured limit, shared out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: u64,
    threads: u64,
}

impl Budget {
    /// `limit` in bytes for the whole program, of which `threads` tasks run at a time.
    pub fn new(limit: u64, threads: usize) -> Self {
        Self {
            limit,
            threads: threads.max(1) as u64,
        }
    }

    /// Bytes for the buffers of one task while others run.
    pub fn task(&self) -> u64 {
        (self.free() / self.threads).max(SMALLEST_PARTITION)
    }

    /// Bytes for the state of a step that runs as one task.
    pub fn global(&self) -> u64 {
        self.free()
    }

    /// Bytes of a partition of the shuffle. By the limit alone: a run that goes on with another
    /// number of threads must find the partitions that it left.
    pub fn partition(&self) -> u64 {
        let largest = LARGEST_PARTITION.max(self.limit / LARGE_SHARE);
        (self.limit / 16).clamp(SMALLEST_PARTITION, largest)
    }

    fn free(&self) -> u64 {
        let taken = PROGRAM + ROW_GROUP * self.threads;
        self.limit.saturating_sub(taken).max(2 * SMALLEST_PARTITION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_below_the_limit() {
        for limit in [LEAST, 1 << 30, 16 << 30] {
            for threads in [1, 2] {
                let budget = Budget::new(limit, threads);
                assert!(budget.task() * threads as u64 <= limit);
                assert!(budget.global() <= limit);
            }
            let partition = Budget::new(limit, 1).partition();
            assert_eq!(partition, Budget::new(limit, 64).partition());
            assert!(partition <= limit / 16);
        }
        assert_eq!(Budget::new(2 << 30, 1).partition(), 64 << 20);
        assert_eq!(Budget::new(64 << 30, 1).partition(), 1 << 30);
    }
}
