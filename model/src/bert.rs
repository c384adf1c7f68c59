//! What BERT (Devlin et al. 2018, arXiv:1810.04805) has beside the blocks: embeddings with token
//! types and a norm, and a layer before the output.

use tch::Tensor;

use crate::Error;
use crate::config::ModelConfig;
use crate::gpt::Gpt;
use crate::layers::{Linear, Norm};
use crate::layout::{Init, Slot, slot};

/// Types of tokens that stock checkpoints know: first and second sentence. All tokens here are of
/// the first.
pub(crate) const TYPES: i64 = 2;

/// These parts.
pub(crate) struct Bert {
    /// `[2, width]`.
    pub types: Tensor,
    /// Of the embeddings.
    pub norm: Norm,
    /// Before the output; the network's last norm follows it.
    pub transform: Linear,
}

impl Bert {
    /// Token and position embeddings as the first block takes them.
    pub fn embed(&self, x: &Tensor) -> Result<Tensor, Error> {
        self.norm.forward(&x.f_add(&self.types.f_select(0, 0)?)?)
    }
}

impl Gpt {
    /// Hidden states as the output takes them, `[…, width]` to the same.
    pub(crate) fn before_head(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        match &self.net.bert {
            None => Ok(hidden.shallow_clone()),
            Some(bert) => {
                let active = bert.transform.forward(hidden)?.f_gelu("none")?;
                self.net.norm.forward(&active)
            }
        }
    }

    /// Refuses a model that does not predict the next token.
    ///
    /// # Errors
    /// [`Error::NotCausal`] for a BERT.
    pub fn require_causal(&self) -> Result<(), Error> {
        match self.config.architecture.is_causal() {
            true => Ok(()),
            false => Err(Error::NotCausal),
        }
    }
}

/// The slots, in the stock names of `BertForMaskedLM`.
pub(crate) fn slots(config: &ModelConfig) -> Vec<Slot> {
    let (d, ff) = (config.width, config.feed_forward);
    let mut slots = Vec::new();
    for (ours, theirs, shape, rows) in [
        (
            "embedding",
            "word",
            config.padded_vocab(),
            config.vocab_size,
        ),
        ("positions", "position", config.context, config.context),
        ("types", "token_type", TYPES, TYPES),
    ] {
        let theirs = format!("bert.embeddings.{theirs}_embeddings.weight");
        let name = format!("{ours}.weight");
        slots.push(slot(name, &[shape, d], NORMAL, &[(&theirs, rows)]));
    }
    slots.extend(norm("embedding_norm", "bert.embeddings", d));
    // Before the blocks: their matrices are to lie together at the end.
    let transform = "cls.predictions.transform";
    slots.extend(linear("transform", &[&format!("{transform}.dense")], d, d));
    slots.extend(norm("norm", transform, d));
    let (padded, vocab) = (config.padded_vocab(), config.vocab_size);
    let bias = [("cls.predictions.bias", vocab)];
    slots.push(slot("head.bias", &[padded], Init::Zeros, &bias));
    for layer in 0..config.layers {
        let ours = |name: &str| format!("blocks.{layer}.{name}");
        let theirs = |name: &str| format!("bert.encoder.layer.{layer}.{name}");
        let qkv = ["query", "key", "value"].map(|name| theirs(&format!("attention.self.{name}")));
        let qkv: Vec<&str> = qkv.iter().map(String::as_str).collect();
        slots.extend(linear(&ours("qkv"), &qkv, d, d));
        for (name, stock, out, inner) in [
            ("out", "attention.output.dense", d, d),
            ("up", "intermediate.dense", ff, d),
            ("down", "output.dense", d, ff),
        ] {
            slots.extend(linear(&ours(name), &[&theirs(stock)], out, inner));
        }
        slots.extend(norm(&ours("norm1"), &theirs("attention.output"), d));
        slots.extend(norm(&ours("norm2"), &theirs("output"), d));
    }
    slots
}

/// All matrices start alike, as in the paper's code.
const NORMAL: Init = Init::Normal(0.02);

/// Layers that read the same input as one: each maps `inner` to `out`.
fn linear(ours: &str, theirs: &[&str], out: i64, inner: i64) -> [Slot; 2] {
    let rows = out * theirs.len() as i64;
    let part = |kind: &str, shape: &[i64], init| {
        let names: Vec<String> = theirs.iter().map(|name| format!("{name}.{kind}")).collect();
        let parts: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), out)).collect();
        slot(format!("{ours}.{kind}"), shape, init, &parts)
    };
    [
        part("weight", &[rows, inner], NORMAL),
        part("bias", &[rows], Init::Zeros),
    ]
}

fn norm(ours: &str, theirs: &str, width: i64) -> [Slot; 2] {
    [("weight", Init::Ones), ("bias", Init::Zeros)].map(|(kind, init)| {
        let stock = format!("{theirs}.LayerNorm.{kind}");
        slot(format!("{ours}.{kind}"), &[width], init, &[(&stock, width)])
    })
}

#[cfg(test)]
#[path = "bert_tests.rs"]
mod tests;
