//! Where documents are in a stream of tokens, and what they are called.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use textmill_packing::Piece;

use crate::Error;

/// Where the documents of a stream begin: 8 bytes a document.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    starts: Vec<u64>,
    tokens: u64,
}

impl Documents {
    /// Adds the document that begins where the others end.
    pub fn add(&mut self, tokens: u64) {
        self.starts.push(self.tokens);
        self.tokens += tokens;
    }

    /// Number of documents.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Tokens of all documents.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// First token of a document, and how many it has; nothing beyond the last document.
    pub fn span(&self, document: usize) -> (u64, u64) {
        let start = |index| self.starts.get(index).copied().unwrap_or(self.tokens);
        (start(document), start(document + 1) - start(document))
    }

    /// The document that a token belongs to.
    pub fn of(&self, token: u64) -> usize {
        self.starts
            .partition_point(|start| *start <= token)
            .saturating_sub(1)
    }

    /// The tokens `start..start + count` of the stream, cut where a document ends.
    pub fn pieces(&self, start: u64, count: u64) -> Vec<Piece> {
        let (mut at, end) = (start, (start + count).min(self.tokens));
        let mut pieces = Vec::new();
        let mut document = self.of(start);
        while at < end {
            let (first, tokens) = self.span(document);
            let length = (first + tokens).min(end) - at;
            pieces.push(Piece {
                start: at,
                length: length as u32, // no more than `count`
            });
            at += length;
            document += 1;
        }
        pieces
    }
}

/// The documents' ids, on disk: they are asked for when something is wrong with some of them.
#[derive(Debug)]
pub(crate) struct Ids {
    text: File,
    /// Where each id ends in the text: eight bytes each.
    ends: File,
    path: PathBuf,
}

impl Ids {
    /// The id of a document.
    pub fn get(&self, document: usize) -> Result<String, Error> {
        let end = |index: usize| -> Result<u64, Error> {
            let mut bytes = [0; 8];
            let read = self.ends.read_exact_at(&mut bytes, 8 * index as u64);
            read.map_err(Error::io(&self.path))?;
            Ok(u64::from_le_bytes(bytes))
        };
        let start = match document {
            0 => 0,
            _ => end(document - 1)?,
        };
        let mut id = vec![0; end(document)?.saturating_sub(start) as usize];
        let read = self.text.read_exact_at(&mut id, start);
        read.map_err(Error::io(&self.path))?;
        Ok(String::from_utf8_lossy(&id).into_owned())
    }
}

/// A file, or nothing where another process writes the file.
pub(crate) fn file_or_nothing(path: &Path, writes: bool) -> Result<Box<dyn Write>, Error> {
    Ok(match writes {
        true => Box::new(BufWriter::new(File::create(path).map_err(Error::io(path))?)),
        false => Box::new(std::io::sink()),
    })
}

/// Writes [`Ids`] in the order of the stream.
pub(crate) struct IdWriter {
    text: Box<dyn Write>,
    ends: Box<dyn Write>,
    end: u64,
    path: PathBuf,
}

impl IdWriter {
    /// Starts a file beside that of a stream, which another process writes unless this one
    /// `writes`.
    pub fn create(stream: &Path, writes: bool) -> Result<Self, Error> {
        let path = stream.with_extension("ids");
        Ok(Self {
            text: file_or_nothing(&path, writes)?,
            ends: file_or_nothing(&stream.with_extension("id-ends"), writes)?,
            end: 0,
            path,
        })
    }

    /// Adds the next document's id.
    pub fn add(&mut self, id: &str) -> Result<(), Error> {
        self.end += id.len() as u64;
        let text = self.text.write_all(id.as_bytes());
        let written = text.and_then(|()| self.ends.write_all(&self.end.to_le_bytes()));
        written.map_err(Error::io(&self.path))
    }

    /// Writes what is left.
    pub fn flush(&mut self) -> Result<(), Error> {
        let flushed = self.text.flush().and_then(|()| self.ends.flush());
        flushed.map_err(Error::io(&self.path))
    }

    /// Opens the files, which must be whole.
    pub fn open(self) -> Result<Ids, Error> {
        let open = |path: &Path| File::open(path).map_err(Error::io(path));
        Ok(Ids {
            text: open(&self.path)?,
            ends: open(&self.path.with_extension("id-ends"))?,
            path: self.path,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_tile_a_window_within_documents(
            lengths in proptest::collection::vec(1u64..20, 1..30), start: u64, count in 0u64..100,
        ) {
            let mut documents = Documents::default();
            lengths.iter().for_each(|length| documents.add(*length));
            let total: u64 = lengths.iter().sum();
            prop_assert_eq!(documents.tokens(), total);
            let start = start % total;
            let mut at = start;
            for piece in documents.pieces(start, count) {
                prop_assert_eq!(piece.start, at);
                let last = at + u64::from(piece.length) - 1;
                prop_assert_eq!(documents.of(at), documents.of(last));
                let (first, length) = documents.span(documents.of(at));
                prop_assert!(at == first || at == start);
                prop_assert!(last == first + length - 1 || last == start + count - 1);
                at = last + 1;
            }
            prop_assert_eq!(at, (start + count).min(total));
        }

        #[test]
        fn ids_come_back(ids in proptest::collection::vec(".{0,12}", 1..20)) {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = IdWriter::create(&dir.path().join("train.tokens"), true).unwrap();
            ids.iter().for_each(|id| writer.add(id).unwrap());
            writer.flush().unwrap();
            let read = writer.open().unwrap();
            for (document, id) in ids.iter().enumerate() {
                prop_assert_eq!(&read.get(document).unwrap(), id);
            }
            prop_assert!(read.get(ids.len()).is_err());
        }
    }
}
