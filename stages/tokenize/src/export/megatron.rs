//! Megatron-LM: a `.bin` of ids and an `.idx` that says where each sequence lies (Megatron-LM,
//! `megatron/core/datasets/indexed_dataset.py`; written as `tools/preprocess_data.py --append-eod`
//! does). A document is one sequence, which the document-end token ends.
//!
//! The index, little-endian: `MMIDIDX\0\0`, version 1 (u64), code of the ids' type (u8), number of
//! sequences (u64), number of document boundaries (u64); then for each sequence its tokens (i32),
//! for each its first byte in the `.bin` (i64), and the boundaries: the sequences that documents
//! begin with and one past the last (i64).

use std::io::{BufReader, Read};
use std::path::Path;

use textmill_schemas::{Error, FinishedFile, NewFile, Tokens};

use super::{ExportError, Vocabulary, encode};
use textmill_schemas::Side;

const MAGIC: &[u8; 9] = b"MMIDIDX\0\0";
const VERSION: u64 = 1;
/// Bytes before the sequences.
const HEADER: usize = 9 + 8 + 1 + 8 + 8;
/// Megatron's `DType.optimal_dtype`: from this vocabulary on, 32 bits.
const WIDE: u64 = 65_500;
/// Codes of its `DType`.
const INT32: u8 = 4;
const UINT16: u8 = 8;

pub(super) struct Megatron {
    data: NewFile,
    /// Gets the lengths as they come; the rest follows at the end, so that memory stays the same.
    index: NewFile,
    width: usize,
    end: u32,
    sequences: u64,
    bytes: Vec<u8>,
}

impl Megatron {
    pub fn create(dir: &Path, side: Side, vocabulary: Vocabulary) -> Result<Self, ExportError> {
        let file = |ending| NewFile::create(&dir.join(format!("{}.{ending}", stem(side))));
        let mut index = file("idx")?;
        index.append(&[0; HEADER])?;
        Ok(Self {
            data: file("bin")?,
            index,
            width: if vocabulary.size < WIDE { 2 } else { 4 },
            end: vocabulary.end,
            sequences: 0,
            bytes: Vec::new(),
        })
    }

    pub fn add(&mut self, document: &Tokens) -> Result<(), ExportError> {
        let length = i32::try_from(document.tokens.len() + 1);
        let length = length.map_err(|_| ExportError::Long(document.id.clone()))?;
        self.bytes.clear();
        encode(&document.tokens, self.width, &mut self.bytes);
        encode(&[self.end], self.width, &mut self.bytes);
        self.data.append(&self.bytes)?;
        self.index.append(&length.to_le_bytes())?;
        self.sequences += 1;
        Ok(())
    }

    pub fn finish(mut self) -> Result<Vec<FinishedFile>, ExportError> {
        self.append_pointers()?;
        for boundary in 0..=self.sequences {
            self.index.append(&boundary.to_le_bytes())?;
        }
        let code = if self.width == 2 { UINT16 } else { INT32 };
        let header = [
            MAGIC.as_slice(),
            &VERSION.to_le_bytes(),
            &[code],
            &self.sequences.to_le_bytes(),
            &(self.sequences + 1).to_le_bytes(),
        ];
        self.index.rewrite_start(&header.concat())?;
        // The index comes last: who sees it finds the data, too.
        Ok(vec![self.data.finish()?, self.index.finish()?])
    }

    /// Where each sequence begins: the sums of the lengths, which are read back.
    fn append_pointers(&mut self) -> Result<(), ExportError> {
        let path = self.index.path().to_path_buf();
        let failed = |source| Error::Io {
            path: path.clone(),
            source,
        };
        let mut lengths = BufReader::new(self.index.reader()?);
        lengths.read_exact(&mut [0; HEADER]).map_err(failed)?;
        let (mut pointer, mut length) = (0_u64, [0; 4]);
        for _ in 0..self.sequences {
            lengths.read_exact(&mut length).map_err(failed)?;
            self.index.append(&pointer.to_le_bytes())?;
            pointer += u64::from(u32::from_le_bytes(length)) * self.width as u64;
        }
        Ok(())
    }
}

/// What the names of a side's files begin with; Megatron's `--data-path` is given without ending.
pub(super) fn stem(side: Side) -> &'static str {
    match side {
        Side::Train => "train_text_document",
        Side::Validation => "validation_text_document",
    }
}
