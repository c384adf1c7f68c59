//! Byte pair encoding as it is defined: again and again the pair of the lowest rank is merged, of
//! equal ones the leftmost (Sennrich et al. 2016; the order of the `tokenizers` crate).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pairs::Pairs;

/// Marks the end of a list, and a symbol that was merged into the one before it.
const NONE: u32 = u32::MAX;

/// Merges pieces; keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Merging {
    symbols: Vec<Symbol>,
    queue: BinaryHeap<Reverse<Candidate>>,
    /// The last merge: its rank and what it merged.
    pub last: Option<(u32, u32, u32)>,
}

#[derive(Clone, Copy)]
struct Symbol {
    token: u32,
    before: u32,
    after: u32,
}

/// Ordered by rank, then place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: u32,
    place: u32,
    left: u32,
    right: u32,
    token: u32,
}

impl Merging {
    /// Merges the tokens of single bytes; time grows with n log n.
    pub fn merge(&mut self, pairs: &Pairs, bytes: impl Iterator<Item = u32>) {
        self.symbols.clear();
        self.queue.clear();
        self.last = None;
        self.symbols
            .extend((0u32..).zip(bytes).map(|(place, token)| Symbol {
                token,
                before: place.wrapping_sub(1),
                after: place + 1,
            }));
        let Some(end) = self.symbols.last_mut() else {
            return;
        };
        end.after = NONE;
        for place in 0..self.symbols.len() as u32 {
            self.offer(pairs, place);
        }
        while let Some(Reverse(candidate)) = self.queue.pop() {
            self.apply(pairs, candidate);
        }
    }

    /// The tokens that are left.
    pub fn tokens(&self) -> impl Iterator<Item = u32> {
        let mut next = if self.symbols.is_empty() { NONE } else { 0 };
        std::iter::from_fn(move || {
            let symbol = self.symbols.get(next as usize)?;
            next = symbol.after;
            Some(symbol.token)
        })
    }

    /// Queues the pair that begins at a place, if it merges.
    fn offer(&mut self, pairs: &Pairs, place: u32) {
        let Some((left, right)) = self.pair(place) else {
            return;
        };
        if let Some(merge) = pairs.get(left, right) {
            self.queue.push(Reverse(Candidate {
                rank: merge.rank,
                place,
                left,
                right,
                token: merge.token,
            }));
        }
    }

    fn pair(&self, place: u32) -> Option<(u32, u32)> {
        let left = self.symbols.get(place as usize)?;
        let right = self.symbols.get(left.after as usize)?;
        Some((left.token, right.token))
    }

    /// Merges a queued pair, unless one of the two is no longer there.
    fn apply(&mut self, pairs: &Pairs, candidate: Candidate) {
        let Candidate {
            place, left, right, ..
        } = candidate;
        if self.pair(place) != Some((left, right)) {
            return;
        }
        self.last = Some((candidate.rank, left, right));
        let gone = self.symbols[place as usize].after;
        let after = self.symbols[gone as usize].after;
        self.symbols[gone as usize].token = NONE;
        let merged = &mut self.symbols[place as usize];
        (merged.token, merged.after) = (candidate.token, after);
        let before = merged.before;
        if let Some(next) = self.symbols.get_mut(after as usize) {
            next.before = place;
        }
        if before != NONE {
            self.offer(pairs, before);
        }
        self.offer(pairs, place);
    }
}
