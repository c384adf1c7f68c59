//! Causal attention of one sequence, forward and backward, in blocks of queries.
//!
//! A block sees the keys up to its own end only, so that about half of the work above the
//! diagonal is left out; its scores of all heads stay in the cache. The backward pass computes
//! them again, as FlashAttention does (Dao et al. 2022, arXiv:2205.14135).

use multiversion::multiversion;
use tch::{Device, Kind, Tensor};

use super::heads::{ByHeads, Shape};
use super::lanes::{Element, exp, max, sum};
use super::products::widen;
use super::view::{view, view_mut};
use crate::Error;

/// Queries, keys and values of a sequence, as [`super::heads`] lays them out, and what softmax
/// left.
pub(crate) struct Sequence {
    pub queries: Tensor,
    pub keys: Tensor,
    pub values: Tensor,
    /// Largest scaled score and sum of the exponentials above it, `[heads, tokens]` each.
    pub most: Vec<f32>,
    pub totals: Vec<f32>,
}

/// Buffers that all sequences share.
pub(crate) struct Scratch {
    /// Scores of a block of queries, fp32: rounded to bf16, the larger ones would be off by
    /// several hundredths, and so would be the weights.
    scores: Tensor,
    weights: Tensor,
    by_weights: Tensor,
    /// Queries and keys in fp32, where they are not anyway.
    wide: Option<(Tensor, Tensor)>,
    /// Outputs of the heads, or the gradient by them; lies as queries do.
    pub outputs: Tensor,
    pub by_queries: Tensor,
    by_keys: Tensor,
    by_values: Tensor,
    product: Tensor,
    /// Output times its gradient, `[heads, tokens]`.
    pub products: Vec<f32>,
}

impl Sequence {
    pub fn new(shape: Shape, kind: Kind) -> Result<Self, Error> {
        let numel = shape.numel() as i64;
        let empty = || Tensor::f_empty([numel], (kind, Device::Cpu));
        Ok(Self {
            queries: empty()?,
            keys: empty()?,
            values: empty()?,
            most: vec![0.0; shape.heads * shape.tokens],
            totals: vec![0.0; shape.heads * shape.tokens],
        })
    }
}

impl Scratch {
    pub fn new(shape: Shape, kind: Kind) -> Result<Self, Error> {
        let block = shape.block().min(shape.tokens);
        let empty = |numel: usize, kind| Tensor::f_empty([numel as i64], (kind, Device::Cpu));
        Ok(Self {
            scores: empty(shape.heads * block * shape.tokens, Kind::Float)?,
            weights: empty(shape.heads * block * shape.tokens, kind)?,
            by_weights: empty(shape.heads * block * shape.tokens, kind)?,
            wide: match kind {
                Kind::Float => None,
                _ => Some((
                    empty(shape.numel(), Kind::Float)?,
                    empty(shape.numel(), Kind::Float)?,
                )),
            },
            outputs: empty(shape.numel(), kind)?,
            by_queries: empty(shape.numel(), kind)?,
            by_keys: empty(shape.numel(), Kind::Float)?,
            by_values: empty(shape.numel(), Kind::Float)?,
            product: empty(shape.numel(), kind)?,
            products: vec![0.0; shape.heads * shape.tokens],
        })
    }

    /// Queries and keys of a sequence in fp32.
    fn wide<E: Element>(&mut self, sequence: &Sequence) -> Result<(Tensor, Tensor), Error> {
        let Some((queries, keys)) = &mut self.wide else {
            return Ok((
                sequence.queries.shallow_clone(),
                sequence.keys.shallow_clone(),
            ));
        };
        widen(view::<E>(&sequence.queries)?, view_mut(queries)?, false);
        widen(view::<E>(&sequence.keys)?, view_mut(keys)?, false);
        Ok((queries.shallow_clone(), keys.shallow_clone()))
    }
}

/// A block of queries and what it sees.
struct Block {
    first: usize,
    rows: usize,
    /// Keys up to here.
    end: usize,
}

impl Block {
    fn all(shape: Shape) -> impl Iterator<Item = Self> {
        shape.blocks().map(|(first, rows)| Self {
            first,
            rows,
            end: first + rows,
        })
    }

    /// Its part `[heads, rows, width]` of a tensor that lies as queries do.
    fn of(&self, tensor: &Tensor, shape: Shape) -> Result<Tensor, Error> {
        let (heads, width) = (shape.heads as i64, shape.width as i64);
        let (first, rows) = (self.first as i64, self.rows as i64);
        let part = tensor.f_narrow(0, first * heads * width, rows * heads * width)?;
        Ok(part.f_view([heads, rows, width])?)
    }

    /// The keys or values that it sees, `[heads, end, width]`.
    fn seen(&self, tensor: &Tensor, shape: Shape) -> Result<Tensor, Error> {
        let all = [shape.heads, shape.tokens, shape.width].map(|n| n as i64);
        Ok(tensor.f_view(all)?.f_narrow(1, 0, self.end as i64)?)
    }

    /// The front of a buffer as `[heads, rows, end]`.
    fn scores(&self, buffer: &Tensor, shape: Shape) -> Result<Tensor, Error> {
        let sizes = [shape.heads, self.rows, self.end].map(|n| n as i64);
        let part = buffer.f_narrow(0, 0, sizes.iter().product())?;
        Ok(part.f_view(sizes)?)
    }
}

/// Scores are divided by the root of the head's width.
fn scale(shape: Shape) -> f32 {
    1.0 / (shape.width as f32).sqrt()
}

/// Attends; the outputs go to the scratch.
pub(crate) fn forward<E: Element>(
    sequence: &mut Sequence,
    shape: Shape,
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let (queries, keys) = scratch.wide::<E>(sequence)?;
    for block in Block::all(shape) {
        let mut scores = block.scores(&scratch.scores, shape)?;
        let seen = block.seen(&keys, shape)?.f_transpose(1, 2)?;
        let _ = block.of(&queries, shape)?.f_bmm_out(&scores, &seen)?;
        let mut weights = block.scores(&scratch.weights, shape)?;
        let stats = Stats {
            most: &mut sequence.most,
            totals: &mut sequence.totals,
            tokens: shape.tokens,
        };
        let rows = (view_mut(&mut scores)?, view_mut::<E>(&mut weights)?);
        softmax(rows, &block, scale(shape), stats);
        let values = block.seen(&sequence.values, shape)?;
        let _ = weights.f_bmm_out(&block.of(&scratch.outputs, shape)?, &values)?;
    }
    Ok(())
}

/// Gradients by queries, keys and values, given that by the outputs in `scratch.outputs` and the
/// products in `scratch.products`.
pub(crate) fn backward<'a, E: Element>(
    sequence: &Sequence,
    shape: Shape,
    scratch: &'a mut Scratch,
) -> Result<ByHeads<'a, E>, Error> {
    let _ = scratch.by_keys.f_zero_()?;
    let _ = scratch.by_values.f_zero_()?;
    let (queries, keys) = scratch.wide::<E>(sequence)?;
    for block in Block::all(shape) {
        let scores = block.scores(&scratch.scores, shape)?;
        let seen = block.seen(&keys, shape)?.f_transpose(1, 2)?;
        let _ = block.of(&queries, shape)?.f_bmm_out(&scores, &seen)?;
        let by_outputs = block.of(&scratch.outputs, shape)?;
        let values = block.seen(&sequence.values, shape)?;
        let mut weights = block.scores(&scratch.weights, shape)?;
        let mut by_weights = block.scores(&scratch.by_weights, shape)?;
        let _ = by_outputs.f_bmm_out(&by_weights, &values.f_transpose(1, 2)?)?;
        let known = Known {
            most: &sequence.most,
            totals: &sequence.totals,
            products: &scratch.products,
            tokens: shape.tokens,
        };
        let rows = (view(&scores)?, view_mut::<E>(&mut weights)?);
        let by_rows = view_mut(&mut by_weights)?;
        softmax_backward(rows, by_rows, &block, scale(shape), known);
        let by_scores = by_weights;
        let keys = block.seen(&sequence.keys, shape)?;
        let _ = by_scores.f_bmm_out(&block.of(&scratch.by_queries, shape)?, &keys)?;
        let product = |left: &Tensor, right: &Tensor, sums: &mut Tensor| -> Result<(), Error> {
            let sizes = [shape.heads, block.end, shape.width].map(|n| n as i64);
            let out = scratch.product.f_narrow(0, 0, sizes.iter().product())?;
            let _ = left
                .f_transpose(1, 2)?
                .f_bmm_out(&out.f_view(sizes)?, right)?;
            add_heads(view::<E>(&out)?, view_mut(sums)?, block.end, shape);
            Ok(())
        };
        let queries = block.of(&sequence.queries, shape)?;
        product(&by_scores, &queries, &mut scratch.by_keys)?;
        product(&weights, &by_outputs, &mut scratch.by_values)?;
    }
    Ok(ByHeads {
        queries: view(&scratch.by_queries)?,
        keys: view(&scratch.by_keys)?,
        values: view(&scratch.by_values)?,
    })
}

struct Stats<'a> {
    most: &'a mut [f32],
    totals: &'a mut [f32],
    tokens: usize,
}

/// Weights of a block: softmax of the scaled scores, which are used up; those of keys behind the
/// query are 0.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn softmax<E: Element>(
    (scores, weights): (&mut [f32], &mut [E]),
    block: &Block,
    scale: f32,
    stats: Stats,
) {
    let zero = E::of(0.0);
    let rows = scores
        .chunks_exact_mut(block.end)
        .zip(weights.chunks_exact_mut(block.end));
    for (index, (scores, weights)) in rows.enumerate() {
        let (head, query) = (index / block.rows, block.first + index % block.rows);
        let scores = &mut scores[..query + 1];
        let (seen, behind) = weights.split_at_mut(query + 1);
        let most = max(scores) * scale;
        for x in scores.iter_mut() {
            *x = exp(*x * scale - most);
        }
        let total = sum(scores, |x| x);
        let share = 1.0 / total;
        for (weight, x) in seen.iter_mut().zip(scores) {
            *weight = E::of(*x * share);
        }
        behind.fill(zero);
        stats.most[head * stats.tokens + query] = most;
        stats.totals[head * stats.tokens + query] = total;
    }
}

#[derive(Clone, Copy)]
struct Known<'a> {
    most: &'a [f32],
    totals: &'a [f32],
    products: &'a [f32],
    tokens: usize,
}

/// The weights again, and in place of the gradient by them that by the scores.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn softmax_backward<E: Element>(
    (scores, weights): (&[f32], &mut [E]),
    by_weights: &mut [E],
    block: &Block,
    scale: f32,
    known: Known,
) {
    let zero = E::of(0.0);
    let rows = weights
        .chunks_exact_mut(block.end)
        .zip(by_weights.chunks_exact_mut(block.end));
    let rows = scores.chunks_exact(block.end).zip(rows);
    for (index, (scores, (weights, by_weights))) in rows.enumerate() {
        let (head, query) = (index / block.rows, block.first + index % block.rows);
        let at = head * known.tokens + query;
        let (most, share, product) = (known.most[at], 1.0 / known.totals[at], known.products[at]);
        let (seen, behind) = weights.split_at_mut(query + 1);
        let (by_seen, by_behind) = by_weights.split_at_mut(query + 1);
        for ((weight, by), x) in seen.iter_mut().zip(by_seen).zip(scores) {
            let exact = exp(x * scale - most) * share;
            *by = E::of(exact * (by.get() - product) * scale);
            *weight = E::of(exact);
        }
        behind.fill(zero);
        by_behind.fill(zero);
    }
}

/// Adds `[heads, end, width]` to the front of each head of `[heads, tokens, width]`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_heads<E: Element>(x: &[E], sums: &mut [f32], end: usize, shape: Shape) {
    let heads = x.chunks_exact(end * shape.width);
    for (x, sums) in heads.zip(sums.chunks_exact_mut(shape.tokens * shape.width)) {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += x.get();
        }
    }
}
