//! Byte pair encoding in linear time.
//!
//! A text is encoded right if and only if each two neighbouring tokens are what byte pair encoding
//! makes of their joint bytes: the first merge across a border would happen within the pair
//! beside it. So the encoding can be looked for from left to right, the longest token first, and
//! each pair of neighbours be tested alone. A place that led nowhere is marked, since at most one
//! encoding ends there (the algorithm of GitHub's `bpe` crate, van Antwerpen and Neubeck 2024).
//!
//! It holds for vocabularies in which a merge comes after those that make its parts, which
//! [`super::Bpe`] checks.

use super::Bpe;

/// Memory of the search.
#[derive(Default)]
pub(super) struct Search {
    dead: DeadEnds,
    neighbours: Neighbours,
}

/// Places of a piece from which no encoding goes on.
#[derive(Default)]
struct DeadEnds {
    bits: Vec<u64>,
}

impl DeadEnds {
    fn clear(&mut self, places: usize) {
        self.bits.clear();
        self.bits.resize(places / 64 + 1, 0);
    }

    #[inline]
    fn has(&self, place: usize) -> bool {
        self.bits[place / 64] >> (place % 64) & 1 != 0
    }

    fn mark(&mut self, place: usize) {
        self.bits[place / 64] |= 1 << (place % 64);
    }
}

/// What was found out lately about pairs of neighbours; of a fixed size.
struct Neighbours {
    /// Left and right in 31 bits each, and whether they are valid in the lowest bit.
    known: Vec<u64>,
}

const NEIGHBOURS_BITS: u32 = 16;

impl Default for Neighbours {
    fn default() -> Self {
        // No pair of tokens has all bits set.
        Self {
            known: vec![u64::MAX; 1 << NEIGHBOURS_BITS],
        }
    }
}

impl Neighbours {
    #[inline]
    fn are_valid(&mut self, bpe: &Bpe, left: u32, right: u32) -> bool {
        let pair = u64::from(left) << 32 | u64::from(right) << 1;
        let hash = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - NEIGHBOURS_BITS);
        let known = &mut self.known[hash as usize];
        if *known & !1 != pair {
            *known = pair | u64::from(bpe.is_valid(left, right));
        }
        *known & 1 != 0
    }
}

impl Bpe {
    /// Appends the tokens of a piece.
    pub(super) fn backtrack(
        &self,
        piece: &[u8],
        Search { dead, neighbours }: &mut Search,
        tokens: &mut Vec<u32>,
    ) {
        let Some(mut token) = self.trie.longest(piece) else {
            return;
        };
        let first = tokens.len();
        let mut place = 0;
        dead.clear(piece.len());
        loop {
            let last = (tokens.len() > first)
                .then(|| tokens.last().copied())
                .flatten();
            let end = place + self.length(token);
            let fits =
                !dead.has(end) && last.is_none_or(|last| neighbours.are_valid(self, last, token));
            if fits {
                tokens.push(token);
                place = end;
                match self.trie.longest(&piece[place..]) {
                    Some(longest) => token = longest,
                    None => return,
                }
            } else if let Some(shorter) = self.shorter(token) {
                token = shorter;
            } else if let Some(last) = last {
                dead.mark(place);
                tokens.pop();
                place -= self.length(last);
                token = last;
            } else {
                return;
            }
        }
    }

    /// Whether byte pair encoding leaves these two tokens as they are when they are neighbours:
    /// their merges are undone from the last to the first, and a pair across the border must never
    /// have been the one to be merged.
    #[inline(never)]
    fn is_valid(&self, mut left: u32, mut right: u32) -> bool {
        // Only a merge of a lower rank would have come first.
        let mut limit = u32::MAX;
        loop {
            let across = self.pairs.get(left, right);
            if across.is_some_and(|merge| merge.rank < limit) {
                return false;
            }
            let (left_made, right_made) = (self.made(left), self.made(right));
            if left_made.rank > right_made.rank {
                limit = left_made.rank;
                left = left_made.right;
            } else if right_made.rank > 0 {
                // Of equal ranks the one across the border is further left, so it comes first.
                limit = right_made.rank + 1;
                right = right_made.left;
            } else {
                return true;
            }
        }
    }
}
