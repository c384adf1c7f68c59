//! Everything that a language brings to the rules.

use std::collections::HashMap;

use crate::config::{Config, Limits};
use crate::error::Error;
use crate::families::Family;
use crate::languages;
use crate::models;
use crate::rules::{Bound, Bounds, Rule, RuleSet};
use crate::stop_words::StopWords;
use crate::words::Segmenter;

/// Everything that a language brings to the rules.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// Its code.
    pub code: String,
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
        models::set_bounds(config, &mut bounds);
        let families = Family::parse(&config.families)?;
        for &rule in Rule::ALL {
            if !families.iter().any(|family| family.has(rule)) {
                bounds.set(rule, Bound::None);
            }
        }
        Ok(Self {
            code: code.to_owned(),
            segmenter: Segmenter::of(code),
            stop_words,
            bounds,
            limits,
        })
    }
}

/// The rulebooks of all languages.
#[derive(Clone, Debug)]
pub struct Rulebooks {
    /// By language code; languages with neither built-in limits, stop words nor a table in the
    /// configuration share `fallback`.
    by_language: HashMap<String, Rulebook>,
    fallback: Rulebook,
    /// The one language by whose rules every document is judged, if there is one.
    fixed: Option<String>,
}

impl Rulebooks {
    /// The rulebooks that a configuration asks for.
    ///
    /// # Errors
    /// As [`Rulebook::new`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        let mut codes: Vec<&str> = StopWords::languages()
            .chain(["th", "lo", "km", "my", "bo", "dz", "kn", "ml", "si"])
            .collect();
        codes.extend(config.language.keys().map(String::as_str));
        let mut by_language = HashMap::new();
        for code in codes {
            by_language.insert(code.to_string(), Rulebook::new(config, code)?);
        }
        Ok(Self {
            by_language,
            fallback: Rulebook::new(config, "")?,
            fixed: Some(config.rules_language.clone()).filter(|fixed| !fixed.is_empty()),
        })
    }

    /// The same with bounds in single precision, for scores that were kept so.
    #[must_use]
    pub fn single(mut self) -> Self {
        let books = self.by_language.values_mut().chain([&mut self.fallback]);
        for book in books {
            book.bounds = book.bounds.clone().single();
        }
        self
    }

    /// The rules by which a document in language `lang` is judged.
    #[must_use]
    pub fn of(&self, lang: Option<&str>) -> &Rulebook {
        let judged_as = self.fixed.as_deref().or(lang).unwrap_or_default();
        self.by_language.get(judged_as).unwrap_or(&self.fallback)
    }
}
