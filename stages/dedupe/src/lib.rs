//! Finds exact and near duplicates (MinHash LSH) and keeps one document of each cluster.
//!
//! [`Dedupe`] is the stage. [`Shingler`] and [`MinHash`] are its pure core: text to shingles, and
//! shingles to signature. [`shuffle`] is where documents of different shards meet.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod clusters;
mod config;
mod documents;
mod error;
mod groups;
mod intermediate;
mod minhash;
mod normal;
mod paths;
mod repetitions;
mod shingles;
pub mod shuffle;
mod signatures;
mod stage;
mod survivors;
#[cfg(test)]
mod tests;
mod unionfind;
mod words;

pub use config::{Config, Keep, Verify, candidate_probability, explain};
pub use error::Error;
pub use minhash::{MinHash, estimate};
pub use normal::normal_form;
pub use repetitions::Repetitions;
pub use shingles::{Shingled, Shingler, jaccard};
pub use stage::Dedupe;
