//! Losses other than the next token's: of what a task makes of the hidden states.

use tch::{Tensor, no_grad};

use crate::Error;
use crate::dropout::Dropout;
use crate::gpt::Gpt;
use crate::layers::Pass;

/// What one batch teaches about a task.
#[derive(Debug)]
pub struct Objective {
    /// The loss, a scalar without a graph.
    pub loss: Tensor,
    /// Gradient by the flat buffer, fp32; 0 for what the loss does not depend on.
    pub flat: Tensor,
    /// Gradients by the other tensors, shaped as they are.
    pub others: Vec<Tensor>,
}

impl Gpt {
    /// Loss and gradients of any differentiable function of the [`Gpt::hidden`] states, by
    /// libtorch's autograd. `tokens` are int64 `[batch, tokens]`, rows padded at their ends to one
    /// length; `lengths`, int64 `[batch]`, are those without padding, and absent if there is none
    /// (a causal model needs none in any case). `others` are the task's own parameters, which
    /// require gradients. Needs a [`Gpt::trainable`] handle.
    ///
    /// # Errors
    /// As [`Gpt::hidden`], and what `loss` returns.
    pub fn objective<E: From<Error>>(
        &self,
        tokens: &Tensor,
        lengths: Option<&Tensor>,
        others: &[&Tensor],
        dropout: &mut Dropout,
        loss: impl FnOnce(&Tensor) -> Result<Tensor, E>,
    ) -> Result<Objective, E> {
        let apart = self.padding(tokens, lengths)?;
        let loss = loss(&self.run(tokens, Pass::apart(dropout, apart.as_ref()))?)?;
        let mut wanted: Vec<&Tensor> = self.leaves.iter().collect();
        wanted.extend(others);
        let found = Tensor::f_run_backward(&[&loss], &wanted, false, false);
        let mut found = found.map_err(Error::from)?;
        let others = found.split_off(self.leaves.len());
        no_grad(|| {
            let pieces = found.iter().zip(&self.leaves).map(|(by, leaf)| {
                // What the loss does not depend on has no gradient at all.
                let by = match by.defined() {
                    true => by.f_to_kind(tch::Kind::Float)?,
                    false => leaf.f_zeros_like()?.f_to_kind(tch::Kind::Float)?,
                };
                Ok(by.f_reshape([-1])?)
            });
            let pieces: Vec<Tensor> = pieces.collect::<Result<_, Error>>()?;
            Ok(Objective {
                loss: loss.f_detach().map_err(Error::from)?,
                flat: Tensor::f_cat(&pieces, 0).map_err(Error::from)?,
                others,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::{Architecture, ModelConfig, Size};

    #[test]
    fn gradients_are_those_of_the_loss() {
        for (architecture, tied) in [
            (Architecture::Llama, false),
            (Architecture::Gpt2, true),
            (Architecture::Bert, true),
        ] {
            let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
            (config.width, config.feed_forward, config.tie_embeddings) = (32, 64, tied);
            let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
            let gpt = gpt.trainable().unwrap();
            let ids: Vec<i64> = (0..24).map(|i| i * 31 % 70).collect();
            let tokens = Tensor::from_slice(&ids).reshape([2, 12]);
            // A linear layer on the last position, of which the head knows nothing.
            let layer = Tensor::ones([3, 32], (Kind::Float, Device::Cpu)).set_requires_grad(true);
            let found = gpt
                .objective(&tokens, None, &[&layer], &mut Dropout::off(), |hidden| {
                    Ok::<_, Error>(
                        hidden
                            .select(1, -1)
                            .linear(&layer, None::<Tensor>)
                            .sum(Kind::Float),
                    )
                })
                .unwrap();
            assert_eq!(found.flat.size(), gpt.flat().size());
            let last =
                gpt.hidden(&tokens)
                    .unwrap()
                    .select(1, -1)
                    .sum_dim_intlist(0, false, Kind::Float);
            for row in 0..3 {
                assert!(
                    (found.others[0].get(row) - &last)
                        .abs()
                        .max()
                        .double_value(&[])
                        < 1e-4
                );
            }
            // One step against the gradient lowers the loss by its squared norm.
            let step = 1e-5;
            let before = found.loss.double_value(&[]);
            let _ = no_grad(|| gpt.flat().shallow_clone().g_sub_(&(&found.flat * step)));
            let after = gpt
                .hidden(&tokens)
                .unwrap()
                .select(1, -1)
                .sum(Kind::Float)
                .double_value(&[])
                * 3.0;
            let expected = found.flat.square().sum(Kind::Double).double_value(&[]) * step;
            assert!(
                ((before - after) / expected - 1.0).abs() < 0.05,
                "{before} {after} {expected}"
            );
        }
    }
}
