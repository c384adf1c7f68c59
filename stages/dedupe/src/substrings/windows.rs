//! Windows: all runs of `min_tokens` units. The union of those that occur more than once is the
//! union of all repeated substrings of that length or more.

use std::path::Path;

use textmill_schemas::StageResult;

use super::anchors::Anchoring;
use super::removal::Removal;
use super::rolling;
use super::units::Units;
use super::{Config, Keep};
use crate::Error;
use crate::occurrence::{ByRow, Groups, Occurrence, OccurrenceWriter, for_each};
use crate::shingles::mix;
use crate::shuffle::{ShuffleWriter, Sorted};

/// Third step, per shard: the windows whose anchor occurs elsewhere go to the shuffle, by hash.
pub struct Windows {
    tokens: usize,
    anchoring: Anchoring,
    bases: [u64; 2],
    units: Units,
    candidates: ByRow,
    /// Anchors of the document at hand that occur more than once.
    anchors: Vec<u64>,
    writer: OccurrenceWriter,
}

impl Windows {
    /// Starts the file of a shard, given what [`super::find_candidates`] found there.
    ///
    /// # Errors
    /// When a file cannot be read or made.
    pub fn create(
        config: &Config,
        seed: u64,
        candidates: Sorted<2>,
        path: &Path,
        partitions: usize,
        memory: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            tokens: config.min_tokens,
            anchoring: Anchoring::new(config, seed),
            bases: [1, 2].map(|n| rolling::base(mix(seed).wrapping_add(n))),
            units: Units::new(seed),
            candidates: ByRow::new(candidates)?,
            anchors: Vec::new(),
            writer: OccurrenceWriter::create(path, partitions, memory)?,
        })
    }

    /// Adds a document; rows ascend.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn push(&mut self, row: u64, text: &str) -> Result<(), Error> {
        self.candidates.read(row, &mut self.anchors)?;
        if self.anchors.is_empty() {
            return Ok(());
        }
        let units = self.units.hash(text);
        let [first, second] = self
            .bases
            .map(|base| rolling::windows(units, self.tokens, base));
        let mut hashes = first.zip(second).enumerate();
        let mut anchors = self.anchors.iter().copied().peekable();
        let writer = &mut self.writer;
        let mut result = Ok(());
        self.anchoring.for_each(units, |anchor, _| {
            let window = hashes.next();
            while anchors.next_if(|place| *place < anchor).is_some() {}
            if let Some((index, (first, second))) = window
                && result.is_ok()
                && anchors.peek() == Some(&anchor)
            {
                let occurrence = Occurrence {
                    hash: mix(first),
                    further: (mix(second) >> 40) as u32,
                    row,
                    index: index as u64,
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

/// Fourth step, per partition of the windows: what is to be removed of those that occur more than
/// once goes to the shuffle, to the partition that `shard_of` names. Returns the number of removals.
/// `check` is called now and then; its error ends the step.
///
/// # Errors
/// When a file cannot be read or written.
pub fn find_repeats(
    config: &Config,
    windows: &mut Sorted<3>,
    removals: &mut ShuffleWriter<2>,
    shard_of: impl Fn(u64) -> usize,
    check: impl Fn() -> StageResult<()>,
) -> StageResult<u64> {
    let tokens = config.min_tokens as u64;
    let mut groups = Groups::default();
    let mut found = 0;
    for_each(windows, check, |window| {
        let count = groups.count(window);
        let (first, second) = match config.keep {
            _ if count == 1 => (None, None),
            Keep::First => (None, Some(Removal::beside(groups.first(), window, tokens))),
            Keep::None => {
                let first = (count == 2).then(|| Removal::whole(groups.first(), tokens));
                (first, Some(Removal::whole(window, tokens)))
            }
        };
        for removal in [first, second].into_iter().flatten() {
            removals.push(shard_of(removal.row), removal.to_record())?;
            found += 1;
        }
        Ok(())
    })?;
    Ok(found)
}
