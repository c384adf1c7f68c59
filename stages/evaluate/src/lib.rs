//! Evaluate: what the model has learnt, by source and language, beside n-gram baselines.
//!
//! Three judges see exactly the same targets, the tokens of the validation documents: the trained
//! model, a Kneser-Ney 5-gram and a unigram model counted from the training shards. Each document is scored
//! on its own, behind a document-end token; the document-end token itself is never a target, so
//! perplexity, accuracy and bits per byte speak of the text alone. Bits per byte is the figure of
//! record: unlike perplexity it does not depend on the tokenizer.
//!
//! A BERT has measures of its own, as it predicts no next token.
//!
//! Results depend on inputs, settings and seed alone, not on the number of threads.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod baseline;
mod config;
mod drawing;
mod error;
mod exposure;
mod inputs;
mod kneser_ney;
mod losses;
mod masked;
mod memorization;
mod metrics;
mod report;
mod samples;
mod scoring;
mod stage;
mod tasks;
mod trie;
mod windows;
mod workers;

#[cfg(test)]
mod test_support;

pub use config::{Config, Prompt};
pub use error::Error;
pub use exposure::{Exposed, ExposureGroup, Exposures, exposures, planted};
pub use masked::MaskedConfig;
pub use memorization::{Memorization, Passages, Recitals, Recited, recited};
pub use stage::Evaluate;
pub use tasks::{
    Item, LanguageModel, LogLikelihood, ModelFolder, Outcome, Refused, Request, Task, TaskKind,
    TaskScores, Watch, encode_pair, loglikelihoods, run as run_task, text_prefix,
};
pub use workers::Workers;
