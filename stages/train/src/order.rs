//! Which rows each micro-batch has: a pure function of seed and number.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use textmill_packing::{Piece, Rows};

/// The order of the training rows.
///
/// An epoch has each row once, shuffled. Memory: 8 bytes a row, besides what [`Rows`] take.
#[derive(Debug)]
pub(crate) struct Order {
    filling: Filling,
    seed: u64,
    epoch: Option<Epoch>,
}

/// What stands in the rows.
#[derive(Debug)]
enum Filling {
    /// The circular stream, cut into windows of `context` tokens: each token is a target once an
    /// epoch (but for an overlap shorter than a window). The place of the first cut differs from
    /// epoch to epoch, so that a corpus seen often is not seen in the same pieces.
    Windows { length: u64, context: u64 },
    /// Documents, packed; those of a row change places from epoch to epoch.
    BestFit(Rows),
}

#[derive(Debug)]
struct Epoch {
    number: u64,
    /// Where the first window begins.
    cut: u64,
    rows: Vec<u64>,
}

impl Order {
    /// Windows of `context` tokens over a stream of this length.
    pub fn windows(length: u64, context: u64, seed: u64) -> Self {
        let filling = Filling::Windows { length, context };
        Self {
            filling,
            seed,
            epoch: None,
        }
    }

    /// Packed documents.
    pub fn best_fit(rows: Rows, seed: u64) -> Self {
        Self {
            filling: Filling::BestFit(rows),
            seed,
            epoch: None,
        }
    }

    pub fn per_epoch(&self) -> u64 {
        let rows = match &self.filling {
            Filling::Windows { length, context } => length.div_ceil(*context),
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
            Filling::Windows { length, context } => vec![Piece {
                start: (epoch.cut + row * context) % (*length).max(1),
                length: *context as u32,
            }],
            Filling::BestFit(rows) => {
                let mut pieces: Vec<Piece> = rows.row(row as usize).collect();
                shuffle(&mut pieces, &mut self.random(epoch.number, row + 1));
                pieces
            }
        }
    }

    fn shuffle(&self, number: u64) -> Epoch {
        let mut rng = self.random(number, 0);
        let cut = match self.filling {
            Filling::Windows { context, .. } => below(&mut rng, context),
            Filling::BestFit(_) => 0,
        };
        let mut rows: Vec<u64> = (0..self.per_epoch()).collect();
        shuffle(&mut rows, &mut rng);
        Epoch { number, cut, rows }
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
fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

/// A number below `limit`, by multiplication (Lemire 2019); its bias of limit / 2⁶⁴ is nothing.
fn below(rng: &mut impl Rng, limit: u64) -> u64 {
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

    fn starts(order: &mut Order, first: u64, count: u64) -> Vec<u64> {
        let rows = order.rows(first, count);
        rows.iter().flatten().map(|piece| piece.start).collect()
    }

    proptest! {
        #[test]
        fn an_epoch_of_windows_covers_the_stream_once(
            length in 1u64..2000, context in 1u64..64, seed: u64, epoch in 0u64..5,
        ) {
            let mut windows = Order::windows(length, context, seed);
            let n = windows.per_epoch();
            let mut seen = vec![0u64; length as usize];
            for start in starts(&mut windows, epoch * n, n) {
                for i in 0..context {
                    seen[((start + i) % length) as usize] += 1;
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
            length in 1u64..2000, context in 1u64..64, seed: u64, first in 0u64..500,
            documents in proptest::collection::vec(1u64..50, 1..60),
        ) {
            let orders = || [
                Order::windows(length, context, seed),
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
        let windows = |seed| Order::windows(10_000, 10, seed);
        let documents = |seed| best_fit(&[5; 2000], 10, seed);
        for order in [&windows as &dyn Fn(u64) -> Order, &documents] {
            let epoch = |seed, number: u64| starts(&mut order(seed), number * 1000, 1000);
            assert_ne!(epoch(1, 0), epoch(1, 1));
            assert_ne!(epoch(1, 0), epoch(2, 0));
            let mut sorted = epoch(1, 0);
            sorted.sort_unstable();
            assert_ne!(sorted, epoch(1, 0));
        }
    }
}
