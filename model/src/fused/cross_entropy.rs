//! Loss and gradient of rows of logits.

use multiversion::multiversion;

use super::lanes::{Element, exp, max, sum};
use crate::NO_TARGET;

/// Cross-entropies in nats of rows of logits against their targets, summed; the logits become
/// the gradient by themselves: (softmax − one-hot) · scale.
///
/// A row has `padded` logits, of which the first `vocab` count. Where the target is
/// [`NO_TARGET`], loss and gradient are 0. Targets must lie below `vocab`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(crate) fn cross_entropy<E: Element>(
    logits: &mut [E],
    padded: usize,
    vocab: usize,
    targets: &[i64],
    scale: f32,
) -> f64 {
    let zero = E::of(0.0);
    let mut loss = 0.0;
    for (row, &target) in logits.chunks_exact_mut(padded).zip(targets) {
        let (row, padding) = row.split_at_mut(vocab);
        padding.fill(zero);
        if target == NO_TARGET {
            row.fill(zero);
            continue;
        }
        let most = max(row);
        let total = sum(row, |x| exp(x - most));
        let at = target as usize;
        let likely = exp(row[at].get() - most) / total;
        loss += f64::from(total.ln() + most - row[at].get());
        let share = scale / total;
        for x in row.iter_mut() {
            *x = E::of(exp(x.get() - most) * share);
        }
        row[at] = E::of((likely - 1.0) * scale);
    }
    loss
}
