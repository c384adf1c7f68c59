//! Shingle sets of candidates, by row.

use crate::Error;
use crate::corpus::Corpus;
use crate::facts::FactsReader;
use crate::intermediate::{IntermediateFile, read_bytes, read_words};
use crate::paths::Kind;

/// Writes the sets of a shard's documents: in one file the sets, in the other the word at which
/// each of them starts and the last one ends.
pub(crate) struct SetsWriter {
    sets: IntermediateFile,
    starts: IntermediateFile,
}

impl SetsWriter {
    pub fn create(corpus: &Corpus, shard: usize) -> Result<Self, Error> {
        let mut starts = IntermediateFile::create(&corpus.paths.file(Kind::SetStarts, shard))?;
        starts.write_words(&[0])?;
        let sets = IntermediateFile::create(&corpus.paths.file(Kind::Sets, shard))?;
        Ok(Self { sets, starts })
    }

    /// The set of the next row, sorted; empty for rows that are no candidates.
    pub fn write(&mut self, set: &[u64]) -> Result<(), Error> {
        self.sets.write_words(set)?;
        self.starts.write_words(&[self.sets.position() / 8])
    }

    pub fn finish(self) -> Result<(), Error> {
        self.sets.finish()?;
        self.starts.finish()
    }
}

/// The set of a row, as bytes.
pub(crate) fn read_set(facts: &mut FactsReader, row: u64) -> Result<Vec<u8>, Error> {
    let (path, place) = facts.place(Kind::SetStarts, row);
    let bounds = read_words(&facts.open(&path)?, &path, place, 2)?;
    let (path, _) = facts.place(Kind::Sets, row);
    let damaged = || Error::damaged(&path, "index of the shingle sets");
    let [start, end] = bounds[..] else {
        return Err(damaged());
    };
    let bytes = |words: u64| words.checked_mul(8).ok_or_else(damaged);
    let length = end.checked_sub(start).ok_or_else(damaged)?;
    read_bytes(&facts.open(&path)?, &path, bytes(start)?, bytes(length)?)
}
