//! Exact substrings of `min_tokens` units or more that occur more than once in the corpus (Lee et
//! al. 2021, *Deduplicating Training Data Makes Language Models Better*,
//! <https://arxiv.org/abs/2107.06499>).
//!
//! They find them with a suffix array of the whole corpus in memory. Here windows of `min_tokens`
//! units are shuffled by hash: the union of the windows that occur more than once is the union of
//! the substrings that do, and it takes linear time and little memory. Five steps:
//!
//! 1. [`Anchors`], per shard: chosen places of each document go to the shuffle.
//! 2. [`find_candidates`], per partition: those that occur once only are out, and with them nearly
//!    all windows of a corpus.
//! 3. [`Windows`], per shard: the windows around the others go to the shuffle.
//! 4. [`find_repeats`], per partition: windows that occur more than once.
//! 5. [`Cutter`], per shard: they are cut out of the texts.
//!
//! Units are words, or characters of scripts written without spaces, in normal form. No window
//! reaches over the end of a document. With `keep = "first"` every window that was in the corpus has
//! its words in it still, except those of documents that `min_left` drops.

mod anchors;
mod config;
mod cutter;
mod places;
mod removal;
mod rolling;
#[cfg(test)]
mod tests;
mod units;
mod windows;

pub use anchors::{Anchors, find_candidates};
pub use config::{Config, Keep};
pub use cutter::Cutter;
pub use windows::{Windows, find_repeats};
