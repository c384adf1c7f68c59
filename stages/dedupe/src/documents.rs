//! What the steps know of single documents, by row: written once per shard, read at random.
//!
//! A row is a document's number in the whole input: shards in order, rows in order. So it does
//! not change when the same documents are cut into other shards.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use textmill_schemas::Origin;

use crate::intermediate::{IntermediateFile, read_bytes, read_words};
use crate::paths::Paths;
use crate::shingles::jaccard;
use crate::{Config, Error, Verify, estimate};

/// Hash (two words), length, place of the origin; then the signature, two values a word.
const FACT_WORDS: usize = 4;
/// Open files at most: a corpus has more shards than a process may open.
const OPEN_FILES: usize = 256;
/// Shingle sets and signatures kept for the next comparison, in bytes.
const CACHE_BYTES: usize = 64 << 20;

/// First row of each shard, and the number of rows behind the last.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    starts: Vec<u64>,
}

impl Rows {
    /// From the number of rows of each shard.
    pub fn new(shards: impl Iterator<Item = u64>) -> Self {
        let mut starts = vec![0];
        let mut next = 0;
        for rows in shards {
            next += rows;
            starts.push(next);
        }
        Self { starts }
    }

    pub fn total(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    pub fn first_of(&self, shard: usize) -> u64 {
        self.starts.get(shard).copied().unwrap_or_default()
    }

    /// Shard of a row, and its place there.
    pub fn locate(&self, row: u64) -> (usize, u64) {
        let shard = self
            .starts
            .partition_point(|start| *start <= row)
            .saturating_sub(1);
        (shard, row - self.first_of(shard))
    }
}

/// Writes what is known of a shard's documents, in order of rows.
pub(crate) struct FactsWriter {
    facts: IntermediateFile,
    origins: IntermediateFile,
    signature_words: usize,
}

impl FactsWriter {
    pub fn create(paths: &Paths, shard: usize, config: &Config) -> Result<Self, Error> {
        Ok(Self {
            facts: IntermediateFile::create(&paths.facts(shard))?,
            origins: IntermediateFile::create(&paths.origins(shard))?,
            signature_words: signature_words(config),
        })
    }

    pub fn write(
        &mut self,
        exact: u128,
        length: u64,
        origin: &Origin,
        signature: &[u32],
    ) -> Result<(), Error> {
        let mut words = vec![
            exact as u64,
            (exact >> 64) as u64,
            length,
            self.origins.position(),
        ];
        if self.signature_words > 0 {
            words.extend(signature.chunks(2).map(|pair| {
                let high = pair.get(1).copied().unwrap_or_default();
                u64::from(pair.first().copied().unwrap_or_default()) | u64::from(high) << 32
            }));
            // Texts without a word have no signature; their row is as wide as any.
            words.resize(FACT_WORDS + self.signature_words, 0);
        }
        self.facts.write_words(&words)?;
        self.write_origin(origin)
    }

    fn write_origin(&mut self, origin: &Origin) -> Result<(), Error> {
        let texts = [&origin.source, &origin.file, &origin.id];
        self.origins.write_words(&[origin.offset])?;
        self.origins
            .write_words(&texts.map(|text| text.len() as u64))?;
        texts
            .iter()
            .try_for_each(|text| self.origins.write(text.as_bytes()))
    }

    pub fn finish(self) -> Result<(), Error> {
        self.facts.finish()?;
        self.origins.finish()
    }
}

fn signature_words(config: &Config) -> usize {
    if config.near && config.verify == Verify::Estimate {
        config.hashes().div_ceil(2)
    } else {
        0
    }
}

/// Writes the shingle sets of a shard's candidates: the sets, then for each row of the shard the
/// word at which its set starts, then where the last set ends.
pub(crate) struct SetsWriter {
    file: IntermediateFile,
    starts: Vec<u64>,
}

impl SetsWriter {
    pub fn create(paths: &Paths, shard: usize) -> Result<Self, Error> {
        Ok(Self {
            file: IntermediateFile::create(&paths.sets(shard))?,
            starts: vec![0],
        })
    }

    /// The set of the next row, sorted; empty for rows that are no candidates.
    pub fn write(&mut self, set: &[u64]) -> Result<(), Error> {
        self.file.write_words(set)?;
        self.starts.push(self.file.position() / 8);
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), Error> {
        self.file.write_words(&self.starts)?;
        self.file.finish()
    }
}

/// What two documents are compared by.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub exact: u128,
    pub length: u64,
    content: Content,
}

/// A row of the facts file.
struct Facts {
    exact: u128,
    length: u64,
    origin_at: u64,
    signature: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Content {
    /// Only exact duplicates are asked for.
    Nothing,
    Signature(Vec<u32>),
    Shingles(Vec<u64>),
}

/// Random access to the documents of all shards.
pub(crate) struct Documents<'a> {
    config: &'a Config,
    paths: &'a Paths,
    rows: &'a Rows,
    files: HashMap<PathBuf, Arc<File>>,
    profiles: HashMap<u64, Arc<Profile>>,
    profile_bytes: usize,
}

impl<'a> Documents<'a> {
    pub fn new(config: &'a Config, paths: &'a Paths, rows: &'a Rows) -> Self {
        Self {
            config,
            paths,
            rows,
            files: HashMap::new(),
            profiles: HashMap::new(),
            profile_bytes: 0,
        }
    }

    /// Similarity of two documents if they are duplicates: 1 for equal normal forms, else what
    /// `verify` measures when that is at least `min_similarity`.
    pub fn compare(&mut self, a: u64, b: u64) -> Result<Option<f64>, Error> {
        let (a, b) = (self.profile(a)?, self.profile(b)?);
        if a.exact == b.exact {
            return Ok(Some(1.0));
        }
        let similarity = match (&a.content, &b.content) {
            (Content::Signature(a), Content::Signature(b)) => estimate(a, b),
            (Content::Shingles(a), Content::Shingles(b)) => {
                // The similarity is at most the quotient of the sizes.
                let (small, large) = (a.len().min(b.len()), a.len().max(b.len()));
                if (small as f64) < large as f64 * self.config.min_similarity {
                    return Ok(None);
                }
                jaccard(a, b)
            }
            _ => return Ok(None),
        };
        Ok((similarity >= self.config.min_similarity).then_some(similarity))
    }

    /// What a document is compared by.
    pub fn profile(&mut self, row: u64) -> Result<Arc<Profile>, Error> {
        if let Some(profile) = self.profiles.get(&row) {
            return Ok(profile.clone());
        }
        let profile = Arc::new(self.read_profile(row)?);
        if self.profile_bytes > CACHE_BYTES {
            self.profiles.clear();
            self.profile_bytes = 0;
        }
        self.profile_bytes += profile.size();
        self.profiles.insert(row, profile.clone());
        Ok(profile)
    }

    fn read_profile(&mut self, row: u64) -> Result<Profile, Error> {
        let facts = self.read_facts(row)?;
        let content = match (self.config.near, self.config.verify) {
            (false, _) => Content::Nothing,
            (true, Verify::Estimate) => Content::Signature(facts.signature),
            (true, Verify::Exact) => Content::Shingles(self.read_set(row)?),
        };
        Ok(Profile {
            exact: facts.exact,
            length: facts.length,
            content,
        })
    }

    fn read_facts(&mut self, row: u64) -> Result<Facts, Error> {
        let (shard, place) = self.rows.locate(row);
        let path = self.paths.facts(shard);
        let width = (FACT_WORDS + signature_words(self.config)) as u64;
        let words = read_words(&*self.open(&path)?, &path, place * width, width)?;
        let [low, high, length, origin_at, ref signature @ ..] = words[..] else {
            return Err(Error::damaged(&path, "short row"));
        };
        let values = signature
            .iter()
            .flat_map(|word| [*word as u32, (word >> 32) as u32]);
        Ok(Facts {
            exact: u128::from(low) | u128::from(high) << 64,
            length,
            origin_at,
            signature: values.take(self.config.hashes()).collect(),
        })
    }

    fn read_set(&mut self, row: u64) -> Result<Vec<u64>, Error> {
        let (shard, place) = self.rows.locate(row);
        let path = self.paths.sets(shard);
        let file = self.open(&path)?;
        let shard_rows = self.rows.first_of(shard + 1) - self.rows.first_of(shard);
        let words = file.metadata().map_err(Error::io(&path))?.len() / 8;
        let damaged = || Error::damaged(&path, "index of the shingle sets");
        let index = words.checked_sub(shard_rows + 1).ok_or_else(damaged)?;
        let bounds = read_words(&file, &path, index + place, 2)?;
        let [start, end] = bounds[..] else {
            return Err(damaged());
        };
        let length = end.checked_sub(start).ok_or_else(damaged)?;
        read_words(&file, &path, start, length)
    }

    /// Where a document came from, without its address.
    pub fn origin(&mut self, row: u64) -> Result<Origin, Error> {
        let at = self.read_facts(row)?.origin_at;
        let path = self.paths.origins(self.rows.locate(row).0);
        let file = self.open(&path)?;
        let header = read_bytes(&file, &path, at, 32)?;
        let (words, _) = header.as_chunks();
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let offset = words.next().unwrap_or_default();
        let mut next = at + 32;
        let mut texts = [String::new(), String::new(), String::new()];
        for (text, length) in texts.iter_mut().zip(words) {
            let bytes = read_bytes(&file, &path, next, length)?;
            *text = String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "not UTF-8"))?;
            next += length;
        }
        let [source, file, id] = texts;
        Ok(Origin {
            id,
            source,
            file,
            offset,
            url: None,
        })
    }

    fn open(&mut self, path: &Path) -> Result<Arc<File>, Error> {
        if let Some(file) = self.files.get(path) {
            return Ok(file.clone());
        }
        if self.files.len() >= OPEN_FILES {
            self.files.clear();
        }
        let file = Arc::new(File::open(path).map_err(Error::io(path))?);
        self.files.insert(path.to_path_buf(), file.clone());
        Ok(file)
    }
}

impl Profile {
    /// Bytes in the cache, about.
    fn size(&self) -> usize {
        let content = match &self.content {
            Content::Nothing => 0,
            Content::Signature(values) => values.len() * 4,
            Content::Shingles(set) => set.len() * 8,
        };
        content + 128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_located() {
        let rows = Rows::new([3, 0, 2].into_iter());
        assert_eq!(rows.total(), 5);
        let places: Vec<_> = (0..5).map(|row| rows.locate(row)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]);
    }

    #[test]
    fn facts_come_back_by_row() {
        for verify in [Verify::Exact, Verify::Estimate] {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths::new(dir.path());
            let config = Config {
                bands: 1,
                rows: 3,
                verify,
                ..Config::default()
            };
            let rows = Rows::new([1, 2].into_iter());
            let origin = |i: u64| Origin {
                id: format!("id{i}"),
                source: "源".into(),
                offset: i,
                ..Origin::default()
            };
            for (shard, range) in [0..1, 1..3_u64].into_iter().enumerate() {
                let mut facts = FactsWriter::create(&paths, shard, &config).unwrap();
                let mut sets = SetsWriter::create(&paths, shard).unwrap();
                for i in range {
                    let signature = [1, 2, i as u32];
                    facts
                        .write(u128::from(i) << 99, i, &origin(i), &signature)
                        .unwrap();
                    sets.write(&[1, 2, 3 + i]).unwrap();
                }
                facts.finish().unwrap();
                sets.finish().unwrap();
            }
            let mut documents = Documents::new(&config, &paths, &rows);
            for i in 0..3 {
                let profile = documents.profile(i).unwrap();
                assert_eq!((profile.exact, profile.length), (u128::from(i) << 99, i));
                assert_eq!(documents.origin(i).unwrap(), origin(i));
                assert_eq!(documents.compare(i, i).unwrap(), Some(1.0));
            }
            // 2/3 of the values, 1/2 of the sets.
            assert_eq!(documents.compare(0, 2).unwrap(), None);
            let low = Config {
                min_similarity: 0.4,
                ..config.clone()
            };
            let expected = if verify == Verify::Exact {
                0.5
            } else {
                2.0 / 3.0
            };
            let mut documents = Documents::new(&low, &paths, &rows);
            assert_eq!(documents.compare(0, 2).unwrap(), Some(expected));
        }
    }
}
