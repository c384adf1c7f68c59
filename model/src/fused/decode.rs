//! One further token of one sequence: matrix-vector products that run at the speed at which the
//! weights come from memory, without a call of libtorch. Activations are fp32 whatever the
//! weights are.

use multiversion::multiversion;
use tch::Tensor;

use super::activation::gelu_of;
use super::lanes::{Element, exp, max, sigmoid, sum, sum2};
use super::view::{view, view_mut};
use crate::Error;
use crate::cache::KvCache;
use crate::config::{Architecture, ModelConfig};
use crate::layers::{Block, Linear, Norm};
use crate::network::Network;

/// Elements that are multiplied at once, so that one sum does not wait for the other.
const PIECE: usize = 64;

/// Reads a token behind those in the cache; returns the logits `[vocabulary]` that follow it.
/// The caller advances the cache.
pub(crate) fn step<E: Element>(
    config: &ModelConfig,
    net: &Network,
    cache: &mut KvCache,
    token: usize,
) -> Result<Vec<f32>, Error> {
    let (width, past) = (config.width as usize, cache.length() as usize);
    let mut x = row::<E>(&net.embedding, token, width)?;
    if let Some(positions) = &net.positions {
        add(&mut x, &row::<E>(positions, past, width)?);
    }
    for block in &net.blocks {
        let attended = attend::<E>(config, block, cache, &normed::<E>(&block.norm1, &x)?)?;
        add(&mut x, &linear::<E>(&block.out, &attended)?);
        let up = linear::<E>(&block.up, &normed::<E>(&block.norm2, &x)?)?;
        let active = activation(config, up);
        add(&mut x, &linear::<E>(&block.down, &active)?);
    }
    let hidden = normed::<E>(&net.norm, &x)?;
    let mut logits = vec![0f32; config.vocab_size as usize];
    multiply(view::<E>(&net.head)?, &hidden, &mut logits);
    Ok(logits)
}

fn row<E: Element>(table: &Tensor, index: usize, width: usize) -> Result<Vec<f32>, Error> {
    let rows = view::<E>(table)?.chunks_exact(width);
    let row = rows.skip(index).take(1).flatten();
    Ok(row.map(|x| x.get()).collect())
}

fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

fn normed<E: Element>(norm: &Norm, x: &[f32]) -> Result<Vec<f32>, Error> {
    let weight = view::<E>(&norm.weight)?;
    let count = x.len() as f32;
    let mean = match norm.bias {
        Some(_) => sum(x, |x| x) / count,
        None => 0.0,
    };
    let variance = sum(x, |x| (x - mean) * (x - mean)) / count;
    let scale = 1.0 / (variance + norm.eps as f32).sqrt();
    let scaled = x.iter().zip(weight);
    let mut out: Vec<f32> = scaled.map(|(x, w)| (x - mean) * scale * w.get()).collect();
    add_bias::<E>(&mut out, norm.bias.as_ref())?;
    Ok(out)
}

fn add_bias<E: Element>(x: &mut [f32], bias: Option<&Tensor>) -> Result<(), Error> {
    if let Some(bias) = bias {
        for (x, bias) in x.iter_mut().zip(view::<E>(bias)?) {
            *x += bias.get();
        }
    }
    Ok(())
}

fn linear<E: Element>(layer: &Linear, x: &[f32]) -> Result<Vec<f32>, Error> {
    let weight = view::<E>(&layer.weight)?;
    let mut out = vec![0f32; weight.len() / x.len().max(1)];
    multiply(weight, x, &mut out);
    add_bias::<E>(&mut out, layer.bias.as_ref())?;
    Ok(out)
}

/// `out` = matrix · x, for the first rows of a matrix `[rows, x.len()]`. One row after the other,
/// in the order of memory: four at a time ran at half the speed.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn multiply<E: Element>(matrix: &[E], x: &[f32], out: &mut [f32]) {
    let (pieces, rest) = x.as_chunks::<PIECE>();
    for (row, out) in matrix.chunks_exact(x.len().max(1)).zip(out) {
        let (row, tail) = row.as_chunks::<PIECE>();
        let mut lanes = [0f32; PIECE];
        for (row, x) in row.iter().zip(pieces) {
            for (lane, (row, x)) in lanes.iter_mut().zip(row.iter().zip(x)) {
                *lane += row.get() * x;
            }
        }
        *out = sum(&lanes, |x| x) + sum2(tail, rest, |w, x| w * x);
    }
}

fn activation(config: &ModelConfig, mut up: Vec<f32>) -> Vec<f32> {
    match config.architecture {
        Architecture::Gpt2 => {
            for x in &mut up {
                *x = gelu_of(*x);
            }
        }
        Architecture::Bert => {} // not decoded: there is no cache for it
        Architecture::Llama => {
            let values = up.split_off(config.feed_forward as usize);
            for (gate, value) in up.iter_mut().zip(values) {
                *gate *= sigmoid(*gate) * value;
            }
        }
    }
    up
}

/// Turns the pairs of a head by the angles of a position.
fn turn(head: &mut [f32], position: usize, theta: f64) {
    let half = head.len() / 2;
    let (first, second) = head.split_at_mut(half);
    for (pair, (a, b)) in first.iter_mut().zip(second).enumerate() {
        let angle = position as f64 * theta.powf(-(pair as f64) / half as f64);
        let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
    }
}

fn attend<E: Element>(
    config: &ModelConfig,
    block: &Block,
    cache: &mut KvCache,
    normed: &[f32],
) -> Result<Vec<f32>, Error> {
    let (heads, kv_heads) = (config.heads as usize, config.kv_heads as usize);
    let (width, past) = (config.head_width() as usize, cache.length() as usize);
    let mut qkv = linear::<E>(&block.qkv, normed)?;
    if config.architecture == Architecture::Llama {
        for head in qkv.chunks_exact_mut(width).take(heads + kv_heads) {
            turn(head, past, config.rope_theta);
        }
    }
    let (queries, new) = qkv.split_at(heads * width);
    let (new_keys, new_values) = new.split_at(kv_heads * width);
    let (keys, values) = cache.block_mut(block.index)?;
    let size = config.context as usize * width; // of a head in the cache
    let put = |all: &mut [E], new: &[f32]| {
        for (all, new) in all.chunks_exact_mut(size).zip(new.chunks_exact(width)) {
            for (old, new) in all.iter_mut().skip(past * width).zip(new) {
                *old = E::of(*new);
            }
        }
    };
    put(view_mut(keys)?, new_keys);
    put(view_mut(values)?, new_values);
    let (keys, values) = (view::<E>(keys)?, view::<E>(values)?);
    let mut out = vec![0f32; heads * width];
    let group = heads / kv_heads;
    for (head, (query, out)) in queries
        .chunks_exact(width)
        .zip(out.chunks_exact_mut(width))
        .enumerate()
    {
        let seen = head / group * size..head / group * size + (past + 1) * width;
        mix((query, &keys[seen.clone()], &values[seen]), out);
    }
    Ok(out)
}

/// Attention of one query.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn mix<E: Element>((query, keys, values): (&[f32], &[E], &[E]), out: &mut [f32]) {
    let width = query.len();
    let scale = 1.0 / (width as f32).sqrt();
    let keys = keys.chunks_exact(width);
    let mut weights: Vec<f32> = keys
        .map(|key| sum2(key, query, |k, q| k * q) * scale)
        .collect();
    let most = max(&weights);
    for weight in &mut weights {
        *weight = exp(*weight - most);
    }
    let share = 1.0 / sum(&weights, |x| x);
    for (weight, value) in weights.iter().zip(values.chunks_exact(width)) {
        for (out, value) in out.iter_mut().zip(value) {
            *out += weight * share * value.get();
        }
    }
}
