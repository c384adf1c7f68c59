//! The network: parameters in one flat buffer, and what can be computed with them.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor, no_grad};

use crate::Error;
use crate::cache::KvCache;
use crate::config::{Architecture, ModelConfig};
use crate::dropout::Dropout;
use crate::head::{self, Predictions, Scores};
use crate::layers::{Block, Linear, Norm, Pass, Rope};
use crate::layout::{Init, Layout};
use crate::random::{Purpose, normals, stream};

/// A GPT of a stock architecture.
///
/// All parameters are views of one flat buffer. A `Gpt` can move to another thread; to use one
/// from several threads, give each its own [`Gpt::share`].
pub struct Gpt {
    config: ModelConfig,
    layout: Layout,
    flat: Tensor,
    /// The parameters in the order of the layout.
    leaves: Vec<Tensor>,
    net: Network,
}

struct Network {
    embedding: Tensor,
    positions: Option<Tensor>,
    rope: Option<Rope>,
    blocks: Vec<Block>,
    norm: Norm,
    head: Tensor,
}

/// What one batch teaches.
#[derive(Debug)]
pub struct Gradients {
    /// Sum of the cross-entropies in nats, times the scale: a scalar, fp32.
    pub loss: Tensor,
    /// Gradient by the flat buffer, fp32.
    pub flat: Tensor,
}

impl Gpt {
    /// A network with random weights, a function of the seed alone: normal with deviation 0.02,
    /// residual projections with 0.02 / √(2 · layers), as in the GPT-2 paper.
    ///
    /// # Errors
    /// [`Error::Config`] when there is no such network; [`Error::Torch`] when memory runs out.
    pub fn new(config: &ModelConfig, seed: u64, device: Device) -> Result<Self, Error> {
        let gpt = Self::zeros(config, Device::Cpu)?;
        for (index, (slot, leaf)) in (0u64..).zip(gpt.layout.slots.iter().zip(&gpt.leaves)) {
            match slot.init {
                Init::Zeros => {}
                Init::Ones => drop(leaf.shallow_clone().f_fill_(1.0)?),
                Init::Normal(deviation) => {
                    let rows = slot.parts.iter().map(|part| part.rows).sum();
                    let mut used = leaf.f_narrow(0, 0, rows)?; // the padding stays zero
                    let mut rng = stream(seed, Purpose::Weights, index);
                    let values = normals(&mut rng, deviation, used.numel());
                    used.f_copy_(&Tensor::f_from_slice(&values)?.f_reshape(used.size())?)?;
                }
            }
        }
        match device {
            Device::Cpu => Ok(gpt),
            _ => {
                let flat = gpt.flat.f_to_device(device)?;
                Self::assemble(gpt.config, gpt.layout, flat, false)
            }
        }
    }

    pub(crate) fn zeros(config: &ModelConfig, device: Device) -> Result<Self, Error> {
        config.validate()?;
        let layout = Layout::of(config);
        let flat = Tensor::f_zeros([layout.numel], (Kind::Float, device))?;
        Self::assemble(config.clone(), layout, flat, false)
    }

    /// Builds the network on views of a flat buffer; those of a trainable one collect gradients.
    fn assemble(
        config: ModelConfig,
        layout: Layout,
        flat: Tensor,
        trainable: bool,
    ) -> Result<Self, Error> {
        let mut leaves = Vec::with_capacity(layout.slots.len());
        for slot in &layout.slots {
            let view = flat.f_narrow(0, slot.offset, slot.numel())?;
            let leaf = view.f_reshape(slot.shape.as_slice())?.f_detach()?;
            leaves.push(leaf.f_set_requires_grad(trainable)?);
        }
        let net = Network::build(&config, &layout, &leaves, flat.f_kind()?, flat.device())?;
        Ok(Self {
            config,
            layout,
            flat,
            leaves,
            net,
        })
    }

    /// A second handle on the same parameters, for another thread.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn share(&self) -> Result<Self, Error> {
        let flat = self.flat.shallow_clone();
        Self::assemble(self.config.clone(), self.layout.clone(), flat, false)
    }

    /// A second handle on the same parameters that can compute [`Gpt::gradients`].
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn trainable(&self) -> Result<Self, Error> {
        let flat = self.flat.shallow_clone();
        Self::assemble(self.config.clone(), self.layout.clone(), flat, true)
    }

    /// A copy with parameters of another kind, such as bf16.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn cast(&self, kind: Kind) -> Result<Self, Error> {
        let flat = self.flat.f_to_dtype(kind, false, true)?;
        Self::assemble(self.config.clone(), self.layout.clone(), flat, false)
    }

    /// What the network looks like.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Where the parameters live.
    #[must_use]
    pub fn device(&self) -> Device {
        self.flat.device()
    }

    /// All parameters as one vector, those of matrices first. Writing to it changes the network.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// How many elements of [`Gpt::flat`] belong to matrices: the ones that weight decay is for.
    #[must_use]
    pub fn matrix_elements(&self) -> i64 {
        self.layout.matrices
    }

    /// Number of parameters, without the padding of the vocabulary.
    #[must_use]
    pub fn parameters(&self) -> i64 {
        let slots = self.layout.slots.iter();
        slots
            .map(|slot| {
                let rows: i64 = slot.parts.iter().map(|part| part.rows).sum();
                slot.numel() / slot.shape.first().copied().unwrap_or(1) * rows
            })
            .sum()
    }

    /// The parameters under their checkpoint names, padding stripped: `(name, view, transposed)`,
    /// where a transposed one is stored as `[in, out]`.
    pub(crate) fn parts(&self) -> Result<Vec<(&str, Tensor, bool)>, Error> {
        let mut parts = Vec::new();
        for (slot, leaf) in self.layout.slots.iter().zip(&self.leaves) {
            let mut first = 0;
            for part in &slot.parts {
                let view = leaf.f_detach()?.f_narrow(0, first, part.rows)?;
                parts.push((part.name.as_str(), view, part.transposed));
                first += part.rows;
            }
        }
        Ok(parts)
    }

    /// An empty KV cache for a batch of sequences.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn cache(&self, batch: i64) -> Result<KvCache, Error> {
        KvCache::new(&self.config, batch, self.flat.f_kind()?, self.device())
    }

    /// Hidden states after the last norm, `[batch, tokens, width]`, of int64 token ids
    /// `[batch, tokens]`.
    ///
    /// # Errors
    /// [`Error::Input`] when the sequence is longer than the context; [`Error::Torch`] for ids
    /// outside the vocabulary, or when memory runs out.
    pub fn hidden(&self, tokens: &Tensor) -> Result<Tensor, Error> {
        self.run(tokens, &mut Dropout::off(), None, None)
    }

    /// Hidden states, and for each block the attention weights `[batch, heads, tokens, tokens]`.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn hidden_with_attention(&self, tokens: &Tensor) -> Result<(Tensor, Vec<Tensor>), Error> {
        let mut weights = Vec::new();
        let hidden = self.run(tokens, &mut Dropout::off(), None, Some(&mut weights))?;
        Ok((hidden, weights))
    }

    /// Logits `[batch, tokens, vocabulary]`, fp32, without padding.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn logits(&self, tokens: &Tensor) -> Result<Tensor, Error> {
        self.head(&self.hidden(tokens)?)
    }

    /// Reads further tokens `[batch, tokens]` after those in the cache; returns the logits
    /// `[batch, vocabulary]` that follow the last one.
    ///
    /// # Errors
    /// [`Error::Input`] when the tokens do not fit into the cache; else as [`Gpt::hidden`].
    pub fn extend(&self, tokens: &Tensor, cache: &mut KvCache) -> Result<Tensor, Error> {
        let hidden = self.run(tokens, &mut Dropout::off(), Some(cache), None)?;
        self.head(&hidden.f_select(1, -1)?)
    }

    /// How well `targets` follow from `tokens`, position by position; both int64
    /// `[batch, tokens]`, and so are the results. The logits never exist whole.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn score(&self, tokens: &Tensor, targets: &Tensor) -> Result<Scores, Error> {
        let hidden = self.hidden(tokens)?.f_reshape([-1, self.config.width])?;
        let found = self.score_hidden(&hidden, &targets.f_reshape([-1])?)?;
        Ok(Scores {
            nll: found.nll.f_reshape(targets.size())?,
            rank: found.rank.f_reshape(targets.size())?,
        })
    }

    /// Log-probabilities of `targets` behind `tokens`, and of the `count` likeliest tokens, position
    /// by position; both int64 `[batch, tokens]`. The logits never exist whole.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn predictions(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        count: i64,
    ) -> Result<Predictions, Error> {
        let hidden = self.hidden(tokens)?.f_reshape([-1, self.config.width])?;
        let (vocab, flat) = (self.config.vocab_size, targets.f_reshape([-1])?);
        let found = head::predictions(&hidden, &self.net.head, vocab, &flat, count)?;
        let (batch, length) = targets.size2()?;
        let by_position = [batch, length, found.top.size()[1]];
        Ok(Predictions {
            target: found.target.f_reshape(targets.size())?,
            top: found.top.f_reshape(by_position)?,
            top_logs: found.top_logs.f_reshape(by_position)?,
        })
    }

    /// How well `targets` `[tokens]` follow from the [`Gpt::hidden`] states `[tokens, width]` of
    /// chosen positions.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn score_hidden(&self, hidden: &Tensor, targets: &Tensor) -> Result<Scores, Error> {
        head::scores(hidden, &self.net.head, self.config.vocab_size, targets)
    }

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
        let hidden = self.run(tokens, dropout, None, None)?;
        let hidden = hidden.f_reshape([-1, self.config.width])?;
        let (vocab, targets) = (self.config.vocab_size, targets.f_reshape([-1])?);
        let top = no_grad(|| head::gradients(&hidden, &self.net.head, vocab, &targets, scale))?;
        // Autograd starts at scalars only: this one has the wanted gradient by the hidden states.
        let start = hidden.f_mul(&top.hidden)?.f_sum(Kind::Float)?;
        let body: Vec<&Tensor> = self.body().map(|(_, leaf)| leaf).collect();
        let mut by_body = Tensor::f_run_backward(&[start], &body, false, false)?.into_iter();
        no_grad(|| {
            let mut pieces = Vec::with_capacity(self.leaves.len());
            for slot in &self.layout.slots {
                let piece = match slot.name.as_str() {
                    "head.weight" => top.head.shallow_clone(),
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

    /// The parameters below the head, in the order of the layout.
    fn body(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let slots = self.layout.slots.iter().map(|slot| slot.name.as_str());
        slots
            .zip(&self.leaves)
            .filter(|(name, _)| *name != "head.weight")
    }

    fn head(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        let logits = hidden.f_linear(&self.net.head, None::<Tensor>)?;
        let logits = logits.f_narrow(-1, 0, self.config.vocab_size)?;
        Ok(logits.f_to_kind(Kind::Float)?)
    }

    fn run(
        &self,
        tokens: &Tensor,
        dropout: &mut Dropout,
        cache: Option<&mut KvCache>,
        attention: Option<&mut Vec<Tensor>>,
    ) -> Result<Tensor, Error> {
        let (_, length) = tokens.size2()?;
        let mut pass = Pass {
            dropout,
            cache,
            attention,
        };
        let past = pass.past();
        if length == 0 || past + length > self.config.context {
            return Err(Error::Input(format!(
                "a sequence of {} tokens does not fit: it must have 1 to {} (the model's context)",
                past + length,
                self.config.context
            )));
        }
        let mut x = Tensor::f_embedding(&self.net.embedding, tokens, -1, false, false)?;
        if let Some(positions) = &self.net.positions {
            x = x.f_add(&positions.f_narrow(0, past, length)?)?;
        }
        x = pass.dropout.apply(x)?;
        for block in &self.net.blocks {
            x = block.forward(&self.config, self.net.rope.as_ref(), &x, &mut pass)?;
        }
        if let Some(cache) = pass.cache {
            cache.advance(length);
        }
        self.net.norm.forward(&x)
    }
}

impl std::fmt::Debug for Gpt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gpt")
            .field("config", &self.config)
            .field("device", &self.device())
            .finish_non_exhaustive()
    }
}

/// The leaves by their slots' names.
struct Named<'a>(BTreeMap<&'a str, &'a Tensor>);

impl Named<'_> {
    fn optional(&self, name: &str) -> Option<Tensor> {
        self.0.get(name).map(|leaf| leaf.shallow_clone())
    }

    fn get(&self, name: &str) -> Result<Tensor, Error> {
        let missing = || Error::Config(format!("the layout has no `{name}`"));
        self.optional(name).ok_or_else(missing)
    }

    fn linear(&self, name: &str) -> Result<Linear, Error> {
        Ok(Linear {
            weight: self.get(&format!("{name}.weight"))?,
            bias: self.optional(&format!("{name}.bias")),
        })
    }

    fn norm(&self, name: &str, eps: f64) -> Result<Norm, Error> {
        let Linear { weight, bias } = self.linear(name)?;
        Ok(Norm { weight, bias, eps })
    }
}

impl Network {
    fn build(
        config: &ModelConfig,
        layout: &Layout,
        leaves: &[Tensor],
        kind: Kind,
        device: Device,
    ) -> Result<Self, Error> {
        let names = layout.slots.iter().map(|slot| slot.name.as_str());
        let named = Named(names.zip(leaves).collect());
        let rope = match config.architecture {
            Architecture::Llama => Some(Rope::new(config, kind, device)?),
            Architecture::Gpt2 => None,
        };
        let block = |index: usize| -> Result<Block, Error> {
            let name = |part: &str| format!("blocks.{index}.{part}");
            Ok(Block {
                index,
                norm1: named.norm(&name("norm1"), config.norm_eps)?,
                qkv: named.linear(&name("qkv"))?,
                out: named.linear(&name("out"))?,
                norm2: named.norm(&name("norm2"), config.norm_eps)?,
                up: named.linear(&name("up"))?,
                down: named.linear(&name("down"))?,
            })
        };
        let head = match config.tie_embeddings {
            true => "embedding.weight",
            false => "head.weight",
        };
        Ok(Self {
            embedding: named.get("embedding.weight")?,
            positions: named.optional("positions.weight"),
            rope,
            blocks: (0..config.layers as usize)
                .map(block)
                .collect::<Result<_, _>>()?,
            norm: named.norm("norm", config.norm_eps)?,
            head: named.get(head)?,
        })
    }
}

#[cfg(test)]
#[path = "gpt_tests.rs"]
mod tests;
