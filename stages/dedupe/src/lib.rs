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
pub mod index;
mod intermediate;
mod minhash;
mod normal;
mod paths;
mod shingles;
pub mod shuffle;
mod signatures;
mod stage;
mod survivors;
#[cfg(test)]
mod tests;
mod unionfind;
mod urls;
mod words;

pub use config::{Config, Keep, Verify, explain};
pub use error::Error;
pub use minhash::{MinHash, estimate};
pub use normal::normal_form;
pub use shingles::{Shingled, Shingler, jaccard};
pub use stage::Dedupe;
pub use urls::{canonical_url, url_hash};
