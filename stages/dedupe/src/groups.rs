//! The step `buckets`: rows that share a band key become groups.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::documents::Rows;
use crate::intermediate::IntermediateFile;
use crate::paths::Paths;
use crate::shuffle::{ShuffleWriter, groups, read_partition};

/// What a partition of band keys held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupCounts {
    pub groups: u64,
    pub largest: u64,
}

/// Sorts one partition of the keys of all shards and writes its groups of two rows or more:
/// each as its number of rows, then the rows in order. With `candidates`, their rows go to the
/// shuffle once more, partitioned by shard.
pub(crate) fn write_groups(
    paths: &Paths,
    rows: &Rows,
    shards: usize,
    partition: usize,
    candidates: bool,
) -> Result<GroupCounts, Error> {
    let files: Vec<PathBuf> = (0..shards).map(|shard| paths.keys(shard)).collect();
    let records = read_partition::<2>(&files, partition)?;
    let mut file = IntermediateFile::create(&paths.groups(partition))?;
    let mut by_shard = ShuffleWriter::<1>::create(&paths.candidates(partition), shards)?;
    let mut counts = GroupCounts::default();
    for group in groups(&records).filter(|group| group.len() > 1) {
        counts.groups += 1;
        counts.largest = counts.largest.max(group.len() as u64);
        file.write_words(&[group.len() as u64])?;
        for [_, row] in group {
            file.write_words(&[*row])?;
            if candidates {
                by_shard.push(rows.locate(*row).0, [*row])?;
            }
        }
    }
    by_shard.finish()?;
    file.finish()?;
    Ok(counts)
}

/// Reads the groups of a partition one after the other.
pub(crate) struct GroupReader {
    path: PathBuf,
    file: BufReader<File>,
    /// Words not yet read.
    left: u64,
}

impl GroupReader {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let left = file.metadata().map_err(Error::io(path))?.len() / 8;
        Ok(Self {
            path: path.to_path_buf(),
            file: BufReader::with_capacity(1 << 18, file),
            left,
        })
    }

    /// Replaces `rows` by the next group; false at the end.
    pub fn next_group(&mut self, rows: &mut Vec<u64>) -> Result<bool, Error> {
        rows.clear();
        if self.left == 0 {
            return Ok(false);
        }
        let length = self.word()?;
        if length > self.left {
            return Err(Error::damaged(
                &self.path,
                "a group is longer than the file",
            ));
        }
        for _ in 0..length {
            rows.push(self.word()?);
        }
        Ok(true)
    }

    fn word(&mut self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        self.file
            .read_exact(&mut bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => Error::damaged(&self.path, "it ends in a group"),
                _ => Error::io(&self.path)(error),
            })?;
        self.left = self.left.saturating_sub(1);
        Ok(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_two_and_more_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let rows = Rows::new([2, 4].into_iter());
        for (shard, records) in [vec![[9, 1], [5, 0]], vec![[9, 4], [5, 2], [7, 3], [5, 5]]]
            .iter()
            .enumerate()
        {
            let mut keys = ShuffleWriter::<2>::create(&paths.keys(shard), 1).unwrap();
            records
                .iter()
                .for_each(|record| keys.push(0, *record).unwrap());
            keys.finish().unwrap();
        }
        let counts = write_groups(&paths, &rows, 2, 0, true).unwrap();
        assert_eq!((counts.groups, counts.largest), (2, 3));
        let mut reader = GroupReader::open(&paths.groups(0)).unwrap();
        let (mut group, mut found) = (Vec::new(), Vec::new());
        while reader.next_group(&mut group).unwrap() {
            found.push(group.clone());
        }
        assert_eq!(found, [vec![0, 2, 5], vec![1, 4]]);
        let of_shard = |shard| read_partition::<1>(&[paths.candidates(0)], shard).unwrap();
        assert_eq!(of_shard(0), [[0], [1]]);
        assert_eq!(of_shard(1), [[2], [4], [5]]);
    }
}
