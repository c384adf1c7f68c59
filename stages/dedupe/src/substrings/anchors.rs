//! Anchors: a few places of each text, chosen by what stands there, of which every window holds
//! one (winnowing, Schleimer, Wilkerson and Aiken 2003; minimizers, Roberts et al. 2004).
//!
//! The anchor of a window is the n-gram of half its length with the least hash, the first of
//! these. Equal windows have equal anchors at the same distance from their start, so the anchors of
//! two windows at different places are at different places: a window that occurs twice has an anchor
//! that occurs twice. About one place in 13 is an anchor (of windows of 50 units), so that this is
//! found out in far fewer records than there are windows.

use std::collections::VecDeque;
use std::path::Path;

use textmill_schemas::StageResult;

use super::Config;
use super::rolling;
use super::units::Units;
use crate::Error;
use crate::occurrence::{Groups, Occurrence, OccurrenceWriter, for_each};
use crate::shingles::mix;
use crate::shuffle::{ShuffleWriter, Sorted};

/// What each window is anchored to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchoring {
    ngram: usize,
    /// N-grams in a window.
    span: usize,
    base: u64,
}

impl Anchoring {
    pub fn new(config: &Config, seed: u64) -> Self {
        let ngram = config.min_tokens.div_ceil(2);
        Self {
            ngram,
            span: config.min_tokens + 1 - ngram,
            base: rolling::base(seed),
        }
    }

    /// Calls `f` with the place and the hash of each window's anchor, window by window. Places
    /// ascend.
    pub fn for_each(&self, units: &[u64], mut f: impl FnMut(u64, u64)) {
        // N-grams that may be the least of this window or a later one: places and hashes ascend.
        let mut least: VecDeque<(u64, usize)> = VecDeque::with_capacity(self.span);
        let hashes = rolling::windows(units, self.ngram, self.base).map(mix);
        for (place, hash) in hashes.enumerate() {
            while least.back().is_some_and(|(other, _)| *other > hash) {
                least.pop_back();
            }
            least.push_back((hash, place));
            let Some(start) = (place + 1).checked_sub(self.span) else {
                continue;
            };
            while least.front().is_some_and(|(_, place)| *place < start) {
                least.pop_front();
            }
            if let Some((hash, place)) = least.front() {
                f(*place as u64, *hash);
            }
        }
    }
}

/// First step, per shard: the anchors of its documents go to the shuffle, by hash.
pub struct Anchors {
    anchoring: Anchoring,
    units: Units,
    writer: OccurrenceWriter,
}

impl Anchors {
    /// Starts the file of a shard.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(
        config: &Config,
        seed: u64,
        path: &Path,
        partitions: usize,
        memory: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            anchoring: Anchoring::new(config, seed),
            units: Units::new(seed),
            writer: OccurrenceWriter::create(path, partitions, memory)?,
        })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn push(&mut self, row: u64, text: &str) -> Result<(), Error> {
        let units = self.units.hash(text);
        let writer = &mut self.writer;
        let (mut last, mut result) = (None, Ok(()));
        self.anchoring.for_each(units, |index, hash| {
            if result.is_ok() && last.replace(index) != Some(index) {
                // The least of several hashes are small; mixed, they fill all partitions.
                let hash = mix(hash);
                let occurrence = Occurrence {
                    hash,
                    row,
                    index,
                    ..Occurrence::default()
                };
                result = writer.push(occurrence);
            }
        });
        result
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<(), Error> {
        self.writer.finish()
    }
}

/// Second step, per partition of the anchors: those that occur more than once go to the shuffle,
/// as [row, place], to the partition that `shard_of` names. Returns their number. `check` is called
/// now and then; its error ends the step.
///
/// # Errors
/// When a file cannot be read or written.
pub fn find_candidates(
    anchors: &mut Sorted<3>,
    candidates: &mut ShuffleWriter<2>,
    shard_of: impl Fn(u64) -> usize,
    check: impl Fn() -> StageResult<()>,
) -> StageResult<u64> {
    let mut groups = Groups::default();
    let mut found = 0;
    for_each(anchors, check, |anchor| {
        let count = groups.count(anchor);
        if count == 2 {
            let first = groups.first();
            candidates.push(shard_of(first.row), [first.row, first.index])?;
            found += 1;
        }
        if count > 1 {
            candidates.push(shard_of(anchor.row), [anchor.row, anchor.index])?;
            found += 1;
        }
        Ok(())
    })?;
    Ok(found)
}
