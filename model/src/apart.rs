//! Several documents in a row that do not see each other.

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
    /// Which keys each query sees: bool `[batch, 1, tokens, tokens]`.
    mask: Tensor,
}

impl Apart {
    /// From the positions of the tokens in their documents, int64 `[batch, tokens]`: each 0
    /// begins a document.
    ///
    /// # Errors
    /// [`Error::Torch`] for positions of another shape, or when memory runs out.
    pub fn new(positions: &Tensor, device: Device) -> Result<Self, Error> {
        let positions = positions.f_to_device(device)?;
        let (_, tokens) = positions.size2()?;
        let document = positions.f_eq(0)?.f_cumsum(1, Kind::Int64)?;
        let same = document
            .f_unsqueeze(2)?
            .f_eq_tensor(&document.f_unsqueeze(1)?)?;
        let causal = Tensor::f_ones([tokens, tokens], (Kind::Bool, device))?.f_tril(0)?;
        Ok(Self {
            mask: same.f_logical_and(&causal)?.f_unsqueeze(1)?,
            positions,
        })
    }

    /// The rows of a table `[context, …]` at the tokens' positions: `[batch, tokens, …]`.
    pub(crate) fn rows_of(&self, table: &Tensor) -> Result<Tensor, Error> {
        let rows = table.f_index_select(0, &self.positions.f_reshape([-1])?)?;
        let shape = [&self.positions.size()[..], &table.size()[1..]].concat();
        Ok(rows.f_reshape(shape)?)
    }

    pub(crate) fn mask(&self) -> &Tensor {
        &self.mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Dropout, Gpt, ModelConfig, Size};

    /// Tiny networks of both architectures whose weights are far from their small start, so that
    /// a wrong formula shows.
    fn both() -> [Gpt; 2] {
        [Architecture::Llama, Architecture::Gpt2].map(|architecture| {
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
        for gpt in both() {
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
        for gpt in both() {
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
