//! The fast path: byte-level byte pair encoding, token for token what the `tokenizers` crate gives.
//!
//! Pieces ([`crate::pieces`]) that were met lately come from a cache; others are encoded in linear
//! time by `backtracking`, or by `merging` where the vocabulary's merges are in an order that
//! no training gives.

mod backtracking;
mod byte_level;
mod cache;
mod file;
mod merging;
mod pairs;
mod trie;

#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use crate::pieces::{Pattern, for_each_piece};
use backtracking::Search;
pub(crate) use byte_level::{bytes_of, characters_of};
use cache::Cache;
pub(crate) use file::Unfit;
use merging::Merging;
use pairs::Pairs;
pub(crate) use trie::Trie;

/// A byte-level vocabulary with its merges.
pub(crate) struct Bpe {
    pattern: Pattern,
    /// The token of each byte.
    bytes: [u32; 256],
    pairs: Pairs,
    /// Of each token: what its last merge was, where merging its bytes gives it.
    made: Vec<Made>,
    /// Bytes of each token.
    lengths: Vec<u32>,
    /// The longest token that a token begins with.
    shorter: Vec<u32>,
    trie: Trie,
    /// Pieces that are tokens although no merging gives them, where the vocabulary has them first.
    whole: FxHashMap<Box<[u8]>, u32>,
    /// Whether each merge comes after those that make its parts.
    ordered: bool,
}

/// The last merge of a token; rank 0 for single bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    rank: u32,
    left: u32,
    right: u32,
}

const NONE: u32 = u32::MAX;

/// Memory that encoding needs, for one thread at a time.
#[derive(Default)]
pub(crate) struct Scratch {
    cache: Cache,
    search: Search,
    merging: Merging,
}

/// What a [`Bpe`] is made of.
struct Parts {
    pattern: Pattern,
    /// Bytes of each token, by id; `None` for those that stand for no bytes.
    tokens: Vec<Option<Box<[u8]>>>,
    /// Left, right, and what they make, by rank.
    merges: Vec<(u32, u32, u32)>,
    /// Whether a piece that is a token is that token, whatever merging would give.
    whole_first: bool,
}

impl Bpe {
    fn new(parts: &Parts) -> Option<Self> {
        let mut bytes = [NONE; 256];
        for (id, token) in (0..).zip(&parts.tokens) {
            if let Some([byte]) = token.as_deref() {
                bytes[usize::from(*byte)] = id;
            }
        }
        if bytes.contains(&NONE) {
            return None;
        }
        let mut bpe = Self {
            pattern: parts.pattern,
            bytes,
            pairs: Pairs::new(&parts.merges),
            made: vec![Made::default(); parts.tokens.len()],
            lengths: Vec::new(),
            shorter: vec![NONE; parts.tokens.len()],
            trie: Trie::new(&[]),
            whole: FxHashMap::default(),
            ordered: true,
        };
        let mut reached = bpe.merge_tokens(parts);
        reached.sort_unstable();
        bpe.trie = Trie::new(&reached);
        for (token, id) in &reached {
            let shorter = token
                .split_last()
                .and_then(|(_, rest)| bpe.trie.longest(rest));
            bpe.shorter[*id as usize] = shorter.unwrap_or(NONE);
        }
        Some(bpe)
    }

    /// Merges the bytes of every token; returns those that come out as themselves.
    fn merge_tokens<'p>(&mut self, parts: &'p Parts) -> Vec<(&'p [u8], u32)> {
        let mut merging = Merging::default();
        let mut reached = Vec::new();
        for (id, token) in (0..).zip(&parts.tokens) {
            let token = token.as_deref().unwrap_or_default();
            self.lengths.push(token.len() as u32);
            merging.merge(
                &self.pairs,
                token.iter().map(|b| self.bytes[usize::from(*b)]),
            );
            if merging.tokens().eq([id]) {
                if let Some((rank, left, right)) = merging.last {
                    self.made[id as usize] = Made { rank, left, right };
                }
                reached.push((token, id));
            } else if parts.whole_first && !token.is_empty() {
                self.whole.insert(token.into(), id);
            }
        }
        // A part is known by now, whatever its id.
        self.ordered = self.made.iter().all(|made| {
            made.rank == 0 || made.rank > self.made(made.left).rank.max(self.made(made.right).rank)
        });
        reached
    }

    /// Appends the tokens of a text.
    pub fn encode(&self, text: &str, scratch: &mut Scratch, tokens: &mut Vec<u32>) {
        let bytes = text.as_bytes();
        for_each_piece(self.pattern, text, |start, end| match end - start {
            length @ ..=cache::SHORT => {
                let key = cache::key::<1>(bytes, start, length);
                if !scratch.cache.append_short(key, tokens) {
                    let first = tokens.len();
                    self.encode_piece(&bytes[start..end], scratch, tokens);
                    scratch.cache.keep_short(key, &tokens[first..]);
                }
            }
            length @ ..=cache::LONG => {
                let key = cache::key::<2>(bytes, start, length);
                if !scratch.cache.append_long(key, tokens) {
                    let first = tokens.len();
                    self.encode_piece(&bytes[start..end], scratch, tokens);
                    scratch.cache.keep_long(key, &tokens[first..]);
                }
            }
            _ => self.encode_piece(&bytes[start..end], scratch, tokens),
        });
    }

    /// Appends the tokens of a piece.
    #[inline(never)]
    fn encode_piece(&self, piece: &[u8], scratch: &mut Scratch, tokens: &mut Vec<u32>) {
        if !self.whole.is_empty()
            && let Some(token) = self.whole.get(piece)
        {
            return tokens.push(*token);
        }
        if self.ordered {
            return self.backtrack(piece, &mut scratch.search, tokens);
        }
        let single = piece.iter().map(|byte| self.bytes[usize::from(*byte)]);
        scratch.merging.merge(&self.pairs, single);
        tokens.extend(scratch.merging.tokens());
    }

    #[inline]
    fn made(&self, token: u32) -> Made {
        self.made[token as usize]
    }

    #[inline]
    fn length(&self, token: u32) -> usize {
        self.lengths[token as usize] as usize
    }

    #[inline]
    fn shorter(&self, token: u32) -> Option<u32> {
        let shorter = self.shorter[token as usize];
        (shorter != NONE).then_some(shorter)
    }
}
