//! Identifies the language of documents and decides by named quality rules which of them stay.
//!
//! The order is FineWeb's, with more at its ends: addresses, language, Gopher repetition, Gopher
//! quality, C4, RefinedWeb, FineWeb, prose, safety, a classifier, perplexity, decontamination.
//! Each family measures the document; the first rule whose limit is missed drops it. C4 and
//! RefinedWeb also rewrite the text, by removing lines.
//!
//! Every rule is judged by language: words are segmented as the language needs it, stop words and
//! some limits are the language's own (see [`languages`]).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod classifier;
mod config;
pub mod decontaminate;
mod error;
mod external;
mod families;
mod fasttext;
mod filter;
mod folding;
mod hashing;
mod lang;
pub mod languages;
mod lines;
mod list_file;
mod measure;
mod models;
mod ngrams;
pub mod perplexity;
mod retune;
mod rulebook;
pub mod rules;
pub mod safety;
mod sentences;
mod sheet;
mod stop_words;
mod text_file;
pub mod url;
pub mod words;

pub use classifier::{Classifier, TrainOptions, TrainReport};
pub use config::{Config, LanguageConfig, Limits};
pub use error::Error;
pub use families::{FAMILIES, Family};
pub use filter::Filter;
pub use lang::{
    FastTextIdentifier, Language, LanguageIdentifier, NgramModel, ScriptAware, identify,
};
pub use measure::Words;
pub use models::{
    ClassifierConfig, DecontaminationConfig, LastBucket, PerplexityConfig, SafetyConfig,
};
pub use retune::{MEASURED_WITH, Retune};
pub use stop_words::StopWords;
