//! The steps that find boilerplate.

use std::collections::HashSet;
use std::path::Path;

use textmill_schemas::StageResult;

use super::units::{Hasher, units};
use super::{Config, Unit};
use crate::Error;
use crate::occurrence::{Groups, Occurrence, OccurrenceWriter, for_each};
use crate::shuffle::{ShuffleWriter, Sorted};

/// First step, per shard: the units of its documents go to the shuffle, by hash; of those that a
/// document repeats, the first.
pub struct Occurrences {
    unit: Unit,
    hasher: Hasher,
    writer: OccurrenceWriter,
}

impl Occurrences {
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
            unit: config.unit,
            hasher: Hasher::new(config, seed),
            writer: OccurrenceWriter::create(path, partitions, memory)?,
        })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn push(&mut self, row: u64, text: &str) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for (index, range) in units(text, self.unit).into_iter().enumerate() {
            let hash = self.hasher.hash(text.get(range).unwrap_or_default());
            let Some(hash) = hash.filter(|hash| seen.insert(*hash)) else {
                continue;
            };
            let occurrence = Occurrence {
                hash: (hash >> 64) as u64,
                further: hash as u32 >> 8,
                row,
                index: index as u64,
            };
            self.writer.push(occurrence)?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<(), Error> {
        self.writer.finish()
    }
}

/// Second step, per partition of the units: where those stand that are boilerplate goes to the
/// shuffle, as [row, unit], to the partition that `shard_of` names. Returns the number of different
/// units that are boilerplate. `check` is called now and then; its error ends the step.
///
/// Memory: `min_documents` occurrences, however many a unit has.
///
/// # Errors
/// When a file cannot be read or written.
pub fn find_boilerplate(
    config: &Config,
    occurrences: &mut Sorted<3>,
    removals: &mut ShuffleWriter<2>,
    shard_of: impl Fn(u64) -> usize,
    check: impl Fn() -> StageResult<()>,
) -> StageResult<u64> {
    let mut groups = Groups::default();
    let mut held: Vec<Occurrence> = Vec::new();
    let mut found = 0;
    for_each(occurrences, check, |occurrence| {
        // One occurrence for each document, so this counts documents.
        let count = groups.count(occurrence);
        if count == 1 {
            held.clear();
        }
        if count > 1 || !config.keep_first {
            held.push(occurrence);
        }
        if count >= config.min_documents {
            for Occurrence { row, index, .. } in held.drain(..) {
                removals.push(shard_of(row), [row, index])?;
            }
            found += u64::from(count == config.min_documents);
        }
        Ok(())
    })?;
    Ok(found)
}
