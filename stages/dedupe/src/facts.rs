//! What the steps know of single documents, by row: written once per shard, read at random.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use textmill_storage::Source;

use crate::corpus::Corpus;
use crate::intermediate::{IntermediateFile, read_bytes, read_words};
use crate::paths::Kind;
use crate::rank::Rank;
use crate::{Config, Error};

/// Hash (two words), length, rank (three words), place of the id.
const FACT_WORDS: usize = 7;
/// Open files at most: a corpus has more shards than a process may open.
const OPEN_FILES: usize = 256;
/// Stands for the signature of a text without a word.
const NO_SIGNATURE: u32 = u32::MAX;

/// What is known of a document besides its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Hash of the normal form.
    pub exact: u128,
    /// Bytes of the normal form.
    pub length: u64,
    pub rank: Rank,
}

impl Facts {
    fn to_words(self, id_at: u64) -> [u64; FACT_WORDS] {
        let [a, b, c] = self.rank.0;
        let (high, low) = ((self.exact >> 64) as u64, self.exact as u64);
        [high, low, self.length, a, b, c, id_at]
    }

    fn from_words(words: &[u64]) -> Option<(Self, u64)> {
        let [high, low, length, a, b, c, id_at] = *words.as_array::<FACT_WORDS>()?;
        let facts = Self {
            exact: u128::from(high) << 64 | u128::from(low),
            length,
            rank: Rank([a, b, c]),
        };
        Some((facts, id_at))
    }
}

/// Writes what is known of a shard's documents, in order of rows.
pub(crate) struct FactsWriter {
    facts: IntermediateFile,
    ids: IntermediateFile,
    signatures: IntermediateFile,
    hashes: usize,
}

impl FactsWriter {
    pub fn create(corpus: &Corpus, shard: usize) -> Result<Self, Error> {
        let create = |kind| IntermediateFile::create(&corpus.paths.file(kind, shard));
        Ok(Self {
            facts: create(Kind::Facts)?,
            ids: create(Kind::Ids)?,
            signatures: create(Kind::Signatures)?,
            hashes: signature_length(&corpus.config),
        })
    }

    pub fn write(&mut self, facts: Facts, id: &str, signature: &[u32]) -> Result<(), Error> {
        self.facts
            .write_words(&facts.to_words(self.ids.position()))?;
        self.ids.write_words(&[id.len() as u64])?;
        self.ids.write(id.as_bytes())?;
        for place in 0..self.hashes {
            let value = signature.get(place).copied().unwrap_or(NO_SIGNATURE);
            self.signatures.write(&value.to_le_bytes())?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(), Error> {
        self.facts.finish()?;
        self.ids.finish()?;
        self.signatures.finish()
    }
}

/// MinHash values that are stored of a document.
pub(crate) fn signature_length(config: &Config) -> usize {
    if config.near { config.hashes() } else { 0 }
}

/// Random access to what is known of the documents of all shards.
pub(crate) struct FactsReader<'a> {
    pub corpus: &'a Corpus,
    files: HashMap<PathBuf, Source>,
}

impl<'a> FactsReader<'a> {
    pub fn new(corpus: &'a Corpus) -> Self {
        Self {
            corpus,
            files: HashMap::new(),
        }
    }

    pub fn facts(&mut self, row: u64) -> Result<Facts, Error> {
        Ok(self.facts_and_id(row)?.0)
    }

    fn facts_and_id(&mut self, row: u64) -> Result<(Facts, u64), Error> {
        let (shard, place) = self.corpus.rows.locate(row);
        let path = self.corpus.paths.file(Kind::Facts, shard);
        let width = FACT_WORDS as u64;
        let words = read_words(&self.open(&path)?, &path, place * width, width)?;
        Facts::from_words(&words).ok_or_else(|| Error::damaged(&path, "short row"))
    }

    /// The id of a document.
    pub fn id(&mut self, row: u64) -> Result<String, Error> {
        let at = self.facts_and_id(row)?.1;
        let path = self.corpus.paths.file(Kind::Ids, self.corpus.shard_of(row));
        let file = self.open(&path)?;
        let length = read_bytes(&file, &path, at, 8)?;
        let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
        let bytes = read_bytes(&file, &path, at + 8, length)?;
        String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "not UTF-8"))
    }

    /// The signature of a document; empty when its text has no word.
    pub fn signature(&mut self, row: u64) -> Result<Vec<u32>, Error> {
        let (shard, place) = self.corpus.rows.locate(row);
        let path = self.corpus.paths.file(Kind::Signatures, shard);
        let bytes = 4 * signature_length(&self.corpus.config) as u64;
        let bytes = read_bytes(&self.open(&path)?, &path, place * bytes, bytes)?;
        Ok(signature_of(&bytes))
    }

    pub fn open(&mut self, path: &Path) -> Result<Source, Error> {
        if let Some(file) = self.files.get(path) {
            return Ok(file.clone());
        }
        if self.files.len() >= OPEN_FILES {
            self.files.clear();
        }
        let file = Source::open(path).map_err(Error::io(path))?;
        self.files.insert(path.to_path_buf(), file.clone());
        Ok(file)
    }
}

fn signature_of(bytes: &[u8]) -> Vec<u32> {
    let (values, _) = bytes.as_chunks();
    let values = values.iter().map(|value| u32::from_le_bytes(*value));
    let signature: Vec<u32> = values.collect();
    if signature.iter().all(|value| *value == NO_SIGNATURE) {
        return Vec::new();
    }
    signature
}

/// Reads the facts and signatures of a shard from the first document to the last.
pub(crate) struct FactsScan {
    facts: Source,
    signatures: Source,
    facts_path: PathBuf,
    signatures_path: PathBuf,
    hashes: u64,
    rows: u64,
    next: u64,
    block: VecDeque<(Facts, Vec<u32>)>,
}

/// Documents that a scan reads at a time.
const SCAN_ROWS: u64 = 1024;

impl FactsScan {
    pub fn open(corpus: &Corpus, shard: usize) -> Result<Self, Error> {
        let path = |kind| corpus.paths.file(kind, shard);
        let (facts_path, signatures_path) = (path(Kind::Facts), path(Kind::Signatures));
        let open = |path: &Path| Source::open(path).map_err(Error::io(path));
        Ok(Self {
            facts: open(&facts_path)?,
            signatures: open(&signatures_path)?,
            facts_path,
            signatures_path,
            hashes: signature_length(&corpus.config) as u64,
            rows: corpus.shards.get(shard).map_or(0, |shard| shard.rows),
            next: 0,
            block: VecDeque::new(),
        })
    }

    /// The next document; `None` behind the last.
    pub fn next_row(&mut self) -> Result<Option<(Facts, Vec<u32>)>, Error> {
        if self.block.is_empty() && self.next < self.rows {
            self.read_block()?;
        }
        Ok(self.block.pop_front())
    }

    fn read_block(&mut self) -> Result<(), Error> {
        let count = (self.rows - self.next).min(SCAN_ROWS);
        let width = FACT_WORDS as u64;
        let (at, length) = (self.next * width, count * width);
        let words = read_words(&self.facts, &self.facts_path, at, length)?;
        let bytes = self.hashes * 4;
        let (at, length) = (self.next * bytes, count * bytes);
        let signatures = read_bytes(&self.signatures, &self.signatures_path, at, length)?;
        let mut signatures = signatures.chunks(bytes.max(1) as usize);
        for words in words.chunks(FACT_WORDS) {
            let facts = Facts::from_words(words);
            let (facts, _) = facts.ok_or_else(|| Error::damaged(&self.facts_path, "short row"))?;
            let signature = signatures.next().map(signature_of).unwrap_or_default();
            self.block.push_back((facts, signature));
        }
        self.next += count;
        Ok(())
    }
}
