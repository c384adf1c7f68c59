//! How token shards are fed to a trainer: how often each document is seen ([`Mixture`]), and how
//! documents are put into rows of one length ([`Packing`]).
//!
//! The trainer and the commands that say beforehand what it will see share this crate; it knows
//! nothing of libtorch.
//!
//! A document of n tokens takes n + 1 places: one is for the document-end token before it. That
//! is the length which is meant here throughout.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod best_fit;
mod error;
mod mixture;
mod rows;
mod shares;
mod statistics;

pub use error::Error;
pub use mixture::{HeldOut, Mixture, Seen};
pub use rows::{Piece, Pieces, Rows};
pub use shares::{MANY_EPOCHS, Share, Shares};
pub use statistics::{Lengths, Statistics};

use serde::{Deserialize, Serialize};

/// How documents are put into rows of one context each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// All documents one after the other, cut every context: no padding, but most rows begin and
    /// end within a document.
    #[default]
    Concatenate,
    /// Documents whole, in the row where they leave the least room (Ding et al. 2024, "Fewer
    /// Truncations Improve Language Modeling"); the rest of a row is padding. Only documents
    /// longer than the context are cut.
    BestFit,
}
