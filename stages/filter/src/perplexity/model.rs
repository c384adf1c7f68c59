//! The model, and how it scores a text.

use super::buckets::Buckets;
use super::table::{Table, Weights, prepend, unigram};
use super::units::{BEGIN, END, UNKNOWN, Units};

/// Longest n-gram that a model may have.
pub const MAX_ORDER: usize = 8;

/// An n-gram language model with back-off weights: interpolated modified Kneser–Ney if trained here
/// (Chen & Goodman 1999; in this form Heafield et al. 2013), any if read from an ARPA file.
#[derive(Clone, Debug)]
pub struct KneserNey {
    pub(super) units: Units,
    /// By order, unigrams first.
    pub(super) tables: Vec<Table>,
    pub(super) unknown: Weights,
    pub(super) language: String,
    pub(super) buckets: Option<Buckets>,
}

/// What a model says of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Sum of the logarithms to base 10 of all units' probabilities.
    pub log10_probability: f64,
    /// Number of units, ends of sentences included.
    pub units: usize,
    /// Number of units that the model does not know.
    pub unknown: usize,
}

impl Score {
    /// 10 to the power of minus the mean logarithm, per unit; infinite for a text without units.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        if self.units == 0 {
            return f64::INFINITY;
        }
        10f64.powf(-self.log10_probability / self.units as f64)
    }
}

impl KneserNey {
    pub(super) fn new(units: Units, tables: Vec<Table>) -> Self {
        let unknown = tables.first().and_then(|table| table.get(unigram(UNKNOWN)));
        Self {
            units,
            tables,
            // What KenLM takes where a model has no <unk>.
            unknown: unknown.unwrap_or(Weights {
                probability: -100.0,
                backoff: 0.0,
            }),
            language: String::new(),
            buckets: None,
        }
    }

    /// Perplexity of a text by unit, as CCNet has it: each line is a sentence, its end is a unit,
    /// and all lines count together. Infinite for a text without units. Time is linear in the
    /// text's length, and nothing is allocated.
    #[must_use]
    pub fn perplexity(&self, text: &str) -> f64 {
        self.score(text).perplexity()
    }

    /// The sum behind the perplexity.
    #[must_use]
    pub fn score(&self, text: &str) -> Score {
        let begin = self.after_begin();
        let mut context = begin;
        let mut score = Score::default();
        self.units.each(text, |unit| {
            let (logarithm, known) = self.advance(&mut context, unit);
            score.log10_probability += f64::from(logarithm);
            score.units += 1;
            score.unknown += usize::from(!known);
            if unit == END {
                context = begin;
            }
        });
        score
    }

    /// Longest n-gram of the model.
    #[must_use]
    pub fn order(&self) -> usize {
        self.tables.len()
    }

    /// Number of n-grams of each order, unigrams first.
    #[must_use]
    pub fn ngrams(&self) -> Vec<usize> {
        self.tables.iter().map(Table::len).collect()
    }

    /// Memory that the model takes, in bytes: 24 an n-gram.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(Table::bytes).sum()
    }

    /// Code of the language that the model is for; empty if nobody said.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The cut-offs stored with the model.
    #[must_use]
    pub fn buckets(&self) -> Option<Buckets> {
        self.buckets
    }

    /// Sets the cut-offs that are stored with the model.
    pub fn set_buckets(&mut self, buckets: Option<Buckets>) {
        self.buckets = buckets;
    }

    /// The state at the beginning of a sentence.
    pub(super) fn after_begin(&self) -> Context {
        let mut context = Context::default();
        let begin = self
            .tables
            .first()
            .and_then(|table| table.get(unigram(BEGIN)));
        if let (Some(begin), true) = (begin, self.order() > 1) {
            context.units[0] = BEGIN;
            context.backoffs[0] = begin.backoff;
            context.len = 1;
        }
        context
    }

    /// Logarithm to base 10 of a unit's probability in its context, and whether the model knows it;
    /// then the unit belongs to the context.
    #[inline]
    pub(super) fn advance(&self, context: &mut Context, unit: u64) -> (f32, bool) {
        let mut ngram = unigram(unit);
        let (first, known) = match self.tables.first().and_then(|table| table.get(ngram)) {
            Some(weights) => (weights, true),
            None => (self.unknown, false),
        };
        let unit = if known { unit } else { UNKNOWN };
        if !known {
            ngram = unigram(UNKNOWN);
        }
        let mut probability = first.probability;
        let mut backoffs = [0.0; MAX_ORDER];
        backoffs[0] = first.backoff;
        let mut matched = 1;
        for (table, &before) in self.tables[1..].iter().zip(&context.units[..context.len]) {
            ngram = prepend(ngram, before);
            let Some(weights) = table.get(ngram) else {
                break;
            };
            probability = weights.probability;
            backoffs[matched] = weights.backoff;
            matched += 1;
        }
        let backing: f32 = context.backoffs[..context.len]
            .iter()
            .skip(matched - 1)
            .sum();
        context.units.copy_within(..MAX_ORDER - 1, 1);
        context.units[0] = unit;
        context.backoffs = backoffs;
        context.len = matched.min(self.tables.len() - 1);
        (probability + backing, known)
    }
}

/// The units before the one to be predicted, as far back as the model has n-grams of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// The last unit first.
    units: [u64; MAX_ORDER],
    /// Of the n-gram of the last unit, of the last two, and so on.
    backoffs: [f32; MAX_ORDER],
    len: usize,
}
