//! What is to be removed of one occurrence of a window.

use std::ops::Range;

use crate::occurrence::Occurrence;
use crate::shuffle::Record;

/// Bits of the length, which is at most a million.
const LENGTH_BITS: u32 = 20;

/// Units of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removal {
    pub row: u64,
    pub units: Range<u64>,
}

impl Removal {
    /// All of a window.
    pub fn whole(window: Occurrence, tokens: u64) -> Self {
        Self {
            row: window.row,
            units: window.index..window.index.saturating_add(tokens),
        }
    }

    /// What of a window is not part of its first occurrence, which stays. So a word repeated a
    /// million times keeps one window.
    pub fn beside(first: Occurrence, window: Occurrence, tokens: u64) -> Self {
        let mut removal = Self::whole(window, tokens);
        if first.row == window.row {
            let behind = first.index.saturating_add(tokens);
            removal.units.start = removal.units.start.max(behind);
        }
        removal
    }

    /// Sorted, records are in order of row and start.
    pub fn to_record(&self) -> Record<2> {
        let length = self.units.end.saturating_sub(self.units.start);
        [self.row, self.units.start << LENGTH_BITS | length]
    }

    /// The units that the second word of a record stands for.
    pub fn units(word: u64) -> Range<u64> {
        let start = word >> LENGTH_BITS;
        start..start + (word & ((1 << LENGTH_BITS) - 1))
    }
}

/// The union of ranges that are in order of their starts, as ranges apart from each other.
pub(super) fn union(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut union: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match union.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => union.push(range),
        }
    }
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_overlaps_its_first_occurrence_leaves_that_whole() {
        let at = |row, index| Occurrence {
            row,
            index,
            ..Occurrence::default()
        };
        assert_eq!(Removal::beside(at(1, 5), at(2, 7), 50).units, 7..57);
        assert_eq!(Removal::beside(at(1, 5), at(1, 7), 50).units, 55..57);
        assert_eq!(Removal::beside(at(1, 5), at(1, 70), 50).units, 70..120);
        let removal = Removal::whole(at(3, 1 << 40), 1_000_000);
        assert_eq!(Removal::units(removal.to_record()[1]), removal.units);
    }

    #[test]
    fn unions_are_apart() {
        let ranges = [0..3, 1..2, 3..5, 7..9, 8..12];
        assert_eq!(union(ranges.into_iter()), [0..5, 7..12]);
    }
}
