//! Counts of n-grams.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// How often each n-gram occurs in a row of tokens.
pub(crate) type Counts<'t, T> = FxHashMap<&'t [T], u64>;

/// Counts the n-grams of one order.
pub(crate) fn count<T: Eq + Hash>(tokens: &[T], order: usize) -> Counts<'_, T> {
    let mut counts = Counts::default();
    for ngram in tokens.windows(order) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

/// How many n-grams of one text another one has, each at most as often as it has it.
pub(crate) fn matches<T: Eq + Hash>(counts: &Counts<T>, others: &Counts<T>) -> u64 {
    let shared = |(ngram, count): (&&[T], &u64)| others.get(*ngram).map_or(0, |n| *n.min(count));
    counts.iter().map(shared).sum()
}
