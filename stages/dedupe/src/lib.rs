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
mod cut;
mod decision;
mod error;
mod facts;
mod fates;
mod forest;
mod gather;
pub mod index;
mod intermediate;
mod lanes;
mod left;
pub mod lines;
mod minhash;
mod normal;
mod occurrence;
mod passages;
mod paths;
mod rank;
mod reference;
mod repetitions;
mod same;
mod sets;
mod shingles;
pub mod shuffle;
mod signatures;
mod sorter;
mod stage;
pub mod substrings;
mod survivors;
pub mod synthetic;
#[cfg(test)]
mod tests;
mod together;
mod unionfind;
mod urls;
mod verify;
mod words;

pub use config::{Config, Keep, Verify, candidate_probability};
pub use cut::Cut;
pub use error::Error;
pub use minhash::{MinHash, estimate};
pub use normal::normal_form;
pub use repetitions::Repetitions;
pub use shingles::{Shingled, Shingler, jaccard};
pub use stage::Dedupe;
pub use urls::{canonical_url, url_hash};
