//! The units of a text as hashes.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::places::Places;
use crate::shingles::mix;
use crate::words::Unit;

/// Buffers beyond this many bytes are given back after the document that needed them.
const KEEP_BUFFER: usize = 16 << 20;

/// Hashes units; keeps its buffers between texts.
#[derive(Debug, Default)]
pub(super) struct Units {
    seed: u64,
    places: Places,
    hashes: Vec<u64>,
}

impl Units {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// The hash of each unit of a text. The units are those that [`Places`] finds when it cuts,
    /// by the same code.
    pub fn hash(&mut self, text: &str) -> &[u64] {
        if self.hashes.capacity() * size_of::<u64>() > KEEP_BUFFER {
            *self = Self::new(self.seed);
        }
        let (hashes, seed) = (&mut self.hashes, self.seed);
        hashes.clear();
        self.places.for_each(text, |_, unit| {
            hashes.push(match unit {
                Unit::Word(word) => xxh3_64_with_seed(word.as_bytes(), seed),
                Unit::Character(c) => mix(u64::from(c) ^ mix(seed)),
            });
        });
        hashes
    }
}
