//! LayerNorm and RMSNorm of rows, with what stands around them in a block: the sum with the
//! residual stream before, and in the backward pass the sums over rows.

use multiversion::multiversion;

use super::lanes::{Element, sum, sum2};

/// Parameters of a norm: with a bias LayerNorm, without RMSNorm.
#[derive(Clone, Copy)]
pub(crate) struct NormWeights<'a, E> {
    pub weight: &'a [E],
    pub bias: Option<&'a [E]>,
    pub eps: f32,
}

/// What the backward pass needs of a row: its mean (0 for RMSNorm) and the factor that was
/// multiplied by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowStats {
    mean: f32,
    scale: f32,
}

/// `sum` = x + (y + bias) · mask, in place of `y`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn add<E: Element>(x: &[E], y: &mut [E], bias: Option<&[E]>, mask: Option<&[f32]>) {
    let width = bias.map_or(y.len(), <[E]>::len).max(1);
    let rows = x.chunks_exact(width).zip(y.chunks_exact_mut(width));
    match (bias, mask) {
        (None, None) => {
            for (y, x) in y.iter_mut().zip(x) {
                *y = E::of(x.get() + y.get());
            }
        }
        (None, Some(mask)) => {
            for ((y, x), mask) in y.iter_mut().zip(x).zip(mask) {
                *y = E::of(x.get() + y.get() * mask);
            }
        }
        (Some(bias), None) => {
            for (x, y) in rows {
                for ((y, x), bias) in y.iter_mut().zip(x).zip(bias) {
                    *y = E::of(x.get() + (y.get() + bias.get()));
                }
            }
        }
        (Some(bias), Some(mask)) => {
            for ((x, y), mask) in rows.zip(mask.chunks_exact(width)) {
                for (((y, x), bias), mask) in y.iter_mut().zip(x).zip(bias).zip(mask) {
                    *y = E::of(x.get() + (y.get() + bias.get()) * mask);
                }
            }
        }
    }
}

/// Norms of rows, and their statistics.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn forward<E: Element>(
    x: &[E],
    norm: NormWeights<E>,
    out: &mut [E],
    stats: &mut [RowStats],
) {
    let width = norm.weight.len().max(1);
    let rows = x.chunks_exact(width).zip(out.chunks_exact_mut(width));
    for ((x, out), stats) in rows.zip(stats) {
        let mean = match norm.bias {
            Some(_) => sum(x, |x| x) / width as f32,
            None => 0.0,
        };
        let variance = sum(x, |x| (x - mean) * (x - mean)) / width as f32;
        let scale = 1.0 / (variance + norm.eps).sqrt();
        *stats = RowStats { mean, scale };
        apply(x, norm, *stats, out);
    }
}

#[inline(always)]
fn apply<E: Element>(x: &[E], norm: NormWeights<E>, stats: RowStats, out: &mut [E]) {
    let RowStats { mean, scale } = stats;
    let elements = out.iter_mut().zip(x).zip(norm.weight);
    match norm.bias {
        None => {
            for ((out, x), weight) in elements {
                *out = E::of(x.get() * scale * weight.get());
            }
        }
        Some(bias) => {
            for (((out, x), weight), bias) in elements.zip(bias) {
                *out = E::of((x.get() - mean) * scale * weight.get() + bias.get());
            }
        }
    }
}

/// The norms again, from the statistics.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn again<E: Element>(x: &[E], norm: NormWeights<E>, stats: &[RowStats], out: &mut [E]) {
    let width = norm.weight.len().max(1);
    let rows = x.chunks_exact(width).zip(out.chunks_exact_mut(width));
    for ((x, out), stats) in rows.zip(stats) {
        apply(x, norm, *stats, out);
    }
}

/// Where the gradients by a norm's parameters are added to, fp32.
pub(crate) struct NormGradients<'a> {
    pub weight: &'a mut [f32],
    pub bias: Option<&'a mut [f32]>,
}

/// Adds to `gradient`, that by the residual stream, what comes through the norm of `x`, given the
/// gradient `by_out` by the norm's output.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn backward<E: Element>(
    x: &[E],
    norm: NormWeights<E>,
    stats: &[RowStats],
    by_out: &[E],
    gradient: &mut [E],
    by: &mut NormGradients,
) {
    let width = norm.weight.len().max(1);
    let count = width as f32;
    let mut normed = vec![0f32; width];
    let mut weighted = vec![0f32; width];
    let rows = x.chunks_exact(width).zip(by_out.chunks_exact(width));
    let rows = rows.zip(gradient.chunks_exact_mut(width)).zip(stats);
    for (((x, by_out), gradient), stats) in rows {
        let RowStats { mean, scale } = *stats;
        let scratch = normed.iter_mut().zip(weighted.iter_mut());
        let inputs = x.iter().zip(by_out).zip(norm.weight);
        for ((normed, weighted), ((x, by_out), weight)) in scratch.zip(inputs) {
            *normed = (x.get() - mean) * scale;
            *weighted = by_out.get() * weight.get();
        }
        for ((sum, by_out), normed) in by.weight.iter_mut().zip(by_out).zip(&normed) {
            *sum += by_out.get() * normed;
        }
        let shift = match &mut by.bias {
            None => 0.0,
            Some(bias) => {
                for (sum, by_out) in bias.iter_mut().zip(by_out) {
                    *sum += by_out.get();
                }
                sum(&weighted, |x| x) / count
            }
        };
        let along = sum2(&weighted, &normed, |a, b| a * b) / count;
        let scratch = weighted.iter().zip(&normed);
        for (gradient, (weighted, normed)) in gradient.iter_mut().zip(scratch) {
            *gradient = E::of(gradient.get() + scale * (weighted - shift - normed * along));
        }
    }
}

/// Adds the sum over rows to `sums`, fp32: the gradient by a bias that each row had added.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn add_rows<E: Element>(x: &[E], sums: &mut [f32]) {
    for row in x.chunks_exact(sums.len().max(1)) {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x.get();
        }
    }
}

/// `out` = x · mask.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn masked<E: Element>(x: &[E], mask: &[f32], out: &mut [E]) {
    for ((out, x), mask) in out.iter_mut().zip(x).zip(mask) {
        *out = E::of(x.get() * mask);
    }
}

/// x · mask, in place.
pub(crate) fn scale<E: Element>(x: &mut [E], mask: &[f32]) {
    for (x, mask) in x.iter_mut().zip(mask) {
        *x = E::of(x.get() * mask);
    }
}
