//! What is measured of a BERT, and how it is written.

use std::collections::BTreeMap;
use std::f64::consts::LN_2;

use serde::Serialize;
use textmill_schemas::Tokens;

use crate::Error;
use crate::metrics::{ModelFacts, Score, UNDETERMINED, length_class, rounded};

/// The ratio Σ x / Σ y over documents, and what its spread needs.
#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Ratio {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
    }

    fn value(&self) -> f64 {
        self.x / self.y.max(1.0)
    }

    /// √(n / (n − 1) · Σ (xᵢ − r yᵢ)²) / Σ yᵢ (Cochran 1977, "Sampling techniques", section 6.3);
    /// none for a single document.
    fn stderr(&self) -> Option<f64> {
        let r = self.value();
        let residuals = (self.xx - 2.0 * r * self.xy + r * r * self.yy).max(0.0);
        let variance = self.n / (self.n - 1.0) * residuals;
        (self.n > 1.0).then(|| variance.sqrt() / self.y.max(1.0))
    }
}

/// A judge's scores of hidden tokens in some documents.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    score: Score,
    /// Nats a token.
    loss: Ratio,
}

impl Sums {
    fn add(&mut self, score: &Score) {
        self.score.add(score);
        self.loss.add(score.nats, score.tokens as f64);
    }

    fn measures(&self, judge: &'static str, documents: u64) -> Result<Measures, Error> {
        let tokens = self.score.tokens.max(1) as f64;
        let share = |count: u64| count as f64 / tokens;
        let (first, five) = (share(self.score.top1), share(self.score.top5));
        let error = |share: f64| rounded((share * (1.0 - share) / tokens).sqrt());
        Ok(Measures {
            documents,
            tokens: self.score.tokens,
            masked_loss: finite(judge, self.loss.value())?,
            masked_loss_stderr: self.loss.stderr().map(rounded),
            masked_accuracy: rounded(first),
            masked_accuracy_stderr: error(first),
            masked_top5: rounded(five),
            masked_top5_stderr: error(five),
        })
    }
}

/// Scores of a group of documents.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    documents: u64,
    model: Sums,
    unigram: Sums,
    pseudo: Pseudo,
}

/// Pseudo-log-likelihoods of some of the documents.
#[derive(Clone, Copy, Debug, Default)]
struct Pseudo {
    documents: u64,
    bytes: u64,
    score: Score,
    /// Nats a byte.
    rate: Ratio,
}

impl Pseudo {
    fn add(&mut self, bytes: u32, score: &Score) {
        self.documents += 1;
        self.bytes += u64::from(bytes);
        self.score.add(score);
        self.rate.add(score.nats, bytes.into());
    }

    fn measures(&self) -> Result<Option<PseudoMeasures>, Error> {
        if self.score.tokens == 0 {
            return Ok(None);
        }
        let perplexity = (self.score.nats / self.score.tokens as f64).exp();
        Ok(Some(PseudoMeasures {
            documents: self.documents,
            tokens: self.score.tokens,
            bytes: self.bytes,
            pseudo_perplexity: finite(MODEL, perplexity)?,
            pseudo_bits_per_byte: rounded(self.rate.value() / LN_2),
            pseudo_bits_per_byte_stderr: self.rate.stderr().map(|error| rounded(error / LN_2)),
        }))
    }
}

const MODEL: &str = "model";

fn finite(judge: &'static str, value: f64) -> Result<f64, Error> {
    match value.is_finite() {
        true => Ok(rounded(value)),
        false => Err(Error::NotFinite { judge }),
    }
}

impl Group {
    fn compare(&self) -> Result<Comparison, Error> {
        Ok(Comparison {
            model: self.model.measures(MODEL, self.documents)?,
            unigram: self.unigram.measures("unigram", self.documents)?,
            pseudo: self.pseudo.measures()?,
        })
    }
}

/// Scores of all documents, by source, language and length.
#[derive(Debug, Default)]
pub(super) struct Results {
    overall: Group,
    by_source: BTreeMap<String, Group>,
    by_lang: BTreeMap<String, Group>,
    by_length: BTreeMap<u64, Group>,
}

impl Results {
    /// Adds scores of the same hidden tokens. The order of the calls decides the last bits of the
    /// sums.
    pub fn add(&mut self, document: &Tokens, model: &Score, unigram: &Score) {
        self.each(document, |group| {
            group.documents += 1;
            group.model.add(model);
            group.unigram.add(unigram);
        });
    }

    /// Adds a document's pseudo-log-likelihood.
    pub fn add_pseudo(&mut self, document: &Tokens, score: &Score) {
        self.each(document, |group| group.pseudo.add(document.bytes, score));
    }

    fn each(&mut self, document: &Tokens, add: impl Fn(&mut Group)) {
        let lang = document.lang.as_deref().unwrap_or(UNDETERMINED).to_owned();
        let class = length_class(document.tokens.len() as u64);
        add(&mut self.overall);
        add(self.by_source.entry(document.source.clone()).or_default());
        add(self.by_lang.entry(lang).or_default());
        add(self.by_length.entry(class).or_default());
    }

    /// Documents added.
    pub fn documents(&self) -> u64 {
        self.overall.documents
    }

    /// The finished report.
    pub fn report(&self, model: ModelFacts, mask_share: f64) -> Result<Metrics, Error> {
        if self.overall.model.score.tokens == 0 {
            return Err(Error::NoDocuments);
        }
        Ok(Metrics {
            objective: "masked_tokens",
            model,
            mask_share,
            overall: self.overall.compare()?,
            by_source: compare(&self.by_source)?,
            by_lang: compare(&self.by_lang)?,
            by_length: compare(&self.by_length)?,
            tasks: None,
            memorization: None,
            samples: None,
        })
    }
}

/// A group of which nothing was hidden together has no loss, and is left out.
fn compare<K: Ord + Clone>(groups: &BTreeMap<K, Group>) -> Result<BTreeMap<K, Comparison>, Error> {
    let named = groups
        .iter()
        .filter(|(_, group)| group.model.score.tokens > 0);
    named
        .map(|(name, group)| Ok((name.clone(), group.compare()?)))
        .collect()
}

/// The content of metrics.json for a model that fills in masked tokens.
#[derive(Debug, Serialize)]
pub(super) struct Metrics {
    /// `masked_tokens`: tells this form from that of causal models, which has no such key.
    pub objective: &'static str,
    pub model: ModelFacts,
    /// Share of the tokens that was hidden.
    pub mask_share: f64,
    pub overall: Comparison,
    pub by_source: BTreeMap<String, Comparison>,
    pub by_lang: BTreeMap<String, Comparison>,
    /// By the least number of tokens of the length class, which ends before four times as many.
    pub by_length: BTreeMap<u64, Comparison>,
    /// Null, as they need a model that predicts the next token; so are the next two.
    pub tasks: Option<()>,
    pub memorization: Option<()>,
    pub samples: Option<()>,
}

/// The judges side by side, and what the model makes of tokens hidden alone.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    pub model: Measures,
    pub unigram: Measures,
    /// Absent if no document of the group was measured.
    pub pseudo: Option<PseudoMeasures>,
}

/// What one judge reached on hidden tokens.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Measures {
    pub documents: u64,
    /// Hidden tokens.
    pub tokens: u64,
    /// Nats a hidden token; comparable under one tokenizer and share only.
    pub masked_loss: f64,
    /// Its standard error, as of documents drawn independently; absent for one document.
    pub masked_loss_stderr: Option<f64>,
    /// Share of the hidden tokens that were the first guess.
    pub masked_accuracy: f64,
    /// Standard error √(p (1 − p) / n), as of independent tokens.
    pub masked_accuracy_stderr: f64,
    /// Share of the hidden tokens that were among the first five guesses.
    pub masked_top5: f64,
    /// Standard error, likewise.
    pub masked_top5_stderr: f64,
}

/// Pseudo-log-likelihood: each token told from all others (Salazar et al. 2020, arXiv:1910.14659).
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct PseudoMeasures {
    pub documents: u64,
    pub tokens: u64,
    /// UTF-8 bytes of the documents' texts.
    pub bytes: u64,
    /// exp(nats / tokens); no perplexity of a language model.
    pub pseudo_perplexity: f64,
    /// nats / (ln 2 · bytes); not comparable with a causal model's bits per byte, which are those
    /// of a code for the text.
    pub pseudo_bits_per_byte: f64,
    /// Its standard error, as of documents drawn independently; absent for one document.
    pub pseudo_bits_per_byte_stderr: Option<f64>,
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
