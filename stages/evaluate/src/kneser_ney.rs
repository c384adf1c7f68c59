//! The n-gram model that a trained one has to beat.

use std::collections::HashMap;
use std::ops::Range;

use crate::baseline::{Guesses, best};
use crate::metrics::Score;
use crate::trie::{ORDER, Trie};

/// Contexts with at least so many continuations are worth remembering.
const MANY: usize = 16;

/// A 5-gram model with interpolated modified Kneser-Ney smoothing (Chen and Goodman 1999, "An
/// empirical study of smoothing techniques for language modeling", section 3):
///
/// p(w | h) = max(c(h w) − D(c(h w)), 0) / Σ c(h ·) + γ(h) · p(w | h'),
///
/// where h' is h without its first token, γ(h) what the discounts took, D depends on whether the
/// count is 1, 2 or more, and counts of shorter n-grams are numbers of different tokens before
/// them. The unigrams are interpolated with the uniform distribution.
pub(crate) struct KneserNey {
    trie: Trie,
    /// By order, from unigrams on.
    discounts: [Discounts; ORDER],
    /// p(w) of the empty context.
    unigrams: Vec<f64>,
    unigram_guesses: Guesses,
    /// What was found of contexts with many continuations, by their length and place.
    known: HashMap<(usize, usize), Facts>,
}

/// What is taken off counts of 1, 2, and 3 or more; nothing off 0.
type Discounts = [f64; 4];

/// A context that was seen.
struct Seen {
    /// Its continuations among the n-grams one token longer.
    place: Range<usize>,
    facts: Facts,
}

/// What follows from a context's continuations.
#[derive(Clone, Copy)]
struct Facts {
    /// Sum of their counts.
    total: f64,
    /// Share of the probability that the shorter context distributes.
    gamma: f64,
    guesses: Guesses,
}

impl KneserNey {
    /// The model of these counts over `vocab` tokens.
    pub fn new(trie: Trie, vocab: usize) -> Self {
        let discounts = [1, 2, 3, 4, 5].map(|order| discounts(trie.all(order).1));
        let (tokens, counts) = trie.all(1);
        let of = discounts[0];
        let total = sum(counts);
        let gamma = match total > 0.0 {
            true => freed(counts, &of) / total,
            false => 1.0,
        };
        let mut unigrams = vec![gamma / vocab.max(1) as f64; vocab];
        for (&token, &count) in tokens.iter().zip(counts) {
            if let Some(probability) = unigrams.get_mut(token as usize) {
                *probability += kept(count, &of) / total;
            }
        }
        let guesses = best((0..).zip(unigrams.iter().copied()));
        Self {
            trie,
            discounts,
            unigrams,
            unigram_guesses: guesses,
            known: HashMap::new(),
        }
    }

    /// Scores the tokens of a document from its beginning.
    pub fn score(&mut self, tokens: &[u32]) -> Score {
        let history: Vec<u32> = [self.trie.begin].iter().chain(tokens).copied().collect();
        let mut score = Score::default();
        for (end, &token) in (1usize..).zip(tokens) {
            let context = history.get(end.saturating_sub(ORDER - 1)..end);
            let seen = self.seen(context.unwrap_or_default());
            let guesses = seen
                .last()
                .map_or(&self.unigram_guesses, |seen| &seen.facts.guesses);
            let rank = guesses.iter().position(|&guess| guess == token);
            let rank = rank.unwrap_or(usize::MAX) as u64;
            score.count(-self.probability(&seen, token).ln(), rank);
        }
        score
    }

    /// The ends of a context that were seen, the shortest first: if one was not, no longer one was.
    fn seen(&mut self, context: &[u32]) -> Vec<Seen> {
        let mut seen: Vec<Seen> = Vec::with_capacity(ORDER - 1);
        for length in 1..=context.len() {
            let end = context.get(context.len() - length..).unwrap_or_default();
            let Some(place) = self.trie.followers(end) else {
                break;
            };
            let key = (length, place.start);
            let facts = match self.known.get(&key) {
                Some(facts) => *facts,
                None => self.facts(&seen, length, place.clone()),
            };
            if place.len() >= MANY {
                self.known.insert(key, facts);
            }
            seen.push(Seen { place, facts });
        }
        seen
    }

    /// The most likely tokens are among the continuations and the best of the shorter context: any
    /// other has five of the latter above it.
    fn facts(&self, shorter: &[Seen], length: usize, place: Range<usize>) -> Facts {
        let (tokens, counts) = self.trie.ngrams(length + 1, place);
        let discounts = self.discounts(length + 1);
        let total = sum(counts);
        let gamma = freed(counts, discounts) / total;
        let interpolated = |token: u32, count: u32| {
            kept(count, discounts) / total + gamma * self.probability(shorter, token)
        };
        let seen = tokens.iter().zip(counts);
        let seen = seen.map(|(&token, &count)| (token, interpolated(token, count)));
        let others = shorter
            .last()
            .map_or(&self.unigram_guesses, |seen| &seen.facts.guesses);
        let others = others.iter().copied();
        let others = others.filter(|other| tokens.binary_search(other).is_err());
        let others = others.filter(|other| (*other as usize) < self.unigrams.len());
        let others = others.map(|token| (token, interpolated(token, 0)));
        Facts {
            total,
            gamma,
            guesses: best(seen.chain(others)),
        }
    }

    /// Probability of a token behind a context of which these ends were seen; above 0 for all
    /// tokens of the vocabulary.
    fn probability(&self, seen: &[Seen], token: u32) -> f64 {
        let mut probability = self.unigrams.get(token as usize).copied().unwrap_or(0.0);
        for (order, seen) in (2..).zip(seen) {
            let (tokens, counts) = self.trie.ngrams(order, seen.place.clone());
            let count = tokens.binary_search(&token).ok();
            let count = count.and_then(|at| counts.get(at)).copied().unwrap_or(0);
            let kept = kept(count, self.discounts(order));
            probability = kept / seen.facts.total + seen.facts.gamma * probability;
        }
        probability
    }

    fn discounts(&self, order: usize) -> &Discounts {
        let found = order
            .checked_sub(1)
            .and_then(|order| self.discounts.get(order));
        found.unwrap_or(&FALLBACK)
    }
}

/// Discounts where the counts are too few or too odd for the formula, as KenLM's
/// `--discount_fallback`.
const FALLBACK: Discounts = [0.0, 0.5, 1.0, 1.5];

/// Modified Kneser-Ney discounts (Chen and Goodman 1999, equation 26). They are kept above 0:
/// else nothing unseen were possible.
fn discounts(counts: &[u32]) -> Discounts {
    let mut numbers = [0u64; 5];
    for &count in counts {
        if let Some(number) = numbers.get_mut(count as usize) {
            *number += 1;
        }
    }
    let [_, n1, n2, n3, n4] = numbers.map(|number| number as f64);
    let y = n1 / (n1 + 2.0 * n2);
    let found = [
        1.0 - 2.0 * y * n2 / n1,
        2.0 - 3.0 * y * n3 / n2,
        3.0 - 4.0 * y * n4 / n3,
    ];
    let sound = |(discount, most): (&f64, f64)| *discount > 0.0 && *discount <= most;
    match found.iter().zip([1.0, 2.0, 3.0]).all(sound) {
        true => [0.0, found[0], found[1], found[2]],
        false => FALLBACK,
    }
}

fn discount(count: u32, discounts: &Discounts) -> f64 {
    let [_, one, two, more] = *discounts;
    match count {
        0 => 0.0,
        1 => one,
        2 => two,
        _ => more,
    }
}

fn kept(count: u32, discounts: &Discounts) -> f64 {
    f64::from(count) - discount(count, discounts)
}

fn freed(counts: &[u32], discounts: &Discounts) -> f64 {
    counts.iter().map(|&count| discount(count, discounts)).sum()
}

fn sum(counts: &[u32]) -> f64 {
    counts.iter().map(|&count| u64::from(count)).sum::<u64>() as f64
}

#[cfg(test)]
#[path = "kneser_ney_tests.rs"]
mod tests;
