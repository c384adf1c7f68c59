//! Lines or paragraphs that stand in many documents, or again and again in one: navigation, notices
//! of cookies and copyright, what a page shows twice (CCNet, Wenzek et al. 2019,
//! <https://arxiv.org/abs/1911.00359>; RefinedWeb, Penedo et al. 2023,
//! <https://arxiv.org/abs/2306.01116>). Three steps:
//!
//! 1. [`Occurrences`], per shard: the units of its documents go to the shuffle, by hash.
//! 2. [`find_boilerplate`], per partition: those that many documents share.
//! 3. [`Cutter`], per shard: they, and repeats within a document, are cut out of the texts.

mod boilerplate;
mod config;
mod cutter;
#[cfg(test)]
mod tests;
mod units;

pub use boilerplate::{Occurrences, find_boilerplate};
pub use config::{Config, Unit};
pub use cutter::Cutter;
