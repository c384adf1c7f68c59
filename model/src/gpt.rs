//! The network: parameters in one flat buffer, and what can be computed with them.

use std::cell::RefCell;

use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::apart::Apart;
use crate::cache::KvCache;
use crate::config::{Architecture, ModelConfig};
use crate::dropout::Dropout;
use crate::fused::{self, Workspace};
use crate::layers::{Pass, Rope};
use crate::layout::{Init, Layout, Matrix};
use crate::network::Network;
use crate::random::{Purpose, normals, stream};

/// A GPT of a stock architecture.
///
/// All parameters are views of one flat buffer. A `Gpt` can move to another thread; to use one
/// from several threads, give each its own [`Gpt::share`].
pub struct Gpt {
    pub(crate) config: ModelConfig,
    pub(crate) layout: Layout,
    pub(crate) flat: Tensor,
    /// The parameters in the order of the layout.
    pub(crate) leaves: Vec<Tensor>,
    pub(crate) net: Network,
    /// Buffers of the CPU's training pass, once there was one.
    pub(crate) room: RefCell<Option<Workspace>>,
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
        let leaves = layout.views(&flat)?;
        let trainable = |leaf: Tensor| leaf.f_set_requires_grad(trainable);
        let leaves: Vec<Tensor> = leaves
            .into_iter()
            .map(trainable)
            .collect::<Result<_, _>>()?;
        let rope = match config.architecture {
            Architecture::Llama => Some(Rope::new(&config, flat.f_kind()?, flat.device())?),
            Architecture::Gpt2 | Architecture::Bert => None,
        };
        let net = Network::build(&config, &layout, &leaves, rope)?;
        Ok(Self {
            config,
            layout,
            flat,
            leaves,
            net,
            room: RefCell::new(None),
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

    /// The weight matrices inside the blocks, side by side in [`Gpt::flat`]: what Muon is for.
    #[must_use]
    pub fn block_matrices(&self) -> Vec<Matrix> {
        self.layout.block_matrices(&self.config)
    }

    /// The matrices of [`Gpt::block_matrices`] as a checkpoint stores them, with their names: those
    /// that are one tensor there (GPT-2's query, key and value) are one here.
    #[must_use]
    pub fn named_matrices(&self) -> Vec<(String, Matrix)> {
        self.layout.named_matrices()
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

    /// The input embedding of each token, `[vocabulary, width]`, fp32, without padding: a view of
    /// [`Gpt::flat`].
    ///
    /// # Errors
    /// [`Error::Torch`] when libtorch refuses.
    pub fn embeddings(&self) -> Result<Tensor, Error> {
        let rows = self.net.embedding.f_detach()?;
        Ok(rows.f_narrow(0, 0, self.config.vocab_size)?)
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
    /// [`Error::NotCausal`] for a BERT; [`Error::Torch`] when memory runs out.
    pub fn cache(&self, batch: i64) -> Result<KvCache, Error> {
        self.require_causal()?;
        KvCache::new(&self.config, batch, self.flat.f_kind()?, self.device())
    }

    /// Hidden states after the last norm of the blocks, `[batch, tokens, width]`, of int64 token
    /// ids `[batch, tokens]`.
    ///
    /// # Errors
    /// [`Error::Input`] when the sequence is longer than the context; [`Error::Torch`] for ids
    /// outside the vocabulary, or when memory runs out.
    pub fn hidden(&self, tokens: &Tensor) -> Result<Tensor, Error> {
        self.run(tokens, Pass::plain(&mut Dropout::off()))
    }

    /// Hidden states, and for each block the attention weights `[batch, heads, tokens, tokens]`.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn hidden_with_attention(&self, tokens: &Tensor) -> Result<(Tensor, Vec<Tensor>), Error> {
        let mut weights = Vec::new();
        let mut dropout = Dropout::off();
        let pass = Pass {
            attention: Some(&mut weights),
            ..Pass::plain(&mut dropout)
        };
        let hidden = self.run(tokens, pass)?;
        Ok((hidden, weights))
    }

    /// Logits `[batch, tokens, vocabulary]`, fp32, without padding.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn logits(&self, tokens: &Tensor) -> Result<Tensor, Error> {
        self.head(&self.hidden(tokens)?)
    }

    /// The same for rows of several documents that do not see each other.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn logits_apart(&self, tokens: &Tensor, apart: &Apart) -> Result<Tensor, Error> {
        let mut dropout = Dropout::off();
        self.head(&self.run(tokens, Pass::apart(&mut dropout, Some(apart)))?)
    }

    /// Reads further tokens `[batch, tokens]` after those in the cache; returns the logits
    /// `[batch, vocabulary]` that follow the last one.
    ///
    /// # Errors
    /// [`Error::Input`] when the tokens do not fit into the cache, [`Error::NotCausal`] for a BERT; else as [`Gpt::hidden`].
    pub fn extend(&self, tokens: &Tensor, cache: &mut KvCache) -> Result<Tensor, Error> {
        self.require_causal()?;
        let alone = tokens.size() == [1, 1] && cache.length() < self.config.context;
        if alone && fused::computes(&self.config, self.flat.f_kind()?, self.device()) {
            let token = tokens.f_int64_value(&[0, 0])?;
            let logits = fused::decode(&self.config, &self.net, cache, token)?;
            cache.advance(1);
            return Ok(logits);
        }
        let mut dropout = Dropout::off();
        let pass = Pass {
            cache: Some(cache),
            ..Pass::plain(&mut dropout)
        };
        let hidden = self.run(tokens, pass)?;
        self.head(&hidden.f_select(1, -1)?)
    }

    pub(crate) fn head(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        let output = self.net.output();
        let hidden = self.before_head(hidden)?;
        let logits = hidden.f_linear(output.weight, output.bias)?;
        let logits = logits.f_narrow(-1, 0, self.config.vocab_size)?;
        Ok(logits.f_to_kind(Kind::Float)?)
    }

    pub(crate) fn check_length(&self, tokens: i64) -> Result<(), Error> {
        match (1..=self.config.context).contains(&tokens) {
            true => Ok(()),
            false => Err(Error::Input(format!(
                "a sequence of {tokens} tokens does not fit: it must have 1 to {} (the model's \
                 context)",
                self.config.context
            ))),
        }
    }

    pub(crate) fn run(&self, tokens: &Tensor, pass: Pass) -> Result<Tensor, Error> {
        let (_, length) = tokens.size2()?;
        self.check_length(pass.past() + length)?;
        self.run_embedded(self.embed(tokens)?, pass)
    }

    /// What the embedding has for tokens `[batch, tokens]`, without positions.
    pub(crate) fn embed(&self, tokens: &Tensor) -> Result<Tensor, Error> {
        Ok(Tensor::f_embedding(
            &self.net.embedding,
            tokens,
            -1,
            false,
            false,
        )?)
    }

    /// All of the network above the embedding, from `[batch, tokens, width]` that fits the context.
    pub(crate) fn run_embedded(&self, mut x: Tensor, mut pass: Pass) -> Result<Tensor, Error> {
        let (_, length, _) = x.size3()?;
        let past = pass.past();
        if let Some(positions) = &self.net.positions {
            x = x.f_add(&match pass.apart {
                Some(apart) => apart.rows_of(positions)?,
                None => positions.f_narrow(0, past, length)?,
            })?;
        }
        if let Some(bert) = &self.net.bert {
            x = bert.embed(&x)?;
        }
        x = pass.dropout.apply(x)?;
        let causal = self.config.architecture.is_causal();
        pass.mask = pass.apart.map(|apart| apart.mask(causal)).transpose()?;
        pass.keep(&x);
        for block in &self.net.blocks {
            x = block.forward(&self.config, self.net.rope.as_ref(), &x, &mut pass)?;
            pass.keep(&x);
        }
        if let Some(cache) = pass.cache {
            cache.advance(length);
        }
        match &self.net.bert {
            Some(_) => Ok(x), // normed by the last block
            None => self.net.norm.forward(&x),
        }
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

#[cfg(test)]
#[path = "gpt_tests.rs"]
mod tests;
