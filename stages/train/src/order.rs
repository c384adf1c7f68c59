//! Which rows each micro-batch has: a pure function of seed, epoch and number.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use textmill_packing::{Piece, Rows};

use crate::Error;
use crate::documents::Documents;
use crate::sequence::Sequence;

/// The order of the training rows.
///
/// An epoch has each row once, shuffled. Memory: 8 bytes a row, and what the rows are made of:
/// that of [`Sequence`] and [`Documents`] or of [`Rows`].
#[derive(Debug)]
pub(crate) struct Order {
    filling: Filling,
    seed: u64,
    epoch: Option<Epoch>,
}

/// What stands in the rows.
#[derive(Debug)]
enum Filling {
    /// All documents, shuffled anew in each epoch, one after the other, cut into rows of
    /// `context` tokens: each token is a target once an epoch (but for those that fill up the last
    /// row). Where the first cut is differs from epoch to epoch too, so that a corpus of few
    /// documents is not seen in the same pieces. The rows are shuffled in their turn: else the
    /// batches that a long book fills would follow each other.
    Concatenate {
        documents: Arc<Documents>,
        context: u64,
    },
    /// Documents, packed; those of a row change places from epoch to epoch.
    BestFit(Rows),
}

#[derive(Debug)]
struct Epoch {
    number: u64,
    /// Where the first row begins in the sequence.
    cut: u64,
    rows: Vec<u64>,
    /// The documents' order, where rows are cut from it.
    sequence: Sequence,
}

impl Order {
    /// Documents one after the other in rows of `context` tokens.
    ///
    /// # Errors
    /// [`Error::Input`] beyond 2³² documents.
    pub fn concatenate(documents: Arc<Documents>, context: u64, seed: u64) -> Result<Self, Error> {
        if u32::try_from(documents.count()).is_err() {
            let many = "has more than 4,294,967,295 training documents; give fewer";
            return Err(Error::Input(many.to_owned()));
        }
        Ok(Self::new(Filling::Concatenate { documents, context }, seed))
    }

    /// Packed documents.
    pub fn best_fit(rows: Rows, seed: u64) -> Self {
        Self::new(Filling::BestFit(rows), seed)
    }

    fn new(filling: Filling, seed: u64) -> Self {
        Self {
            filling,
            seed,
            epoch: None,
        }
    }

    pub fn per_epoch(&self) -> u64 {
        let rows = match &self.filling {
            Filling::Concatenate { documents, context } => documents.tokens().div_ceil(*context),
            Filling::BestFit(rows) => rows.len() as u64,
        };
        rows.max(1)
    }

    /// The rows `first..first + count`, counted from the beginning of the run.
    pub fn rows(&mut self, first: u64, count: u64) -> Vec<Vec<Piece>> {
        (first..first + count)
            .map(|row| {
                let (number, index) = (row / self.per_epoch(), row % self.per_epoch());
                let known = self.epoch.take().filter(|epoch| epoch.number == number);
                let epoch = known.unwrap_or_else(|| self.shuffle(number));
                let row = epoch.rows.get(index as usize).copied();
                let pieces = self.pieces(&epoch, row.unwrap_or_default());
                self.epoch = Some(epoch);
                pieces
            })
            .collect()
    }

    fn pieces(&self, epoch: &Epoch, row: u64) -> Vec<Piece> {
        match &self.filling {
            Filling::Concatenate { documents, context } => {
                let start = (epoch.cut + row * context) % documents.tokens().max(1);
                epoch.sequence.pieces(documents, start, *context)
            }
            Filling::BestFit(rows) => {
                let mut pieces: Vec<Piece> = rows.row(row as usize).collect();
                shuffle(&mut pieces, &mut self.random(epoch.number, row + 1));
                pieces
            }
        }
    }

    fn shuffle(&self, number: u64) -> Epoch {
        let mut rng = self.random(number, 0);
        let (cut, sequence) = match &self.filling {
            Filling::Concatenate { documents, context } => {
                let cut = below(&mut rng, *context);
                (cut, Sequence::shuffled(documents, &mut rng))
            }
            Filling::BestFit(_) => (0, Sequence::default()),
        };
        let mut rows: Vec<u64> = (0..self.per_epoch()).collect();
        shuffle(&mut rows, &mut rng);
        Epoch {
            number,
            cut,
            rows,
            sequence,
        }
    }

    /// The generator of an epoch (`of` is 0) or of one of its rows.
    fn random(&self, epoch: u64, of: u64) -> ChaCha8Rng {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&epoch.to_le_bytes());
        key[16..24].copy_from_slice(&of.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }
}

/// Fisher and Yates's shuffle.
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

/// A number below `limit`, by multiplication (Lemire 2019); its bias of limit / 2⁶⁴ is nothing.
pub(crate) fn below(rng: &mut impl Rng, limit: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(limit)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use textmill_packing::Pieces;

    use super::*;

    /// Documents of these lengths, one after the other, packed.
    fn best_fit(documents: &[u64], context: u32, seed: u64) -> Order {
        let mut pieces = Pieces::new(context).unwrap();
        let mut start = 0;
        for length in documents {
            pieces.add(start, *length).unwrap();
            start += length;
        }
        Order::best_fit(pieces.pack(), seed)
    }

    /// The same, one after the other.
    fn concatenate(lengths: &[u64], context: u64, seed: u64) -> Order {
        let mut documents = Documents::default();
        lengths.iter().for_each(|length| documents.add(*length));
        Order::concatenate(Arc::new(documents), context, seed).unwrap()
    }

    fn starts(order: &mut Order, first: u64, count: u64) -> Vec<u64> {
        let rows = order.rows(first, count);
        rows.iter().flatten().map(|piece| piece.start).collect()
    }

    proptest! {
        #[test]
        fn an_epoch_of_full_rows_has_each_token_once(
            lengths in proptest::collection::vec(1u64..50, 1..150),
            context in 1u64..64, seed: u64, epoch in 0u64..5,
        ) {
            let length: u64 = lengths.iter().sum();
            let mut order = concatenate(&lengths, context, seed);
            let n = order.per_epoch();
            let mut seen = vec![0u64; length as usize];
            for row in order.rows(epoch * n, n) {
                prop_assert_eq!(row.iter().map(|p| u64::from(p.length)).sum::<u64>(), context);
                for piece in row {
                    for i in piece.start..piece.start + u64::from(piece.length) {
                        seen[i as usize] += 1;
                    }
                }
            }
            let overlap = n * context - length;
            prop_assert!(seen.iter().all(|&times| times >= 1));
            prop_assert_eq!(seen.iter().map(|times| times - 1).sum::<u64>(), overlap);
            prop_assert!(overlap < context);
        }

        #[test]
        fn an_epoch_of_documents_has_each_token_once(
            documents in proptest::collection::vec(1u64..50, 1..60),
            context in 1u32..40, seed: u64, epoch in 0u64..5,
        ) {
            let mut order = best_fit(&documents, context, seed);
            let n = order.per_epoch();
            let mut seen = vec![0u64; documents.iter().sum::<u64>() as usize];
            for row in order.rows(epoch * n, n) {
                prop_assert!(row.iter().map(|piece| piece.length).sum::<u32>() <= context);
                for piece in row {
                    for i in piece.start..piece.start + u64::from(piece.length) {
                        seen[i as usize] += 1;
                    }
                }
            }
            prop_assert!(seen.iter().all(|&times| times == 1));
        }

        #[test]
        fn any_row_can_be_asked_for_alone(
            context in 1u64..64, seed: u64, first in 0u64..500,
            documents in proptest::collection::vec(1u64..50, 1..60),
        ) {
            let orders = || [
                concatenate(&documents, context, seed),
                best_fit(&documents, context as u32, seed),
            ];
            for (mut straight, mut resumed) in orders().into_iter().zip(orders()) {
                let all = straight.rows(0, first + 7);
                prop_assert_eq!(&all[first as usize..], resumed.rows(first, 7));
            }
        }
    }

    #[test]
    fn epochs_and_seeds_differ() {
        let full = |seed| concatenate(&[5; 2000], 10, seed);
        let packed = |seed| best_fit(&[5; 2000], 10, seed);
        for order in [&full as &dyn Fn(u64) -> Order, &packed] {
            let epoch = |seed, number: u64| starts(&mut order(seed), number * 1000, 1000);
            assert_ne!(epoch(1, 0), epoch(1, 1));
            assert_ne!(epoch(1, 0), epoch(2, 0));
            let mut sorted = epoch(1, 0);
            sorted.sort_unstable();
            assert_ne!(sorted, epoch(1, 0));
        }
    }

    #[test]
    fn documents_meet_others_in_each_epoch_and_a_book_does_not_fill_a_stretch() {
        // One book of 100 rows among 900 rows of short documents.
        let mut lengths = vec![10; 900];
        lengths.insert(450, 1000);
        let mut order = concatenate(&lengths, 10, 1);
        let n = order.per_epoch();
        let book = 4500..5500;
        let rows = order.rows(0, n);
        let of_book = |row: &Vec<Piece>| row.iter().any(|piece| book.contains(&piece.start));
        let tenths = rows.chunks(n as usize / 10);
        let counts: Vec<usize> = tenths
            .map(|rows| rows.iter().filter(|row| of_book(row)).count())
            .collect();
        assert!(
            counts[..10].iter().all(|count| (2..25).contains(count)),
            "{counts:?}"
        );
        // Which document follows a document is drawn anew.
        let neighbours = |rows: Vec<Vec<Piece>>| -> Vec<(u64, u64)> {
            let mut pairs: Vec<(u64, u64)> = rows
                .iter()
                .flat_map(|row| row.windows(2).map(|pair| (pair[0].start, pair[1].start)))
                .collect();
            pairs.sort_unstable();
            pairs
        };
        let next = neighbours(order.rows(n, n));
        let same = neighbours(rows)
            .iter()
            .filter(|pair| next.contains(pair))
            .count();
        assert!(same < 50, "{same} of {}", next.len());
    }
}
