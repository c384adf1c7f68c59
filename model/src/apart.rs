//! Who sees whom in a row: several documents apart, or a document apart from its padding.

use tch::{Device, Kind, Tensor};

use crate::Error;

/// Keeps the documents of packed rows apart: positions begin again with each of them, and no
/// token sees one of another document.
///
/// So each document is computed as if it stood alone. The mask takes batch · tokens² bytes, and
/// attention with a mask costs more than causal attention.
#[derive(Debug)]
pub struct Apart {
    /// Where each token stands in its document: int64 `[batch, tokens]`.
    positions: Tensor,
    /// Which tokens stand in one document: bool `[batch, 1, tokens, tokens]`.
    same: Tensor,
}

impl Apart {
    /// From the positions of the tokens in their documents, int64 `[batch, tokens]`: each 0
    /// begins a document.
    ///
    /// # Errors
    /// [`Error::Torch`] for positions of another shape, or when memory runs out.
    pub fn new(positions: &Tensor, device: Device) -> Result<Self, Error> {
        let positions = positions.f_to_device(device)?;
        let document = positions.f_eq(0)?.f_cumsum(1, Kind::Int64)?;
        Ok(Self {
            same: equal_pairs(&document)?,
            positions,
        })
    }

    /// Rows of one document each, of so many tokens (int64 `[batch]`), which padding fills up to
    /// `tokens`: none of a document's tokens sees the padding.
    ///
    /// # Errors
    /// [`Error::Torch`] for lengths of another shape, or when memory runs out.
    pub fn padded(lengths: &Tensor, tokens: i64, device: Device) -> Result<Self, Error> {
        let lengths = lengths.f_to_device(device)?.f_unsqueeze(1)?;
        let positions = Tensor::f_arange(tokens, (Kind::Int64, device))?.f_unsqueeze(0)?;
        let padding = positions.f_ge_tensor(&lengths)?;
        let (rows, _) = padding.size2()?;
        Ok(Self {
            same: equal_pairs(&padding)?,
            positions: positions.f_expand([rows, tokens], false)?,
        })
    }

    /// The rows of a table `[context, …]` at the tokens' positions: `[batch, tokens, …]`.
    pub(crate) fn rows_of(&self, table: &Tensor) -> Result<Tensor, Error> {
        let rows = table.f_index_select(0, &self.positions.f_reshape([-1])?)?;
        let shape = [&self.positions.size()[..], &table.size()[1..]].concat();
        Ok(rows.f_reshape(shape)?)
    }

    /// Which keys each query sees: bool `[batch, 1, tokens, tokens]`.
    pub(crate) fn mask(&self, causal: bool) -> Result<Tensor, Error> {
        if !causal {
            return Ok(self.same.shallow_clone());
        }
        let tokens = self.same.size()[3];
        let options = (Kind::Bool, self.same.device());
        let before = Tensor::f_ones([tokens, tokens], options)?.f_tril(0)?;
        Ok(self.same.f_logical_and(&before)?)
    }
}

/// Where two tokens of a row have the same value: `[batch, tokens]` to bool
/// `[batch, 1, tokens, tokens]`.
fn equal_pairs(values: &Tensor) -> Result<Tensor, Error> {
    let pairs = values
        .f_unsqueeze(2)?
        .f_eq_tensor(&values.f_unsqueeze(1)?)?;
    Ok(pairs.f_unsqueeze(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Dropout, Gpt, ModelConfig, Size};

    /// Tiny networks of all architectures whose weights are far from their small start, so that
    /// a wrong formula shows.
    fn all() -> [Gpt; 3] {
        Architecture::ALL.map(|architecture| {
            let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
            (config.width, config.feed_forward) = (32, 64);
            if architecture == Architecture::Llama {
                config.kv_heads = 2;
            }
            let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
            let _ = gpt.flat().shallow_clone().f_mul_scalar_(6.0).unwrap();
            gpt
        })
    }

    fn tokens(batch: i64, length: i64) -> Tensor {
        let ids: Vec<i64> = (0..batch * length).map(|i| i * 31 % 70).collect();
        Tensor::from_slice(&ids).reshape([batch, length])
    }

    fn rows<const N: usize>(lengths: [[i64; N]; 2]) -> Apart {
        let positions: Vec<i64> = lengths.iter().flatten().flat_map(|&n| 0..n).collect();
        Apart::new(
            &Tensor::from_slice(&positions).reshape([2, 12]),
            Device::Cpu,
        )
        .unwrap()
    }

    fn difference(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).abs().max().double_value(&[])
    }

    #[test]
    fn each_document_is_computed_as_if_alone() {
        for gpt in all() {
            let (row, lengths) = (tokens(2, 12), [[3, 1, 8], [6, 5, 1]]);
            let together = gpt.logits_apart(&row, &rows(lengths)).unwrap();
            for (number, lengths) in (0..).zip(lengths) {
                let mut at = 0;
                for length in lengths {
                    let of = |tensor: &Tensor| tensor.narrow(0, number, 1).narrow(1, at, length);
                    let alone = gpt.logits(&of(&row)).unwrap();
                    let apart = difference(&of(&together), &alone);
                    assert!(
                        apart < 1e-5 * alone.abs().max().double_value(&[]).max(1.0),
                        "{apart}"
                    );
                    at += length;
                }
            }
            // In plain rows documents see each other.
            assert!(difference(&together, &gpt.logits(&row).unwrap()) > 1e-2);
        }
    }

    #[test]
    fn their_gradients_add_up_and_their_scores_are_their_own() {
        for gpt in all() {
            let gpt = gpt.trainable().unwrap();
            let (x, y) = (tokens(2, 12), tokens(2, 12).fliplr());
            let (apart, mut dropout) = (rows([[5, 7], [5, 7]]), Dropout::off());
            let packed = gpt.gradients_apart(&x, &y, Some(&apart), 0.1, &mut dropout);
            let packed = packed.unwrap();
            let scores = gpt.score_apart(&x, &y, Some(&apart)).unwrap();
            let mut sum = packed.flat.zeros_like();
            for (at, length) in [(0, 5), (5, 7)] {
                let part = |tensor: &Tensor| tensor.narrow(1, at, length);
                let alone = gpt
                    .gradients(&part(&x), &part(&y), 0.1, &mut dropout)
                    .unwrap();
                sum += alone.flat;
                let nll = gpt.score(&part(&x), &part(&y)).unwrap().nll;
                assert!(difference(&part(&scores.nll), &nll) < 1e-4);
            }
            let most = sum.abs().max().double_value(&[]);
            let apart = difference(&packed.flat, &sum) / most;
            assert!(apart < 1e-4, "{apart}");
        }
    }
}
