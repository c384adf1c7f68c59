//! What stands in a stream of tokens, and how often.

use std::path::PathBuf;

use textmill_packing::{Mixture, Seen};
use textmill_schemas::Tokens;

use crate::planting::Plants;

/// How often documents stand in a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times<'a> {
    /// Once each: for measuring.
    Once,
    /// As often as a mixture wants them, given the run's seed: for training.
    Mixed(&'a Mixture, u64),
}

impl Times<'_> {
    pub fn of(self, document: &Tokens) -> u32 {
        match self {
            Self::Once => 1,
            Self::Mixed(mixture, seed) => mixture.times(Seen::of(document), seed),
        }
    }
}

/// What a stream holds.
#[derive(Debug)]
pub(crate) struct Contents<'a> {
    /// The shards of its documents, in order.
    pub shards: &'a [PathBuf],
    pub times: Times<'a>,
    /// What else stands among them.
    pub plants: Plants,
}
