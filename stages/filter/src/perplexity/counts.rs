//! Counts n-grams of all orders, and adjusts them as Kneser and Ney do.
//!
//! The occurrences of all n-grams are sorted by their last unit, then the one before, and so on
//! (Heafield et al. 2013, section 3.1). Then the n-grams of every order lie together, and what
//! stands to the left of one is what comes next.

use std::cmp::Ordering;

use super::MAX_ORDER;
use super::train::TrainOptions;
use super::units::{BEGIN, END};
use crate::error::Error;
use crate::hashing::HashedMap;

/// The number of [`BEGIN`] in a [`Corpus`].
const BEGIN_ID: u32 = 0;

/// A text as numbers of units, each sentence with its beginning and its end.
pub(super) struct Corpus {
    ids: Vec<u32>,
    /// The units' hashes by number.
    pub vocabulary: Vec<u64>,
}

impl Corpus {
    /// Reads all texts; 4 bytes a unit.
    pub(super) fn read<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        options: &TrainOptions,
    ) -> Result<Self, Error> {
        let mut corpus = Self {
            ids: Vec::new(),
            vocabulary: vec![BEGIN, END],
        };
        let mut numbers = HashedMap::from_iter([(BEGIN, BEGIN_ID), (END, 1)]);
        for text in texts {
            let mut begins = true;
            options.units.each(text.as_ref(), |unit| {
                if begins {
                    corpus.ids.push(BEGIN_ID);
                }
                begins = unit == END;
                let next = corpus.vocabulary.len() as u32;
                let id = *numbers.entry(unit).or_insert(next);
                if id == next {
                    corpus.vocabulary.push(unit);
                }
                corpus.ids.push(id);
            });
            if corpus.ids.len() > options.max_units {
                return Err(Error::Training {
                    problem: format!(
                        "the texts have more than max_units = {} units; give fewer, or raise it (8 \
                         bytes of memory a unit, about 50 an n-gram)",
                        options.max_units
                    ),
                });
            }
        }
        Ok(corpus)
    }

    /// The hashes of the units at and before `position`, the last first.
    pub(super) fn back(&self, position: u32) -> impl Iterator<Item = u64> {
        self.back_ids(position)
            .map(|id| self.vocabulary[id as usize])
    }

    fn back_ids(&self, position: u32) -> impl Iterator<Item = u32> {
        self.ids[..=position as usize].iter().rev().copied()
    }

    /// Units at and before `position` that may be in one n-gram: back to the sentence's beginning.
    fn depth(&self, position: u32, order: usize) -> usize {
        let mut ids = self.back_ids(position).take(order);
        ids.position(|id| id == BEGIN_ID)
            .map_or(order, |place| place + 1)
    }

    /// Length of the longest n-gram that ends at both positions.
    fn common(&self, a: u32, b: u32, limit: usize) -> usize {
        let pairs = self.back_ids(a).zip(self.back_ids(b)).take(limit);
        pairs.take_while(|(a, b)| a == b).count()
    }

    fn compare(&self, a: u32, b: u32, order: usize) -> Ordering {
        let pairs = self.back_ids(a).zip(self.back_ids(b)).take(order).skip(1);
        for (a, b) in pairs {
            match a.cmp(&b) {
                Ordering::Equal if a == BEGIN_ID => return Ordering::Equal,
                Ordering::Equal => {}
                order => return order,
            }
        }
        Ordering::Equal
    }

    /// The positions of all units but beginnings, sorted from the last unit backwards.
    fn sorted(&self, order: usize) -> Vec<u32> {
        let mut ends = vec![0usize; self.vocabulary.len() + 1];
        for &id in &self.ids {
            ends[id as usize + 1] += usize::from(id != BEGIN_ID);
        }
        for id in 1..ends.len() {
            ends[id] += ends[id - 1];
        }
        let mut positions = vec![0; ends.last().copied().unwrap_or(0)];
        let mut next = ends.clone();
        for (position, &id) in (0u32..).zip(&self.ids) {
            if id != BEGIN_ID {
                positions[next[id as usize]] = position;
                next[id as usize] += 1;
            }
        }
        for pair in ends.windows(2) {
            positions[pair[0]..pair[1]].sort_unstable_by(|&a, &b| self.compare(a, b, order));
        }
        positions
    }
}

/// An n-gram of a corpus.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ngram {
    /// Where one occurrence ends.
    pub position: u32,
    /// Number of different units to its left; how often it stands if it has the highest order or
    /// begins a sentence.
    pub count: u32,
    /// Number of the n-gram without its first unit, among those of the order below.
    pub parent: u32,
    /// Whether pruning leaves it.
    pub kept: bool,
}

/// The n-grams of each order, unigrams first; 16 bytes each.
pub(super) fn count(
    corpus: &Corpus,
    order: usize,
    prune: impl Fn(usize) -> u32,
) -> Vec<Vec<Ngram>> {
    let mut counter = Counter {
        ngrams: vec![Vec::new(); order],
        occurrences: [0; MAX_ORDER],
    };
    let mut before: Option<(u32, usize)> = None;
    for position in corpus.sorted(order) {
        let depth = corpus.depth(position, order);
        let same = before.map_or(0, |(other, its_depth)| {
            corpus.common(position, other, depth.min(its_depth))
        });
        if let Some((_, its_depth)) = before {
            counter.close(same, its_depth, &prune);
        }
        counter.open(same, depth, position);
        before = Some((position, depth));
    }
    if let Some((_, depth)) = before {
        counter.close(0, depth, &prune);
    }
    counter.ngrams
}

struct Counter {
    ngrams: Vec<Vec<Ngram>>,
    /// How often the last n-gram of each order has been seen.
    occurrences: [u32; MAX_ORDER],
}

impl Counter {
    /// The n-grams of orders above `same` that end in one place end: their counts are known.
    fn close(&mut self, same: usize, depth: usize, prune: &impl Fn(usize) -> u32) {
        for order in same..depth {
            if let Some(ngram) = self.ngrams[order].last_mut() {
                let occurrences = self.occurrences[order];
                // The deepest one has nothing to its left.
                if order + 1 == depth {
                    ngram.count = occurrences;
                }
                ngram.kept = occurrences > prune(order);
            }
        }
    }

    /// One more occurrence of the n-grams up to `depth`, of which those above `same` are new.
    fn open(&mut self, same: usize, depth: usize, position: u32) {
        let extended = same.checked_sub(1).filter(|_| same < depth);
        if let Some(ngram) = extended.and_then(|order| self.ngrams[order].last_mut()) {
            ngram.count += 1;
        }
        for order in same..depth {
            let parent = match order {
                0 => 0,
                _ => self.ngrams[order - 1].len() as u32 - 1,
            };
            self.ngrams[order].push(Ngram {
                position,
                count: 1,
                parent,
                kept: true,
            });
            self.occurrences[order] = 0;
        }
        for occurrences in &mut self.occurrences[..depth] {
            *occurrences += 1;
        }
    }
}
