//! All segmentations of a piece into scored tokens.

use crate::bpe::Trie;

/// A token and the logarithm of its probability.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub bytes: Vec<u8>,
    pub score: f64,
}

/// Tokens that pieces can be segmented into. All bytes are among them, so every piece can be.
pub(super) struct Lattice<'t> {
    tokens: &'t [Scored],
    trie: Trie,
}

impl<'t> Lattice<'t> {
    pub fn new(tokens: &'t [Scored]) -> Self {
        let mut sorted: Vec<(&[u8], u32)> = (0..)
            .zip(tokens)
            .map(|(place, token)| (token.bytes.as_slice(), place))
            .collect();
        sorted.sort_unstable();
        sorted.dedup_by_key(|(bytes, _)| *bytes);
        Self {
            tokens,
            trie: Trie::new(&sorted),
        }
    }

    /// Calls `found` with each token at the beginning of `bytes`, and its length.
    #[inline]
    pub fn tokens_at(&self, bytes: &[u8], found: impl FnMut(u32, usize)) {
        self.trie.prefixes(bytes, found);
    }

    fn score(&self, token: u32) -> f64 {
        self.tokens[token as usize].score
    }

    /// Adds to `expected` how often each token is expected in the segmentations of a piece that
    /// occurs `count` times, each segmentation as likely as its tokens together.
    pub fn add_expected(&self, piece: &[u8], count: f64, expected: &mut [f64]) {
        let length = piece.len();
        // Logarithms of the likelihood of all segmentations up to a place, and from it on.
        let mut before = vec![f64::NEG_INFINITY; length + 1];
        let mut after = vec![f64::NEG_INFINITY; length + 1];
        (before[0], after[length]) = (0.0, 0.0);
        for from in 0..length {
            let so_far = before[from];
            self.tokens_at(&piece[from..], |token, n| {
                before[from + n] = add_logs(before[from + n], so_far + self.score(token));
            });
        }
        for from in (0..length).rev() {
            let mut sum = f64::NEG_INFINITY;
            self.tokens_at(&piece[from..], |token, n| {
                sum = add_logs(sum, self.score(token) + after[from + n]);
            });
            after[from] = sum;
        }
        let all = before[length];
        for from in 0..length {
            self.tokens_at(&piece[from..], |token, n| {
                let share = before[from] + self.score(token) + after[from + n] - all;
                expected[token as usize] += count * share.exp();
            });
        }
    }

    /// Calls `used` with the tokens of the likeliest segmentation (Viterbi 1967) without one token,
    /// from the last to the first; returns the logarithm of its likelihood.
    pub fn best(&self, piece: &[u8], without: Option<u32>, mut used: impl FnMut(u32)) -> f64 {
        let mut best = vec![(f64::NEG_INFINITY, 0u32, 0usize); piece.len() + 1];
        best[0].0 = 0.0;
        for from in 0..piece.len() {
            let so_far = best[from].0;
            self.tokens_at(&piece[from..], |token, n| {
                let score = so_far + self.score(token);
                if Some(token) != without && score > best[from + n].0 {
                    best[from + n] = (score, token, from);
                }
            });
        }
        let mut place = piece.len();
        while place > 0 {
            let (_, token, from) = best[place];
            used(token);
            place = from;
        }
        best[piece.len()].0
    }
}

/// The logarithm of the sum of two numbers, given their logarithms.
fn add_logs(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    match low == f64::NEG_INFINITY {
        true => high,
        false => high + (low - high).exp().ln_1p(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(list: &[(&str, f64)]) -> Vec<Scored> {
        let scored = |(text, share): &(&str, f64)| Scored {
            bytes: text.as_bytes().to_vec(),
            score: share.ln(),
        };
        list.iter().map(scored).collect()
    }

    #[test]
    fn segmentations_count_by_their_likelihood() {
        let tokens = tokens(&[("a", 0.4), ("b", 0.2), ("ab", 0.3), ("ba", 0.1)]);
        let lattice = Lattice::new(&tokens);
        // "aba": a b a .4*.2*.4 = .032; ab a .3*.4 = .12; a ba .4*.1 = .04
        let mut expected = vec![0.0; 4];
        lattice.add_expected(b"aba", 2.0, &mut expected);
        let all = 0.032 + 0.12 + 0.04;
        let by_hand = [
            (2.0 * 0.032 + 0.12 + 0.04) / all,
            0.032 / all,
            0.12 / all,
            0.04 / all,
        ];
        for (found, by_hand) in expected.iter().zip(by_hand) {
            assert!((found - 2.0 * by_hand).abs() < 1e-12, "{expected:?}");
        }
        let mut used = Vec::new();
        let score = lattice.best(b"aba", None, |token| used.push(token));
        assert_eq!(used, [0, 2]);
        assert!((score - 0.12f64.ln()).abs() < 1e-12);
        let without = lattice.best(b"aba", Some(2), |_| {});
        assert!((without - 0.04f64.ln()).abs() < 1e-12);
    }
}
