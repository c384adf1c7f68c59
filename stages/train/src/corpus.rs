//! The tokens of all documents as one stream in a flat file.
//!
//! The stage reads each shard once, a row group at a time, and writes the ids to a file of two
//! bytes a token (four beyond 65,536 entries of the vocabulary). Windows are then read by
//! offset, so memory does not grow with the corpus; the file costs as much disk as the shards
//! hold tokens, and the runner removes it with the stage's `work` folder.
//!
//! A training document that the mixture wants k times stands in the stream k times, so an epoch
//! sees it k times. Its copies do not follow each other: the stream first has all documents once,
//! then those that come a second time, and so on.
//!
//! Canaries stand among the documents of the first round, at places drawn by the seed.
//!
//! Memory: 8 bytes a document (see [`Documents`]); the documents' ids lie in a file beside.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use textmill_packing::{Piece, Pieces};
use textmill_schemas::{ShardReader, TaskContext, Tokens};

use crate::Error;
use crate::contents::{Contents, Times};
use crate::documents::{Documents, IdWriter, Ids, file_or_nothing};
use crate::planting::Plants;

/// What the ids must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary {
    pub size: i64,
    /// The token that stands before each document.
    pub eot: u32,
}

/// A circular stream of tokens: document-end token, document, document-end token, document, …
#[derive(Debug)]
pub(crate) struct TokenStream {
    file: File,
    path: PathBuf,
    /// Bytes a token.
    width: u64,
    documents: Arc<Documents>,
    ids: Ids,
}

impl TokenStream {
    /// [`TokenStream::scan`] of a file that this process writes.
    #[cfg(test)]
    pub fn pack(
        path: &Path,
        shards: &[PathBuf],
        times: Times,
        vocabulary: Vocabulary,
        pieces: Option<&mut Pieces>,
        ctx: &TaskContext,
    ) -> Result<Self, Error> {
        let contents = Contents {
            shards,
            times,
            plants: Plants::default(),
        };
        Self::scan(path, true, contents, vocabulary, pieces, ctx)?.open()
    }

    /// Packs documents into a file, and tells `pieces` where they are. Unless this process
    /// `writes`, another one does: then the file must be whole before it is opened.
    pub fn scan(
        path: &Path,
        writes: bool,
        contents: Contents,
        vocabulary: Vocabulary,
        pieces: Option<&mut Pieces>,
        ctx: &TaskContext,
    ) -> Result<Scanned, Error> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        let mut packer = Packer {
            file: file_or_nothing(path, writes)?,
            vocabulary,
            width: if vocabulary.size <= 1 << 16 { 2 } else { 4 },
            documents: Documents::default(),
            ids: IdWriter::create(path, writes)?,
            times: contents.times,
            plants: contents.plants,
            read: 0,
            pieces,
        };
        let mut left: Vec<&PathBuf> = contents.shards.iter().collect();
        for repetition in 1.. {
            let mut further = Vec::new();
            for shard in left {
                if packer.add_shard(shard, repetition, path, ctx)? > repetition {
                    further.push(shard);
                }
            }
            left = further;
            if left.is_empty() {
                break;
            }
        }
        packer.file.flush().map_err(Error::io(path))?;
        packer.ids.flush()?;
        Ok(Scanned {
            path: path.to_path_buf(),
            width: packer.width,
            documents: packer.documents,
            ids: packer.ids,
        })
    }

    /// Tokens in the stream.
    pub fn length(&self) -> u64 {
        self.documents.tokens()
    }

    /// Where its documents are.
    pub fn documents(&self) -> &Arc<Documents> {
        &self.documents
    }

    /// The ids of the documents that some rows have pieces of, each once.
    pub fn ids(&self, rows: &[Vec<Piece>]) -> Result<Vec<String>, Error> {
        let pieces = rows.iter().flatten();
        let mut found: Vec<usize> = pieces.map(|p| self.documents.of(p.start)).collect();
        found.sort_unstable();
        found.dedup();
        let mut ids = Vec::with_capacity(found.len());
        for document in found {
            let id = self.ids.get(document)?;
            if !ids.contains(&id) {
                ids.push(id); // a repeated document stands in the stream more than once
            }
        }
        Ok(ids)
    }

    /// `count` tokens from `start` on, going round at the end of the stream.
    pub fn read(&self, start: u64, count: u64) -> Result<Vec<i64>, Error> {
        let mut tokens = Vec::with_capacity(count as usize);
        let mut at = start % self.length().max(1);
        while (tokens.len() as u64) < count && self.length() > 0 {
            let run = (count - tokens.len() as u64).min(self.length() - at);
            let mut bytes = vec![0; (run * self.width) as usize];
            let read = self.file.read_exact_at(&mut bytes, at * self.width);
            read.map_err(Error::io(&self.path))?;
            match self.width {
                2 => {
                    let ids = bytes.as_chunks::<2>().0.iter();
                    tokens.extend(ids.map(|&b| i64::from(u16::from_le_bytes(b))));
                }
                _ => {
                    let ids = bytes.as_chunks::<4>().0.iter();
                    tokens.extend(ids.map(|&b| i64::from(u32::from_le_bytes(b))));
                }
            }
            at = 0;
        }
        Ok(tokens)
    }
}

/// A stream whose documents are known, and whose file may still be written by another process.
pub(crate) struct Scanned {
    path: PathBuf,
    width: u64,
    documents: Documents,
    ids: IdWriter,
}

impl Scanned {
    /// Opens the file, which must be whole.
    pub fn open(self) -> Result<TokenStream, Error> {
        Ok(TokenStream {
            file: File::open(&self.path).map_err(Error::io(&self.path))?,
            path: self.path,
            width: self.width,
            documents: Arc::new(self.documents),
            ids: self.ids.open()?,
        })
    }
}

struct Packer<'a> {
    file: Box<dyn Write>,
    vocabulary: Vocabulary,
    width: u64,
    documents: Documents,
    ids: IdWriter,
    times: Times<'a>,
    plants: Plants,
    /// Documents of the shards that the first round has come to.
    read: u64,
    pieces: Option<&'a mut Pieces>,
}

impl Packer<'_> {
    /// Adds the documents of a shard that are to be seen at least `repetition` times; returns the
    /// most times that one of them is.
    fn add_shard(
        &mut self,
        shard: &Path,
        repetition: u32,
        path: &Path,
        ctx: &TaskContext,
    ) -> Result<u32, Error> {
        let mut most = 0;
        for group in ShardReader::<Tokens>::open(shard)? {
            ctx.check_cancelled()?;
            for document in group? {
                let times = self.times.of(&document);
                most = most.max(times);
                if times >= repetition {
                    self.check(shard, &document)?;
                    self.add(&document.id, &document.tokens, path)?;
                }
                self.read += u64::from(repetition == 1);
                while let Some(plant) = self.plants.due(self.read) {
                    self.add(&plant.id, &plant.tokens, path)?;
                }
            }
        }
        Ok(most)
    }

    fn add(&mut self, id: &str, tokens: &[u32], path: &Path) -> Result<(), Error> {
        self.write(tokens).map_err(Error::io(path))?;
        self.ids.add(id)?;
        let (start, length) = (self.documents.tokens(), 1 + tokens.len() as u64);
        self.documents.add(length);
        if let Some(pieces) = &mut self.pieces {
            pieces.add(start, length)?;
        }
        Ok(())
    }

    fn check(&self, shard: &Path, document: &Tokens) -> Result<(), Error> {
        let vocab = self.vocabulary.size;
        match document.tokens.iter().find(|&&id| i64::from(id) >= vocab) {
            None => Ok(()),
            Some(&token) => Err(Error::Token {
                shard: shard.to_path_buf(),
                document: document.id.clone(),
                token,
                vocab,
            }),
        }
    }

    fn write(&mut self, tokens: &[u32]) -> std::io::Result<()> {
        for &token in std::iter::once(&self.vocabulary.eot).chain(tokens) {
            match self.width {
                2 => self.file.write_all(&(token as u16).to_le_bytes())?,
                _ => self.file.write_all(&token.to_le_bytes())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use textmill_packing::Mixture;

    use crate::test_support::{context, write_rows, write_shard};

    fn pack(dir: &Path, shards: &[PathBuf], times: Times, size: i64) -> Result<TokenStream, Error> {
        let (path, ctx) = (dir.join("work/train.tokens"), context(dir));
        let vocabulary = Vocabulary { size, eot: 99 };
        TokenStream::pack(&path, shards, times, vocabulary, None, &ctx.borrow())
    }

    #[test]
    fn documents_are_joined_and_the_stream_goes_round() {
        for size in [100, 100_000] {
            let dir = tempfile::tempdir().unwrap();
            let shard = write_shard(
                dir.path(),
                "part-00000.parquet",
                &[vec![1, 2], vec![], vec![3]],
            );
            let stream = pack(dir.path(), &[shard], Times::Once, size).unwrap();
            assert_eq!(stream.length(), 6);
            assert_eq!(stream.read(0, 6).unwrap(), [99, 1, 2, 99, 99, 3]);
            assert_eq!(stream.read(5, 3).unwrap(), [3, 99, 1]);
            assert_eq!(stream.read(8, 14).unwrap()[..4], [2, 99, 99, 3]);
            let piece = |start| vec![Piece { start, length: 1 }];
            let rows = [piece(5), piece(1), piece(4)];
            assert_eq!(stream.ids(&rows).unwrap(), ["0", "2"]);
        }
    }

    #[test]
    fn repetitions_are_further_rounds_of_the_stream() {
        let dir = tempfile::tempdir().unwrap();
        let shard = |name: &str, documents: &[(u32, u32)]| {
            let rows = documents.iter().map(|&(token, repetitions)| Tokens {
                tokens: vec![token],
                source: if token < 3 { "news" } else { "books" }.to_owned(),
                repetitions,
                ..Tokens::default()
            });
            write_rows(dir.path(), name, rows);
            dir.path().join(name)
        };
        let shards = [
            shard("part-00000.parquet", &[(1, 1), (2, 3)]),
            shard("part-00001.parquet", &[(3, 1), (4, 0)]),
            shard("part-00002.parquet", &[(5, 2)]),
        ];
        let documents = |times| {
            let stream = pack(dir.path(), &shards, times, 100).unwrap();
            let tokens = stream.read(0, stream.length()).unwrap();
            tokens.into_iter().filter(|t| *t != 99).collect::<Vec<_>>()
        };
        assert_eq!(documents(Times::Once), [1, 2, 3, 4, 5]);
        let books = |weight| Mixture {
            sources: [("books".to_owned(), weight)].into(),
            ..Mixture::default()
        };
        let mixed = [
            (Mixture::default(), vec![1, 2, 3, 4, 5, 2, 5, 2]),
            (books(2.0), vec![1, 2, 3, 4, 5, 2, 3, 4, 5, 2, 5, 5]),
            (books(0.0), vec![1, 2, 2, 2]),
        ];
        for (mixture, expected) in &mixed {
            assert_eq!(documents(Times::Mixed(mixture, 1)), *expected);
        }
    }

    #[test]
    fn a_file_that_another_process_writes_is_read_alike() {
        let dir = tempfile::tempdir().unwrap();
        let shards = [write_shard(
            dir.path(),
            "part-00000.parquet",
            &[vec![1, 2], vec![3]],
        )];
        let (path, ctx) = (dir.path().join("work/train.tokens"), context(dir.path()));
        let scan = |writes| {
            let vocabulary = Vocabulary { size: 100, eot: 99 };
            let contents = Contents {
                shards: &shards,
                times: Times::Once,
                plants: Plants::default(),
            };
            TokenStream::scan(&path, writes, contents, vocabulary, None, &ctx.borrow()).unwrap()
        };
        let other = scan(false);
        assert!(!path.exists());
        let streams = [scan(true).open().unwrap(), other.open().unwrap()];
        for stream in streams {
            assert_eq!(stream.read(0, 5).unwrap(), [99, 1, 2, 99, 3]);
            let row = vec![Piece {
                start: 3,
                length: 2,
            }];
            assert_eq!(stream.ids(&[row]).unwrap(), ["1"]);
        }
    }

    #[test]
    fn a_token_outside_the_vocabulary_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let shard = write_shard(dir.path(), "part-00000.parquet", &[vec![1, 100]]);
        let error = pack(dir.path(), &[shard], Times::Once, 100);
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("document 0") && message.contains("id 100"),
            "{message}"
        );
    }
}
