//! Best-fit decreasing bin packing over counts of lengths.
//!
//! Pieces come from the longest to the shortest, and each goes where it leaves the least room
//! (Ding et al. 2024, arXiv:2404.10830, section 2.2). Rows with the same room and pieces of the
//! same length are alike, so whole runs of them are placed at once: the work grows with the number
//! of different lengths, not of documents.

use std::collections::BTreeMap;

/// One placement: `rows` rows with room for `room` tokens get `each` pieces of `length` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub length: u32,
    pub room: u32,
    pub rows: u64,
    pub each: u32,
}

/// Packs pieces into rows of `context` tokens; `pieces` are lengths from 1 to `context`, each
/// with its count. Tells every placement in order; a room of `context` is that of new rows.
/// Returns how many rows have how much room left in the end.
pub(crate) fn best_fit(
    pieces: &BTreeMap<u32, u64>,
    context: u32,
    mut place: impl FnMut(Placement),
) -> BTreeMap<u32, u64> {
    let mut rooms: BTreeMap<u32, u64> = BTreeMap::new();
    for (&length, &count) in pieces.range(1..=context).rev() {
        let mut left = count;
        while left > 0 {
            let open = rooms.range(length..).next();
            let (room, open) = open.map_or((context, u64::MAX), |(room, rows)| (*room, *rows));
            // A row that just took a piece and has room for another has the least room of all.
            let most = u64::from(room / length);
            let (rows, each) = match left / most {
                0 => (1, left),
                full => (full.min(open), most),
            };
            let each = each as u32; // not above `most`
            place(Placement {
                length,
                room,
                rows,
                each,
            });
            match open - rows {
                0 => drop(rooms.remove(&room)),
                // New rows are not among them: no row stays as empty as that.
                rest => drop(rooms.get_mut(&room).map(|open| *open = rest)),
            }
            *rooms.entry(room - each * length).or_default() += rows;
            left -= rows * u64::from(each);
        }
    }
    rooms
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every piece by itself, looking at every row: what the counts must come to.
    pub(crate) fn by_looking(lengths: &[u32], context: u32) -> BTreeMap<u32, u64> {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let mut rows: Vec<u32> = Vec::new();
        for length in sorted {
            let fits = rows.iter_mut().filter(|room| **room >= length);
            match fits.min_by_key(|room| **room) {
                Some(room) => *room -= length,
                None => rows.push(context - length),
            }
        }
        let mut rooms = BTreeMap::new();
        rows.iter()
            .for_each(|room| *rooms.entry(*room).or_default() += 1);
        rooms
    }

    pub(crate) fn counts(lengths: &[u32]) -> BTreeMap<u32, u64> {
        let mut counts = BTreeMap::new();
        lengths
            .iter()
            .for_each(|length| *counts.entry(*length).or_default() += 1);
        counts
    }

    proptest! {
        #[test]
        fn runs_of_pieces_are_placed_as_single_ones(
            context in 1u32..60,
            lengths in proptest::collection::vec(1u32..60, 0..200),
        ) {
            let lengths: Vec<u32> = lengths.into_iter().map(|l| l.min(context)).collect();
            let mut placed = 0;
            let rooms = best_fit(&counts(&lengths), context, |p| {
                assert!(p.each >= 1 && p.rows >= 1 && p.each * p.length <= p.room);
                placed += p.rows * u64::from(p.each);
            });
            prop_assert_eq!(placed, lengths.len() as u64);
            prop_assert_eq!(rooms, by_looking(&lengths, context));
        }
    }

    #[test]
    fn the_least_room_is_taken() {
        // 6 leaves 4, 5 leaves 5; 4 goes where 4 are left, although 5 would do.
        let mut places = Vec::new();
        best_fit(&counts(&[4, 5, 6]), 10, |p| places.push((p.length, p.room)));
        assert_eq!(places, [(6, 10), (5, 10), (4, 4)]);
    }

    #[test]
    fn a_great_corpus_is_few_placements() {
        let pieces: BTreeMap<u32, u64> = (1..=2048).map(|length| (length, 1 << 40)).collect();
        let mut placements = 0;
        best_fit(&pieces, 2048, |_| placements += 1);
        assert!(placements < 3 * 2048, "{placements}");
    }
}
