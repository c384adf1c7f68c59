//! Which tokens each micro-batch has: a pure function of seed and number.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tch::Tensor;

use crate::Error;
use crate::corpus::TokenStream;

/// Token ids and what follows each: int64, `[windows, tokens]` both.
#[derive(Debug)]
pub(crate) struct Batch {
    pub tokens: Tensor,
    pub targets: Tensor,
}

impl Batch {
    /// The windows that start at these places of a stream.
    pub fn read(stream: &mut TokenStream, starts: &[u64], context: u64) -> Result<Self, Error> {
        let (mut tokens, mut targets) = (Vec::<i64>::new(), Vec::<i64>::new());
        for &start in starts {
            let window = stream.read(start, context + 1)?;
            tokens.extend(window.iter().take(context as usize));
            targets.extend(window.iter().skip(1));
        }
        let shape = [starts.len() as i64, context as i64];
        Ok(Self {
            tokens: Tensor::f_from_slice(&tokens)?.f_reshape(shape)?,
            targets: Tensor::f_from_slice(&targets)?.f_reshape(shape)?,
        })
    }
}

/// The order of the training windows.
///
/// An epoch cuts the circular stream into windows of `context` tokens and shuffles them; each
/// token is a target once an epoch (but for an overlap shorter than a window). The place of the
/// first cut differs from epoch to epoch, so that a corpus seen often is not seen in the same
/// pieces. Memory: 8 bytes a window.
#[derive(Debug)]
pub(crate) struct Windows {
    length: u64,
    context: u64,
    seed: u64,
    epoch: Option<Epoch>,
}

#[derive(Debug)]
struct Epoch {
    number: u64,
    starts: Vec<u64>,
}

impl Windows {
    pub fn new(length: u64, context: u64, seed: u64) -> Self {
        Self {
            length,
            context,
            seed,
            epoch: None,
        }
    }

    pub fn per_epoch(&self) -> u64 {
        self.length.div_ceil(self.context).max(1)
    }

    /// Starts of the windows `first..first + count`, counted from the beginning of the run.
    pub fn starts(&mut self, first: u64, count: u64) -> Vec<u64> {
        (first..first + count)
            .map(|window| {
                let (number, index) = (window / self.per_epoch(), window % self.per_epoch());
                let known = self.epoch.take().filter(|epoch| epoch.number == number);
                let epoch = known.unwrap_or_else(|| self.shuffle(number));
                let start = epoch.starts.get(index as usize).copied();
                self.epoch = Some(epoch);
                start.unwrap_or_default()
            })
            .collect()
    }

    fn shuffle(&self, number: u64) -> Epoch {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&number.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        let cut = below(&mut rng, self.context);
        let mut starts: Vec<u64> = (0..self.per_epoch())
            .map(|window| (cut + window * self.context) % self.length.max(1))
            .collect();
        for last in (1..starts.len()).rev() {
            starts.swap(last, below(&mut rng, last as u64 + 1) as usize);
        }
        Epoch { number, starts }
    }
}

/// A number below `limit`, by multiplication (Lemire 2019); its bias of limit / 2⁶⁴ is nothing.
fn below(rng: &mut impl Rng, limit: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(limit)) >> 64) as u64
}

/// Up to `limit` (0 for all) disjoint windows, spread evenly: the same ones at every measurement.
pub(crate) fn validation_starts(length: u64, context: u64, limit: u64) -> Vec<u64> {
    let windows = (length / context).max(1);
    let count = if limit == 0 {
        windows
    } else {
        limit.min(windows)
    };
    (0..count).map(|i| i * windows / count * context).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_epoch_covers_the_stream_once(
            length in 1u64..2000, context in 1u64..64, seed: u64, epoch in 0u64..5,
        ) {
            let mut windows = Windows::new(length, context, seed);
            let n = windows.per_epoch();
            let mut seen = vec![0u64; length as usize];
            for start in windows.starts(epoch * n, n) {
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
        fn any_window_can_be_asked_for_alone(
            length in 1u64..2000, context in 1u64..64, seed: u64, first in 0u64..500,
        ) {
            let mut straight = Windows::new(length, context, seed);
            let all = straight.starts(0, first + 7);
            let resumed = Windows::new(length, context, seed).starts(first, 7);
            prop_assert_eq!(&all[first as usize..], resumed);
        }

        #[test]
        fn validation_windows_are_disjoint(
            length in 1u64..5000, context in 1u64..64, limit in 0u64..40,
        ) {
            let starts = validation_starts(length, context, limit);
            prop_assert!(!starts.is_empty());
            prop_assert!(starts.windows(2).all(|pair| pair[1] >= pair[0] + context));
            prop_assert!(starts.iter().all(|start| *start == 0 || start + context <= length));
        }
    }

    #[test]
    fn epochs_and_seeds_differ() {
        let epoch = |seed, number: u64| Windows::new(10_000, 10, seed).starts(number * 1000, 1000);
        assert_ne!(epoch(1, 0), epoch(1, 1));
        assert_ne!(epoch(1, 0), epoch(2, 0));
        let mut sorted = epoch(1, 0);
        sorted.sort_unstable();
        assert_ne!(sorted, epoch(1, 0));
    }
}
