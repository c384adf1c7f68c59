//! Finds exact and near duplicates (MinHash LSH) and keeps one document of each cluster.
//!
//! [`Dedupe`] is the stage. [`Shingler`] and [`MinHash`] are its pure core: text to shingles, and
//! shingles to signature. [`shuffle`] is where documents of different shards meet.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod budget;
mod candidates;
mod clusters;
mod compare;
mod components;
mod config;
mod corpus;
mod decision;
mod error;
mod facts;
mod fates;
mod intermediate;
mod minhash;
mod normal;
mod paths;
mod rank;
mod same;
mod sets;
mod shingles;
pub mod shuffle;
mod signatures;
mod stage;
mod survivors;
pub mod synthetic;
#[cfg(test)]
mod tests;
mod unionfind;
mod urls;
mod verify;
mod words;

pub use config::{Config, Keep, Verify, explain};
pub use error::Error;
pub use minhash::{MinHash, estimate};
pub use normal::normal_form;
pub use shingles::{Shingled, Shingler, jaccard};
pub use stage::Dedupe;
