//! The contracts between the stages.
//!
//! A document walks the pipeline once, forwards, as one of four row types
//! ([`RawDocument`], [`Document`], [`Dropped`], [`Tokens`]) in Parquet shards; what the filter measured of it lies beside
//! as [`Signals`], an [`IndexEntry`] is what later runs recognise it by, and a [`DocumentLoss`] what
//! the trained model makes of it.
//! Stages never import each other: they meet here. What a stage did stands in
//! its [`Manifest`]; what one of its tasks did in a [`CompletionRecord`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod column;
mod columns;
mod commit;
mod describe;
mod error;
mod groups;
mod manifest;
mod memory;
mod new_file;
mod row;
mod rows;
mod shard;
mod signals;
mod spans;
mod stage;
mod tokens;

pub use commit::{Draft, leftovers, remove_leftovers, temporary, write_atomically};
pub use describe::{ColumnDescription, ShardDescription};
pub use error::Error;
pub use groups::{Side, TokenGroup};
pub use manifest::{CompletionRecord, Manifest, ShardEntry, TaskReport, hash_file};
pub use memory::peak_memory;
pub use new_file::{FinishedFile, NewFile};
pub use row::{Origin, Row};
pub use rows::{
    CONTENT_HTML, Document, DocumentLoss, Dropped, IndexEntry, PlainDocument, RawDocument, Tokens,
};
pub use shard::{ShardReader, ShardWriter, shard_name};
pub use signals::{SCORES, Signals};
pub use stage::{
    Cancelled, CorpusStage, DocumentStage, NoProgress, Progress, Reason, StageInput, StageResult,
    TaskContext, Verdict,
};
pub use tokens::{TokenizerStamp, check_tokenizer, open_tokens};
