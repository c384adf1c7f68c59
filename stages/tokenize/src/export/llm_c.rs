//! llm.c: files of a fixed number of tokens, each with a header of 256 32-bit numbers (magic
//! number, version, tokens), then the ids, all little-endian. The document-end token stands before
//! each document, and documents go on in the next file (llm.c, `dev/data/data_common.py` and
//! `fineweb.py`; read by `llmc/dataloader.h`).

use std::path::{Path, PathBuf};

use textmill_schemas::{FinishedFile, NewFile};

use super::{ExportError, Vocabulary, encode};
use textmill_schemas::Side;

/// Magic number, version and bytes a token of the two kinds.
const GPT_2: (u32, u32, usize) = (20_240_520, 1, 2);
const LLAMA_3: (u32, u32, usize) = (20_240_801, 7, 4);
const HEADER: usize = 256 * 4;

pub(super) struct LlmC {
    dir: PathBuf,
    /// What comes before the number in names.
    prefix: String,
    /// Number of the next file: training files come after `NAME_val_000000.bin`.
    number: u64,
    shard_tokens: u32,
    kind: (u32, u32, usize),
    end: u32,
    /// The file that is being written, and its tokens so far.
    open: Option<(NewFile, u32)>,
    finished: Vec<FinishedFile>,
    bytes: Vec<u8>,
}

impl LlmC {
    pub fn new(
        dir: &Path,
        name: &str,
        shard_tokens: u32,
        side: Side,
        vocabulary: Vocabulary,
    ) -> Result<Self, ExportError> {
        if shard_tokens == 0 || i32::try_from(shard_tokens).is_err() {
            return Err(ExportError::ShardTokens);
        }
        let wide = vocabulary.size > 1 << 16;
        Ok(Self {
            dir: dir.to_path_buf(),
            prefix: format!("{name}_{}", infix(side)),
            number: u64::from(side == Side::Train),
            shard_tokens,
            kind: if wide { LLAMA_3 } else { GPT_2 },
            end: vocabulary.end,
            open: None,
            finished: Vec::new(),
            bytes: Vec::new(),
        })
    }

    pub fn add(&mut self, tokens: &[u32]) -> Result<(), ExportError> {
        self.append(&[self.end])?;
        self.append(tokens)
    }

    fn append(&mut self, mut tokens: &[u32]) -> Result<(), ExportError> {
        while !tokens.is_empty() {
            let (mut file, written) = match self.open.take() {
                Some(open) => open,
                None => (self.start()?, 0),
            };
            let room = (self.shard_tokens - written) as usize;
            let (now, rest) = tokens.split_at(room.min(tokens.len()));
            self.bytes.clear();
            encode(now, self.kind.2, &mut self.bytes);
            file.append(&self.bytes)?;
            // At most what a file holds, which is a u32.
            let written = written + now.len() as u32;
            if written == self.shard_tokens {
                self.close(file, written)?;
            } else {
                self.open = Some((file, written));
            }
            tokens = rest;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<NewFile, ExportError> {
        let name = format!("{}_{:06}.bin", self.prefix, self.number);
        self.number += 1;
        let mut file = NewFile::create(&self.dir.join(name))?;
        file.append(&[0; HEADER])?;
        Ok(file)
    }

    fn close(&mut self, mut file: NewFile, tokens: u32) -> Result<(), ExportError> {
        let (magic, version, _) = self.kind;
        let numbers = [magic, version, tokens].map(u32::to_le_bytes);
        file.rewrite_start(&numbers.concat())?;
        self.finished.push(file.finish()?);
        Ok(())
    }

    pub fn finish(mut self) -> Result<Vec<FinishedFile>, ExportError> {
        if let Some((file, tokens)) = self.open.take() {
            self.close(file, tokens)?;
        }
        Ok(self.finished)
    }
}

fn infix(side: Side) -> &'static str {
    match side {
        Side::Train => "train",
        Side::Validation => "val",
    }
}

/// Whether a file is one of those that llm.c would find by `NAME_train_*.bin` or `NAME_val_*.bin`.
pub(super) fn owns(name: &str, file_name: &str) -> bool {
    [Side::Train, Side::Validation].into_iter().any(|side| {
        let rest = file_name.strip_prefix(&format!("{name}_{}_", infix(side)));
        let number = rest.and_then(|rest| rest.strip_suffix(".bin"));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
