//! Tokenize: trains or loads a tokenizer and writes token shards.
//!
//! Two halves: the *vocabulary* sees a declared sample of the corpus once, the *encoding* is a
//! pure function of one document ([`Encoder`]). Documents are split into training and validation
//! by a hash of their cluster, so that near duplicates never stand on both sides.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bpe;
mod config;
mod encode;
mod error;
mod export;
mod groups;
mod pieces;
mod split;
mod stage;
mod vocabulary;

pub use config::{Config, Model, PreTokenizer, SampleWeights};
pub use encode::Encoder;
pub use error::Error;
pub use export::{Export, ExportError, Exported, Format, Vocabulary};
pub use pieces::{Digits, Family, Pattern, pieces};
pub use split::Split;
pub use stage::Tokenize;
pub use vocabulary::{Counts, Learnt, Limits, SharedCounts, Start, TooMany, learn, read_as};
