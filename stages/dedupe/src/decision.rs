//! What a level decides about a document.

use std::cmp::Ordering;
use std::path::PathBuf;

use textmill_storage::Source;

use crate::Error;
use crate::corpus::Corpus;
use crate::facts::FactsReader;
use crate::intermediate::{IntermediateFile, read_words};
use crate::paths::Kind;
use crate::shuffle::Sorted;

/// The levels that find whole documents, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Url,
    Exact,
    Near,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Url, Self::Exact, Self::Near];

    /// Where the level leaves its decisions, and where they lie sorted by row.
    pub fn kinds(self) -> (Kind, Kind) {
        match self {
            Self::Url => (Kind::UrlDecisions, Kind::UrlLinks),
            Self::Exact => (Kind::TextDecisions, Kind::TextLinks),
            Self::Near => (Kind::NearDecisions, Kind::NearLinks),
        }
    }

    /// Where a level by hash has each shard's hashes, and what shares one within it. (The level "near" is none.)
    pub fn hashes(self) -> (Kind, Kind) {
        match self {
            Self::Url => (Kind::Urls, Kind::UrlsWithin),
            _ => (Kind::Texts, Kind::TextsWithin),
        }
    }

    fn from_word(word: u64) -> Self {
        match word {
            0 => Self::Url,
            1 => Self::Exact,
            _ => Self::Near,
        }
    }
}

/// A document is dropped, and another stays in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decision {
    pub row: u64,
    pub kept: u64,
    pub level: Level,
    /// Similarity to the one that stays, from 0 to 1; not measured by the level "url".
    pub similarity: f64,
}

impl Decision {
    /// Of documents that share a hash.
    pub fn same(level: Level, row: u64, kept: u64) -> Self {
        let similarity = if level == Level::Url { f64::NAN } else { 1.0 };
        Self {
            row,
            kept,
            level,
            similarity,
        }
    }

    /// As a record of the shuffle; the row is the key.
    pub fn to_record(self) -> [u64; 4] {
        let level = self.level as u64;
        [self.row, self.kept, level, self.similarity.to_bits()]
    }

    pub fn from_record([row, kept, level, similarity]: [u64; 4]) -> Self {
        Self {
            row,
            kept,
            level: Level::from_word(level),
            similarity: f64::from_bits(similarity),
        }
    }
}

/// What the `sources` tasks of a level decided about a shard, by row.
pub(crate) fn decided(
    corpus: &Corpus,
    level: Level,
    shard: usize,
    sources: usize,
) -> Result<Sorted<4>, Error> {
    let files = corpus.paths.files(level.kinds().0, sources);
    let (memory, scratch) = (corpus.budget.task() / 2, corpus.paths.scratch());
    Sorted::open(&files, shard, memory, &scratch)
}

/// Writes a level's decisions about a shard, for [`find`] and [`Decisions`].
pub(crate) fn write_sorted(
    corpus: &Corpus,
    level: Level,
    shard: usize,
    mut decisions: Sorted<4>,
) -> Result<(), Error> {
    let mut file = IntermediateFile::create(&corpus.paths.file(level.kinds().1, shard))?;
    while let Some(record) = decisions.next_record()? {
        file.write_words(&record)?;
    }
    file.finish()
}

/// The step `near-links`: sorts what was decided about a shard.
pub(crate) fn sort_near(corpus: &Corpus, shard: usize, sources: usize) -> Result<(), Error> {
    let decisions = decided(corpus, Level::Near, shard, sources)?;
    write_sorted(corpus, Level::Near, shard, decisions)
}

/// The decision about a row in the files of a kind, by binary search.
pub(crate) fn find(
    facts: &mut FactsReader,
    kind: Kind,
    row: u64,
) -> Result<Option<Decision>, Error> {
    let path = facts.corpus.paths.file(kind, facts.corpus.shard_of(row));
    let file = facts.open(&path)?;
    let (mut low, mut high) = (0, file.size() / 32);
    while low < high {
        let middle = low.midpoint(high);
        let words = read_words(&file, &path, middle * 4, 4)?;
        let record = *words.as_array::<4>().unwrap_or(&[0; 4]);
        match record[0].cmp(&row) {
            Ordering::Equal => return Ok(Some(Decision::from_record(record))),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(None)
}

/// Reads a file of decisions from the first row to the last.
pub(crate) struct Decisions {
    file: Source,
    path: PathBuf,
    next: u64,
    count: u64,
    block: std::vec::IntoIter<u64>,
    head: Option<Decision>,
}

/// Decisions that are read at a time.
const BLOCK: u64 = 4096;

impl Decisions {
    pub fn open(corpus: &Corpus, kind: Kind, shard: usize) -> Result<Self, Error> {
        let path = corpus.paths.file(kind, shard);
        let file = Source::open(&path).map_err(Error::io(&path))?;
        let count = file.size() / 32;
        let mut decisions = Self {
            file,
            path,
            next: 0,
            count,
            block: Vec::new().into_iter(),
            head: None,
        };
        decisions.head = decisions.read()?;
        Ok(decisions)
    }

    fn read(&mut self) -> Result<Option<Decision>, Error> {
        if self.block.len() == 0 && self.next < self.count {
            let count = (self.count - self.next).min(BLOCK);
            let words = read_words(&self.file, &self.path, self.next * 4, count * 4)?;
            self.block = words.into_iter();
            self.next += count;
        }
        let mut word = || self.block.next();
        let (Some(a), Some(b), Some(c), Some(d)) = (word(), word(), word(), word()) else {
            return Ok(None);
        };
        Ok(Some(Decision::from_record([a, b, c, d])))
    }

    /// The next decision, whatever row it is about.
    pub fn next_decision(&mut self) -> Result<Option<Decision>, Error> {
        let next = self.head;
        if next.is_some() {
            self.head = self.read()?;
        }
        Ok(next)
    }

    /// The decision about `row`, when there is one; to be asked in ascending order.
    pub fn about(&mut self, row: u64) -> Result<Option<Decision>, Error> {
        while self.head.is_some_and(|decision| decision.row < row) {
            self.head = self.read()?;
        }
        match self.head {
            Some(decision) if decision.row == row => self.next_decision(),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_survive_the_shuffle() {
        for level in Level::ALL {
            let decision = Decision {
                row: 1 << 40,
                kept: 7,
                similarity: 0.83,
                level,
            };
            assert_eq!(Decision::from_record(decision.to_record()), decision);
        }
    }
}
