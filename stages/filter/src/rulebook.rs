//! Everything that a language brings to the rules.

use crate::config::{Config, Limits};
use crate::error::Error;
use crate::languages;
use crate::rules::{Bound, Bounds, Rule, RuleSet};
use crate::stop_words::StopWords;
use crate::words::Segmenter;

/// Everything that a language brings to the rules.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// How its words are found.
    pub segmenter: Segmenter,
    /// Its function words.
    pub stop_words: StopWords,
    /// Its limits.
    pub limits: Limits,
    /// The same limits by rule.
    pub bounds: Bounds,
}

impl Rulebook {
    /// The rulebook of a language code.
    ///
    /// # Errors
    /// Names of rules that do not exist, limits that make no sense.
    pub fn new(config: &Config, code: &str) -> Result<Self, Error> {
        let limits = Limits::for_language(config, code, &languages::built_in(code))?;
        let key = match config.language.contains_key(code) {
            true => format!("filter.language.{code}.disable"),
            false => String::from("filter.disable"),
        };
        let stop_words = match limits.stop_words.as_slice() {
            [] => StopWords::built_in(code),
            own => StopWords::new(own.iter().map(String::as_str)),
        };
        let mut bounds = Bounds::new(&limits, RuleSet::parse(&limits.disable, &key)?);
        bounds.set(Rule::Language, Bound::Least(1.0));
        bounds.set(
            Rule::LanguageConfidence,
            Bound::Least(config.min_lang_confidence),
        );
        Ok(Self {
            segmenter: Segmenter::of(code),
            stop_words,
            bounds,
            limits,
        })
    }
}
