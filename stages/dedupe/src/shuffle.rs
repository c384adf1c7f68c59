//! The shuffle: partition, sort, group. The one place where documents of different shards meet.
//!
//! Each writing task makes one file of fixed-size records, with an index by partition. A reading
//! task takes one partition out of all files. A distributed engine can take the place of this
//! module and nothing else.
//!
//! File, in little-endian words of 64 bits: runs of records, sorted by partition within a run;
//! then for each run the record at which each partition starts and the last one ends; then the
//! number of runs, the number of partitions, and the words per record.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::intermediate::{IntermediateFile, read_words};

/// A record: words of 64 bits, the first of which is the key.
pub type Record<const N: usize> = [u64; N];

/// A writer holds this many bytes of records before it writes a run.
const RUN_BYTES: usize = 32 << 20;
/// A partition should take about this many bytes, so that a task can sort it in memory.
const PARTITION_BYTES: u64 = 64 << 20;
const FOOTER_WORDS: u64 = 3;

/// Number of partitions for a number of records.
#[must_use]
pub fn partitions_for<const N: usize>(records: u64) -> usize {
    let bytes = records.saturating_mul(8 * N as u64);
    usize::try_from(bytes.div_ceil(PARTITION_BYTES).max(1)).unwrap_or(usize::MAX)
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
    run: Vec<(usize, Record<N>)>,
    /// Records written before each partition of each run, and after each run.
    starts: Vec<u64>,
    records: u64,
    runs: u64,
}

impl<const N: usize> ShuffleWriter<N> {
    /// Starts a file; it has its name when [`Self::finish`] returns.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, partitions: usize) -> Result<Self, Error> {
        Ok(Self {
            file: IntermediateFile::create(path)?,
            partitions,
            run: Vec::new(),
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
        self.run.push((partition.min(self.partitions - 1), record));
        if self.run.len() * size_of::<(usize, Record<N>)>() >= RUN_BYTES {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> Result<(), Error> {
        self.run.sort_unstable();
        let mut open = 0;
        for (partition, record) in self.run.drain(..) {
            while open <= partition {
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

/// Reads one partition out of the files of all tasks, sorted: by key, then by the other words.
///
/// # Errors
/// When a file is missing or damaged.
pub fn read_partition<const N: usize>(
    files: &[PathBuf],
    partition: usize,
) -> Result<Vec<Record<N>>, Error> {
    let mut records = Vec::new();
    for path in files {
        read_file_partition(path, partition, &mut records)?;
    }
    records.sort_unstable();
    Ok(records)
}

fn read_file_partition<const N: usize>(
    path: &Path,
    partition: usize,
    records: &mut Vec<Record<N>>,
) -> Result<(), Error> {
    let damaged = || Error::damaged(path, "index of the shuffle");
    let file = File::open(path).map_err(Error::io(path))?;
    let words = file.metadata().map_err(Error::io(path))?.len() / 8;
    let at = words.checked_sub(FOOTER_WORDS).ok_or_else(damaged)?;
    let footer = read_words(&file, path, at, FOOTER_WORDS)?;
    let [runs, partitions, record_words] = footer[..] else {
        return Err(damaged());
    };
    if record_words != N as u64 || partition as u64 >= partitions {
        return Err(damaged());
    }
    let starts_per_run = partitions.checked_add(1).ok_or_else(damaged)?;
    let index = runs.checked_mul(starts_per_run).ok_or_else(damaged)?;
    let index_at = at.checked_sub(index).ok_or_else(damaged)?;
    for run in 0..runs {
        let starts_at = index_at + run * starts_per_run + partition as u64;
        let bounds = read_words(&file, path, starts_at, 2)?;
        let [start, end] = bounds[..] else {
            return Err(damaged());
        };
        if start > end || end > index_at / N as u64 {
            return Err(damaged());
        }
        let words = read_words(&file, path, start * N as u64, (end - start) * N as u64)?;
        let (chunks, _) = words.as_chunks::<N>();
        records.extend_from_slice(chunks);
    }
    Ok(())
}

/// The groups of sorted records that share a key.
pub fn groups<const N: usize>(sorted: &[Record<N>]) -> impl Iterator<Item = &[Record<N>]> {
    sorted.chunk_by(|a, b| a.first() == b.first())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn partitions_in_order_are_all_records_sorted(
            tasks in prop::collection::vec(prop::collection::vec((any::<u64>(), 0_u64..50), 0..60), 1..4),
            partitions in 1_usize..6,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut files = Vec::new();
            let mut expected = Vec::new();
            for (rank, records) in tasks.iter().enumerate() {
                let path = dir.path().join(format!("{rank}.bin"));
                let mut writer = ShuffleWriter::<2>::create(&path, partitions).unwrap();
                for (i, &(key, row)) in records.iter().enumerate() {
                    writer.push(range_partition(key, partitions), [key, row]).unwrap();
                    if i % 17 == 16 {
                        writer.write_run().unwrap();
                    }
                    expected.push([key, row]);
                }
                writer.finish().unwrap();
                files.push(path);
            }
            expected.sort_unstable();
            let mut read = Vec::new();
            for partition in 0..partitions {
                read.extend(read_partition::<2>(&files, partition).unwrap());
            }
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn damaged_files_are_errors(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..80)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.bin");
            std::fs::write(&path, bytes).unwrap();
            let _ = read_partition::<2>(&[path], 0);
        }
    }

    #[test]
    fn groups_share_a_key() {
        let sorted = [[1, 5], [1, 7], [2, 1], [3, 0], [3, 9]];
        let sizes: Vec<usize> = groups(&sorted).map(<[_]>::len).collect();
        assert_eq!(sizes, [2, 1, 2]);
    }
}
