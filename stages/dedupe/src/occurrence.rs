//! Where a piece of text (a line, a run of words) occurs, as a record of the shuffle.

use std::path::Path;

use textmill_schemas::StageResult;

use crate::Error;
use crate::shuffle::{Record, ShuffleWriter, Sorted, range_partition};

/// Rows take this many bits of their word: 10^12 documents.
const ROW_BITS: u32 = 40;
const ROW_MASK: u64 = (1 << ROW_BITS) - 1;

/// One occurrence of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// Hash of the piece, which names its partition.
    pub hash: u64,
    /// 24 further bits of hash. With 88 bits, 10^12 pieces hold one pair that is equal by
    /// chance with a probability of one in six hundred; 64 bits would make it certain.
    pub further: u32,
    /// Row of the document, below 2^40.
    pub row: u64,
    /// Place in the document.
    pub index: u64,
}

impl Occurrence {
    /// Sorted, records are grouped by piece; within a piece they are in order of the corpus.
    pub fn to_record(self) -> Record<3> {
        let second = u64::from(self.further) << ROW_BITS | self.row & ROW_MASK;
        [self.hash, second, self.index]
    }

    pub fn from_record([hash, second, index]: Record<3>) -> Self {
        Self {
            hash,
            further: (second >> ROW_BITS) as u32,
            row: second & ROW_MASK,
            index,
        }
    }
}

/// Writes the occurrences of a shard, partitioned by hash.
pub(crate) struct OccurrenceWriter {
    partitions: usize,
    writer: ShuffleWriter<3>,
}

impl OccurrenceWriter {
    pub fn create(path: &Path, partitions: usize, memory: u64) -> Result<Self, Error> {
        Ok(Self {
            partitions,
            writer: ShuffleWriter::create(path, partitions, memory)?,
        })
    }

    pub fn push(&mut self, occurrence: Occurrence) -> Result<(), Error> {
        let partition = range_partition(occurrence.hash, self.partitions);
        self.writer.push(partition, occurrence.to_record())
    }

    pub fn finish(self) -> Result<(), Error> {
        self.writer.finish()
    }
}

/// Follows sorted occurrences from piece to piece, in constant memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Groups {
    first: Occurrence,
    seen: u64,
}

impl Groups {
    /// How many occurrences of the same piece there were with this one.
    pub fn count(&mut self, occurrence: Occurrence) -> u64 {
        let Occurrence { hash, further, .. } = self.first;
        if self.seen == 0 || (hash, further) != (occurrence.hash, occurrence.further) {
            self.first = occurrence;
            self.seen = 0;
        }
        self.seen += 1;
        self.seen
    }

    /// The first occurrence of the piece counted last.
    pub fn first(&self) -> Occurrence {
        self.first
    }
}

/// Records between two looks at whether the run is to end.
const CHECK_EVERY: u64 = 1 << 16;

/// Calls `f` with each occurrence of a partition, in order.
pub(crate) fn for_each(
    sorted: &mut Sorted<3>,
    check: impl Fn() -> StageResult<()>,
    mut f: impl FnMut(Occurrence) -> Result<(), Error>,
) -> StageResult<()> {
    let mut read: u64 = 0;
    while let Some(record) = sorted.next_record()? {
        if read.is_multiple_of(CHECK_EVERY) {
            check()?;
        }
        read += 1;
        f(Occurrence::from_record(record))?;
    }
    Ok(())
}

/// What earlier steps found out about rows, read along with the rows.
pub(crate) struct ByRow {
    sorted: Sorted<2>,
    next: Option<Record<2>>,
}

impl ByRow {
    pub fn new(mut sorted: Sorted<2>) -> Result<Self, Error> {
        let next = sorted.next_record()?;
        Ok(Self { sorted, next })
    }

    /// Replaces `found` by the second words of a row's records, in order. Rows are asked for in
    /// ascending order.
    pub fn read(&mut self, row: u64, found: &mut Vec<u64>) -> Result<(), Error> {
        found.clear();
        while let Some([of, word]) = self.next.filter(|record| record[0] <= row) {
            if of == row {
                found.push(word);
            }
            self.next = self.sorted.next_record()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_come_back_in_order(
            mut occurrences in prop::collection::vec((0_u64..3, 0_u32..1 << 24, 0_u64..1 << 40, any::<u64>()), 0..20)
        ) {
            let to = |&(hash, further, row, index): &(u64, u32, u64, u64)| Occurrence { hash, further, row, index };
            let mut records: Vec<_> = occurrences.iter().map(|o| to(o).to_record()).collect();
            records.sort_unstable();
            occurrences.sort_unstable();
            let back: Vec<_> = records.into_iter().map(Occurrence::from_record).collect();
            prop_assert_eq!(back, occurrences.iter().map(to).collect::<Vec<_>>());
        }
    }

    #[test]
    fn groups_are_counted() {
        let mut groups = Groups::default();
        let of = |hash, further, row| Occurrence {
            hash,
            further,
            row,
            index: 7,
        };
        let all = [
            of(0, 0, 1),
            of(0, 0, 2),
            of(0, 1, 2),
            of(5, 1, 0),
            of(5, 1, 9),
        ];
        let counts: Vec<u64> = all.iter().map(|o| groups.count(*o)).collect();
        assert_eq!(counts, [1, 2, 1, 1, 2]);
        assert_eq!(groups.first(), of(5, 1, 0));
    }
}
