//! Shingle sets of candidates, by row.

use crate::Error;
use crate::corpus::Corpus;
use crate::facts::FactsReader;
use crate::intermediate::{IntermediateFile, read_words};
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

/// The set of a row.
pub(crate) fn read_set(facts: &mut FactsReader, row: u64) -> Result<Vec<u64>, Error> {
    let (shard, place) = facts.corpus.rows.locate(row);
    let path = facts.corpus.paths.file(Kind::SetStarts, shard);
    let bounds = read_words(&facts.open(&path)?, &path, place, 2)?;
    let path = facts.corpus.paths.file(Kind::Sets, shard);
    let [start, end] = bounds[..] else {
        return Err(Error::damaged(&path, "index of the shingle sets"));
    };
    let length = end.checked_sub(start);
    let length = length.ok_or_else(|| Error::damaged(&path, "index of the shingle sets"))?;
    read_words(&facts.open(&path)?, &path, start, length)
}
