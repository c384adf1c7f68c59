//! The parts of a network on views of one flat buffer.

use std::collections::BTreeMap;

use tch::Tensor;

use crate::Error;
use crate::bert::Bert;
use crate::config::{Architecture, ModelConfig};
use crate::head::Output;
use crate::layers::{Block, Linear, Norm, Rope};
use crate::layout::Layout;

/// Views of the parameters, or of their gradients, by what they do.
pub(crate) struct Network {
    pub embedding: Tensor,
    pub positions: Option<Tensor>,
    pub rope: Option<Rope>,
    pub blocks: Vec<Block>,
    /// The last norm: after the blocks, or in BERT's head.
    pub norm: Norm,
    /// The output's matrix, `[padded vocabulary, width]`.
    pub head: Tensor,
    pub head_bias: Option<Tensor>,
    pub bert: Option<Bert>,
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
    pub fn output(&self) -> Output<'_> {
        Output {
            weight: &self.head,
            bias: self.head_bias.as_ref(),
        }
    }

    pub(crate) fn build(
        config: &ModelConfig,
        layout: &Layout,
        leaves: &[Tensor],
        rope: Option<Rope>,
    ) -> Result<Self, Error> {
        let names = layout.slots.iter().map(|slot| slot.name.as_str());
        let named = Named(names.zip(leaves).collect());
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
            head_bias: named.optional("head.bias"),
            bert: match config.architecture {
                Architecture::Bert => Some(Bert {
                    types: named.get("types.weight")?,
                    norm: named.norm("embedding_norm", config.norm_eps)?,
                    transform: named.linear("transform")?,
                }),
                Architecture::Llama | Architecture::Gpt2 => None,
            },
        })
    }
}
