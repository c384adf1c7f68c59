//! What the steps know of single documents, by row: written once per shard, read at random.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use textmill_storage::Source;

use crate::corpus::Corpus;
use crate::gather::Gathered;
use crate::intermediate::{IntermediateFile, read_bytes, read_words, words_of};
use crate::paths::Kind;
use crate::rank::Rank;
use crate::sets::read_set;
use crate::together::together;
use crate::{Config, Error};

/// Hash (two words), length, rank (three words), place of the id.
const FACT_WORDS: usize = 7;
/// Open files at most: a corpus has more shards than a process may open.
pub(crate) const OPEN_FILES: usize = 256;
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

/// What is read of a single document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Facts,
    Id,
    Signature,
    /// Its shingle set; empty for what is no candidate, and for documents of a reference.
    Set,
}

/// Random access to what is known of the documents of all shards.
pub(crate) struct FactsReader<'a> {
    pub corpus: &'a Corpus,
    files: HashMap<PathBuf, Source>,
    gathered: Option<Gathered>,
}

impl<'a> FactsReader<'a> {
    pub fn new(corpus: &'a Corpus) -> Self {
        Self {
            corpus,
            files: HashMap::new(),
            gathered: None,
        }
    }

    /// One that looks documents up among those that were gathered first.
    pub fn with(corpus: &'a Corpus, gathered: Gathered) -> Self {
        Self {
            gathered: Some(gathered),
            ..Self::new(corpus)
        }
    }

    pub fn facts(&mut self, row: u64) -> Result<Facts, Error> {
        let words = words_of(&self.bytes(Column::Facts, row)?);
        Ok(self.parse_facts(row, &words)?.0)
    }

    /// The id of a document.
    pub fn id(&mut self, row: u64) -> Result<String, Error> {
        let id = String::from_utf8(self.bytes(Column::Id, row)?);
        id.map_err(|_| Error::damaged(&self.place(Kind::Ids, row).0, "not UTF-8"))
    }

    /// The signature of a document; empty when its text has no word.
    pub fn signature(&mut self, row: u64) -> Result<Vec<u32>, Error> {
        Ok(signature_of(&self.bytes(Column::Signature, row)?))
    }

    /// The shingle set of a document, sorted.
    pub fn set(&mut self, row: u64) -> Result<Vec<u64>, Error> {
        Ok(words_of(&self.bytes(Column::Set, row)?))
    }

    fn bytes(&mut self, column: Column, row: u64) -> Result<Vec<u8>, Error> {
        let gathered = self.gathered.as_ref();
        match gathered.map_or(Ok(None), |gathered| gathered.bytes(column, row))? {
            Some(bytes) => Ok(bytes),
            None => self.read(column, row),
        }
    }

    /// What the files of the document's shard hold of it.
    pub fn read(&mut self, column: Column, row: u64) -> Result<Vec<u8>, Error> {
        match column {
            Column::Facts => self.read_wide(Kind::Facts, row, 8 * FACT_WORDS as u64),
            Column::Signature => {
                let width = 4 * signature_length(&self.corpus.config) as u64;
                self.read_wide(Kind::Signatures, row, width)
            }
            Column::Id => {
                let words = words_of(&self.read(Column::Facts, row)?);
                let at = self.parse_facts(row, &words)?.1;
                let path = self.place(Kind::Ids, row).0;
                let file = self.open(&path)?;
                let length = words_of(&read_bytes(&file, &path, at, 8)?);
                read_bytes(&file, &path, at + 8, length.iter().sum())
            }
            Column::Set if self.corpus.is_reference(row) => Ok(Vec::new()),
            Column::Set => read_set(self, row),
        }
    }

    /// A column of fixed width, in bytes.
    fn read_wide(&mut self, kind: Kind, row: u64, width: u64) -> Result<Vec<u8>, Error> {
        let (path, place) = self.place(kind, row);
        read_bytes(&self.open(&path)?, &path, place * width, width)
    }

    fn parse_facts(&self, row: u64, words: &[u64]) -> Result<(Facts, u64), Error> {
        let damaged = || Error::damaged(&self.place(Kind::Facts, row).0, "short row");
        Facts::from_words(words).ok_or_else(damaged)
    }

    /// The file of a document's shard, and its place there.
    pub fn place(&self, kind: Kind, row: u64) -> (PathBuf, u64) {
        let (shard, place) = self.corpus.rows.locate(row);
        (self.corpus.paths.file(kind, shard), place)
    }

    pub fn open(&mut self, path: &Path) -> Result<Source, Error> {
        if let Some(file) = self.files.get(path) {
            return Ok(file.clone());
        }
        let file = open(path)?;
        self.keep(path, file.clone());
        Ok(file)
    }

    /// Opens files for what follows, all at the same time.
    pub fn open_together(&mut self, paths: &[PathBuf]) -> Result<(), Error> {
        let files = together(paths, |path| open(path))?;
        paths
            .iter()
            .zip(files)
            .for_each(|(path, file)| self.keep(path, file));
        Ok(())
    }

    fn keep(&mut self, path: &Path, file: Source) {
        if self.files.len() >= OPEN_FILES {
            self.files.clear();
        }
        self.files.insert(path.to_path_buf(), file);
    }
}

fn open(path: &Path) -> Result<Source, Error> {
    Source::open(path).map_err(Error::io(path))
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
