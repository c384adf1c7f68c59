//! nanoGPT: all ids in one file, 16 bits each, little-endian, no header; documents end with the
//! document-end token (nanoGPT, `data/openwebtext/prepare.py`). `meta.pkl` tells `train.py` the
//! size of the vocabulary, for which it would otherwise take GPT-2's.

use std::path::Path;

use textmill_schemas::{FinishedFile, NewFile};

use super::{ExportError, Vocabulary, encode};
use textmill_schemas::Side;

const META: &str = "meta.pkl";
/// Files of an export.
pub(super) const NAMES: [&str; 3] = ["train.bin", "val.bin", META];

pub(super) struct NanoGpt {
    file: NewFile,
    meta: Option<NewFile>,
    end: u32,
    bytes: Vec<u8>,
}

impl NanoGpt {
    pub fn create(dir: &Path, side: Side, vocabulary: Vocabulary) -> Result<Self, ExportError> {
        if vocabulary.size > 1 << 16 {
            return Err(ExportError::Wide(vocabulary.size));
        }
        let [train, validation, meta] = NAMES;
        let (name, meta) = match side {
            Side::Train => (train, Some(NewFile::create(&dir.join(meta))?)),
            Side::Validation => (validation, None),
        };
        let mut writer = Self {
            file: NewFile::create(&dir.join(name))?,
            meta,
            end: vocabulary.end,
            bytes: Vec::new(),
        };
        if let Some(meta) = &mut writer.meta {
            meta.append(pickle(vocabulary.size).as_bytes())?;
        }
        Ok(writer)
    }

    pub fn add(&mut self, tokens: &[u32]) -> Result<(), ExportError> {
        self.bytes.clear();
        encode(tokens, 2, &mut self.bytes);
        encode(&[self.end], 2, &mut self.bytes);
        Ok(self.file.append(&self.bytes)?)
    }

    pub fn finish(self) -> Result<Vec<FinishedFile>, ExportError> {
        let files = std::iter::once(self.file).chain(self.meta);
        let files: Result<_, _> = files.map(NewFile::finish).collect();
        Ok(files?)
    }
}

/// `{'vocab_size': N}` in Python's pickle protocol 0, which is text: mark, dictionary, key, value,
/// set item, stop.
fn pickle(vocab_size: u64) -> String {
    format!("(dVvocab_size\nI{vocab_size}\ns.")
}
