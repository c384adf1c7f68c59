//! Masked tokens, which a BERT learns to fill in (Devlin et al. 2018, arXiv:1810.04805).

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use tch::Tensor;
use textmill_model::NO_TARGET;

use crate::Error;
use crate::loader::Batch;
use crate::order::{below, shuffle};

/// What rows are masked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Each row of the run otherwise, so that a text has another mask in each epoch (Liu et al.
    /// 2019, arXiv:1907.11692, section 4.1).
    Training,
    /// The same ones at every measurement, and in every run.
    Validation,
}

/// Which tokens are masked: a function of the seed and the row's number alone.
///
/// Of a row's tokens a share is drawn, special ones left out, at least one of any row. Of those
/// drawn 80 % become the mask token, 10 % any other one, and 10 % stay as they are; all have to be
/// told.
#[derive(Debug)]
pub(crate) struct Masking {
    share: f64,
    mask: i64,
    /// Ids that are never masked.
    special: BTreeSet<i64>,
    /// All others.
    plain: Vec<i64>,
    seed: u64,
}

impl Masking {
    /// For a vocabulary of `size` ids; `tokenizer` is its tokenizer.json, whose special tokens are
    /// never masked, nor are `end` and `mask`.
    pub fn new(share: f64, size: i64, end: u32, mask: u32, tokenizer: &Value, seed: u64) -> Self {
        let added = tokenizer.get("added_tokens").and_then(Value::as_array);
        let is_special =
            |token: &&Value| token.get("special").and_then(Value::as_bool) == Some(true);
        let added = added.into_iter().flatten().filter(is_special);
        let ids = added.filter_map(|token| token.get("id")?.as_i64());
        let special: BTreeSet<i64> = ids.chain([end.into(), mask.into()]).collect();
        Self {
            share,
            mask: mask.into(),
            plain: (0..size).filter(|id| !special.contains(id)).collect(),
            special,
            seed,
        }
    }

    /// The mask token.
    pub fn token(&self) -> u32 {
        self.mask as u32
    }

    /// Puts masks into a batch, whose targets become what stood there; `numbers` are those of its
    /// rows. What fills rows up is special, so it is left alone.
    pub fn apply(&self, batch: Batch, purpose: Purpose, numbers: &[u64]) -> Result<Batch, Error> {
        let (rows, length) = batch.tokens.size2()?;
        let mut tokens = vec![0i64; batch.tokens.numel()];
        batch
            .tokens
            .f_copy_data(&mut tokens, batch.tokens.numel())?;
        let mut targets = vec![NO_TARGET; tokens.len()];
        let width = (length as usize).max(1);
        let rows_of = tokens.chunks_mut(width).zip(targets.chunks_mut(width));
        for ((tokens, targets), number) in rows_of.zip(numbers) {
            self.row(tokens, targets, &mut self.random(purpose, *number));
        }
        let tensor = |values: &[i64]| Tensor::f_from_slice(values)?.f_reshape([rows, length]);
        Ok(Batch {
            tokens: tensor(&tokens)?,
            targets: tensor(&targets)?,
            ..batch
        })
    }

    fn row(&self, tokens: &mut [i64], targets: &mut [i64], rng: &mut ChaCha8Rng) {
        let maskable = |(place, id): (usize, &i64)| (!self.special.contains(id)).then_some(place);
        let mut places: Vec<usize> = tokens.iter().enumerate().filter_map(maskable).collect();
        let count = (self.share * places.len() as f64).round().max(1.0) as usize;
        shuffle(&mut places, rng);
        for place in places.into_iter().take(count) {
            let (Some(token), Some(target)) = (tokens.get_mut(place), targets.get_mut(place))
            else {
                continue;
            };
            *target = *token;
            match below(rng, 10) {
                0..8 => *token = self.mask,
                8 => {
                    let other = below(rng, self.plain.len() as u64) as usize;
                    *token = self.plain.get(other).copied().unwrap_or(self.mask);
                }
                _ => {}
            }
        }
    }

    /// The stream of a row; the last bytes of its key keep it from those of the order.
    fn random(&self, purpose: Purpose, row: u64) -> ChaCha8Rng {
        let (name, seed) = match purpose {
            Purpose::Training => (1, self.seed),
            Purpose::Validation => (2, 0),
        };
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&row.to_le_bytes());
        key[24..].copy_from_slice(&u64::to_le_bytes(name));
        ChaCha8Rng::from_seed(key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use tch::{Device, Kind};

    use super::*;

    fn masking(share: f64, seed: u64) -> Masking {
        let tokenizer = json!({"added_tokens": [
            {"id": 7, "content": "<|user|>", "special": true},
            {"id": 8, "content": "word", "special": false},
        ]});
        Masking::new(share, 100, 99, 98, &tokenizer, seed)
    }

    fn values(tensor: &Tensor) -> Vec<Vec<i64>> {
        Vec::try_from(tensor).unwrap()
    }

    fn batch(ids: &[i64], rows: i64) -> Batch {
        let tokens = Tensor::from_slice(ids).reshape([rows, -1]);
        Batch {
            targets: tokens.full_like(5),
            tokens,
            positions: None,
            lengths: None,
        }
    }

    #[test]
    fn a_share_is_masked_eight_one_one() {
        let ids: Vec<i64> = (0..40_000).map(|i| i % 98).filter(|id| *id != 7).collect();
        let masked = masking(0.15, 1)
            .apply(batch(&ids, 1), Purpose::Training, &[0])
            .unwrap();
        let (tokens, targets) = (&values(&masked.tokens)[0], &values(&masked.targets)[0]);
        let (mut mask, mut other, mut same) = (0.0, 0.0, 0.0);
        for ((before, after), target) in ids.iter().zip(tokens).zip(targets) {
            if *target == NO_TARGET {
                assert_eq!(before, after);
                continue;
            }
            assert_eq!(target, before);
            match *after {
                98 => mask += 1.0,
                after if after == *before => same += 1.0,
                after => {
                    assert!(after != 7 && after != 99);
                    other += 1.0;
                }
            }
        }
        let all = mask + other + same;
        assert_eq!(all, (0.15 * ids.len() as f64).round());
        for (count, share) in [(mask, 0.8), (other, 0.1), (same, 0.1)] {
            assert!((count / all - share).abs() < 0.02, "{count} of {all}");
        }
    }

    #[test]
    fn rows_differ_and_validation_has_no_seed() {
        let ids: Vec<i64> = (0..60).map(|i| i % 7).collect();
        let targets = |seed, purpose, rows: &[u64]| {
            let all = ids.repeat(rows.len());
            let found = masking(0.2, seed).apply(batch(&all, rows.len() as i64), purpose, rows);
            values(&found.unwrap().targets)
        };
        let rows = targets(1, Purpose::Training, &[3, 4]);
        assert_ne!(rows[0], rows[1]);
        assert_eq!(targets(1, Purpose::Training, &[4])[0], rows[1]);
        assert_ne!(targets(2, Purpose::Training, &[4])[0], rows[1]);
        let fixed = targets(1, Purpose::Validation, &[3]);
        assert_ne!(fixed[0], rows[0]);
        assert_eq!(targets(2, Purpose::Validation, &[3]), fixed);
    }

    proptest! {
        #[test]
        fn special_tokens_stay_and_each_row_has_a_target(
            ids in proptest::collection::vec(0i64..100, 1..80), row: u64, share in 0.01f64..0.99,
        ) {
            let masked = masking(share, 1).apply(batch(&ids, 1), Purpose::Training, &[row]);
            let masked = masked.unwrap();
            let (tokens, targets) = (&values(&masked.tokens)[0], &values(&masked.targets)[0]);
            let special = [7, 98, 99];
            for ((before, after), target) in ids.iter().zip(tokens).zip(targets) {
                prop_assert!(!special.contains(before) || (before == after && *target == NO_TARGET));
                prop_assert!(*target == NO_TARGET || target == before);
            }
            let maskable = ids.iter().filter(|id| !special.contains(id)).count();
            let count = targets.iter().filter(|target| **target != NO_TARGET).count();
            prop_assert_eq!(count > 0, maskable > 0);
            prop_assert!(count <= maskable);
        }
    }

    #[test]
    fn a_row_of_special_tokens_has_no_target() {
        let masked = masking(0.5, 1).apply(batch(&[99, 7, 98], 1), Purpose::Training, &[0]);
        let expected = Tensor::full([1, 3], NO_TARGET, (Kind::Int64, Device::Cpu));
        assert!(masked.unwrap().targets.equal(&expected));
    }
}
