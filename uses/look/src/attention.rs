//! What one attention head does, in a few numbers beside its weights.

use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::square::Square;

/// An attention head on one text. Shares and entropy are means over the positions behind the
/// first one, which has nothing to choose from.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// Entropy of the weights of a position, in bits: 0 looks at one token alone.
    pub entropy: f64,
    /// Weight on the first token, on which heads with nothing to do often rest
    /// (Xiao et al. 2023, arXiv:2309.17453).
    pub first: f64,
    /// Weight on the token before.
    pub previous: f64,
    /// Weight on the position itself.
    pub itself: f64,
    /// Tokens between a position and what it looks at, weighted.
    pub distance: f64,
    /// The weights: row by row, what a position takes from those up to itself.
    pub weights: Square,
}

/// The heads of a block, from its weights `[1, heads, tokens, tokens]`.
pub(crate) fn heads(weights: &Tensor) -> Result<Vec<Head>, Error> {
    let (_, heads, side, _) = weights.size4()?;
    let flat = weights
        .f_to_kind(Kind::Float)?
        .f_to_device(Device::Cpu)?
        .f_reshape([heads, side * side])?;
    (0..heads)
        .map(|head| {
            let values = Vec::<f32>::try_from(flat.f_select(0, head)?)?;
            Ok(Head::of(Square::new(side as usize, values)))
        })
        .collect()
}

impl Head {
    fn of(weights: Square) -> Self {
        let mut head = Self {
            entropy: 0.0,
            first: 0.0,
            previous: 0.0,
            itself: 0.0,
            distance: 0.0,
            weights: Square::new(0, Vec::new()),
        };
        let share = 1.0 / weights.side().saturating_sub(1).max(1) as f64;
        for (at, row) in weights.causal_rows().enumerate().skip(1) {
            let weight = |key: usize| row.get(key).copied().map_or(0.0, f64::from);
            head.entropy += share * entropy(row);
            head.first += share * weight(0);
            head.previous += share * weight(at - 1);
            head.itself += share * weight(at);
            let distances = row.iter().enumerate();
            let distance: f64 = distances
                .map(|(key, weight)| f64::from(*weight) * (at - key) as f64)
                .sum();
            head.distance += share * distance;
        }
        head.weights = weights;
        head
    }
}

/// Entropy of a distribution in bits; 0 · log 0 is 0.
fn entropy(weights: &[f32]) -> f64 {
    let weights = weights.iter().map(|weight| f64::from(*weight));
    weights
        .filter(|weight| *weight > 0.0)
        .map(|weight| -weight * weight.log2())
        .sum()
}

/// The token that a block looks at most: of each token the mean weight that later positions give
/// it, over the heads; its place, and that mean. A token at the end, with few behind it, would win
/// by chance: only the first half of the text is asked.
pub(crate) fn most_looked_at(heads: &[Head]) -> Option<(usize, f64)> {
    let side = heads.first()?.weights.side();
    let mut received = vec![0.0; side];
    for head in heads {
        for (at, row) in head.weights.causal_rows().enumerate() {
            for (sum, weight) in received.iter_mut().zip(row.get(..at).unwrap_or_default()) {
                *sum += f64::from(*weight);
            }
        }
    }
    let means = received.into_iter().enumerate().take(side.div_ceil(2));
    means
        .map(|(key, sum)| {
            let behind = (side - 1 - key).max(1) * heads.len();
            (key, sum / behind as f64)
        })
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(rows: &[[f32; 4]; 4]) -> Head {
        Head::of(Square::new(4, rows.concat()))
    }

    #[test]
    fn a_uniform_head_has_the_entropy_of_the_number_of_tokens() {
        let uniform = head(&[
            [1.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.0, 0.0],
            [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0],
            [0.25; 4],
        ]);
        let expected = (1.0 + 3f64.log2() + 2.0) / 3.0;
        assert!((uniform.entropy - expected).abs() < 1e-6);
        assert!((uniform.first - (0.5 + 1.0 / 3.0 + 0.25) / 3.0).abs() < 1e-6);
        assert!((uniform.distance - (0.5 + 1.0 + 1.5) / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_head_that_looks_one_back_says_so() {
        let back = head(&[
            [1.0, 0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]);
        assert_eq!((back.entropy, back.previous, back.itself), (0.0, 1.0, 0.0));
        assert_eq!(back.distance, 1.0);
        assert_eq!(back.first, 1.0 / 3.0);
    }

    #[test]
    fn the_token_that_all_look_at_is_found() {
        let head = head(&[
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.1, 0.9, 0.0, 0.0],
            [0.2, 0.8, 0.0, 0.0],
        ]);
        let (key, weight) = most_looked_at(&[head.clone(), head]).unwrap();
        assert_eq!(key, 1);
        assert!((weight - 0.85).abs() < 1e-6);
        assert_eq!(most_looked_at(&[]), None);
    }
}
