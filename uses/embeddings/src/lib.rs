//! Word embeddings and sentence vectors of a model: export, neighbours, analogies.
//!
//! [`WordVectors`] are the rows of the input embedding: one vector for each token, whatever
//! stands around it. [`sentence_vectors`] are hidden states after the last norm, pooled over the
//! tokens of a text.
//!
//! Cosines of a language model's hidden states are high between any two texts, for they lie in a
//! narrow cone (Ethayarajh, 2019, arXiv:1909.00512): their order says something, their size
//! little.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;
mod export;
mod names;
mod search;
mod sentences;
mod words;

pub use error::Error;
pub use export::{write_parquet, write_word2vec};
pub use search::{Analogy, Near, nearest};
pub use sentences::{Pool, SentenceVectors, sentence_vectors};
pub use words::{Word, WordVectors};
