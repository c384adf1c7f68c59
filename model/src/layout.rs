//! Where each tensor of a network lies in one flat buffer, and its name in a checkpoint.
//!
//! All parameters live in one buffer, matrices first, so that an optimizer updates them in a
//! dozen operations and weight decay applies to one slice. Matrices that read the same input
//! (query, key and value; gate and up) are one slot, so that one product computes them.

use tch::Tensor;

use crate::Error;
use crate::bert;
use crate::config::{Architecture, ModelConfig};

/// How a tensor starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Init {
    /// Normally distributed around zero, with this standard deviation.
    Normal(f64),
    Zeros,
    Ones,
}

/// A tensor of the network as it lies in memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    /// Name inside this crate, such as `blocks.0.qkv.weight`.
    pub name: String,
    /// Shape in memory: `[out, in]` for a linear layer.
    pub shape: Vec<i64>,
    /// First element in the flat buffer.
    pub offset: i64,
    pub init: Init,
    /// The tensors of a checkpoint that make up this one, along the first dimension; rows
    /// beyond them are padding.
    pub parts: Vec<Part>,
}

impl Slot {
    pub fn numel(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// A tensor as it stands in a checkpoint under its Hugging Face name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub name: String,
    /// Extent along the slot's first dimension.
    pub rows: i64,
    /// Stored as `[in, out]`, as GPT-2's `Conv1D` layers are.
    pub transposed: bool,
}

/// A weight matrix inside a block, `[rows, columns]`, as it lies in the flat buffer.
///
/// What is fused in memory counts as the matrices that it is: query, key and value; gate and up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// First element in the flat buffer.
    pub offset: i64,
    /// Outputs.
    pub rows: i64,
    /// Inputs.
    pub columns: i64,
}

/// The slots of a network in the order of the flat buffer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub slots: Vec<Slot>,
    /// Elements of the flat buffer.
    pub numel: i64,
    /// Elements of the matrices, which come first.
    pub matrices: i64,
}

impl Layout {
    pub fn of(config: &ModelConfig) -> Self {
        let mut slots = match config.architecture {
            Architecture::Llama => llama(config),
            Architecture::Gpt2 => gpt2(config),
            Architecture::Bert => bert::slots(config),
        };
        slots.sort_by_key(|slot| slot.shape.len() == 1); // stable: matrices first
        let (mut numel, mut matrices) = (0, 0);
        for slot in &mut slots {
            slot.offset = numel;
            numel += slot.numel();
            if slot.shape.len() > 1 {
                matrices = numel;
            }
        }
        Self {
            slots,
            numel,
            matrices,
        }
    }

    /// Views of a flat buffer, one a slot.
    pub fn views(&self, flat: &Tensor) -> Result<Vec<Tensor>, Error> {
        let slots = self.slots.iter();
        slots
            .map(|slot| {
                let view = flat.f_narrow(0, slot.offset, slot.numel())?;
                Ok(view.f_reshape(slot.shape.as_slice())?.f_detach()?)
            })
            .collect()
    }

    /// The matrices inside the blocks as they are stored, with their names.
    pub fn named_matrices(&self) -> Vec<(String, Matrix)> {
        let mut found = Vec::new();
        for slot in &self.slots {
            let (true, [_, columns]) = (slot.name.starts_with("blocks."), slot.shape.as_slice())
            else {
                continue;
            };
            let mut offset = slot.offset;
            for part in &slot.parts {
                let matrix = Matrix {
                    offset,
                    rows: part.rows,
                    columns: *columns,
                };
                found.push((part.name.clone(), matrix));
                offset += part.rows * columns;
            }
        }
        found
    }

    /// The matrices inside the blocks, one after the other without a gap.
    pub fn block_matrices(&self, config: &ModelConfig) -> Vec<Matrix> {
        let kv = config.kv_heads * config.head_width();
        let mut found = Vec::new();
        for slot in &self.slots {
            let [rows, columns] = *slot.shape.as_slice() else {
                continue;
            };
            if !slot.name.starts_with("blocks.") {
                continue;
            }
            let parts: Vec<i64> = match slot.name.ends_with(".qkv.weight") {
                true => vec![rows - 2 * kv, kv, kv], // GPT-2 stores the three as one part
                false => slot.parts.iter().map(|part| part.rows).collect(),
            };
            let mut offset = slot.offset;
            for rows in parts {
                found.push(Matrix {
                    offset,
                    rows,
                    columns,
                });
                offset += rows * columns;
            }
        }
        found
    }
}

pub(crate) fn slot(
    name: impl Into<String>,
    shape: &[i64],
    init: Init,
    parts: &[(&str, i64)],
) -> Slot {
    Slot {
        name: name.into(),
        shape: shape.to_vec(),
        offset: 0,
        init,
        parts: parts
            .iter()
            .map(|&(name, rows)| Part {
                name: name.to_owned(),
                rows,
                transposed: false,
            })
            .collect(),
    }
}

/// 0.02 everywhere, and 0.02 / √(2 · layers) for what adds to the residual stream, so that the
/// stream's variance does not grow with depth (Radford et al. 2019, section 2.3).
fn deviations(config: &ModelConfig) -> (Init, Init) {
    let residual = 0.02 / ((2 * config.layers) as f64).sqrt();
    (Init::Normal(0.02), Init::Normal(residual))
}

fn embeddings(config: &ModelConfig, name: &str) -> Vec<Slot> {
    let (vocab, width) = (config.vocab_size, config.width);
    let shape = [config.padded_vocab(), width];
    let (normal, _) = deviations(config);
    let mut slots = vec![slot("embedding.weight", &shape, normal, &[(name, vocab)])];
    if !config.tie_embeddings {
        slots.push(slot(
            "head.weight",
            &shape,
            normal,
            &[("lm_head.weight", vocab)],
        ));
    }
    slots
}

fn llama(config: &ModelConfig) -> Vec<Slot> {
    let (d, ff) = (config.width, config.feed_forward);
    let kv = config.kv_heads * config.head_width();
    let (normal, residual) = deviations(config);
    let mut slots = embeddings(config, "model.embed_tokens.weight");
    for layer in 0..config.layers {
        let theirs = |name: &str| format!("model.layers.{layer}.{name}.weight");
        let mut add = |name: &str, shape: &[i64], init, parts: &[(&str, i64)]| {
            let named: Vec<(String, i64)> = parts.iter().map(|&(n, r)| (theirs(n), r)).collect();
            let named: Vec<(&str, i64)> = named.iter().map(|(n, r)| (n.as_str(), *r)).collect();
            slots.push(slot(
                format!("blocks.{layer}.{name}.weight"),
                shape,
                init,
                &named,
            ));
        };
        add("norm1", &[d], Init::Ones, &[("input_layernorm", d)]);
        add(
            "qkv",
            &[d + 2 * kv, d],
            normal,
            &[
                ("self_attn.q_proj", d),
                ("self_attn.k_proj", kv),
                ("self_attn.v_proj", kv),
            ],
        );
        add("out", &[d, d], residual, &[("self_attn.o_proj", d)]);
        add(
            "norm2",
            &[d],
            Init::Ones,
            &[("post_attention_layernorm", d)],
        );
        add(
            "up",
            &[2 * ff, d],
            normal,
            &[("mlp.gate_proj", ff), ("mlp.up_proj", ff)],
        );
        add("down", &[d, ff], residual, &[("mlp.down_proj", d)]);
    }
    slots.push(slot(
        "norm.weight",
        &[d],
        Init::Ones,
        &[("model.norm.weight", d)],
    ));
    slots
}

fn gpt2(config: &ModelConfig) -> Vec<Slot> {
    let (d, ff) = (config.width, config.feed_forward);
    let (normal, residual) = deviations(config);
    let mut slots = embeddings(config, "transformer.wte.weight");
    slots.push(slot(
        "positions.weight",
        &[config.context, d],
        normal,
        &[("transformer.wpe.weight", config.context)],
    ));
    for layer in 0..config.layers {
        for (ours, theirs, out, inner, init) in [
            ("norm1", "ln_1", d, None, Init::Ones),
            ("qkv", "attn.c_attn", 3 * d, Some(d), normal),
            ("out", "attn.c_proj", d, Some(d), residual),
            ("norm2", "ln_2", d, None, Init::Ones),
            ("up", "mlp.c_fc", ff, Some(d), normal),
            ("down", "mlp.c_proj", d, Some(ff), residual),
        ] {
            let (ours, theirs) = (
                format!("blocks.{layer}.{ours}"),
                format!("transformer.h.{layer}.{theirs}"),
            );
            slots.extend(weight_and_bias(&ours, &theirs, out, inner, init));
        }
    }
    slots.extend(weight_and_bias(
        "norm",
        "transformer.ln_f",
        d,
        None,
        Init::Ones,
    ));
    slots
}

/// GPT-2's layers: a norm where `inner` is absent, else a `Conv1D` that maps `inner` to `out`.
fn weight_and_bias(
    ours: &str,
    theirs: &str,
    out: i64,
    inner: Option<i64>,
    init: Init,
) -> [Slot; 2] {
    let shape: Vec<i64> = std::iter::once(out).chain(inner).collect();
    let name = format!("{theirs}.weight");
    let mut weight = slot(format!("{ours}.weight"), &shape, init, &[(&name, out)]);
    for part in &mut weight.parts {
        part.transposed = inner.is_some();
    }
    let name = format!("{theirs}.bias");
    let bias = slot(format!("{ours}.bias"), &[out], Init::Zeros, &[(&name, out)]);
    [weight, bias]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;

    #[test]
    fn slots_tile_the_buffer_with_the_matrices_first() {
        for architecture in Architecture::ALL {
            let mut config = ModelConfig::new(architecture, Size::ALL[0], 1000, 64);
            config.tie_embeddings = !architecture.is_causal();
            let layout = Layout::of(&config);
            let mut end = 0;
            for slot in &layout.slots {
                assert_eq!(slot.offset, end);
                end += slot.numel();
                assert_eq!(
                    slot.shape.len() > 1,
                    end <= layout.matrices,
                    "{}",
                    slot.name
                );
                let rows: i64 = slot.parts.iter().map(|part| part.rows).sum();
                assert!(rows <= slot.shape[0] && slot.shape[0] - rows < 64);
            }
            assert_eq!(end, layout.numel);
        }
    }

    #[test]
    fn block_matrices_lie_side_by_side_and_have_the_stock_shapes() {
        for (architecture, blocks) in [
            (Architecture::Llama, 7),
            (Architecture::Gpt2, 6),
            (Architecture::Bert, 6),
        ] {
            let mut config = ModelConfig::new(architecture, Size::ALL[0], 1000, 64);
            if architecture == Architecture::Llama {
                config.kv_heads = 2;
            }
            let layout = Layout::of(&config);
            let found = layout.block_matrices(&config);
            assert_eq!(found.len() as i64, blocks * config.layers);
            let next = |m: &Matrix| m.offset + m.rows * m.columns;
            assert!(
                found
                    .windows(2)
                    .all(|pair| next(&pair[0]) == pair[1].offset)
            );
            assert_eq!(found.last().map(next), Some(layout.matrices));
            let shapes: Vec<_> = found[..3].iter().map(|m| (m.rows, m.columns)).collect();
            let kv = config.kv_heads * config.head_width();
            assert_eq!(shapes, [(128, 128), (kv, 128), (kv, 128)]);
        }
    }

    #[test]
    fn bert_base_has_its_published_number_of_parameters() {
        let size = Size::named("gpt2-124m").unwrap(); // the same depth and width
        let config = ModelConfig::new(Architecture::Bert, size, 30522, 512);
        let padding = (config.padded_vocab() - config.vocab_size) * (config.width + 1);
        assert_eq!(Layout::of(&config).numel - padding, 109_514_298);
    }

    #[test]
    fn gpt2_124m_has_its_published_number_of_parameters() {
        let config = ModelConfig::new(
            Architecture::Gpt2,
            Size::named("gpt2-124m").unwrap(),
            50257,
            1024,
        );
        let padding = (config.padded_vocab() - config.vocab_size) * config.width;
        assert_eq!(Layout::of(&config).numel - padding, 124_439_808);
    }
}
