//! The n-gram models that the trained one has to beat.

use textmill_schemas::{ShardReader, StageInput, TaskContext, Tokens};

use crate::Error;
use crate::bigrams::{Bigrams, Counter};
use crate::inputs::{Vocabulary, shards};
use crate::metrics::Score;

/// The five most likely tokens, best first; of equals the lower id. Where the vocabulary has
/// fewer, the rest is [`NONE`].
pub(crate) type Guesses = [u32; 5];
const NONE: u32 = u32::MAX;

/// A model that looks back at one token at most.
pub(crate) trait Baseline {
    /// Probability of `token` behind `previous`; above 0 for all tokens of the vocabulary.
    fn probability(&self, previous: u32, token: u32) -> f64;
    /// The most likely tokens behind `previous`.
    fn guesses(&self, previous: u32) -> &Guesses;

    /// Scores the tokens of a document, the first of them behind the document-end token.
    fn score(&self, end: u32, tokens: &[u32]) -> Score {
        let mut score = Score::default();
        let mut previous = end;
        for &token in tokens {
            let rank = self.guesses(previous).iter().position(|&g| g == token);
            let rank = rank.unwrap_or(usize::MAX) as u64;
            score.count(-self.probability(previous, token).ln(), rank);
            previous = token;
        }
        score
    }
}

/// The baselines of a corpus.
pub(crate) struct Baselines {
    pub unigram: Discounted,
    pub bigram: KneserNey,
    /// Training tokens that were counted.
    pub tokens: u64,
}

impl Baselines {
    /// Counts the training shards, a row group at a time. Beyond `limit` tokens (0: none)
    /// documents are left out evenly.
    pub fn count(
        input: &StageInput,
        vocabulary: Vocabulary,
        limit: u64,
        ctx: &TaskContext,
    ) -> Result<Self, Error> {
        let share = match limit {
            0 => 1.0,
            limit => limit as f64 / vocabulary.train_tokens.max(1) as f64,
        };
        let mut counts = Counts::new(vocabulary);
        let (mut seen, mut taken) = (0u64, 0u64);
        for (path, _) in shards(input, "train") {
            for group in ShardReader::<Tokens>::open(&path)? {
                for document in group? {
                    ctx.check_cancelled()?;
                    vocabulary.check(&path, &document)?;
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
    bigrams: Counter,
}

impl Counts {
    fn new(vocabulary: Vocabulary) -> Self {
        Self {
            end: vocabulary.end,
            unigrams: vec![0; vocabulary.size],
            bigrams: Counter::new(vocabulary.size),
        }
    }

    /// Counts a document: the model, too, learns when documents end.
    fn add(&mut self, tokens: &[u32]) {
        let mut previous = self.end;
        for &token in tokens.iter().chain([&self.end]) {
            if let Some(count) = self.unigrams.get_mut(token as usize) {
                *count += 1;
            }
            self.bigrams.add(previous, token);
            previous = token;
        }
    }

    fn finish(self, tokens: u64) -> Baselines {
        Baselines {
            bigram: KneserNey::new(self.bigrams.finish(), self.unigrams.len()),
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
}

impl Baseline for Discounted {
    fn probability(&self, _previous: u32, token: u32) -> f64 {
        self.at(token)
    }

    fn guesses(&self, _previous: u32) -> &Guesses {
        &self.guesses
    }
}

/// A bigram model with interpolated Kneser-Ney smoothing (Kneser and Ney 1995, "Improved
/// backing-off for m-gram language modeling"; interpolated as in Chen and Goodman 1999, "An
/// empirical study of smoothing techniques for language modeling"):
///
/// p(w | v) = max(c(v w) − D, 0) / c(v) + D · N₁₊(v ·) / c(v) · p(w),
///
/// where p(w) counts in how many contexts w is seen, discounted likewise and interpolated with
/// the uniform distribution.
pub(crate) struct KneserNey {
    bigrams: Bigrams,
    discount: f64,
    /// Over N₁₊(· w), the number of different tokens before w.
    lower: Discounted,
    /// c(v).
    totals: Vec<u64>,
    guesses: Vec<Guesses>,
}

impl KneserNey {
    fn new(bigrams: Bigrams, vocab: usize) -> Self {
        let mut before = vec![0u64; vocab];
        for &second in bigrams.seconds() {
            if let Some(count) = before.get_mut(second as usize) {
                *count += 1;
            }
        }
        let all = || 0..u32::try_from(vocab).unwrap_or(NONE);
        let total = |v| bigrams.row(v).1.iter().map(|&count| u64::from(count)).sum();
        let mut found = Self {
            discount: discount(bigrams.counts().iter().map(|&count| u64::from(count))),
            lower: Discounted::new(before),
            totals: all().map(total).collect(),
            bigrams,
            guesses: Vec::new(),
        };
        found.guesses = all().map(|v| found.best_after(v)).collect();
        found
    }

    /// The most likely tokens are among those seen behind `previous` and the best of the lower
    /// order: any other has five of the latter above it.
    fn best_after(&self, previous: u32) -> Guesses {
        let (seen, _) = self.bigrams.row(previous);
        let lower = self.lower.guesses.iter().copied();
        let unseen = lower.filter(|token| *token != NONE && seen.binary_search(token).is_err());
        let candidates = seen.iter().copied().chain(unseen);
        best(candidates.map(|token| (token, self.probability(previous, token))))
    }
}

impl Baseline for KneserNey {
    fn probability(&self, previous: u32, token: u32) -> f64 {
        let lower = self.lower.at(token);
        match self.totals.get(previous as usize) {
            None | Some(0) => lower,
            Some(&total) => {
                let count = f64::from(self.bigrams.count(previous, token));
                let different = self.bigrams.row(previous).0.len() as f64;
                let kept = (count - self.discount).max(0.0);
                (kept + self.discount * different * lower) / total as f64
            }
        }
    }

    fn guesses(&self, previous: u32) -> &Guesses {
        let found = self.guesses.get(previous as usize);
        found.unwrap_or(&self.lower.guesses)
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

fn best(candidates: impl Iterator<Item = (u32, f64)>) -> Guesses {
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
