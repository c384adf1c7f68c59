//! The shuffle: partition, sort, group. The one place where documents of different shards meet.
//!
//! Each writing task makes one file of fixed-size records, with an index by partition
//! ([`ShuffleWriter`]). A reading task takes one partition out of all files, sorted
//! ([`Sorted`]): in memory where it fits, else by an external merge sort. A distributed engine
//! can take the place of this module and nothing else.
//!
//! File, in little-endian words of 64 bits: runs of records, each ordered by partition; then for
//! each run the record at which each partition starts and the last one ends; then the number of
//! runs, the number of partitions, and the words per record.

use std::path::{Path, PathBuf};

use textmill_storage::{Source, is_remote};

use crate::Error;
use crate::intermediate::{IntermediateFile, read_words};
use crate::sorter::{Records, Sorter};
use crate::together::{AT_ONCE, together};

/// A record: words of 64 bits, the first of which is the key.
pub type Record<const N: usize> = [u64; N];

const FOOTER_WORDS: u64 = 3;
/// Records are read in pieces of at most this many bytes.
const PIECE_BYTES: u64 = 1 << 20;
/// A run buffer does not grow beyond this: larger runs make reading no faster.
const LARGEST_RUN: u64 = 64 << 20;

/// Number of partitions of at most `partition_bytes` for a number of records of N words.
#[must_use]
pub fn partitions_for<const N: usize>(records: u64, partition_bytes: u64) -> usize {
    let bytes = records.saturating_mul(8 * N as u64);
    usize::try_from(bytes.div_ceil(partition_bytes).max(1)).unwrap_or(usize::MAX)
}

/// The partition of a hashed key: ranges of equal width, so that partitions in order, each
/// sorted, are all records in order.
#[must_use]
pub fn range_partition(key: u64, partitions: usize) -> usize {
    ((u128::from(key) * partitions as u128) >> 64) as usize
}

/// Writes the records of one task.
pub struct ShuffleWriter<const N: usize> {
    file: IntermediateFile,
    partitions: usize,
    /// Partition and record.
    run: Vec<(u32, Record<N>)>,
    run_length: usize,
    /// Records written before each partition of each run, and after each run.
    starts: Vec<u64>,
    records: u64,
    runs: u64,
}

impl<const N: usize> ShuffleWriter<N> {
    /// Starts a file; it has its name when [`Self::finish`] returns. `memory` bytes of records
    /// are held at most.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, partitions: usize, memory: u64) -> Result<Self, Error> {
        let bytes = memory.min(LARGEST_RUN) as usize;
        Ok(Self {
            file: IntermediateFile::create(path)?,
            partitions: partitions.max(1),
            run: Vec::new(),
            run_length: (bytes / size_of::<(u32, Record<N>)>()).max(1),
            starts: Vec::new(),
            records: 0,
            runs: 0,
        })
    }

    /// Adds a record to a partition below the number given.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn push(&mut self, partition: usize, record: Record<N>) -> Result<(), Error> {
        if self.run.len() == self.run.capacity() {
            // By halves rather than doubled: a buffer must not overshoot what it may take.
            let further = (self.run.len() / 2).max(1024);
            let room = self.run_length.saturating_sub(self.run.len());
            self.run.reserve_exact(further.min(room).max(1));
        }
        let partition = partition.min(self.partitions - 1) as u32;
        self.run.push((partition, record));
        if self.run.len() >= self.run_length {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> Result<(), Error> {
        // Sorted whole, and repeats left out: what is read is a set of records.
        self.run.sort_unstable();
        self.run.dedup();
        let mut open = 0;
        for (partition, record) in self.run.drain(..) {
            while open <= partition as usize {
                self.starts.push(self.records);
                open += 1;
            }
            self.file.write_words(&record)?;
            self.records += 1;
        }
        let missing = self.partitions + 1 - open;
        self.starts
            .extend(std::iter::repeat_n(self.records, missing));
        self.runs += 1;
        Ok(())
    }

    /// Writes what is left and the index, and gives the file its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(mut self) -> Result<(), Error> {
        if !self.run.is_empty() {
            self.write_run()?;
        }
        self.file.write_words(&self.starts)?;
        let footer = [self.runs, self.partitions as u64, N as u64];
        self.file.write_words(&footer)?;
        self.file.finish()
    }
}

/// The distinct records of one partition of all files, in ascending order: by key, then by the
/// other words.
pub struct Sorted<const N: usize> {
    records: Records<N>,
    last: Option<Record<N>>,
}

impl<const N: usize> From<Records<N>> for Sorted<N> {
    fn from(records: Records<N>) -> Self {
        Self {
            records,
            last: None,
        }
    }
}

impl<const N: usize> Sorted<N> {
    /// Sorts a partition in at most `memory` bytes; what does not fit goes through temporary
    /// files in `scratch`.
    ///
    /// # Errors
    /// When a file is missing or damaged, or the disk refuses.
    pub fn open(
        files: &[PathBuf],
        partition: usize,
        memory: u64,
        scratch: &Path,
    ) -> Result<Self, Error> {
        let mut sorter = Sorter::new(memory, scratch);
        if files.first().is_some_and(|path| is_remote(path)) {
            for some in files.chunks(AT_ONCE) {
                for records in together(some, |path| read_all(path, partition))? {
                    sorter.extend(&records)?;
                }
            }
            return Ok(sorter.finish()?.into());
        }
        for path in files {
            let pieces = Pieces::<N>::open(path)?;
            pieces.read(partition, |records| sorter.extend(records))?;
        }
        Ok(sorter.finish()?.into())
    }

    /// The next record; `None` behind the last.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn next_record(&mut self) -> Result<Option<Record<N>>, Error> {
        loop {
            let next = self.records.next_record()?;
            if next.is_none() || next != self.last {
                self.last = next;
                return Ok(next);
            }
        }
    }
}

/// The records of a partition in a file.
fn read_all<const N: usize>(path: &Path, partition: usize) -> Result<Vec<Record<N>>, Error> {
    let mut all = Vec::new();
    let take = |records: &[Record<N>]| {
        all.extend_from_slice(records);
        Ok(())
    };
    Pieces::<N>::open(path)?.read(partition, take)?;
    Ok(all)
}

/// Where the records of a file lie.
struct Pieces<'a, const N: usize> {
    path: &'a Path,
    file: Source,
    runs: u64,
    partitions: u64,
    index_at: u64,
}

impl<'a, const N: usize> Pieces<'a, N> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let damaged = || Error::damaged(path, "index of the shuffle");
        let file = Source::open(path).map_err(Error::io(path))?;
        let words = file.size() / 8;
        let at = words.checked_sub(FOOTER_WORDS).ok_or_else(damaged)?;
        let footer = read_words(&file, path, at, FOOTER_WORDS)?;
        let [runs, partitions, record_words] = footer[..] else {
            return Err(damaged());
        };
        if record_words != N as u64 {
            return Err(damaged());
        }
        let per_run = partitions.checked_add(1).ok_or_else(damaged)?;
        let index = runs.checked_mul(per_run).ok_or_else(damaged)?;
        Ok(Self {
            path,
            file,
            runs,
            partitions,
            index_at: at.checked_sub(index).ok_or_else(damaged)?,
        })
    }

    /// Hands over the records of a partition, run by run.
    fn read(
        &self,
        partition: usize,
        mut take: impl FnMut(&[Record<N>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let damaged = || Error::damaged(self.path, "index of the shuffle");
        if partition as u64 >= self.partitions {
            return Err(damaged());
        }
        for run in 0..self.runs {
            let starts_at = self.index_at + run * (self.partitions + 1) + partition as u64;
            let bounds = read_words(&self.file, self.path, starts_at, 2)?;
            let [mut start, end] = bounds[..] else {
                return Err(damaged());
            };
            if start > end || end > self.index_at / N as u64 {
                return Err(damaged());
            }
            while start < end {
                let count = (end - start).min(PIECE_BYTES / (8 * N as u64));
                let at = start * N as u64;
                let words = read_words(&self.file, self.path, at, count * N as u64)?;
                take(words.as_chunks::<N>().0)?;
                start += count;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(mut sorted: Sorted<2>) -> Result<Vec<Record<2>>, Error> {
        std::iter::from_fn(|| sorted.next_record().transpose()).collect()
    }

    proptest! {
        #[test]
        fn partitions_in_order_are_all_records_sorted(
            tasks in prop::collection::vec(prop::collection::vec((any::<u64>(), 0_u64..50), 0..60), 1..4),
            partitions in 1_usize..6,
            memory in prop_oneof![Just(0_u64), 100_u64..2000, Just(1 << 20)],
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut files = Vec::new();
            let mut expected = Vec::new();
            for (rank, records) in tasks.iter().enumerate() {
                let path = dir.path().join(format!("{rank}.bin"));
                let mut writer = ShuffleWriter::<2>::create(&path, partitions, memory).unwrap();
                for &(key, row) in records {
                    writer.push(range_partition(key, partitions), [key, row]).unwrap();
                    expected.push([key, row]);
                }
                writer.finish().unwrap();
                files.push(path);
            }
            expected.sort_unstable();
            expected.dedup();
            let mut read = Vec::new();
            for partition in 0..partitions {
                let sorted = Sorted::<2>::open(&files, partition, memory, dir.path()).unwrap();
                read.extend(all(sorted).unwrap());
            }
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn damaged_files_are_errors(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..80)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.bin");
            std::fs::write(&path, bytes).unwrap();
            let sorted = Sorted::<2>::open(&[path], 0, 1000, dir.path());
            let _ = sorted.and_then(all);
        }
    }

    #[test]
    fn what_does_not_fit_is_merged_from_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        let mut writer = ShuffleWriter::<2>::create(&path, 1, 1 << 16).unwrap();
        // One key, so that no partitioning can make the group smaller.
        for row in (0..100_000).rev() {
            writer.push(0, [7, row]).unwrap();
        }
        writer.finish().unwrap();
        let mut sorted = Sorted::<2>::open(&[path], 0, 1 << 16, dir.path()).unwrap();
        assert!(matches!(sorted.records, Records::Merge(_)));
        for row in 0..100_000 {
            assert_eq!(sorted.next_record().unwrap(), Some([7, row]));
        }
        assert_eq!(sorted.next_record().unwrap(), None);
    }
}
