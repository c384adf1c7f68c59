//! Counts of neighbouring tokens.

/// Pairs that are collected before they are sorted into the table: 32 MiB.
const PENDING: usize = 1 << 22;

/// Counts pairs as they come.
///
/// Pairs are collected, sorted and merged into one sorted table: 12 bytes a different pair, twice
/// that during a merge, and 32 MiB for the pairs collected.
pub(crate) struct Counter {
    vocab: usize,
    limit: usize,
    pending: Vec<u64>,
    /// First token in the upper half, second in the lower; ascending.
    keys: Vec<u64>,
    counts: Vec<u32>,
}

impl Counter {
    /// A counter of tokens below `vocab`.
    pub fn new(vocab: usize) -> Self {
        Self {
            vocab,
            limit: PENDING,
            pending: Vec::new(),
            keys: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Counts a pair.
    pub fn add(&mut self, first: u32, second: u32) {
        self.pending
            .push(u64::from(first) << 32 | u64::from(second));
        if self.pending.len() >= self.limit {
            self.merge();
        }
    }

    fn merge(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_unstable();
        let keys = std::mem::take(&mut self.keys).into_iter();
        let mut old = keys.zip(std::mem::take(&mut self.counts)).peekable();
        let runs = pending.chunk_by(|a, b| a == b);
        let mut new = runs
            .filter_map(|run| Some((*run.first()?, u32::try_from(run.len()).unwrap_or(u32::MAX))))
            .peekable();
        loop {
            let key = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) => a.0.min(b.0),
                (Some(next), None) | (None, Some(next)) => next.0,
                (None, None) => break,
            };
            let both = [
                old.next_if(|next| next.0 == key),
                new.next_if(|next| next.0 == key),
            ];
            let count = both
                .iter()
                .flatten()
                .fold(0u32, |sum, next| sum.saturating_add(next.1));
            self.keys.push(key);
            self.counts.push(count);
        }
        drop(new);
        pending.clear();
        self.pending = pending;
    }

    /// The finished table.
    pub fn finish(mut self) -> Bigrams {
        self.merge();
        let first = |key: &u64| (key >> 32) as usize;
        let mut starts = Vec::with_capacity(self.vocab + 1);
        for token in 0..=self.vocab {
            starts.push(self.keys.partition_point(|key| first(key) < token));
        }
        Bigrams {
            starts,
            seconds: self.keys.iter().map(|&key| key as u32).collect(),
            counts: self.counts,
        }
    }
}

/// Counts of pairs, by the first token: 8 bytes a different pair.
pub(crate) struct Bigrams {
    /// Where the row of a token begins, and behind the last one ends.
    starts: Vec<usize>,
    seconds: Vec<u32>,
    counts: Vec<u32>,
}

impl Bigrams {
    /// The tokens that follow `first`, ascending, and how often each does.
    pub fn row(&self, first: u32) -> (&[u32], &[u32]) {
        let at = |token: usize| self.starts.get(token).copied().unwrap_or_default();
        let range = at(first as usize)..at(first as usize + 1);
        (
            self.seconds.get(range.clone()).unwrap_or_default(),
            self.counts.get(range).unwrap_or_default(),
        )
    }

    /// How often `second` follows `first`.
    pub fn count(&self, first: u32, second: u32) -> u32 {
        let (seconds, counts) = self.row(first);
        let found = seconds.binary_search(&second).ok();
        found.and_then(|at| counts.get(at)).copied().unwrap_or(0)
    }

    /// The second token of each different pair.
    pub fn seconds(&self) -> &[u32] {
        &self.seconds
    }

    /// The count of each different pair.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_map(
            pairs in prop::collection::vec((0u32..7, 0u32..7), 0..200),
            limit in 1usize..50,
        ) {
            let mut counter = Counter { limit, ..Counter::new(7) };
            let mut map = BTreeMap::<(u32, u32), u32>::new();
            for &(first, second) in &pairs {
                counter.add(first, second);
                *map.entry((first, second)).or_default() += 1;
            }
            let table = counter.finish();
            for first in 0..7 {
                let (seconds, counts) = table.row(first);
                let row: Vec<_> = seconds.iter().zip(counts).map(|(s, c)| ((first, *s), *c)).collect();
                let expected: Vec<_> = map.range((first, 0)..(first + 1, 0)).map(|(k, c)| (*k, *c)).collect();
                prop_assert_eq!(row, expected);
                for second in 0..7 {
                    let expected = map.get(&(first, second)).copied().unwrap_or(0);
                    prop_assert_eq!(table.count(first, second), expected);
                }
            }
        }
    }
}
