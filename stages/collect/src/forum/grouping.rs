//! Records put in order on disk: runs that are sorted in memory, merged at the end.
//!
//! The external merge sort of Knuth, The Art of Computer Programming 3, 5.4, with compressed runs.
//! Memory is the budget plus a buffer for each run of one merge; the order is that of the keys'
//! bytes, then of arrival, whatever the budget.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// Runs that are merged at a time. Each has a buffer of some 256 KiB in the decoder.
const FAN_IN: usize = 64;
/// Bytes that a record takes in memory beside its key and value.
const OVERHEAD: usize = 24;

/// Collects records.
pub(super) struct Grouping {
    /// Folder for the runs; that of the system without one.
    folder: Option<PathBuf>,
    budget: usize,
    bytes: Vec<u8>,
    /// Where the records in memory begin, and the lengths of key and value.
    records: Vec<(usize, u32, u32)>,
    /// Closed, as there may be more of them than a process may open.
    runs: Vec<TempPath>,
}

/// Sorted records.
pub(super) struct Sorted {
    runs: Vec<Run>,
    /// The next record of each run by key, then by the run's age.
    next: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

/// A record.
pub(super) type Record = (Vec<u8>, Vec<u8>);

/// How a key begins: with a name, ended by a zero so that none is the beginning of another.
pub(super) fn named(name: &str) -> Vec<u8> {
    let mut key: Vec<u8> = name.bytes().filter(|byte| *byte != 0).collect();
    key.push(0);
    key
}

struct Run {
    /// Removes the file in the end.
    _path: TempPath,
    input: zstd::stream::read::Decoder<'static, BufReader<File>>,
    /// Value of its next record.
    value: Vec<u8>,
}

impl Grouping {
    /// Nothing yet. Up to `budget` bytes stay in memory.
    pub fn new(folder: Option<&Path>, budget: usize) -> Self {
        Self {
            folder: folder.map(Path::to_path_buf),
            budget,
            bytes: Vec::new(),
            records: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Takes a record. Key and value must each be shorter than 4 GiB.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let taken = self.bytes.len() + self.records.len() * OVERHEAD;
        if !self.records.is_empty() && taken + key.len() + value.len() + OVERHEAD > self.budget {
            self.spill()?;
        }
        let length = |part: &[u8]| {
            u32::try_from(part.len()).map_err(|_| io::Error::other("a record of over 4 GiB"))
        };
        let record = (self.bytes.len(), length(key)?, length(value)?);
        self.records.push(record);
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    /// Puts all in order.
    pub fn sort(mut self) -> io::Result<Sorted> {
        self.spill()?;
        self.bytes = Vec::new();
        self.records = Vec::new();
        while self.runs.len() > FAN_IN {
            // Neighbours are merged and stay in their places, so that equal keys keep their order.
            let mut runs = std::mem::take(&mut self.runs).into_iter().peekable();
            while runs.peek().is_some() {
                let mut merged = Writer::new(self.folder.as_deref())?;
                for record in Sorted::of(runs.by_ref().take(FAN_IN).collect())? {
                    let (key, value) = record?;
                    merged.write(&key, &value)?;
                }
                self.runs.push(merged.finish()?);
            }
        }
        Sorted::of(self.runs)
    }

    /// Writes the records in memory as a run.
    fn spill(&mut self) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        let bytes = &self.bytes;
        let key = |(start, key, _): &(usize, u32, u32)| {
            bytes
                .get(*start..*start + *key as usize)
                .unwrap_or_default()
        };
        // Stable: records of one key stay in order of arrival.
        self.records.sort_by(|a, b| key(a).cmp(key(b)));
        let mut run = Writer::new(self.folder.as_deref())?;
        for record in &self.records {
            let start = record.0 + record.1 as usize;
            let value = bytes.get(start..start + record.2 as usize);
            run.write(key(record), value.unwrap_or_default())?;
        }
        self.runs.push(run.finish()?);
        self.bytes.clear();
        self.records.clear();
        Ok(())
    }
}

struct Writer(zstd::stream::write::Encoder<'static, NamedTempFile>);

impl Writer {
    /// A run in a file that is removed when it is dropped, or with the folder.
    fn new(folder: Option<&Path>) -> io::Result<Self> {
        let file = match folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                NamedTempFile::new_in(folder)?
            }
            None => NamedTempFile::new()?,
        };
        Ok(Self(zstd::stream::write::Encoder::new(file, 1)?))
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.0.write_all(&(key.len() as u32).to_le_bytes())?;
        self.0.write_all(&(value.len() as u32).to_le_bytes())?;
        self.0.write_all(key)?;
        self.0.write_all(value)
    }

    fn finish(self) -> io::Result<TempPath> {
        Ok(self.0.finish()?.into_temp_path())
    }
}

impl Run {
    /// Reads the next record: keeps the value, returns the key.
    fn advance(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut lengths = [0; 8];
        match self.input.read(&mut lengths[..1])? {
            0 => return Ok(None),
            _ => self.input.read_exact(&mut lengths[1..])?,
        }
        let [a, b, c, d, e, f, g, h] = lengths;
        let mut key = vec![0; u32::from_le_bytes([a, b, c, d]) as usize];
        self.input.read_exact(&mut key)?;
        self.value
            .resize(u32::from_le_bytes([e, f, g, h]) as usize, 0);
        self.input.read_exact(&mut self.value)?;
        Ok(Some(key))
    }
}

impl Sorted {
    fn of(runs: Vec<TempPath>) -> io::Result<Self> {
        let mut sorted = Self {
            runs: Vec::new(),
            next: BinaryHeap::new(),
        };
        for (age, path) in runs.into_iter().enumerate() {
            let mut run = Run {
                input: zstd::stream::read::Decoder::new(File::open(&path)?)?,
                _path: path,
                value: Vec::new(),
            };
            if let Some(key) = run.advance()? {
                sorted.next.push(Reverse((key, age)));
            }
            sorted.runs.push(run);
        }
        Ok(sorted)
    }

    fn take(&mut self) -> io::Result<Option<Record>> {
        let Some(Reverse((key, age))) = self.next.pop() else {
            return Ok(None);
        };
        let Some(run) = self.runs.get_mut(age) else {
            return Ok(None);
        };
        let value = std::mem::take(&mut run.value);
        if let Some(next) = run.advance()? {
            self.next.push(Reverse((next, age)));
        }
        Ok(Some((key, value)))
    }
}

impl Iterator for Sorted {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(records: &[Record], budget: usize) -> Vec<Record> {
        let mut grouping = Grouping::new(None, budget);
        for (key, value) in records {
            grouping.push(key, value).unwrap();
        }
        grouping.sort().unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn more_runs_than_are_merged_at_a_time() {
        let records: Vec<Record> = (0..2000_u32)
            .map(|i| (vec![(i % 7) as u8], i.to_be_bytes().to_vec()))
            .collect();
        let mut expected = records.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted(&records, 1), expected);
    }

    #[test]
    fn memory_is_the_budget() {
        let mut grouping = Grouping::new(None, 10_000);
        for _ in 0..1000 {
            grouping.push(b"key", &[7; 100]).unwrap();
        }
        assert!(grouping.bytes.capacity() <= 20_000);
        assert!(grouping.runs.len() >= 10);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            keys in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..200),
            budget in 1_usize..4000,
        ) {
            let number = |(i, key): (usize, &Vec<u8>)| (key.clone(), i.to_be_bytes().to_vec());
            let records: Vec<Record> = keys.iter().enumerate().map(number).collect();
            let mut expected = records.clone();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(sorted(&records, budget), expected);
        }
    }
}
