//! Tokens in the formats of other trainers: nanoGPT, llm.c and Megatron-LM.
//!
//! Each format is written as its own project's script writes it and read as its own trainer reads
//! it, the place of the document-end token included. Files appear when all of them are whole.

mod llm_c;
mod megatron;
mod nano_gpt;

use std::path::Path;

use textmill_schemas::{FinishedFile, Side, Tokens};

use llm_c::LlmC;
use megatron::Megatron;
use nano_gpt::NanoGpt;

/// Who reads the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `train.bin` and `val.bin` for Karpathy's nanoGPT.
    NanoGpt,
    /// `NAME_train_000001.bin` … and `NAME_val_000000.bin` … for Karpathy's llm.c.
    LlmC {
        /// What the names begin with.
        name: String,
        /// Tokens of a file, but for the last.
        shard_tokens: u32,
    },
    /// `train_text_document` and `validation_text_document` with `.bin` and `.idx`, for
    /// Megatron-LM's `IndexedDataset`.
    Megatron,
}

/// What the ids are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Ids are less than this.
    pub size: u64,
    /// The document-end token.
    pub end: u32,
}

/// What can go wrong with an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// nanoGPT reads two bytes a token.
    #[error(
        "nanoGPT reads ids of 16 bits, and the vocabulary of {0} entries has greater ones: \
         --format llmc and megatron write 32 bits"
    )]
    Wide(u64),
    /// The format counts in 32 bits.
    #[error(
        "--shard-tokens must be from 1 to {}: the header counts in 31 bits",
        i32::MAX
    )]
    ShardTokens,
    /// A shard that does not fit the vocabulary.
    #[error(
        "document {document}: has token {token}, but the vocabulary has {size} entries; rerun tokenize"
    )]
    Token {
        /// The document's id.
        document: String,
        /// The token.
        token: u32,
        /// Entries of the vocabulary.
        size: u64,
    },
    /// Megatron's index counts the tokens of a document in 31 bits.
    #[error("document {0}: has more tokens than Megatron's index can count, which is in 31 bits")]
    Long(String),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] textmill_schemas::Error),
}

/// Writes one side of a run in one format.
pub struct Export {
    vocabulary: Vocabulary,
    writer: Writer,
    documents: u64,
    tokens: u64,
}

/// What became of one side.
#[derive(Debug)]
pub struct Exported {
    /// Documents, repetitions counted.
    pub documents: u64,
    /// Tokens, those that end documents included.
    pub tokens: u64,
    /// The files, which wait for their names.
    pub files: Vec<FinishedFile>,
}

enum Writer {
    NanoGpt(NanoGpt),
    LlmC(LlmC),
    Megatron(Megatron),
}

impl Export {
    /// Starts the files of a side in a folder.
    ///
    /// # Errors
    /// When the format cannot hold the vocabulary, or a file cannot be made.
    pub fn create(
        dir: &Path,
        format: &Format,
        side: Side,
        vocabulary: Vocabulary,
    ) -> Result<Self, ExportError> {
        let writer = match format {
            Format::NanoGpt => Writer::NanoGpt(NanoGpt::create(dir, side, vocabulary)?),
            Format::LlmC { name, shard_tokens } => {
                Writer::LlmC(LlmC::new(dir, name, *shard_tokens, side, vocabulary)?)
            }
            Format::Megatron => Writer::Megatron(Megatron::create(dir, side, vocabulary)?),
        };
        Ok(Self {
            vocabulary,
            writer,
            documents: 0,
            tokens: 0,
        })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// When it has a token that the vocabulary lacks, or the disk refuses.
    pub fn add(&mut self, document: &Tokens) -> Result<(), ExportError> {
        let size = self.vocabulary.size;
        let strange = document.tokens.iter().find(|&&id| u64::from(id) >= size);
        if let Some(&token) = strange {
            return Err(ExportError::Token {
                document: document.id.clone(),
                token,
                size,
            });
        }
        self.documents += 1;
        self.tokens += 1 + document.tokens.len() as u64;
        match &mut self.writer {
            Writer::NanoGpt(writer) => writer.add(&document.tokens),
            Writer::LlmC(writer) => writer.add(&document.tokens),
            Writer::Megatron(writer) => writer.add(document),
        }
    }

    /// Writes what is left. The files get their names by [`FinishedFile::commit`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<Exported, ExportError> {
        let files = match self.writer {
            Writer::NanoGpt(writer) => writer.finish(),
            Writer::LlmC(writer) => writer.finish(),
            Writer::Megatron(writer) => writer.finish(),
        };
        Ok(Exported {
            documents: self.documents,
            tokens: self.tokens,
            files: files?,
        })
    }
}

impl Format {
    /// Whether a file of this name belongs to an export in this format. Trainers read what a
    /// pattern finds, so the files of an earlier export must not stand beside those of a later one.
    #[must_use]
    pub fn owns(&self, file_name: &str) -> bool {
        match self {
            Self::NanoGpt => nano_gpt::NAMES.contains(&file_name),
            Self::LlmC { name, .. } => llm_c::owns(name, file_name),
            Self::Megatron => [Side::Train, Side::Validation].iter().any(|side| {
                let stem = megatron::stem(*side);
                [format!("{stem}.bin"), format!("{stem}.idx")].contains(&file_name.to_owned())
            }),
        }
    }
}

/// Ids as little-endian numbers of this many bytes, two or four.
fn encode(ids: &[u32], width: usize, bytes: &mut Vec<u8>) {
    match width {
        // The caller has checked the vocabulary.
        2 => bytes.extend(ids.iter().flat_map(|&id| (id as u16).to_le_bytes())),
        _ => bytes.extend(ids.iter().flat_map(|&id| id.to_le_bytes())),
    }
}

#[cfg(test)]
mod tests;
