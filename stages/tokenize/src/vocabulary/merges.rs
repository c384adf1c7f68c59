//! Learning merges: byte pair encoding (Gage 1994; Sennrich et al. 2016) over counted pieces.
//!
//! The pair that occurs most often becomes a token, of equal ones that of the smaller ids; then the
//! pairs that it took part in are counted anew, and no others. Merges and ids are those of the
//! `tokenizers` crate's trainer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::counting::Counts;

/// What is learnt: the tokens by id, and the merges in order, as ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    /// Bytes of the tokens, from the first merge's on.
    pub tokens: Vec<Vec<u8>>,
    /// Left, right, and what they make.
    pub merges: Vec<(u32, u32, u32)>,
}

/// What learning starts from.
pub struct Start {
    /// The token of each byte.
    pub bytes: [u32; 256],
    /// Bytes of all tokens that there are already, by id.
    pub tokens: Vec<Option<Vec<u8>>>,
}

/// When learning ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tokens that there are then.
    pub vocab_size: usize,
    /// Times that a pair must occur to be merged.
    pub min_frequency: u64,
    /// Tokens are shorter than this many bytes.
    pub max_token_length: usize,
}

/// Learns merges until a limit is met. `progress` is told the number of tokens now and then and
/// says whether to go on.
pub fn learn(
    counts: &[Counts],
    start: &Start,
    limits: Limits,
    mut progress: impl FnMut(usize) -> bool,
) -> Learnt {
    let mut learner = Learner::new(counts, start, limits.max_token_length);
    let mut size = start.tokens.iter().len();
    while size < limits.vocab_size {
        let Some((count, pair)) = learner.most_frequent() else {
            break;
        };
        if count < limits.min_frequency.max(1) {
            break;
        }
        learner.merge(pair);
        size = learner.tokens.len();
        if learner.learnt.merges.len().is_multiple_of(256) && !progress(size) {
            break;
        }
    }
    learner.learnt
}

type Pair = (u32, u32);

/// How often a pair occurs, and in which words it does or did.
#[derive(Default, PartialEq)]
struct Occurrences {
    count: i64,
    words: Vec<u32>,
}

/// Pieces as runs of tokens in one block of memory; they only get shorter.
struct Word {
    start: usize,
    length: u32,
    count: i64,
}

struct Learner {
    symbols: Vec<u32>,
    words: Vec<Word>,
    pairs: FxHashMap<Pair, Occurrences>,
    /// The highest counts first; those of pairs that occur less often by now are put right when
    /// they come up.
    queue: BinaryHeap<(i64, Reverse<Pair>)>,
    tokens: Vec<Option<Vec<u8>>>,
    /// Tokens that were there before any merge, by their bytes: a merge may spell one.
    known: FxHashMap<Vec<u8>, u32>,
    beside: Beside,
    learnt: Learnt,
}

impl Learner {
    fn new(counts: &[Counts], start: &Start, max_token_length: usize) -> Self {
        let known = (0..).zip(&start.tokens);
        let known = known.filter_map(|(id, token)| Some((token.clone()?, id)));
        let mut learner = Self {
            symbols: Vec::with_capacity(counts.iter().map(Counts::bytes).sum()),
            words: Vec::with_capacity(counts.iter().map(Counts::len).sum()),
            pairs: FxHashMap::default(),
            queue: BinaryHeap::new(),
            tokens: start.tokens.clone(),
            known: known.collect(),
            beside: Beside {
                max_token_length,
                ..Beside::default()
            },
            learnt: Learnt::default(),
        };
        for (piece, count) in counts.iter().flat_map(Counts::iter) {
            // Nothing merges in a piece of one byte.
            if piece.len() > 1 {
                learner.words.push(Word {
                    start: learner.symbols.len(),
                    length: piece.len() as u32,
                    count: i64::try_from(count).unwrap_or(i64::MAX),
                });
                let tokens = piece.iter().map(|byte| start.bytes[usize::from(*byte)]);
                learner.symbols.extend(tokens);
            }
        }
        learner.count_pairs();
        learner
    }

    fn count_pairs(&mut self) {
        for (number, word) in (0..).zip(&self.words) {
            let symbols = &self.symbols[word.start..word.start + word.length as usize];
            for pair in symbols.windows(2) {
                let pair = self.pairs.entry((pair[0], pair[1])).or_default();
                pair.count += word.count;
                if pair.words.last() != Some(&number) {
                    pair.words.push(number);
                }
            }
        }
        let pairs = self.pairs.iter();
        self.queue = pairs.map(|(pair, o)| (o.count, Reverse(*pair))).collect();
    }

    fn most_frequent(&mut self) -> Option<(u64, Pair)> {
        loop {
            let (count, Reverse(pair)) = self.queue.pop()?;
            let now = self.pairs.get(&pair).map_or(0, |o| o.count);
            if now == count {
                return Some((u64::try_from(count).unwrap_or(0), pair));
            }
            if now > 0 {
                self.queue.push((now, Reverse(pair)));
            }
        }
    }

    /// Makes a pair a token wherever it stands.
    fn merge(&mut self, pair: Pair) {
        let bytes = |id: u32| self.tokens[id as usize].as_deref().unwrap_or_default();
        let merged = [bytes(pair.0), bytes(pair.1)].concat();
        let token = self.known.get(&merged).copied().unwrap_or_else(|| {
            self.tokens.push(Some(merged.clone()));
            self.learnt.tokens.push(merged);
            self.tokens.len() as u32 - 1
        });
        self.learnt.merges.push((pair.0, pair.1, token));
        let words = std::mem::take(&mut self.pairs.entry(pair).or_default().words);
        self.beside.begin(&self.tokens);
        for number in words {
            let word = &mut self.words[number as usize];
            let symbols = &mut self.symbols[word.start..word.start + word.length as usize];
            word.length =
                self.beside
                    .merge_word(symbols, pair, token, (number, word.count)) as u32;
        }
        self.settle(pair, token);
    }

    /// Books what changed beside the merged pair.
    fn settle(&mut self, (left, right): Pair, token: u32) {
        for (found, pair_of) in [
            (
                &mut self.beside.before,
                &(|other| (other, token)) as &dyn Fn(u32) -> Pair,
            ),
            (&mut self.beside.after, &|other| (token, other)),
        ] {
            for (other, occurrences) in found.drain() {
                let pair = pair_of(other);
                let entry = self.pairs.entry(pair).or_default();
                entry.count += occurrences.count;
                entry.words.extend(occurrences.words);
                self.beside.fresh.push(pair);
            }
        }
        for (other, count) in self.beside.lost_before.drain() {
            take(&mut self.pairs, (other, left), count);
        }
        for (other, count) in self.beside.lost_after.drain() {
            take(&mut self.pairs, (right, other), count);
        }
        for pair in self.beside.fresh.drain(..) {
            let count = self.pairs.get(&pair).map_or(0, |o| o.count);
            if count > 0 {
                self.queue.push((count, Reverse(pair)));
            }
        }
        // What was merged is never merged again.
        self.pairs.remove(&(left, right));
    }
}

fn take(pairs: &mut FxHashMap<Pair, Occurrences>, pair: Pair, count: i64) {
    if let Some(entry) = pairs.get_mut(&pair) {
        entry.count -= count;
        if entry.count <= 0 {
            pairs.remove(&pair);
        }
    }
}

/// What a merge changes beside it, by the neighbour's id: a table in place of hashing, since one
/// side of each pair is the same.
#[derive(Default)]
struct Beside {
    before: Table<Occurrences>,
    after: Table<Occurrences>,
    lost_before: Table<i64>,
    lost_after: Table<i64>,
    fresh: Vec<Pair>,
    /// Bytes of each token.
    lengths: Vec<usize>,
    max_token_length: usize,
}

impl Beside {
    fn begin(&mut self, tokens: &[Option<Vec<u8>>]) {
        let length = |token: &Option<Vec<u8>>| token.as_ref().map_or(0, Vec::len);
        let known = self.lengths.len();
        self.lengths.extend(tokens.iter().skip(known).map(length));
        let tokens = tokens.len();
        self.before.values.resize_with(tokens, Default::default);
        self.after.values.resize_with(tokens, Default::default);
        self.lost_before.values.resize(tokens, 0);
        self.lost_after.values.resize(tokens, 0);
    }

    /// Whether two tokens may become one.
    fn is_short(&self, one: u32, other: u32) -> bool {
        self.lengths[one as usize] + self.lengths[other as usize] < self.max_token_length
    }

    /// Merges a pair within one word, from the left; returns the word's new length.
    fn merge_word(
        &mut self,
        symbols: &mut [u32],
        (left, right): Pair,
        token: u32,
        (number, count): (u32, i64),
    ) -> usize {
        let (mut read, mut write) = (0, 0);
        while read < symbols.len() {
            let next = symbols.get(read + 1).copied();
            if symbols[read] != left || next != Some(right) {
                symbols[write] = symbols[read];
                (read, write) = (read + 1, write + 1);
                continue;
            }
            if let Some(before) = write.checked_sub(1).map(|place| symbols[place]) {
                *self.lost_before.at(before) += count;
                if self.is_short(before, token) {
                    self.before.at(before).add(number, count);
                }
            }
            if let Some(&after) = symbols.get(read + 2) {
                *self.lost_after.at(after) += count;
                if self.is_short(after, token) {
                    self.after.at(after).add(number, count);
                }
            }
            symbols[write] = token;
            (read, write) = (read + 2, write + 1);
        }
        write
    }
}

impl Occurrences {
    fn add(&mut self, word: u32, count: i64) {
        self.count += count;
        if self.words.last() != Some(&word) {
            self.words.push(word);
        }
    }
}

/// Values by id, and which ids have one.
#[derive(Default)]
struct Table<T> {
    values: Vec<T>,
    touched: Vec<u32>,
}

impl<T: Default + PartialEq> Table<T> {
    fn at(&mut self, id: u32) -> &mut T {
        let value = &mut self.values[id as usize];
        if *value == T::default() {
            self.touched.push(id);
        }
        value
    }
}

impl<T: Default> Table<T> {
    fn drain(&mut self) -> impl Iterator<Item = (u32, T)> {
        let values = &mut self.values;
        let touched = self.touched.drain(..);
        touched.map(|id| (id, std::mem::take(&mut values[id as usize])))
    }
}
