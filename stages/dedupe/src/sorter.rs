//! Sorts records in bounded memory: an external merge sort, where they do not fit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::shuffle::Record;

/// A merge keeps a buffer of at most this many bytes for each run.
const MERGE_BUFFER: u64 = 1 << 20;

/// Sorts records in bounded memory.
pub(crate) struct Sorter<const N: usize> {
    records: Vec<Record<N>>,
    most: usize,
    memory: u64,
    scratch: PathBuf,
    spilled: Vec<(File, u64)>,
}

impl<const N: usize> Sorter<N> {
    pub fn new(memory: u64, scratch: &Path) -> Self {
        let most = memory as usize / size_of::<Record<N>>();
        Self {
            records: Vec::new(),
            most: most.max(16),
            memory,
            scratch: scratch.to_path_buf(),
            spilled: Vec::new(),
        }
    }

    pub fn extend(&mut self, records: &[Record<N>]) -> Result<(), Error> {
        for piece in records.chunks(self.most) {
            if self.records.len() + piece.len() > self.most {
                self.spill()?;
            }
            let room = self.records.capacity() - self.records.len();
            if room < piece.len() {
                let further = (self.records.len() / 2).max(piece.len());
                let most = self.most - self.records.len();
                self.records.reserve_exact(further.min(most));
            }
            self.records.extend_from_slice(piece);
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.records.sort_unstable();
        self.records.dedup();
        fs::create_dir_all(&self.scratch).map_err(Error::io(&self.scratch))?;
        // Without a name: it is gone when the task ends, however it ends.
        let file = tempfile::tempfile_in(&self.scratch).map_err(Error::io(&self.scratch))?;
        let mut writer = BufWriter::with_capacity(1 << 18, file);
        for record in self.records.drain(..) {
            for word in record {
                let written = writer.write_all(&word.to_le_bytes());
                written.map_err(Error::io(&self.scratch))?;
            }
        }
        let file = writer.into_inner().map_err(|error| error.into_error());
        let mut file = file.map_err(Error::io(&self.scratch))?;
        let length = file.stream_position().map_err(Error::io(&self.scratch))?;
        file.seek(SeekFrom::Start(0))
            .map_err(Error::io(&self.scratch))?;
        self.spilled.push((file, length));
        Ok(())
    }

    pub fn finish(mut self) -> Result<Records<N>, Error> {
        if self.spilled.is_empty() {
            self.records.sort_unstable();
            return Ok(Records::Memory(self.records.into_iter()));
        }
        if !self.records.is_empty() {
            self.spill()?;
        }
        self.records = Vec::new();
        let merge = Merge::new(self.spilled, self.memory, self.scratch)?;
        Ok(Records::Merge(merge))
    }
}

/// Sorted records.
pub(crate) enum Records<const N: usize> {
    /// All of them.
    Memory(std::vec::IntoIter<Record<N>>),
    /// Those that come next.
    Merge(Merge<N>),
}

impl<const N: usize> Records<N> {
    pub fn next_record(&mut self) -> Result<Option<Record<N>>, Error> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::Merge(merge) => merge.next_record(),
        }
    }
}

/// Merges sorted runs.
pub(crate) struct Merge<const N: usize> {
    runs: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<(Record<N>, usize)>>,
    scratch: PathBuf,
}

impl<const N: usize> Merge<N> {
    fn new(files: Vec<(File, u64)>, memory: u64, scratch: PathBuf) -> Result<Self, Error> {
        let buffer = (memory / files.len() as u64).clamp(4096, MERGE_BUFFER);
        let runs = files
            .into_iter()
            .map(|(file, length)| BufReader::with_capacity(buffer.min(length) as usize, file))
            .collect();
        let mut merge = Self {
            runs,
            heads: BinaryHeap::new(),
            scratch,
        };
        for run in 0..merge.runs.len() {
            merge.refill(run)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, run: usize) -> Result<(), Error> {
        let Some(reader) = self.runs.get_mut(run) else {
            return Ok(());
        };
        let mut record = [0; N];
        for (place, word) in record.iter_mut().enumerate() {
            let mut bytes = [0; 8];
            match reader.read_exact(&mut bytes) {
                Ok(()) => *word = u64::from_le_bytes(bytes),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof && place == 0 => {
                    return Ok(());
                }
                Err(error) => return Err(Error::io(&self.scratch)(error)),
            }
        }
        self.heads.push(Reverse((record, run)));
        Ok(())
    }

    fn next_record(&mut self) -> Result<Option<Record<N>>, Error> {
        let Some(Reverse((record, run))) = self.heads.pop() else {
            return Ok(None);
        };
        self.refill(run)?;
        Ok(Some(record))
    }
}
