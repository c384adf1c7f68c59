//! What is measured, and how it is written.

use std::collections::BTreeMap;

use serde::Serialize;
use textmill_schemas::Tokens;

use crate::Error;

/// Language of documents for which none was identified (ISO 639-2).
const UNDETERMINED: &str = "und";

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

/// Scores of a group of documents.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    documents: u64,
    bytes: u64,
    scores: Scores,
}

impl Group {
    fn add(&mut self, bytes: u32, scores: &Scores) {
        self.documents += 1;
        self.bytes += u64::from(bytes);
        self.scores.model.add(&scores.model);
        self.scores.kneser_ney_5.add(&scores.kneser_ney_5);
        self.scores.unigram.add(&scores.unigram);
    }

    fn compare(&self) -> Result<Comparison, Error> {
        Ok(Comparison {
            model: self.measure("model", &self.scores.model)?,
            kneser_ney_5: self.measure("5-gram model", &self.scores.kneser_ney_5)?,
            unigram: self.measure("unigram", &self.scores.unigram)?,
        })
    }

    fn measure(&self, judge: &'static str, score: &Score) -> Result<Measures, Error> {
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
            bits_per_byte: rounded(score.nats / (std::f64::consts::LN_2 * bytes)),
            top1: rounded(top1),
            top1_stderr: error(top1),
            top5: rounded(top5),
            top5_stderr: error(top5),
        })
    }
}

/// Six decimals: what lies beyond is rounding error.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Scores of all documents, by source and by language.
#[derive(Debug, Default)]
pub(crate) struct Results {
    overall: Group,
    by_source: BTreeMap<String, Group>,
    by_lang: BTreeMap<String, Group>,
}

impl Results {
    /// Adds a document. The order of the calls decides the last bits of the sums.
    pub fn add(&mut self, document: &Tokens, scores: &Scores) {
        let lang = document.lang.as_deref().unwrap_or(UNDETERMINED);
        self.overall.add(document.bytes, scores);
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
    pub fn report(&self, model: ModelFacts, samples: Vec<Sample>) -> Result<Metrics, Error> {
        if self.overall.scores.model.tokens == 0 {
            return Err(Error::NoDocuments);
        }
        let compare = |groups: &BTreeMap<String, Group>| -> Result<BTreeMap<_, _>, Error> {
            let named = groups.iter();
            named
                .map(|(name, group)| Ok((name.clone(), group.compare()?)))
                .collect()
        };
        Ok(Metrics {
            model,
            overall: self.overall.compare()?,
            by_source: compare(&self.by_source)?,
            by_lang: compare(&self.by_lang)?,
            samples,
        })
    }
}

/// The content of metrics.json.
#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    pub model: ModelFacts,
    pub overall: Comparison,
    pub by_source: BTreeMap<String, Comparison>,
    pub by_lang: BTreeMap<String, Comparison>,
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
mod tests {
    use super::*;

    fn scores(nats: f64, ranks: &[u64]) -> Scores {
        let mut model = Score::default();
        for &rank in ranks {
            model.count(nats, rank);
        }
        Scores {
            model,
            kneser_ney_5: model,
            unigram: model,
        }
    }

    fn document(source: &str, lang: Option<&str>, bytes: u32) -> Tokens {
        Tokens {
            source: source.to_owned(),
            lang: lang.map(str::to_owned),
            bytes,
            ..Tokens::default()
        }
    }

    fn facts() -> ModelFacts {
        ModelFacts {
            checkpoint: "best".to_owned(),
            parameters: 1,
            context: 2,
            vocab_size: 3,
        }
    }

    #[test]
    fn measures_are_those_of_the_hand() {
        let mut results = Results::default();
        // ln 8 nats a token is 3 bits; 4 tokens on 6 bytes are 2 bits a byte
        let scores = scores(8f64.ln(), &[0, 4, 5, 90]);
        results.add(&document("news", Some("en"), 6), &scores);
        let metrics = results.report(facts(), Vec::new()).unwrap();
        let expected = Measures {
            documents: 1,
            tokens: 4,
            bytes: 6,
            perplexity: 8.0,
            bits_per_byte: 2.0,
            top1: 0.25,
            top1_stderr: 0.216_506, // √(¼ · ¾ / 4)
            top5: 0.5,
            top5_stderr: 0.25,
        };
        assert_eq!(metrics.overall.model, expected);
        assert_eq!(metrics.overall.kneser_ney_5, expected);
        assert_eq!(metrics.by_source["news"].unigram, expected);
    }

    #[test]
    fn groups_add_up_to_the_whole() {
        let mut results = Results::default();
        results.add(&document("a", Some("en"), 10), &scores(1.0, &[0, 1]));
        results.add(&document("b", Some("zh"), 20), &scores(2.0, &[9]));
        results.add(&document("a", None, 30), &scores(3.0, &[0]));
        let metrics = results.report(facts(), Vec::new()).unwrap();
        assert_eq!(
            metrics.overall.model.perplexity,
            rounded((7f64 / 4.0).exp())
        );
        assert_eq!(metrics.overall.model.bytes, 60);
        assert_eq!(metrics.by_source["a"].model.documents, 2);
        assert_eq!(metrics.by_source["a"].model.top1, rounded(2.0 / 3.0));
        let langs: Vec<&String> = metrics.by_lang.keys().collect();
        assert_eq!(langs, ["en", "und", "zh"]);
        assert_eq!(metrics.by_lang["zh"].model.tokens, 1);
    }

    #[test]
    fn what_is_not_finite_or_empty_is_an_error() {
        let mut results = Results::default();
        let empty = results.report(facts(), Vec::new()).unwrap_err();
        assert!(empty.to_string().contains("validation_fraction"));
        results.add(&document("a", None, 1), &scores(f64::NAN, &[0]));
        let error = results.report(facts(), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("the model gave"), "{error}");
    }
}
