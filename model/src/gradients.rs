//! What a batch teaches: the loss, and its gradient by all parameters.

use tch::{Device, Kind, Tensor, no_grad};

use crate::Error;
use crate::apart::Apart;
use crate::dropout::Dropout;
use crate::fused::{self, Workspace};
use crate::gpt::Gpt;
use crate::head::{self, NO_TARGET};
use crate::layers::Pass;
use crate::network::Network;

/// What one batch teaches.
#[derive(Debug)]
pub struct Gradients {
    /// Sum of the cross-entropies in nats, times the scale: a scalar, fp32.
    pub loss: Tensor,
    /// Gradient by the flat buffer, fp32.
    pub flat: Tensor,
}

impl Gpt {
    /// Loss of a batch times `scale`, and its gradient; `tokens` and `targets` are int64
    /// `[batch, tokens]`. Where a target is [`crate::NO_TARGET`] there is no loss. Needs a
    /// [`Gpt::trainable`] handle.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn gradients(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        scale: f64,
        dropout: &mut Dropout,
    ) -> Result<Gradients, Error> {
        self.gradients_apart(tokens, targets, None, scale, dropout)
    }

    /// The same for rows of several documents that do not see each other.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn gradients_apart(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        apart: Option<&Apart>,
        scale: f64,
        dropout: &mut Dropout,
    ) -> Result<Gradients, Error> {
        match apart {
            None if fused::computes(&self.config, self.flat.f_kind()?, self.device()) => {
                no_grad(|| self.gradients_fused(tokens, targets, scale, dropout))
            }
            _ => self.gradients_by_autograd(tokens, targets, apart, scale, dropout),
        }
    }

    fn gradients_fused(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        scale: f64,
        dropout: &mut Dropout,
    ) -> Result<Gradients, Error> {
        let (batch, length) = tokens.size2()?;
        self.check_length(length)?;
        let flat = Tensor::f_zeros([self.layout.numel], (Kind::Float, Device::Cpu))?;
        let by = Network::build(&self.config, &self.layout, &self.layout.views(&flat)?, None)?;
        let kept = self.room.take().filter(|room| room.fits(batch, length));
        let mut room = match kept {
            Some(room) => room,
            None => Workspace::new(&self.config, self.flat.f_kind()?, batch, length)?,
        };
        let batch = fused::Targets {
            tokens: &fused::ids(tokens)?,
            targets: &fused::ids(targets)?,
            scale,
        };
        let loss = fused::gradients(&self.config, &self.net, &by, &mut room, batch, dropout)?;
        self.room.replace(Some(room));
        Ok(Gradients {
            loss: Tensor::from(loss as f32),
            flat,
        })
    }

    /// The same by libtorch's autograd, operation by operation as PyTorch computes it; GPUs use it
    /// anyway.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn gradients_by_autograd(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        apart: Option<&Apart>,
        scale: f64,
        dropout: &mut Dropout,
    ) -> Result<Gradients, Error> {
        let hidden = self.run(tokens, Pass::apart(dropout, apart))?;
        let hidden = hidden.f_reshape([-1, self.config.width])?;
        let (vocab, targets) = (self.config.vocab_size, targets.f_reshape([-1])?);
        // Few of a BERT's tokens have targets: the others need not go through the head.
        let (hidden, targets) = match self.config.architecture.is_causal() {
            true => (hidden, targets),
            false => with_targets(&hidden, &targets)?,
        };
        let hidden = self.before_head(&hidden)?;
        let output = self.net.output();
        let top = no_grad(|| head::gradients(&hidden, output, vocab, &targets, scale))?;
        // Autograd starts at scalars only: this one has the wanted gradient by the hidden states.
        let start = hidden.f_mul(&top.hidden)?.f_sum(Kind::Float)?;
        let body: Vec<&Tensor> = self.body().map(|(_, leaf)| leaf).collect();
        let mut by_body = Tensor::f_run_backward(&[start], &body, false, false)?.into_iter();
        no_grad(|| {
            let mut pieces = Vec::with_capacity(self.leaves.len());
            for slot in &self.layout.slots {
                let piece = match slot.name.as_str() {
                    "head.weight" => top.head.shallow_clone(),
                    "head.bias" => top.bias.shallow_clone(),
                    _ => by_body.next().unwrap_or_else(Tensor::new),
                };
                let piece = match slot.name == "embedding.weight" && self.config.tie_embeddings {
                    true => piece.f_to_kind(Kind::Float)?.f_add_(&top.head)?,
                    false => piece,
                };
                pieces.push(piece.f_reshape([-1])?.f_to_kind(Kind::Float)?);
            }
            Ok(Gradients {
                loss: top.loss,
                flat: Tensor::f_cat(&pieces, 0)?,
            })
        })
    }

    /// The parameters below the output, in the order of the layout.
    fn body(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let slots = self.layout.slots.iter().map(|slot| slot.name.as_str());
        slots
            .zip(&self.leaves)
            .filter(|(name, _)| !["head.weight", "head.bias"].contains(name))
    }
}

/// The hidden states `[tokens, width]` that have targets, and these.
pub(crate) fn with_targets(hidden: &Tensor, targets: &Tensor) -> Result<(Tensor, Tensor), Error> {
    let chosen = targets.f_ne(NO_TARGET)?.f_nonzero()?.f_squeeze_dim(1)?;
    let targets = targets.f_index_select(0, &chosen)?;
    Ok((hidden.f_index_select(0, &chosen)?, targets))
}
