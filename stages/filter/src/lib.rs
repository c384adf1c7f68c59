//! Identifies the language of documents and decides by named quality rules which of them stay.
//!
//! The order is FineWeb's: language, Gopher repetition, Gopher quality, C4, FineWeb. The first
//! rule that a document fails drops it, with the value measured and the limit missed. C4 also
//! rewrites the text, by removing lines.
//!
//! Every rule is judged by language: words are segmented as the language needs it, stop words and
//! some limits are the language's own (see [`languages`]).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod classifier;
mod config;
mod error;
mod fasttext;
mod filter;
mod hashing;
mod lang;
pub mod languages;
mod lines;
mod measure;
mod ngrams;
pub mod rules;
mod sentences;
mod stop_words;
pub mod words;

pub use classifier::{Classifier, TrainOptions, TrainReport};
pub use config::{Config, FAMILIES, LanguageConfig, Limits};
pub use error::Error;
pub use filter::Filter;
pub use lang::{
    FastTextIdentifier, Language, LanguageIdentifier, NgramModel, ScriptAware, identify,
};
pub use measure::Words;
pub use stop_words::StopWords;
