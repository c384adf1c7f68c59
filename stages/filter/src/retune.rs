//! Decides again, by what was measured before and without any text.

use textmill_schemas::Signals;

use crate::config::Config;
use crate::error::Error;
use crate::rulebook::Rulebooks;
use crate::rules::{Bound, Rule, Scores, Violation};

/// Keys of `[filter]`, and tables of keys, that say what is measured, or change the text: with
/// another value of one of these the signals of an earlier run say nothing.
pub const MEASURED_WITH: &[&str] = &[
    "c4_max_word_chars",
    "c4_min_line_words",
    "classifier.label",
    "classifier.model",
    "decontamination",
    "language_model",
    "perplexity.models",
    "refinedweb",
    "rules_language",
    "safety.words",
    "short_line_chars",
    "stop_words",
    "url",
];

/// The decisions of a configuration over the signals of a run with another one.
pub struct Retune {
    config: Config,
    rulebooks: Rulebooks,
}

impl Retune {
    /// Decides as `config` does.
    ///
    /// # Errors
    /// Names of families or rules that do not exist, limits that make no sense.
    pub fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            rulebooks: Rulebooks::new(config)?.single(),
        })
    }

    /// The scores of a document as they count here.
    #[must_use]
    pub fn scores(&self, signals: &Signals) -> Scores {
        let mut scores = Scores::from_signals(&signals.scores);
        let wanted = self
            .config
            .wants(signals.lang.as_deref(), signals.script.as_deref());
        if scores.get(Rule::Language).is_some() {
            scores.set(Rule::Language, f64::from(u8::from(wanted)));
        }
        scores
    }

    /// What is allowed of a rule's score, of a document in language `lang`.
    #[must_use]
    pub fn bound(&self, lang: Option<&str>, rule: Rule) -> Bound {
        self.rulebooks.of(lang).bounds.of(rule)
    }

    /// The rule that drops a document, or none. Scores were kept in single precision, and limits
    /// are compared with as much.
    #[must_use]
    pub fn decide(&self, signals: &Signals) -> Option<Violation> {
        let bounds = &self.rulebooks.of(signals.lang.as_deref()).bounds;
        bounds.first_miss(&self.scores(signals))
    }
}

#[cfg(test)]
mod tests {
    use textmill_schemas::{Document, DocumentStage};

    use super::*;
    use crate::Filter;

    fn signals(config: &Config, text: &str) -> Signals {
        let document = Document {
            text: text.into(),
            ..Document::default()
        };
        Filter::new(config).unwrap().measure(document).1.unwrap()
    }

    #[test]
    fn decides_as_a_run_would() {
        let text = "The cat sat on the mat with the dog. ".repeat(3);
        let old = Config::default();
        let measured = signals(&old, &text);
        assert_eq!(
            measured.dropped_by.as_deref(),
            Some("gopher_repetition.top_3gram")
        );
        let new = Config {
            max_top_ngrams: [1.0; 3],
            max_duplicate_ngrams: [1.0; 6],
            ..Config::default()
        };
        let again = Retune::new(&new).unwrap().decide(&measured).unwrap();
        assert_eq!(
            Some(again.rule.name()),
            signals(&new, &text).dropped_by.as_deref()
        );
        assert_eq!(again.rule, Rule::WordCount);
        let fewer = Config {
            families: vec!["lang".into()],
            ..Config::default()
        };
        assert_eq!(Retune::new(&fewer).unwrap().decide(&measured), None);
        let german = Config {
            languages: vec!["de".into()],
            ..Config::default()
        };
        let miss = Retune::new(&german).unwrap().decide(&measured).unwrap();
        assert_eq!(miss.rule, Rule::Language);
    }
}
