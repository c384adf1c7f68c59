//! The `[filter]` section: which rules decide, and their limits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::families::FAMILIES;
use crate::models::{ClassifierConfig, DecontaminationConfig, PerplexityConfig, SafetyConfig};
use crate::rules::refinedweb;
use crate::url::UrlOptions;

/// Declares the limits once, for the configuration, for a language's overrides
/// and for the limits as they apply to one language.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)*) => {
        /// Configuration of the filter stage.
        ///
        /// Every limit is the literature's default. A limit that belongs to a language stands in
        /// `[filter.language.CODE]`; Chinese, Japanese and a few others come with limits of their
        /// own (see [`crate::languages`]), which only such a table changes.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            /// Languages to keep, as ISO 639-1 codes where one exists, optionally with a script
            /// (`zh-Hant`); empty keeps all.
            pub languages: Vec<String>,
            /// Least confidence of the language identification; FineWeb's 0.65.
            pub min_lang_confidence: f64,
            /// Whether documents stay of which parts are in another language.
            pub keep_mixed: bool,
            /// A fastText model for the identification of languages, such as lid.176.ftz or
            /// GlotLID, in place of the built-in one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub language_model: Option<PathBuf>,
            /// Rule families that decide, always in the order of [`FAMILIES`].
            pub families: Vec<String>,
            /// Writes what every rule measured of every document, kept or dropped, as shards of
            /// `signals`: for SQL and for `textmill tune filter`. All families are measured then,
            /// also of documents that an earlier one drops.
            pub signals: bool,
            /// Judges every document by this language's rules, whatever its own. Empty: by its
            /// own. `en` is what datatrove does when it is not told a language.
            pub rules_language: String,
            $($(#[$doc])* pub $name: $type,)*
            /// Limits by language: `[filter.language.zh] min_words = 80`.
            pub language: BTreeMap<String, LanguageConfig>,
            /// `[filter.url]`
            pub url: UrlOptions,
            /// `[filter.refinedweb]`
            pub refinedweb: refinedweb::Options,
            /// `[filter.safety]`
            pub safety: SafetyConfig,
            /// `[filter.classifier]`
            pub classifier: ClassifierConfig,
            /// `[filter.perplexity]`
            pub perplexity: PerplexityConfig,
            /// `[filter.decontamination]`
            pub decontamination: DecontaminationConfig,
        }

        impl Default for Config {
            fn default() -> Self {
                Self {
                    languages: vec!["en".into(), "zh".into()],
                    min_lang_confidence: 0.65,
                    keep_mixed: true,
                    language_model: None,
                    // RefinedWeb's rules are no part of FineWeb's order, and strict on short lines.
                    families: FAMILIES
                        .iter()
                        .filter(|family| **family != "refinedweb")
                        .map(ToString::to_string)
                        .collect(),
                    signals: true,
                    rules_language: String::new(),
                    $($name: $default,)*
                    language: BTreeMap::new(),
                    url: UrlOptions::default(),
                    refinedweb: refinedweb::Options::default(),
                    safety: SafetyConfig::default(),
                    classifier: ClassifierConfig::default(),
                    perplexity: PerplexityConfig::default(),
                    decontamination: DecontaminationConfig::default(),
                }
            }
        }

        /// Limits of one language: what is absent is as in `[filter]`, or as the language's
        /// built-in limits have it.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct LanguageConfig {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
        }

        /// The limits that apply to one language.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Limits {
            /// The limits of `config`, without any language's overrides.
            fn base(config: &Config) -> Self {
                Self { $($name: config.$name.clone(),)* }
            }

            /// Takes over what `language` sets.
            fn override_with(&mut self, language: &LanguageConfig) {
                $(if let Some(value) = &language.$name { self.$name.clone_from(value); })*
            }
        }
    };
}

limits! {
    /// Fewest words, punctuation not counted (Gopher: 50).
    min_words: usize = 50;
    /// Most words, punctuation not counted (Gopher: 100,000).
    max_words: usize = 100_000;
    /// Least mean word length in characters (Gopher: 3).
    min_mean_word_length: f64 = 3.0;
    /// Greatest mean word length in characters (Gopher: 10).
    max_mean_word_length: f64 = 10.0;
    /// Most `#` characters, and most ellipses, each per word (Gopher: 0.1).
    max_symbol_ratio: f64 = 0.1;
    /// Greatest share of lines that begin with a bullet (Gopher: 0.9).
    max_bullet_lines: f64 = 0.9;
    /// Greatest share of lines that end with an ellipsis (Gopher: 0.3).
    max_ellipsis_lines: f64 = 0.3;
    /// Least share of words with a letter in them (Gopher: 0.8).
    min_alphabetic_words: f64 = 0.8;
    /// Fewest different stop words (Gopher: 2).
    min_stop_words: usize = 2;
    /// The stop words; empty takes the language's own. At most 64.
    stop_words: Vec<String> = Vec::new();
    /// Greatest share of lines that repeat an earlier line (Gopher: 0.3).
    max_duplicate_lines: f64 = 0.3;
    /// Greatest share of characters in such lines (Gopher: 0.2).
    max_duplicate_line_chars: f64 = 0.2;
    /// Greatest share of paragraphs that repeat an earlier paragraph (Gopher: 0.3).
    max_duplicate_paragraphs: f64 = 0.3;
    /// Greatest share of characters in such paragraphs (Gopher: 0.2).
    max_duplicate_paragraph_chars: f64 = 0.2;
    /// Greatest share of characters in the commonest 2-, 3- and 4-gram of words (Gopher: 0.20,
    /// 0.18, 0.16).
    max_top_ngrams: [f64; 3] = [0.20, 0.18, 0.16];
    /// Greatest share of characters in repeated 5- to 10-grams of words (Gopher: 0.15 to 0.10).
    max_duplicate_ngrams: [f64; 6] = [0.15, 0.14, 0.13, 0.12, 0.11, 0.10];
    /// Lines of fewer words go (C4: 3).
    c4_min_line_words: usize = 3;
    /// Lines with a longer word, in characters, go (C4: 1,000).
    c4_max_word_chars: usize = 1000;
    /// Fewest sentences on the lines that stay (C4: 5).
    c4_min_sentences: usize = 5;
    /// Greatest share of a document's words that RefinedWeb's line rules may remove (0.05).
    max_removed_words: f64 = refinedweb::MAX_REMOVED_WORDS;
    /// Least share of characters on lines that read as sentences (our own; Chinese 0.5, Japanese
    /// 0.3, others 0).
    min_sentence_share: f64 = 0.0;
    /// Least share of lines that end with terminal punctuation (FineWeb: 0.12).
    min_punctuated_lines: f64 = 0.12;
    /// A line of at most so many characters is short (FineWeb: 30).
    short_line_chars: usize = 30;
    /// Greatest share of short lines (FineWeb: 0.67).
    max_short_lines: f64 = 0.67;
    /// Greatest share of characters in lines that repeat an earlier line (FineWeb: 0.01).
    max_duplicate_chars: f64 = 0.01;
    /// Most line feeds per word (FineWeb: 0.3).
    max_newlines: f64 = 0.3;
    /// Rules that are off, as `family.rule`. C4's rule that drops every line without terminal
    /// punctuation is off, as in FineWeb: it removes headings, lists and code. A language's own
    /// list stands in place of the language's built-in one and adds to this one.
    disable: Vec<String> = vec!["c4.terminal_punctuation".into()];
}

impl Config {
    /// Whether a language, in a script, is among those to keep.
    #[must_use]
    pub fn wants(&self, lang: Option<&str>, script: Option<&str>) -> bool {
        let is_it = |wanted: &String| match wanted.split_once('-') {
            Some((code, wanted_script)) => Some(code) == lang && Some(wanted_script) == script,
            None => Some(wanted.as_str()) == lang,
        };
        self.languages.is_empty() || self.languages.iter().any(is_it)
    }
}

impl Limits {
    /// The limits for one language: `[filter]`, then the language's built-in limits, then
    /// `[filter.language.CODE]`.
    ///
    /// # Errors
    /// A limit that is negative or not a number.
    pub fn for_language(
        config: &Config,
        code: &str,
        built_in: &LanguageConfig,
    ) -> Result<Self, Error> {
        let mut limits = Self::base(config);
        limits.override_with(built_in);
        let mut section = String::from("filter");
        if let Some(own) = config.language.get(code) {
            limits.override_with(own);
            section = format!("filter.language.{code}");
        }
        if limits.disable != config.disable {
            limits.disable.extend(config.disable.iter().cloned());
        }
        limits.check(&section)?;
        Ok(limits)
    }

    fn check(&self, section: &str) -> Result<(), Error> {
        let single = [
            ("min_mean_word_length", self.min_mean_word_length),
            ("max_mean_word_length", self.max_mean_word_length),
            ("max_symbol_ratio", self.max_symbol_ratio),
            ("max_bullet_lines", self.max_bullet_lines),
            ("max_ellipsis_lines", self.max_ellipsis_lines),
            ("min_alphabetic_words", self.min_alphabetic_words),
            ("max_duplicate_lines", self.max_duplicate_lines),
            ("max_duplicate_line_chars", self.max_duplicate_line_chars),
            ("max_duplicate_paragraphs", self.max_duplicate_paragraphs),
            (
                "max_duplicate_paragraph_chars",
                self.max_duplicate_paragraph_chars,
            ),
            ("min_punctuated_lines", self.min_punctuated_lines),
            ("max_short_lines", self.max_short_lines),
            ("max_duplicate_chars", self.max_duplicate_chars),
            ("max_newlines", self.max_newlines),
            ("max_removed_words", self.max_removed_words),
            ("min_sentence_share", self.min_sentence_share),
        ];
        let top = self.max_top_ngrams.iter().map(|&v| ("max_top_ngrams", v));
        let duplicate = self
            .max_duplicate_ngrams
            .iter()
            .map(|&v| ("max_duplicate_ngrams", v));
        for (key, value) in single.into_iter().chain(top).chain(duplicate) {
            if value.is_nan() || value < 0.0 {
                let key = format!("{section}.{key}");
                return Err(Error::Limit { key, value });
            }
        }
        if self.stop_words.len() > 64 {
            let key = format!("{section}.stop_words");
            return Err(Error::TooManyStopWords {
                key,
                count: self.stop_words.len(),
            });
        }
        Ok(())
    }
}
