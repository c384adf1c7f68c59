//! What the trained model has to beat: counts of the training documents.

use textmill_packing::HeldOut;
use textmill_schemas::{ShardReader, Side, StageInput, TaskContext, Tokens};

use crate::Error;
use crate::inputs::{Vocabulary, shards};
use crate::kneser_ney::KneserNey;
use crate::memorization::Passages;
use crate::metrics::Score;
use crate::trie::Counter;

/// The five most likely tokens, best first; of equals the lower id. Where the vocabulary has
/// fewer, the rest is [`NONE`].
pub(crate) type Guesses = [u32; 5];
const NONE: u32 = u32::MAX;
/// Tokens that are counted at most: their positions, and those of documents' borders, are numbers
/// of four bytes.
const MOST_TOKENS: u64 = 1 << 30;

/// The baselines of a corpus.
pub(crate) struct Baselines {
    pub unigram: Discounted,
    pub kneser_ney: KneserNey,
    /// Training tokens that were counted.
    pub tokens: u64,
}

impl Baselines {
    /// Counts the training shards without what is held out, and draws passages of them. Beyond
    /// `limit` tokens (0: [`MOST_TOKENS`]) documents are left out evenly.
    pub fn count(
        input: &StageInput,
        vocabulary: Vocabulary,
        limit: u64,
        held_out: &HeldOut,
        passages: &mut Passages,
        ctx: &TaskContext,
    ) -> Result<Self, Error> {
        let limit = match limit {
            0 => MOST_TOKENS,
            limit => limit.min(MOST_TOKENS),
        };
        let share = limit as f64 / vocabulary.train_tokens.max(1) as f64;
        let mut counts = Counts::new(vocabulary);
        let (mut seen, mut taken) = (0u64, 0u64);
        for (path, _) in shards(input, Side::Train) {
            for group in ShardReader::<Tokens>::open(&path)? {
                for document in group? {
                    ctx.check_cancelled()?;
                    vocabulary.check(&path, &document)?;
                    if held_out.holds(&document.source, document.lang.as_deref()) {
                        continue;
                    }
                    passages.add(&document);
                    let length = document.tokens.len() as u64;
                    if taken as f64 <= share * seen as f64 {
                        counts.add(&document.tokens);
                        taken += length;
                    }
                    seen += length;
                }
            }
        }
        Ok(counts.finish(taken))
    }
}

struct Counts {
    end: u32,
    unigrams: Vec<u64>,
    ngrams: Counter,
}

impl Counts {
    fn new(vocabulary: Vocabulary) -> Self {
        Self {
            end: vocabulary.end,
            unigrams: vec![0; vocabulary.size],
            ngrams: Counter::new(vocabulary.size, vocabulary.end),
        }
    }

    /// Counts a document: the model, too, learns when documents end.
    fn add(&mut self, tokens: &[u32]) {
        for &token in tokens.iter().chain([&self.end]) {
            if let Some(count) = self.unigrams.get_mut(token as usize) {
                *count += 1;
            }
        }
        self.ngrams.add(tokens);
    }

    fn finish(self, tokens: u64) -> Baselines {
        Baselines {
            kneser_ney: KneserNey::new(self.ngrams.finish(), self.unigrams.len()),
            unigram: Discounted::new(self.unigrams),
            tokens,
        }
    }
}

/// A distribution over the vocabulary from counts, with absolute discounting: each count gives up
/// a constant, and what is given up is spread evenly over the vocabulary (Ney, Essen and Kneser
/// 1994, "On structuring probabilistic dependences in stochastic language modelling").
pub(crate) struct Discounted {
    counts: Vec<u64>,
    total: f64,
    discount: f64,
    /// What each token gets of the discounts.
    floor: f64,
    guesses: Guesses,
}

impl Discounted {
    pub fn new(counts: Vec<u64>) -> Self {
        let total = counts.iter().sum::<u64>() as f64;
        let seen = counts.iter().filter(|&&count| count > 0).count() as f64;
        let discount = discount(counts.iter().copied());
        let spread = if total > 0.0 {
            discount * seen / total
        } else {
            1.0
        };
        let mut found = Self {
            floor: spread / counts.len().max(1) as f64,
            counts,
            total: total.max(1.0),
            discount,
            guesses: [NONE; 5],
        };
        let all = 0..u32::try_from(found.counts.len()).unwrap_or(NONE);
        found.guesses = best(all.map(|token| (token, found.at(token))));
        found
    }

    fn at(&self, token: u32) -> f64 {
        let count = self.counts.get(token as usize).copied().unwrap_or(0);
        (count as f64 - self.discount).max(0.0) / self.total + self.floor
    }

    /// Scores tokens, wherever they stand.
    pub fn score(&self, tokens: &[u32]) -> Score {
        let mut score = Score::default();
        for &token in tokens {
            let rank = self.guesses.iter().position(|&guess| guess == token);
            let rank = rank.unwrap_or(usize::MAX) as u64;
            score.count(-self.at(token).ln(), rank);
        }
        score
    }
}

/// The discount n₁ / (n₁ + 2 n₂), from how many counts are 1 and 2 (Ney, Essen and Kneser 1994).
/// It is kept off 0 and 1, where unusual counts would put it: at 0 nothing unseen were possible.
fn discount(counts: impl Iterator<Item = u64>) -> f64 {
    let (mut ones, mut twos) = (0u64, 0u64);
    for count in counts {
        ones += u64::from(count == 1);
        twos += u64::from(count == 2);
    }
    match ones + 2 * twos {
        0 => 0.5,
        sum => (ones as f64 / sum as f64).clamp(0.05, 0.95),
    }
}

/// The five most likely of tokens with their probabilities.
pub(crate) fn best(candidates: impl Iterator<Item = (u32, f64)>) -> Guesses {
    let mut guesses = [NONE; 5];
    let mut top: Vec<(u32, f64)> = Vec::with_capacity(guesses.len() + 1);
    for (token, probability) in candidates {
        let ahead = |other: &(u32, f64)| {
            other.1 > probability || (other.1 == probability && other.0 < token)
        };
        let place = top.partition_point(ahead);
        if place < guesses.len() {
            top.insert(place, (token, probability));
            top.truncate(guesses.len());
        }
    }
    for (guess, (token, _)) in guesses.iter_mut().zip(top) {
        *guess = token;
    }
    guesses
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
