//! What is measured, and how it is written.

use std::collections::BTreeMap;
use std::f64::consts::LN_2;

use serde::Serialize;
use textmill_model::Gpt;
use textmill_packing::HeldOut;
use textmill_schemas::Tokens;

use crate::Error;
use crate::exposure::Exposures;
use crate::memorization::Recitals;
use crate::tasks::TaskScores;

/// Language of documents for which none was identified (ISO 639-2).
pub(crate) const UNDETERMINED: &str = "und";

/// How well some tokens were predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    pub tokens: u64,
    /// Negative log-likelihood.
    pub nats: f64,
    /// Tokens that were the first guess.
    pub top1: u64,
    /// Tokens that were among the first five guesses.
    pub top5: u64,
}

impl Score {
    /// Counts a token by its negative log-likelihood and the number of tokens thought likelier.
    pub fn count(&mut self, nats: f64, rank: u64) {
        self.tokens += 1;
        self.nats += nats;
        self.top1 += u64::from(rank < 1);
        self.top5 += u64::from(rank < 5);
    }

    pub fn add(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.nats += other.nats;
        self.top1 += other.top1;
        self.top5 += other.top5;
    }
}

/// The judges' scores of the same targets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scores {
    pub model: Score,
    pub kneser_ney_5: Score,
    pub unigram: Score,
}

/// One judge's scores of some documents, and what their spread needs.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    score: Score,
    /// Σ nats² over the documents.
    squares: f64,
    /// Σ nats · bytes.
    products: f64,
}

impl Sums {
    fn add(&mut self, bytes: f64, score: &Score) {
        self.score.add(score);
        self.squares += score.nats * score.nats;
        self.products += score.nats * bytes;
    }
}

/// Scores of a group of documents.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    documents: u64,
    bytes: u64,
    /// Σ bytes² over the documents.
    byte_squares: f64,
    model: Sums,
    kneser_ney_5: Sums,
    unigram: Sums,
}

impl Group {
    fn add(&mut self, bytes: u32, scores: &Scores) {
        self.documents += 1;
        self.bytes += u64::from(bytes);
        let bytes = f64::from(bytes);
        self.byte_squares += bytes * bytes;
        self.model.add(bytes, &scores.model);
        self.kneser_ney_5.add(bytes, &scores.kneser_ney_5);
        self.unigram.add(bytes, &scores.unigram);
    }

    fn compare(&self) -> Result<Comparison, Error> {
        Ok(Comparison {
            model: self.measure("model", &self.model)?,
            kneser_ney_5: self.measure("5-gram model", &self.kneser_ney_5)?,
            unigram: self.measure("unigram", &self.unigram)?,
        })
    }

    fn measure(&self, judge: &'static str, sums: &Sums) -> Result<Measures, Error> {
        let score = &sums.score;
        let tokens = score.tokens.max(1) as f64;
        let bytes = self.bytes.max(1) as f64;
        let perplexity = (score.nats / tokens).exp();
        if !perplexity.is_finite() {
            return Err(Error::NotFinite { judge });
        }
        let (top1, top5) = (score.top1 as f64 / tokens, score.top5 as f64 / tokens);
        let error = |share: f64| rounded((share * (1.0 - share) / tokens).sqrt());
        Ok(Measures {
            documents: self.documents,
            tokens: score.tokens,
            bytes: self.bytes,
            perplexity: rounded(perplexity),
            bits_per_byte: rounded(score.nats / (LN_2 * bytes)),
            bits_per_byte_stderr: self.stderr(sums).map(rounded),
            top1: rounded(top1),
            top1_stderr: error(top1),
            top5: rounded(top5),
            top5_stderr: error(top5),
        })
    }

    /// √(n / (n − 1) · Σ (xᵢ − r bᵢ)²) / Σ bᵢ: the standard error of the ratio r = Σ xᵢ / Σ bᵢ of
    /// bits to bytes over n documents (Cochran 1977, "Sampling techniques", section 6.3).
    fn stderr(&self, sums: &Sums) -> Option<f64> {
        let (n, bytes) = (self.documents as f64, self.bytes.max(1) as f64);
        let ratio = sums.score.nats / bytes;
        let residuals =
            sums.squares - 2.0 * ratio * sums.products + ratio * ratio * self.byte_squares;
        let variance = n / (n - 1.0) * residuals.max(0.0);
        (self.documents > 1).then(|| variance.sqrt() / (LN_2 * bytes))
    }
}

/// The least number of tokens of a document's length class: 0, 16, 64 and so on by powers of 4.
pub(crate) fn length_class(tokens: u64) -> u64 {
    match tokens {
        0..16 => 0,
        _ => 1 << (tokens.ilog2() / 2 * 2),
    }
}

/// Six decimals: what lies beyond is rounding error.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Scores of all documents, by source, language and length.
#[derive(Debug, Default)]
pub(crate) struct Results {
    held_out: HeldOut,
    overall: Group,
    /// Of documents whose source and language the model has learnt from, and of the others.
    by_training: BTreeMap<&'static str, Group>,
    by_source: BTreeMap<String, Group>,
    by_lang: BTreeMap<String, Group>,
    by_length: BTreeMap<u64, Group>,
}

impl Results {
    /// Nothing measured yet; what was held out of training stands apart.
    pub fn new(held_out: HeldOut) -> Self {
        Self {
            held_out,
            ..Self::default()
        }
    }

    /// Adds a document. The order of the calls decides the last bits of the sums.
    pub fn add(&mut self, document: &Tokens, scores: &Scores) {
        let lang = document.lang.as_deref().unwrap_or(UNDETERMINED);
        self.overall.add(document.bytes, scores);
        if !self.held_out.is_empty() {
            let part = match self
                .held_out
                .holds(&document.source, document.lang.as_deref())
            {
                true => "held_out",
                false => "trained_on",
            };
            let of_part = self.by_training.entry(part).or_default();
            of_part.add(document.bytes, scores);
        }
        let class = length_class(document.tokens.len() as u64);
        let of_length = self.by_length.entry(class).or_default();
        of_length.add(document.bytes, scores);
        for (groups, name) in [
            (&mut self.by_source, document.source.as_str()),
            (&mut self.by_lang, lang),
        ] {
            match groups.get_mut(name) {
                Some(group) => group.add(document.bytes, scores),
                None => {
                    let group = groups.entry(name.to_owned()).or_default();
                    group.add(document.bytes, scores);
                }
            }
        }
    }

    /// Documents added.
    pub fn documents(&self) -> u64 {
        self.overall.documents
    }

    /// The finished report.
    pub fn report(&self, model: ModelFacts, further: Further) -> Result<Metrics, Error> {
        if self.overall.model.score.tokens == 0 {
            return Err(Error::NoDocuments);
        }
        Ok(Metrics {
            model,
            overall: self.overall.compare()?,
            held_out: self.held_out.clone(),
            by_training: compare(&self.by_training)?,
            by_source: compare(&self.by_source)?,
            by_lang: compare(&self.by_lang)?,
            by_length: compare(&self.by_length)?,
            further,
        })
    }
}

fn compare<K: Ord + Clone>(groups: &BTreeMap<K, Group>) -> Result<BTreeMap<K, Comparison>, Error> {
    let named = groups.iter();
    named
        .map(|(name, group)| Ok((name.clone(), group.compare()?)))
        .collect()
}

/// The content of metrics.json.
#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    pub model: ModelFacts,
    pub overall: Comparison,
    /// Sources and languages that the mixture left out.
    #[serde(skip_serializing_if = "HeldOut::is_empty")]
    pub held_out: HeldOut,
    /// `trained_on` and `held_out`: documents of what the model has learnt from, and of what it
    /// has not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_training: BTreeMap<&'static str, Comparison>,
    pub by_source: BTreeMap<String, Comparison>,
    pub by_lang: BTreeMap<String, Comparison>,
    /// By the least number of tokens of the length class, which ends before four times as many.
    pub by_length: BTreeMap<u64, Comparison>,
    #[serde(flatten)]
    pub further: Further,
}

/// What is asked of the model besides.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Further {
    /// Multiple-choice and cloze tasks.
    pub tasks: Vec<TaskScores>,
    /// What it knows by heart; absent if nobody asked, or its context is too short.
    pub memorization: Option<Recitals>,
    /// What it betrays of the canaries; absent if none were planted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposures>,
    pub samples: Vec<Sample>,
}

/// Which model was measured.
#[derive(Debug, Serialize)]
pub(crate) struct ModelFacts {
    /// Folder of the checkpoint within the train stage's.
    pub checkpoint: String,
    pub parameters: i64,
    pub context: i64,
    pub vocab_size: i64,
}

impl ModelFacts {
    /// Of a checkpoint's model.
    pub fn of(gpt: &Gpt, checkpoint: &str) -> Self {
        Self {
            checkpoint: checkpoint.to_owned(),
            parameters: gpt.parameters(),
            context: gpt.config().context,
            vocab_size: gpt.config().vocab_size,
        }
    }
}

/// The judges side by side.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub model: Measures,
    pub kneser_ney_5: Measures,
    pub unigram: Measures,
}

/// What one judge reached on a group of documents.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Measures {
    pub documents: u64,
    /// Targets: the documents' tokens, without the document-end token.
    pub tokens: u64,
    /// UTF-8 bytes of the documents' texts.
    pub bytes: u64,
    /// exp(nats / tokens); comparable under one tokenizer only.
    pub perplexity: f64,
    /// nats / (ln 2 · bytes); comparable across tokenizers.
    pub bits_per_byte: f64,
    /// Its standard error, as of documents drawn independently; absent for one document.
    pub bits_per_byte_stderr: Option<f64>,
    /// Share of the tokens that were the first guess.
    pub top1: f64,
    /// Standard error √(p (1 − p) / n), as of independent tokens.
    pub top1_stderr: f64,
    /// Share of the tokens that were among the first five guesses.
    pub top5: f64,
    /// Standard error, likewise.
    pub top5_stderr: f64,
}

/// What the model made of a prompt.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    pub lang: String,
    pub prompt: String,
    /// The continuation, without the prompt.
    pub text: String,
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
