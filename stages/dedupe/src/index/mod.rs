//! The reference index: what earlier runs kept, so that a later one recognises it.
//!
//! A folder of Parquet shards of [`IndexEntry`](textmill_schemas::IndexEntry), in any order. Each
//! shard carries the [`Parameters`] that its hashes and signatures depend on, and is refused where
//! others are asked for. Shards are written with [`IndexWriter`], read with [`Index`], joined by
//! [`merge`], and asked about texts by [`query`].

mod entry;
mod error;
mod merge;
mod parameters;
mod query;
mod shards;
mod sorter;
#[cfg(test)]
mod tests;

pub use entry::{entry, text_hash, url_hash_of};
pub use error::IndexError;
pub use merge::{Merged, merge};
pub use parameters::{NORMAL_FORM, PARAMETERS_KEY, Parameters};
pub use query::{Level, Match, Probe, Prober, query};
pub use shards::{Entries, Index, IndexWriter};
