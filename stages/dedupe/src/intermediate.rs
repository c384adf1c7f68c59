//! Files between the steps: words of 64 bits, little-endian, whole as soon as they have their
//! name.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use textmill_schemas::Draft;
use textmill_storage::Source;

use crate::Error;

/// A file being written. It has its name when [`Self::finish`] returns.
pub(crate) struct IntermediateFile {
    path: PathBuf,
    file: BufWriter<Draft>,
    bytes: u64,
}

impl IntermediateFile {
    pub fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_path_buf(),
            file: BufWriter::with_capacity(1 << 16, Draft::create(path)?),
            bytes: 0,
        })
    }

    /// Bytes written so far.
    pub fn position(&self) -> u64 {
        self.bytes
    }

    pub fn write_words(&mut self, words: &[u64]) -> Result<(), Error> {
        words
            .iter()
            .try_for_each(|word| self.write(&word.to_le_bytes()))
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::io(&self.path))
    }

    pub fn finish(self) -> Result<(), Error> {
        let file = self.file.into_inner().map_err(|error| error.into_error());
        Ok(file.map_err(Error::io(&self.path))?.commit()?)
    }
}

/// Reads `count` words from word `at` on.
pub(crate) fn read_words(
    file: &Source,
    path: &Path,
    at: u64,
    count: u64,
) -> Result<Vec<u64>, Error> {
    let start = at
        .checked_mul(8)
        .ok_or_else(|| Error::damaged(path, "position"))?;
    let length = count
        .checked_mul(8)
        .ok_or_else(|| Error::damaged(path, "length"))?;
    Ok(words_of(&read_bytes(file, path, start, length)?))
}

/// The whole words among some bytes.
pub(crate) fn words_of(bytes: &[u8]) -> Vec<u64> {
    let (chunks, _) = bytes.as_chunks();
    let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
    words.collect()
}

/// Reads `length` bytes from byte `start` on; an error when the file ends before.
pub(crate) fn read_bytes(
    file: &Source,
    path: &Path,
    start: u64,
    length: u64,
) -> Result<Vec<u8>, Error> {
    // A damaged length must not become a huge allocation.
    if start
        .checked_add(length)
        .is_none_or(|end| end > file.size())
    {
        return Err(Error::damaged(path, "it ends too early"));
    }
    let mut buffer = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut buffer, start)
        .map_err(Error::io(path))?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn words_come_back_and_short_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/x.bin");
        let mut writer = IntermediateFile::create(&path).unwrap();
        writer.write_words(&[1, 2, u64::MAX]).unwrap();
        writer.write(b"tail").unwrap();
        assert_eq!(writer.position(), 28);
        assert!(!path.exists(), "no name before it is whole");
        // Nor one that another process would take that runs the same task.
        let mut names = fs::read_dir(path.parent().unwrap()).unwrap();
        let name = names.next().unwrap().unwrap().file_name();
        assert!(
            !["x.tmp", "x.bin.tmp"].contains(&name.to_str().unwrap()),
            "{name:?}"
        );
        writer.finish().unwrap();
        let file = Source::open(&path).unwrap();
        assert_eq!(read_words(&file, &path, 1, 2).unwrap(), [2, u64::MAX]);
        assert_eq!(read_bytes(&file, &path, 24, 4).unwrap(), b"tail");
        for (at, count) in [(3, 1), (u64::MAX, 1), (0, u64::MAX)] {
            let error = read_words(&file, &path, at, count).unwrap_err().to_string();
            assert!(error.contains("x.bin"), "{error}");
        }
    }
}
