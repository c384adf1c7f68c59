//! The feed-forward layer's activations, forward and backward, with the bias before them.

use multiversion::multiversion;

use super::lanes::{Element, sigmoid};

/// 2 · √(2 / π): GELU in its tanh form is x · σ(this · (x + 0.044715 x³)).
const GELU_SCALE: f32 = 1.595_769;
const GELU_CUBE: f32 = 0.044_715;

/// GELU in its tanh form.
#[inline(always)]
pub(super) fn gelu_of(x: f32) -> f32 {
    x * sigmoid(GELU_SCALE * (x + GELU_CUBE * x * x * x))
}

/// Adds the bias to `x` `[rows, width]` and writes GELU (tanh) of it to `out`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn gelu<E: Element>(x: &mut [E], bias: &[E], out: &mut [E]) {
    let width = bias.len().max(1);
    for (x, out) in x.chunks_exact_mut(width).zip(out.chunks_exact_mut(width)) {
        for ((x, out), bias) in x.iter_mut().zip(out).zip(bias) {
            *x = E::of(x.get() + bias.get());
            *out = E::of(gelu_of(x.get()));
        }
    }
}

/// Turns the gradient by GELU's output into that by its input `x` and adds its sum over rows to
/// `by_bias`; writes the output again to `out`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn gelu_backward<E: Element>(
    x: &[E],
    gradient: &mut [E],
    out: &mut [E],
    by_bias: &mut [f32],
) {
    let width = by_bias.len().max(1);
    let rows = x.chunks_exact(width).zip(out.chunks_exact_mut(width));
    for ((x, out), gradient) in rows.zip(gradient.chunks_exact_mut(width)) {
        let outputs = out.iter_mut().zip(gradient).zip(by_bias.iter_mut());
        for (x, ((out, gradient), by_bias)) in x.iter().zip(outputs) {
            let x = x.get();
            let gate = sigmoid(GELU_SCALE * (x + GELU_CUBE * x * x * x));
            let slope = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x);
            let value = x * gate;
            let change = gradient.get() * (gate + value * (1.0 - gate) * slope);
            *out = E::of(value);
            *gradient = E::of(change);
            *by_bias += change;
        }
    }
}

/// SiLU of the gates times the values; `x` has rows of `width` gates and as many values.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn swiglu<E: Element>(x: &[E], width: usize, out: &mut [E]) {
    for (x, out) in x.chunks_exact(2 * width).zip(out.chunks_exact_mut(width)) {
        let (gates, values) = x.split_at(width);
        for ((out, gate), value) in out.iter_mut().zip(gates).zip(values) {
            let gate = gate.get();
            *out = E::of(gate * sigmoid(gate) * value.get());
        }
    }
}

/// Writes the gradient by SwiGLU's input, given that by its output, and the output again, in
/// place of the gradient.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn swiglu_backward<E: Element>(
    x: &[E],
    width: usize,
    gradient: &mut [E],
    by_x: &mut [E],
) {
    let rows = x
        .chunks_exact(2 * width)
        .zip(by_x.chunks_exact_mut(2 * width));
    for ((x, by_x), gradient) in rows.zip(gradient.chunks_exact_mut(width)) {
        let ((gates, values), (by_gates, by_values)) =
            (x.split_at(width), by_x.split_at_mut(width));
        let outputs = gradient.iter_mut().zip(by_gates).zip(by_values);
        for (((gradient, by_gate), by_value), (gate, value)) in
            outputs.zip(gates.iter().zip(values))
        {
            let (gate, value, change) = (gate.get(), value.get(), gradient.get());
            let open = sigmoid(gate);
            let silu = gate * open;
            *by_gate = E::of(change * value * (open + silu * (1.0 - open)));
            *by_value = E::of(change * silu);
            *gradient = E::of(silu * value);
        }
    }
}
