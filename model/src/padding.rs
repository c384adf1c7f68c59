//! Rows of different lengths in one batch.

use tch::Tensor;

use crate::Error;
use crate::apart::Apart;
use crate::config::Architecture;
use crate::dropout::Dropout;
use crate::gpt::Gpt;
use crate::layers::Pass;

impl Gpt {
    /// [`Gpt::hidden`] states of rows that are padded at their ends: of each so many tokens, int64
    /// `[batch]`, are its own.
    /// Up to there, each row's states are what it would have alone; those of the padding mean
    /// nothing.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn hidden_padded(&self, tokens: &Tensor, lengths: &Tensor) -> Result<Tensor, Error> {
        let apart = self.padding(tokens, Some(lengths))?;
        self.run(tokens, Pass::apart(&mut Dropout::off(), apart.as_ref()))
    }

    /// What keeps rows from seeing their padding, where anything must.
    pub(crate) fn padding(
        &self,
        tokens: &Tensor,
        lengths: Option<&Tensor>,
    ) -> Result<Option<Apart>, Error> {
        let (_, length) = tokens.size2()?;
        let lengths = lengths.filter(|_| !self.config.architecture.is_causal());
        let apart = lengths.map(|lengths| Apart::padded(lengths, length, self.device()));
        apart.transpose()
    }

    /// What stands for a whole row, `[batch, width]`, of [`Gpt::hidden_padded`] states `[batch,
    /// tokens, width]` and its lengths, int64 `[batch]`: the state of the first token for BERT, of
    /// the last one for the others, which alone has seen all.
    ///
    /// BERT's vocabularies have a token to put first, `[CLS]`; here the document-end token, which
    /// stands before each document in training, has its part.
    ///
    /// # Errors
    /// [`Error::Torch`] for lengths that are not 1 to `tokens`.
    pub fn pooled(&self, hidden: &Tensor, lengths: &Tensor) -> Result<Tensor, Error> {
        if self.config.architecture == Architecture::Bert {
            return Ok(hidden.f_select(1, 0)?);
        }
        let (rows, _, width) = hidden.size3()?;
        let last = lengths.f_to_device(hidden.device())?.f_sub_scalar(1)?;
        let last = last
            .f_reshape([rows, 1, 1])?
            .f_expand([rows, 1, width], false)?;
        Ok(hidden.f_gather(1, &last, false)?.f_select(1, 0)?)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::{ModelConfig, Size};

    #[test]
    fn padded_rows_are_computed_and_taught_as_if_alone() {
        for architecture in Architecture::ALL {
            let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
            (config.width, config.feed_forward) = (32, 64);
            let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
            let _ = gpt.flat().shallow_clone().f_mul_scalar_(6.0).unwrap();
            let gpt = gpt.trainable().unwrap();
            let ids: Vec<i64> = (0..36).map(|i| i * 31 % 70).collect();
            let (tokens, each) = (Tensor::from_slice(&ids).reshape([3, 12]), [5, 12, 1]);
            let lengths = Tensor::from_slice(&each);
            let hidden = gpt.hidden_padded(&tokens, &lengths).unwrap();
            let pooled = gpt.pooled(&hidden, &lengths).unwrap();
            // Of each row the sum of what is its own, weighted so that places count.
            let weights = Tensor::arange(12, (Kind::Float, Device::Cpu)).reshape([1, 12, 1]) + 1.0;
            let own = weights.shallow_clone()
                * Tensor::arange(12, (Kind::Int64, Device::Cpu))
                    .lt_tensor(&lengths.unsqueeze(1))
                    .unsqueeze(2);
            let sum = |weights: &Tensor, states: &Tensor| -> Result<Tensor, Error> {
                Ok((states.sin() * weights).sum(Kind::Float))
            };
            let mut off = Dropout::off();
            let found = gpt
                .objective(&tokens, Some(&lengths), &[], &mut off, |h| sum(&own, h))
                .unwrap();
            let mut expected = found.flat.zeros_like();
            for (row, length) in (0..).zip(each) {
                let alone = tokens.narrow(0, row, 1).narrow(1, 0, length);
                let states = gpt.hidden(&alone).unwrap();
                let most = states.abs().max().double_value(&[]);
                let difference = hidden.narrow(0, row, 1).narrow(1, 0, length) - &states;
                assert!(difference.abs().max().double_value(&[]) < 1e-5 * most.max(1.0));
                let place = if architecture == Architecture::Bert {
                    0
                } else {
                    length - 1
                };
                let difference = pooled.get(row) - states.get(0).get(place);
                assert!(difference.abs().max().double_value(&[]) < 1e-5 * most.max(1.0));
                let of = weights.narrow(1, 0, length);
                let taught = gpt.objective(&alone, None, &[], &mut off, |h| sum(&of, h));
                expected += taught.unwrap().flat;
            }
            let most = expected.abs().max().double_value(&[]);
            let difference = (&found.flat - &expected).abs().max().double_value(&[]) / most;
            assert!(difference < 1e-4, "{architecture:?}: {difference}");
        }
    }
}
