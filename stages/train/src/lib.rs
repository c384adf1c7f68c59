//! Trains the GPT on token shards, with checkpoints that resume exactly.
//!
//! Everything random (initial weights, order of documents and rows, masks, dropout) is a function of the run's
//! seed and of a count, and sums are taken in a fixed order. So on a CPU, the same shards,
//! settings and seed give the same weights in every bit, whatever the number of threads and
//! however often the run was stopped and resumed.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod adamw;
mod checkpoint;
mod config;
mod contents;
mod corpus;
mod documents;
mod error;
mod hashes;
mod loader;
mod log;
mod masking;
mod metrics;
mod muon;
mod optimizer;
mod order;
mod peak;
mod planting;
mod prefetch;
mod ranks;
mod resume;
mod schedule;
mod sequence;
mod smaller;
mod spikes;
mod stage;
mod tensorboard;
#[cfg(test)]
mod test_support;
mod trainer;
mod vocabulary;
mod workers;

pub use adamw::{AdamW, Span};
pub use config::{Config, Precision};
pub use error::Error;
pub use optimizer::{Optimizer, OptimizerKind, gradient_norm};
pub use schedule::{DecayShape, Schedule};
pub use spikes::OnSpike;
pub use stage::Stage;
