//! What the network computes on the way: the residual stream, attention weights, what the head
//! would answer early, and by which inputs an answer moves.

use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::dropout::Dropout;
use crate::gpt::Gpt;
use crate::head;
use crate::layers::Pass;

/// What a batch of tokens becomes on its way through the network.
#[derive(Debug)]
pub struct Trace {
    /// The residual stream after the embedding and after each block: layers + 1 times
    /// `[batch, tokens, width]`.
    pub residual: Vec<Tensor>,
    /// Attention weights of each block, `[batch, heads, tokens, tokens]`: queries, then keys.
    pub attention: Vec<Tensor>,
    /// The last state after the final norm, `[batch, tokens, width]`.
    pub hidden: Tensor,
}

/// What the head answers to states of the residual stream.
#[derive(Debug)]
pub struct Lens {
    /// Log-probability of each target, fp32 `[tokens]`.
    pub target: Tensor,
    /// Tokens thought more likely than the target, int64 `[tokens]`.
    pub rank: Tensor,
    /// The likeliest tokens, the first first, int64 `[tokens, count]`.
    pub top: Tensor,
    /// Their log-probabilities, fp32 `[tokens, count]`.
    pub top_logs: Tensor,
}

impl Gpt {
    /// Runs int64 token ids `[batch, tokens]` with eager attention and keeps what comes on the way.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn trace(&self, tokens: &Tensor) -> Result<Trace, Error> {
        let (mut residual, mut attention) = (Vec::new(), Vec::new());
        let mut dropout = Dropout::off();
        let pass = Pass {
            attention: Some(&mut attention),
            residual: Some(&mut residual),
            ..Pass::plain(&mut dropout)
        };
        let hidden = self.run(tokens, pass)?;
        Ok(Trace {
            residual,
            attention,
            hidden,
        })
    }

    /// The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): final norm and
    /// head on states `[tokens, width]` of the residual stream, as if the blocks above were not
    /// there. On the last state it is the model's own answer. `targets` are int64 `[tokens]`.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn lens(&self, residual: &Tensor, targets: &Tensor, count: i64) -> Result<Lens, Error> {
        self.require_causal()?;
        let hidden = self.net.norm.forward(residual)?;
        let (head, vocab) = (self.net.output(), self.config.vocab_size);
        let found = head::predictions(&hidden, head, vocab, targets, count)?;
        Ok(Lens {
            rank: head::scores(&hidden, head, vocab, targets)?.rank,
            target: found.target,
            top: found.top,
            top_logs: found.top_logs,
        })
    }

    /// Gradient × input (Shrikumar et al. 2016, arXiv:1605.01713): how much the embedding of each
    /// token of `tokens` speaks, to first order, for the log-probability of `targets[i]` behind
    /// `positions[i]`. It is the gradient of that log-probability by the embedding (positions
    /// not counted in), times the embedding, summed over the width.
    ///
    /// Returns fp32 `[positions, tokens]` on the CPU, in nats; 0 behind a position. Goes up to the
    /// greatest position once, and down again for each of them.
    ///
    /// # Errors
    /// [`Error::Input`] when a position is not one of the tokens, there are not as many targets
    /// as positions, or a target is none of the vocabulary; else as [`Gpt::hidden`].
    pub fn attribution(
        &self,
        tokens: &[i64],
        positions: &[i64],
        targets: &[i64],
    ) -> Result<Tensor, Error> {
        self.require_causal()?;
        let (rows, all) = (positions.len() as i64, tokens.len() as i64);
        let length = positions.iter().max().map_or(0, |last| last + 1);
        let fits = positions.iter().all(|position| (0..all).contains(position));
        let known = |target: &i64| (0..self.config.vocab_size).contains(target);
        if targets.len() != positions.len() || !fits || !targets.iter().all(known) {
            return Err(Error::Input(format!(
                "each position must be one of the {all} tokens and have a target of the vocabulary"
            )));
        }
        if rows == 0 {
            return Ok(Tensor::f_zeros([0, all], (Kind::Float, Device::Cpu))?);
        }
        self.check_length(all)?;
        let row = Tensor::f_from_slice(tokens)?.f_narrow(0, 0, length)?;
        let row = row.f_unsqueeze(0)?.f_to_device(self.device())?;
        let input = self.embed(&row)?.f_detach()?.f_set_requires_grad(true)?;
        let pass = &mut Dropout::off();
        let hidden = self.run_embedded(input.shallow_clone(), Pass::plain(pass))?;
        let mut found = Vec::with_capacity(positions.len());
        for (position, target) in positions.iter().zip(targets) {
            let logits = self.head(&hidden.f_select(1, *position)?)?;
            let log = logits
                .f_log_softmax(-1, None::<Kind>)?
                .f_select(1, *target)?;
            let by = Tensor::f_run_backward(&[log.f_sum(Kind::Float)?], &[&input], true, false)?;
            let none = || Error::Torch("there is no gradient".to_owned());
            let by = by.first().ok_or_else(none)?.f_to_kind(Kind::Float)?;
            let product = by.f_mul(&input.f_detach()?)?;
            found.push(product.f_sum_dim_intlist(-1i64, false, Kind::Float)?);
        }
        let found = Tensor::f_cat(&found, 0)?.f_to_device(Device::Cpu)?;
        Ok(found.f_constant_pad_nd([0, all - length])?)
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
