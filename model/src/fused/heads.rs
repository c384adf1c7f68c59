//! From rows of tokens to attention heads and back, with the bias and the rotary turn on the way.
//!
//! Keys and values of a sequence lie as `[heads, tokens, width]`, those of grouped queries
//! repeated. Queries lie in blocks of tokens, each `[heads, block, width]`, so that a block of all
//! heads is one contiguous batch for the matrix kernels.

use multiversion::multiversion;

use super::lanes::{Element, sum2};
use crate::config::ModelConfig;

/// Tokens of a block of queries.
const BLOCK: usize = 128;
/// The same for long sequences, where fewer and larger products are faster.
const LONG_BLOCK: usize = 256;
const LONG: usize = 512;

/// How the heads of a sequence lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub tokens: usize,
    pub heads: usize,
    pub kv_heads: usize,
    /// Elements of a head.
    pub width: usize,
}

impl Shape {
    /// Tokens of a block of queries, the last one's aside.
    pub fn block(self) -> usize {
        match self.tokens > LONG {
            true => LONG_BLOCK,
            false => BLOCK,
        }
    }

    /// First token and length of each block.
    pub fn blocks(self) -> impl Iterator<Item = (usize, usize)> {
        let block = self.block();
        let starts = (0..self.tokens).step_by(block);
        starts.map(move |first| (first, block.min(self.tokens - first)))
    }

    /// Elements of the queries of a sequence.
    pub fn numel(self) -> usize {
        self.tokens * self.heads * self.width
    }

    /// Where a token's query, or its part of the output, begins.
    #[inline(always)]
    fn query(self, head: usize, token: usize) -> usize {
        let block = self.block();
        let first = token / block * block;
        let length = block.min(self.tokens - first);
        (first * self.heads + head * length + token - first) * self.width
    }

    #[inline(always)]
    fn key(self, head: usize, token: usize) -> usize {
        (head * self.tokens + token) * self.width
    }
}

/// Cosines and sines of the rotary angles, `[context, width / 2]` each, fp32.
#[derive(Debug)]
pub(crate) struct Angles {
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
}

impl Angles {
    /// Those of the first `tokens` positions.
    pub fn new(config: &ModelConfig, tokens: i64) -> Self {
        let half = config.head_width() / 2;
        let angles = (0..tokens).flat_map(|position| {
            (0..half).map(move |pair| {
                let frequency = config.rope_theta.powf(-(pair as f64) / half as f64);
                position as f64 * frequency
            })
        });
        let (cos, sin) = angles
            .map(|angle| (angle.cos() as f32, angle.sin() as f32))
            .unzip();
        Self { cos, sin }
    }

    #[inline(always)]
    fn of(&self, token: usize, half: usize) -> (&[f32], &[f32]) {
        let range = token * half..(token + 1) * half;
        (
            self.cos.get(range.clone()).unwrap_or_default(),
            self.sin.get(range).unwrap_or_default(),
        )
    }
}

/// Queries, keys and values.
pub(crate) struct Split<'a, T> {
    pub queries: &'a mut [T],
    pub keys: &'a mut [T],
    pub values: &'a mut [T],
}

/// Turns the pairs of a head by its token's angles, in half-split form.
#[inline(always)]
fn turn<E: Element>(head: &mut [E], (cos, sin): (&[f32], &[f32])) {
    let (first, second) = head.split_at_mut(cos.len());
    let pairs = first.iter_mut().zip(second).zip(cos.iter().zip(sin));
    for ((a, b), (cos, sin)) in pairs {
        let (x, y) = (a.get(), b.get());
        *a = E::of(x * cos - y * sin);
        *b = E::of(y * cos + x * sin);
    }
}

/// The gradient's way through [`turn`]: back by the same angles.
#[inline(always)]
fn turn_back<E: Element>(head: &mut [E], (cos, sin): (&[f32], &[f32])) {
    let (first, second) = head.split_at_mut(cos.len());
    let pairs = first.iter_mut().zip(second).zip(cos.iter().zip(sin));
    for ((a, b), (cos, sin)) in pairs {
        let (x, y) = (a.get(), b.get());
        *a = E::of(x * cos + y * sin);
        *b = E::of(y * cos - x * sin);
    }
}

/// Splits rows of a sequence, each the queries, keys and values of all heads, into heads, after
/// the bias is added and queries and keys are turned, in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn split<E: Element>(
    rows: &mut [E],
    bias: Option<&[E]>,
    angles: Option<&Angles>,
    shape: Shape,
    out: &mut Split<E>,
) {
    let (heads, kv_heads, width) = (shape.heads, shape.kv_heads, shape.width);
    let group = heads / kv_heads;
    for (token, row) in rows
        .chunks_exact_mut((heads + 2 * kv_heads) * width)
        .enumerate()
    {
        if let Some(bias) = bias {
            for (x, bias) in row.iter_mut().zip(bias) {
                *x = E::of(x.get() + bias.get());
            }
        }
        if let Some(angles) = angles {
            let angles = angles.of(token, width / 2);
            for head in row[..(heads + kv_heads) * width].chunks_exact_mut(width) {
                turn(head, angles);
            }
        }
        let (queries, rest) = row.split_at(heads * width);
        let (keys, values) = rest.split_at(kv_heads * width);
        for (head, x) in queries.chunks_exact(width).enumerate() {
            let at = shape.query(head, token);
            out.queries[at..at + width].copy_from_slice(x);
        }
        for head in 0..heads {
            let from = head / group * width..(head / group + 1) * width;
            let at = shape.key(head, token);
            out.keys[at..at + width].copy_from_slice(&keys[from.clone()]);
            out.values[at..at + width].copy_from_slice(&values[from]);
        }
    }
}

/// Gradients by queries, keys and values, the latter two fp32.
#[derive(Clone, Copy)]
pub(crate) struct ByHeads<'a, E> {
    pub queries: &'a [E],
    pub keys: &'a [f32],
    pub values: &'a [f32],
}

/// The way of the gradient back through [`split`], to rows.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn split_backward<E: Element>(
    by: ByHeads<E>,
    angles: Option<&Angles>,
    shape: Shape,
    rows: &mut [E],
) {
    let (heads, kv_heads, width) = (shape.heads, shape.kv_heads, shape.width);
    let group = heads / kv_heads;
    let mut sums = vec![0f32; width];
    let mut gather = |by: &[f32], kv_head: usize, token: usize, out: &mut [E]| {
        sums.fill(0.0);
        for head in kv_head * group..(kv_head + 1) * group {
            let at = shape.key(head, token);
            for (sum, by) in sums.iter_mut().zip(&by[at..at + width]) {
                *sum += by;
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = E::of(*sum);
        }
    };
    for (token, row) in rows
        .chunks_exact_mut((heads + 2 * kv_heads) * width)
        .enumerate()
    {
        let (queries, rest) = row.split_at_mut(heads * width);
        let (keys, values) = rest.split_at_mut(kv_heads * width);
        for (head, out) in queries.chunks_exact_mut(width).enumerate() {
            let at = shape.query(head, token);
            out.copy_from_slice(&by.queries[at..at + width]);
        }
        for (head, out) in keys.chunks_exact_mut(width).enumerate() {
            gather(by.keys, head, token, out);
        }
        for (head, out) in values.chunks_exact_mut(width).enumerate() {
            gather(by.values, head, token, out);
        }
        if let Some(angles) = angles {
            let angles = angles.of(token, width / 2);
            for head in row[..(heads + kv_heads) * width].chunks_exact_mut(width) {
                turn_back(head, angles);
            }
        }
    }
}

/// Puts the outputs of the heads, which lie as queries do, side by side in rows of tokens.
pub(crate) fn merge<E: Element>(outputs: &[E], shape: Shape, rows: &mut [E]) {
    let width = shape.width;
    for (token, row) in rows.chunks_exact_mut(shape.heads * width).enumerate() {
        for (head, out) in row.chunks_exact_mut(width).enumerate() {
            let at = shape.query(head, token);
            out.copy_from_slice(&outputs[at..at + width]);
        }
    }
}

/// The way of the gradient back through [`merge`], to heads; and for each head and token the
/// product of output and gradient, `[heads, tokens]`, that softmax's gradient needs.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn merge_backward<E: Element>(
    rows: &[E],
    by_rows: &[E],
    shape: Shape,
    by_outputs: &mut [E],
    products: &mut [f32],
) {
    let width = shape.width;
    let row_width = shape.heads * width;
    let rows = rows
        .chunks_exact(row_width)
        .zip(by_rows.chunks_exact(row_width));
    for (token, (row, by_row)) in rows.enumerate() {
        let heads = row.chunks_exact(width).zip(by_row.chunks_exact(width));
        for (head, (x, by)) in heads.enumerate() {
            let at = shape.query(head, token);
            by_outputs[at..at + width].copy_from_slice(by);
            products[head * shape.tokens + token] = sum2(x, by, |x, by| x * by);
        }
    }
}
