//! Attention rollout (Abnar and Zuidema 2020, arXiv:2005.00928).

use crate::attention::Head;
use crate::square::Square;

/// How much of each input token has come to each position after each block, if blocks did nothing
/// but mix: with A the mean of a block's heads, (A + I) / 2, whose rows sum to 1, multiplied from
/// block to block.
pub(crate) fn rollout(layers: &[Vec<Head>]) -> Vec<Square> {
    let mut found: Vec<Square> = Vec::with_capacity(layers.len());
    for heads in layers {
        let mixed = mixed(heads);
        let next = match found.last() {
            Some(below) => product(&mixed, below),
            None => mixed,
        };
        found.push(next);
    }
    found
}

/// The mean of the heads and the identity, each row normalised.
fn mixed(heads: &[Head]) -> Square {
    let side = heads.first().map_or(0, |head| head.weights.side());
    let mut sums = vec![0.0f64; side * side];
    for head in heads {
        for (sum, weight) in sums.iter_mut().zip(head.weights.rows().flatten()) {
            *sum += f64::from(*weight);
        }
    }
    let share = 0.5 / heads.len().max(1) as f64;
    let mut values = Vec::with_capacity(side * side);
    for (at, row) in sums.chunks(side.max(1)).enumerate() {
        let half = |key: usize| if key == at { 0.5 } else { 0.0 };
        let row: Vec<f64> = row
            .iter()
            .enumerate()
            .map(|(key, sum)| sum * share + half(key))
            .collect();
        let total: f64 = row.iter().sum();
        values.extend(row.iter().map(|value| (value / total) as f32));
    }
    Square::new(side, values)
}

/// The product of two matrices without anything above their diagonals.
fn product(left: &Square, right: &Square) -> Square {
    let side = left.side();
    let mut values = Vec::with_capacity(side * side);
    for row in left.causal_rows() {
        let mut sums = vec![0.0f64; side];
        for (factor, below) in row.iter().zip(right.causal_rows()) {
            for (sum, value) in sums.iter_mut().zip(below) {
                *sum += f64::from(*factor) * f64::from(*value);
            }
        }
        values.extend(sums.iter().map(|sum| *sum as f32));
    }
    Square::new(side, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::heads;
    use tch::Tensor;

    fn layer(rows: [[f32; 3]; 3]) -> Vec<Head> {
        heads(&Tensor::from_slice(&rows.concat()).reshape([1, 1, 3, 3])).unwrap()
    }

    #[test]
    fn one_block_is_half_attention_half_itself() {
        let block = layer([[1.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.5, 0.25, 0.25]]);
        let found = rollout(&[block]);
        let rows: Vec<_> = found[0].rows().collect();
        assert_eq!(rows[0], [1.0, 0.0, 0.0]);
        assert_eq!(rows[1], [0.4, 0.6, 0.0]);
        assert_eq!(rows[2], [0.25, 0.125, 0.625]);
    }

    #[test]
    fn blocks_multiply_and_rows_keep_their_sum() {
        let first = || layer([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
        let found = rollout(&[first(), first()]);
        let rows: Vec<_> = found[1].rows().collect();
        // Half of ½, ½, 0 and half of 0, ½, ½.
        assert_eq!(rows[2], [0.25, 0.5, 0.25]);
        for row in found.iter().flat_map(Square::rows) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        assert!(rollout(&[]).is_empty());
    }
}
