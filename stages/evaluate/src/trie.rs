//! Counts of n-grams of all orders in one sorted trie.

use std::cmp::Ordering;
use std::ops::Range;

/// Longest n-gram.
pub(crate) const ORDER: usize = 5;

/// Collects documents and counts their n-grams.
///
/// Memory: 8 bytes a token, and 12 bytes a different n-gram (8 of the longest ones).
pub(crate) struct Counter {
    /// The documents one after the other, each from [`Counter::begin`] to the document-end token.
    ids: Vec<u32>,
    /// Number that no token has: stands before each document, and is a context only.
    begin: u32,
    end: u32,
}

impl Counter {
    /// A counter of tokens below `vocab`, of which `end` ends documents.
    pub fn new(vocab: usize, end: u32) -> Self {
        Self {
            ids: Vec::new(),
            begin: u32::try_from(vocab).unwrap_or(u32::MAX),
            end,
        }
    }

    /// Adds a document: the model, too, learns when documents end.
    pub fn add(&mut self, tokens: &[u32]) {
        self.ids.push(self.begin);
        self.ids.extend_from_slice(tokens);
        self.ids.push(self.end);
    }

    /// The finished counts.
    pub fn finish(self) -> Trie {
        let positions = self.sorted();
        let mut builder = Builder {
            corpus: &self,
            positions: &positions,
            levels: Default::default(),
            opened: [0; ORDER],
            left: Vec::new(),
        };
        let mut depth_before = 0;
        for (place, &position) in positions.iter().enumerate() {
            let depth = self.suffix(position).count();
            let same = match place
                .checked_sub(1)
                .and_then(|before| positions.get(before))
            {
                Some(&before) => self.common(before, position),
                None => 0,
            };
            builder.close(same, depth_before, place);
            builder.open(same, position, place);
            depth_before = depth;
        }
        builder.close(0, depth_before, positions.len());
        let mut levels = builder.levels;
        let sizes =
            [1, 2, 3, 4].map(|level| levels.get(level).map_or(0, |l: &Level| l.tokens.len()));
        for (level, size) in levels.iter_mut().zip(sizes) {
            level.children.push(size as u32);
        }
        Trie {
            levels,
            begin: self.begin,
        }
    }

    /// The tokens from a position on, as far as they may be in one n-gram.
    fn suffix(&self, position: u32) -> impl Iterator<Item = u32> {
        let from = self.ids.get(position as usize..).unwrap_or_default();
        let inside = |(place, id): &(usize, &u32)| *place == 0 || **id != self.begin;
        let inside = from.iter().enumerate().take(ORDER).take_while(inside);
        inside.map(|(_, id)| *id)
    }

    /// Length of the longest n-gram that begins at both positions.
    fn common(&self, a: u32, b: u32) -> usize {
        let pairs = self.suffix(a).zip(self.suffix(b));
        pairs.take_while(|(a, b)| a == b).count()
    }

    /// All positions in the order of their n-grams.
    fn sorted(&self) -> Vec<u32> {
        let mut starts = vec![0usize; self.begin as usize + 2];
        for &id in &self.ids {
            if let Some(start) = starts.get_mut(id as usize + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut positions = vec![0; self.ids.len()];
        let mut next = starts.clone();
        for (position, &id) in (0u32..).zip(&self.ids) {
            if let Some(next) = next.get_mut(id as usize) {
                if let Some(slot) = positions.get_mut(*next) {
                    *slot = position;
                }
                *next += 1;
            }
        }
        let mut rest = positions.as_mut_slice();
        let lengths = starts.iter().zip(starts.iter().skip(1)).map(|(a, b)| b - a);
        for length in lengths {
            let (bucket, behind) = rest.split_at_mut(length.min(rest.len()));
            bucket.sort_unstable_by(|&a, &b| self.compare(a, b));
            rest = behind;
        }
        positions
    }

    /// Compares the n-grams at two positions; one that the document cuts short comes first.
    fn compare(&self, a: u32, b: u32) -> Ordering {
        self.suffix(a).skip(1).cmp(self.suffix(b).skip(1))
    }
}

/// Makes the levels from the sorted positions.
struct Builder<'a> {
    corpus: &'a Counter,
    positions: &'a [u32],
    levels: [Level; ORDER],
    /// Where among the positions the open n-gram of each order begins.
    opened: [usize; ORDER],
    /// Tokens to the left of an n-gram, for counting the different ones.
    left: Vec<u32>,
}

impl Builder<'_> {
    /// Ends the open n-grams longer than `same` tokens before `place`: their counts are known.
    fn close(&mut self, same: usize, depth: usize, place: usize) {
        for order in same..depth {
            let first = self.opened.get(order).copied().unwrap_or(place);
            let group = self.positions.get(first..place).unwrap_or_default();
            let begins = group.first().and_then(|first| self.id(*first)) == Some(self.corpus.begin);
            let count = match begins || order + 1 == ORDER {
                true if order == 0 => 0, // the beginning itself is not predicted
                true => group.len(),
                false => self.different_left(first..place),
            };
            if let Some(level) = self.levels.get_mut(order) {
                level.counts.push(u32::try_from(count).unwrap_or(u32::MAX));
            }
        }
    }

    /// Number of different tokens to the left of an n-gram's occurrences.
    fn different_left(&mut self, group: Range<usize>) -> usize {
        if group.len() == 1 {
            return 1;
        }
        let mut left = std::mem::take(&mut self.left);
        left.clear();
        let group = self.positions.get(group).unwrap_or_default().iter();
        left.extend(group.filter_map(|position| self.id(position.checked_sub(1)?)));
        left.sort_unstable();
        left.dedup();
        let different = left.len();
        self.left = left;
        different
    }

    /// Begins the n-grams longer than `same` tokens at `position`.
    fn open(&mut self, same: usize, position: u32, place: usize) {
        let corpus = self.corpus;
        for (order, token) in corpus.suffix(position).enumerate().skip(same) {
            let children = self
                .levels
                .get(order + 1)
                .map_or(0, |level| level.tokens.len());
            if let Some(level) = self.levels.get_mut(order) {
                level.tokens.push(token);
                if order + 1 < ORDER {
                    level.children.push(children as u32);
                }
            }
            if let Some(opened) = self.opened.get_mut(order) {
                *opened = place;
            }
        }
    }

    fn id(&self, position: u32) -> Option<u32> {
        self.corpus.ids.get(position as usize).copied()
    }
}

/// The n-grams of one order, ascending by their tokens from the first on.
#[derive(Default)]
struct Level {
    /// Their last tokens.
    tokens: Vec<u32>,
    /// Of the longest, and of those that begin a document, how often they stand; of others how
    /// many different tokens stand before them (Kneser and Ney 1995).
    counts: Vec<u32>,
    /// Where their continuations begin in the next level, and behind the last one end.
    children: Vec<u32>,
}

/// The counts that Kneser-Ney smoothing needs.
pub(crate) struct Trie {
    levels: [Level; ORDER],
    /// The context that begins documents.
    pub begin: u32,
}

impl Trie {
    /// Where the continuations of a context of 1 to 4 tokens stand among the n-grams one token
    /// longer; `None` if nothing was seen behind it.
    pub fn followers(&self, context: &[u32]) -> Option<Range<usize>> {
        let mut place = 0..self.levels.first()?.tokens.len();
        for (level, token) in self.levels.iter().zip(context) {
            let node = place.start + level.tokens.get(place)?.binary_search(token).ok()?;
            place = *level.children.get(node)? as usize..*level.children.get(node + 1)? as usize;
        }
        (!place.is_empty()).then_some(place)
    }

    /// The n-grams of an order, from 1 on, at a place: their last tokens, ascending if the place
    /// is one context's, and their counts.
    pub fn ngrams(&self, order: usize, place: Range<usize>) -> (&[u32], &[u32]) {
        let level = order
            .checked_sub(1)
            .and_then(|order| self.levels.get(order));
        let tokens = level.and_then(|level| level.tokens.get(place.clone()));
        let counts = level.and_then(|level| level.counts.get(place));
        (tokens.unwrap_or_default(), counts.unwrap_or_default())
    }

    /// All n-grams of an order.
    pub fn all(&self, order: usize) -> (&[u32], &[u32]) {
        let level = order
            .checked_sub(1)
            .and_then(|order| self.levels.get(order));
        self.ngrams(order, 0..level.map_or(0, |level| level.tokens.len()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const VOCAB: u32 = 4;
    const END: u32 = 3;

    /// Adjusted counts by their definition.
    fn plainly(documents: &[Vec<u32>], order: usize) -> BTreeMap<Vec<u32>, u32> {
        let (mut raw, mut left) = (BTreeMap::new(), BTreeMap::new());
        for document in documents {
            let all = [&[VOCAB], document.as_slice(), &[END]].concat();
            for (start, ngram) in all.windows(order).enumerate() {
                *raw.entry(ngram.to_vec()).or_insert(0) += 1;
                let before = start.checked_sub(1).map(|before| all[before]);
                let different: &mut BTreeSet<_> = left.entry(ngram.to_vec()).or_default();
                different.extend(before);
            }
        }
        let adjusted = raw.into_iter().map(|(ngram, count)| {
            let is_raw = order == ORDER || ngram[0] == VOCAB;
            let different = left[&ngram].len() as u32;
            let count = if ngram == [VOCAB] { 0 } else { count };
            (ngram, if is_raw { count } else { different })
        });
        adjusted.collect()
    }

    fn listed(
        trie: &Trie,
        order: usize,
        context: &mut Vec<u32>,
        found: &mut BTreeMap<Vec<u32>, u32>,
    ) {
        let place = match context.is_empty() {
            true => Some(0..trie.all(1).0.len()),
            false => trie.followers(context),
        };
        let Some(place) = place else { return };
        let (tokens, counts) = trie.ngrams(context.len() + 1, place);
        assert!(tokens.is_sorted() && tokens.len() == counts.len());
        for (&token, &count) in tokens.iter().zip(counts) {
            context.push(token);
            match context.len() == order {
                true => drop(found.insert(context.clone(), count)),
                false => listed(trie, order, context, found),
            }
            context.pop();
        }
    }

    proptest! {
        #[test]
        fn counts_are_those_of_the_definition(
            documents in prop::collection::vec(prop::collection::vec(0..VOCAB, 0..30), 0..6),
        ) {
            let mut counter = Counter::new(VOCAB as usize, END);
            for document in &documents {
                counter.add(document);
            }
            let trie = counter.finish();
            for order in 1..=ORDER {
                let mut found = BTreeMap::new();
                listed(&trie, order, &mut Vec::new(), &mut found);
                prop_assert_eq!(found, plainly(&documents, order));
            }
            prop_assert_eq!(trie.followers(&[VOCAB, VOCAB]), None);
        }
    }
}
