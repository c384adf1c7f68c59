//! The parts of a transformer block.

use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::apart::Apart;
use crate::cache::KvCache;
use crate::config::{Architecture, ModelConfig};
use crate::dropout::Dropout;

/// What one run through the network carries along beside the activations.
pub(crate) struct Pass<'a> {
    pub dropout: &'a mut Dropout,
    pub cache: Option<&'a mut KvCache>,
    /// Where to put the attention weights of each block; computes them eagerly if present.
    pub attention: Option<&'a mut Vec<Tensor>>,
    /// Where to put the residual stream after the embedding and after each block.
    pub residual: Option<&'a mut Vec<Tensor>>,
    /// Documents that do not see each other; not together with a cache.
    pub apart: Option<&'a Apart>,
    /// Who sees whom, where `apart` says so: bool, broadcast to `[batch, heads, tokens, tokens]`.
    pub mask: Option<Tensor>,
}

impl<'a> Pass<'a> {
    pub fn plain(dropout: &'a mut Dropout) -> Self {
        Self::apart(dropout, None)
    }

    pub fn apart(dropout: &'a mut Dropout, apart: Option<&'a Apart>) -> Self {
        Self {
            dropout,
            cache: None,
            attention: None,
            residual: None,
            apart,
            mask: None,
        }
    }

    /// Notes the residual stream, if it is wanted.
    pub fn keep(&mut self, x: &Tensor) {
        if let Some(residual) = &mut self.residual {
            residual.push(x.shallow_clone());
        }
    }

    /// Tokens before the first one of this pass.
    pub fn past(&self) -> i64 {
        self.cache.as_ref().map_or(0, |cache| cache.length())
    }
}

pub(crate) struct Linear {
    /// `[out, in]`
    pub weight: Tensor,
    pub bias: Option<Tensor>,
}

impl Linear {
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        Ok(x.f_linear(&self.weight, self.bias.as_ref())?)
    }
}

/// LayerNorm with a bias, RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467) without.
pub(crate) struct Norm {
    pub weight: Tensor,
    pub bias: Option<Tensor>,
    pub eps: f64,
}

impl Norm {
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let (shape, weight) = (self.weight.size(), Some(&self.weight));
        Ok(match &self.bias {
            Some(bias) => x.f_layer_norm(shape, weight, Some(bias), self.eps, true)?,
            None => x.f_rms_norm(shape, weight, self.eps)?,
        })
    }
}

/// Rotary positions in the half-split form that Llama checkpoints use: the pairs that turn
/// together are elements i and i + head_width / 2, not neighbours.
pub(crate) struct Rope {
    /// `[context, 1, head_width / 2]` each.
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    pub fn new(config: &ModelConfig, kind: Kind, device: Device) -> Result<Self, Error> {
        let half = config.head_width() / 2;
        let mut angles = Vec::with_capacity((config.context * half) as usize);
        for position in 0..config.context {
            for pair in 0..half {
                let frequency = config.rope_theta.powf(-(pair as f64) / half as f64);
                angles.push(position as f64 * frequency);
            }
        }
        let table = |function: fn(f64) -> f64| -> Result<Tensor, Error> {
            let values: Vec<f32> = angles.iter().map(|&angle| function(angle) as f32).collect();
            Ok(Tensor::f_from_slice(&values)?
                .f_reshape([config.context, 1, half])?
                .f_to_device(device)?
                .f_to_kind(kind)?)
        };
        Ok(Self {
            cos: table(f64::cos)?,
            sin: table(f64::sin)?,
        })
    }

    /// Turns heads `[batch, tokens, heads, head_width]` whose first token stands at `past`.
    pub fn rotate(&self, x: &Tensor, past: i64) -> Result<Tensor, Error> {
        let tokens = x.size()[1];
        let angles = |table: &Tensor| table.f_narrow(0, past, tokens);
        turn(x, &angles(&self.cos)?, &angles(&self.sin)?)
    }

    /// Turns heads whose positions begin again with each document.
    pub fn rotate_apart(&self, x: &Tensor, apart: &Apart) -> Result<Tensor, Error> {
        turn(x, &apart.rows_of(&self.cos)?, &apart.rows_of(&self.sin)?)
    }
}

/// Turns the pairs of heads `[batch, tokens, heads, head_width]` by angles of `[tokens, 1,
/// head_width / 2]` or `[batch, tokens, 1, head_width / 2]`.
fn turn(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor, Error> {
    let halves = x.f_split(x.size()[3] / 2, 3)?;
    let [first, second] = halves.as_slice() else {
        return Err(Error::Config("a head must have an even width".to_owned()));
    };
    let turned = [
        first.f_mul(cos)?.f_sub(&second.f_mul(sin)?)?,
        second.f_mul(cos)?.f_add(&first.f_mul(sin)?)?,
    ];
    Ok(Tensor::f_cat(&turned, 3)?)
}

/// A transformer block: pre-norm (Radford et al. 2019), but for BERT post-norm (Vaswani et al.
/// 2017, arXiv:1706.03762).
pub(crate) struct Block {
    pub index: usize,
    pub norm1: Norm,
    /// Query, key and value projections, one below the other.
    pub qkv: Linear,
    pub out: Linear,
    pub norm2: Norm,
    /// For Llama, the gate above the up projection.
    pub up: Linear,
    pub down: Linear,
}

impl Block {
    /// `[batch, tokens, width]` to the same.
    pub fn forward(
        &self,
        config: &ModelConfig,
        rope: Option<&Rope>,
        x: &Tensor,
        pass: &mut Pass,
    ) -> Result<Tensor, Error> {
        if config.architecture == Architecture::Bert {
            let attended = self.attend(config, None, x, pass)?;
            let attended = pass.dropout.apply(attended)?;
            let x = self.norm1.forward(&x.f_add(&attended)?)?;
            let fed = pass.dropout.apply(self.feed_forward(config, &x)?)?;
            return self.norm2.forward(&x.f_add(&fed)?);
        }
        let attended = self.attend(config, rope, &self.norm1.forward(x)?, pass)?;
        let x = x.f_add(&pass.dropout.apply(attended)?)?;
        let fed = self.feed_forward(config, &self.norm2.forward(&x)?)?;
        Ok(x.f_add(&pass.dropout.apply(fed)?)?)
    }

    fn attend(
        &self,
        config: &ModelConfig,
        rope: Option<&Rope>,
        x: &Tensor,
        pass: &mut Pass,
    ) -> Result<Tensor, Error> {
        let (batch, tokens, width) = x.size3()?;
        let (heads, kv) = (config.heads, config.kv_heads);
        let shape = [batch, tokens, heads + 2 * kv, config.head_width()];
        let qkv = self.qkv.forward(x)?.f_reshape(shape)?;
        let qk = qkv.f_narrow(2, 0, heads + kv)?;
        let qk = match rope {
            Some(rope) => match pass.apart {
                Some(apart) => rope.rotate_apart(&qk, apart)?,
                None => rope.rotate(&qk, pass.past())?,
            },
            None => qk,
        };
        let query = qk.f_narrow(2, 0, heads)?.f_transpose(1, 2)?;
        let mut key = qk.f_narrow(2, heads, kv)?.f_transpose(1, 2)?;
        let mut value = qkv.f_narrow(2, heads + kv, kv)?.f_transpose(1, 2)?;
        let past = pass.past();
        if let Some(cache) = &mut pass.cache {
            (key, value) = cache.extend(self.index, &key, &value)?;
        }
        let sight = match &pass.mask {
            Some(mask) => Sight::Mask(mask),
            None if config.architecture.is_causal() => Sight::Behind(past),
            None => Sight::All,
        };
        let mixed = match &mut pass.attention {
            Some(weights) => {
                let (mixed, weight) = eager_attention(&query, &key, &value, sight)?;
                weights.push(weight);
                mixed
            }
            None => fused_attention(&query, &key, &value, sight)?,
        };
        let mixed = mixed.f_transpose(1, 2)?;
        self.out.forward(&mixed.f_reshape([batch, tokens, width])?)
    }

    fn feed_forward(&self, config: &ModelConfig, x: &Tensor) -> Result<Tensor, Error> {
        let up = self.up.forward(x)?;
        let active = match config.architecture {
            Architecture::Gpt2 => up.f_gelu("tanh")?,
            Architecture::Bert => up.f_gelu("none")?,
            Architecture::Llama => {
                let gate = up.f_narrow(-1, 0, config.feed_forward)?.f_silu()?;
                gate.f_mul(&up.f_narrow(-1, config.feed_forward, config.feed_forward)?)?
            }
        };
        self.down.forward(&active)
    }
}

/// Which of the keys a query sees.
#[derive(Clone, Copy)]
enum Sight<'a> {
    All,
    /// Those that do not come after it; so many were before the first query.
    Behind(i64),
    /// Where it is true.
    Mask(&'a Tensor),
}

/// Which of the keys each query may see, `[queries, past + queries]`.
fn causal_mask(queries: i64, past: i64, device: Device) -> Result<Tensor, Error> {
    Ok(Tensor::f_ones([queries, past + queries], (Kind::Bool, device))?.f_tril(past)?)
}

/// Attention of `[batch, heads, tokens, head_width]` in libtorch's fused kernels.
fn fused_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    sight: Sight,
) -> Result<Tensor, Error> {
    let queries = query.size()[2];
    let grouped = query.size()[1] != key.size()[1];
    // The kernels' own causal mask lets query i see keys 0..=i, which holds without a past only.
    let (mask, causal) = match sight {
        Sight::Mask(mask) => (Some(mask.shallow_clone()), false),
        Sight::Behind(past) if queries > 1 && past > 0 => {
            (Some(causal_mask(queries, past, query.device())?), false)
        }
        Sight::Behind(_) => (None, queries > 1),
        Sight::All => (None, false),
    };
    Ok(Tensor::f_scaled_dot_product_attention(
        query, key, value, mask, 0.0, causal, None, grouped,
    )?)
}

/// The same, step by step; also returns the weights `[batch, heads, queries, keys]`.
fn eager_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    sight: Sight,
) -> Result<(Tensor, Tensor), Error> {
    let group = query.size()[1] / key.size()[1];
    let key = key.f_repeat_interleave_self_int(group, 1, None)?;
    let value = value.f_repeat_interleave_self_int(group, 1, None)?;
    let scale = 1.0 / (query.size()[3] as f64).sqrt();
    let scores = query
        .f_matmul(&key.f_transpose(2, 3)?)?
        .f_mul_scalar(scale)?;
    let seen = match sight {
        Sight::All => None,
        Sight::Behind(past) => Some(causal_mask(query.size()[2], past, query.device())?),
        Sight::Mask(mask) => Some(mask.shallow_clone()),
    };
    let scores = match seen {
        Some(seen) => scores.f_masked_fill(&seen.f_logical_not()?, f64::NEG_INFINITY)?,
        None => scores,
    };
    let weights = scores.f_softmax(-1, None::<Kind>)?;
    Ok((weights.f_matmul(&value)?, weights))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;

    #[test]
    fn rope_matches_the_formula() {
        let mut config = ModelConfig::new(Architecture::Llama, Size::ALL[0], 10, 16);
        (config.width, config.heads) = (8, 1);
        let rope = Rope::new(&config, Kind::Float, Device::Cpu).unwrap();
        let x: Vec<f32> = (0..16).map(|i| (i as f32 * 0.37).sin()).collect();
        let turned = rope
            .rotate(&Tensor::from_slice(&x).reshape([1, 2, 1, 8]), 5)
            .unwrap();
        for token in 0..2 {
            for pair in 0..4usize {
                let angle = (5 + token) as f64 * 10_000f64.powf(-(pair as f64) / 4.0);
                let (sin, cos) = angle.sin_cos();
                let (a, b) = (
                    f64::from(x[token * 8 + pair]),
                    f64::from(x[token * 8 + pair + 4]),
                );
                let got = |i: usize| turned.double_value(&[0, token as i64, 0, i as i64]);
                assert!((got(pair) - (a * cos - b * sin)).abs() < 1e-6);
                assert!((got(pair + 4) - (b * cos + a * sin)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn eager_attention_equals_the_fused_one_with_groups_and_a_past() {
        let values = |heads: i64, tokens: i64, phase: f64| {
            let n = 2 * heads * tokens * 4;
            let values: Vec<f32> = (0..n)
                .map(|i| ((i as f64 + phase) * 0.7).sin() as f32)
                .collect();
            Tensor::from_slice(&values).reshape([2, heads, tokens, 4])
        };
        for past in [0, 3] {
            let (query, key, value) = (
                values(4, 5, 0.1),
                values(2, 5 + past, 0.2),
                values(2, 5 + past, 0.3),
            );
            let odd = Tensor::arange(5 + past, (Kind::Int64, Device::Cpu)).remainder(2);
            let mask = odd.eq(0).expand([5, 5 + past], false);
            for sight in [Sight::Behind(past), Sight::All, Sight::Mask(&mask)] {
                let fused = fused_attention(&query, &key, &value, sight).unwrap();
                let (eager, weights) = eager_attention(&query, &key, &value, sight).unwrap();
                assert!((fused - eager).abs().max().double_value(&[]) < 1e-6);
                let sums = weights.sum_dim_intlist(-1i64, false, Kind::Float);
                assert!((sums - 1.0).abs().max().double_value(&[]) < 1e-6);
            }
        }
    }
}
