//! The interface that [`crate::shuffle`] is getting, on top of what it has today. To be deleted
//! when it has it: no memory limit is kept here.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::shuffle;

pub use crate::shuffle::{Record, range_partition};

/// Writes the records of one task.
pub struct ShuffleWriter<const N: usize>(shuffle::ShuffleWriter<N>);

impl<const N: usize> ShuffleWriter<N> {
    /// Starts a file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, partitions: usize, _memory: u64) -> Result<Self, Error> {
        shuffle::ShuffleWriter::create(path, partitions).map(Self)
    }

    /// Adds a record to a partition.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn push(&mut self, partition: usize, record: Record<N>) -> Result<(), Error> {
        self.0.push(partition, record)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// The records of one partition, in ascending order.
pub struct Sorted<const N: usize>(std::vec::IntoIter<Record<N>>);

impl<const N: usize> Sorted<N> {
    /// Opens a partition of the files of all tasks.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(
        files: &[PathBuf],
        partition: usize,
        _memory: u64,
        _scratch: &Path,
    ) -> Result<Self, Error> {
        let records = shuffle::read_partition(files, partition)?;
        Ok(Self(records.into_iter()))
    }

    /// The next record.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn next_record(&mut self) -> Result<Option<Record<N>>, Error> {
        Ok(self.0.next())
    }
}
