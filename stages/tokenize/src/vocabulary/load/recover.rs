//! Merges out of ranks.
//!
//! A rank file tells tokens and their order, and no merges: tiktoken merges any two neighbours whose
//! bytes together are a token, the lowest rank first. Within a token such merging does not depend on
//! what stands around it, so the two parts that its own bytes are merged from last are the parts that
//! it is merged from everywhere, and one merge for each token says all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

/// The last merge of each token, in the order of ranks. Tokens that merging does not reach, and those
/// of one byte, have none. `tokens` are in the order of their ranks, all different.
///
/// Takes O(n log n) for a token of n bytes.
pub fn merges<'t>(tokens: &[(u32, &'t [u8])]) -> Vec<(&'t [u8], &'t [u8])> {
    let mut merger = Merger {
        ranks: tokens.iter().map(|(rank, token)| (*token, *rank)).collect(),
        ends: Vec::new(),
        starts: Vec::new(),
        pairs: BinaryHeap::new(),
    };
    let parts = |(_, token): &(u32, &'t [u8])| token.split_at_checked(merger.last(token)?);
    tokens.iter().filter_map(parts).collect()
}

struct Merger<'t> {
    ranks: FxHashMap<&'t [u8], u32>,
    /// Where the part ends that starts at a byte; 0 where none starts.
    ends: Vec<usize>,
    /// Where the part starts that ends before a byte.
    starts: Vec<usize>,
    /// Rank, start and end of neighbours that together are a token. Some may be gone.
    pairs: BinaryHeap<Reverse<(u32, usize, usize)>>,
}

impl Merger<'_> {
    /// Merges the bytes of a token; gives the end of the first of the two parts that make it.
    fn last(&mut self, token: &[u8]) -> Option<usize> {
        self.pairs.clear();
        self.ends.clear();
        self.starts.clear();
        self.ends.extend(1..=token.len());
        self.starts
            .extend((0..token.len()).map(|at| at.saturating_sub(1)));
        for start in 0..token.len().saturating_sub(1) {
            self.offer(token, start, start + 2);
        }
        while let Some(Reverse((_, start, end))) = self.pairs.pop() {
            let middle = self.ends[start];
            if middle == 0 || middle == token.len() || self.ends[middle] != end {
                continue;
            }
            if (start, end) == (0, token.len()) {
                return Some(middle);
            }
            self.ends[middle] = 0;
            self.ends[start] = end;
            if end < token.len() {
                self.starts[end] = start;
                self.offer(token, start, self.ends[end]);
            }
            if start > 0 {
                self.offer(token, self.starts[start], end);
            }
        }
        None
    }

    fn offer(&mut self, token: &[u8], start: usize, end: usize) {
        let rank = token.get(start..end).and_then(|pair| self.ranks.get(pair));
        if let Some(rank) = rank {
            self.pairs.push(Reverse((*rank, start, end)));
        }
    }
}
