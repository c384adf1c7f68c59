//! The stage: identifies the language and lets the rules decide.

use std::collections::HashMap;

use textmill_schemas::{Document, DocumentStage, Reason, Verdict};

use crate::config::{Config, FAMILIES, Limits};
use crate::error::Error;
use crate::lang::{LanguageIdentifier, ScriptAware};
use crate::languages;
use crate::measure::Words;
use crate::rules::{
    Judge, Rule, RuleSet, Violation, c4, fineweb, gopher_quality, gopher_repetition,
};
use crate::stop_words::StopWords;
use crate::words::Segmenter;

/// Everything that a language brings to the rules.
#[derive(Clone, Debug)]
struct Rulebook {
    segmenter: Segmenter,
    stop_words: StopWords,
    limits: Limits,
    judge: Judge,
}

impl Rulebook {
    fn new(config: &Config, code: &str) -> Result<Self, Error> {
        let limits = Limits::for_language(config, code, &languages::built_in(code))?;
        let key = match config.language.contains_key(code) {
            true => format!("filter.language.{code}.disable"),
            false => String::from("filter.disable"),
        };
        let stop_words = match limits.stop_words.as_slice() {
            [] => StopWords::built_in(code),
            own => StopWords::new(own.iter().map(String::as_str)),
        };
        Ok(Self {
            segmenter: Segmenter::of(code),
            stop_words,
            judge: Judge::new(RuleSet::parse(&limits.disable, &key)?),
            limits,
        })
    }
}

/// Families that decide.
#[derive(Clone, Copy, Debug, Default)]
struct Families {
    lang: bool,
    repetition: bool,
    quality: bool,
    c4: bool,
    fineweb: bool,
}

impl Families {
    fn parse(names: &[String]) -> Result<Self, Error> {
        let mut families = Self::default();
        for name in names {
            match name.as_str() {
                "lang" => families.lang = true,
                "gopher_repetition" => families.repetition = true,
                "gopher_quality" => families.quality = true,
                "c4" => families.c4 = true,
                "fineweb" => families.fineweb = true,
                _ => {
                    return Err(Error::UnknownFamily {
                        name: name.clone(),
                        known: FAMILIES.join(", "),
                    });
                }
            }
        }
        Ok(families)
    }
}

/// The filter stage.
pub struct Filter {
    config: Config,
    families: Families,
    identifier: Box<dyn LanguageIdentifier>,
    /// By language code; languages with neither built-in limits, stop words nor a table in the
    /// configuration share `fallback`.
    rulebooks: HashMap<String, Rulebook>,
    fallback: Rulebook,
}

impl Filter {
    /// The stage with the built-in language identification.
    ///
    /// # Errors
    /// Names of families or rules that do not exist, limits that make no sense.
    pub fn new(config: &Config) -> Result<Self, Error> {
        Self::with_identifier(config, Box::new(ScriptAware))
    }

    /// The stage with another language identification.
    ///
    /// # Errors
    /// As [`Filter::new`].
    pub fn with_identifier(
        config: &Config,
        identifier: Box<dyn LanguageIdentifier>,
    ) -> Result<Self, Error> {
        let mut codes: Vec<&str> = StopWords::languages()
            .chain(["th", "lo", "km", "my", "bo", "dz", "kn", "ml", "si"])
            .collect();
        codes.extend(config.language.keys().map(String::as_str));
        let mut rulebooks = HashMap::new();
        for code in codes {
            rulebooks.insert(code.to_string(), Rulebook::new(config, code)?);
        }
        Ok(Self {
            families: Families::parse(&config.families)?,
            identifier,
            rulebooks,
            fallback: Rulebook::new(config, "")?,
            config: config.clone(),
        })
    }

    /// Fills in the language. A language that came with the document is believed unless the
    /// family `lang` decides.
    fn identify(&self, document: &mut Document) {
        if document.lang.is_some() && !self.families.lang {
            return;
        }
        let language = self.identifier.identify(&document.text);
        document.lang = Some(language.code.to_string());
        document.script = Some(language.script.to_string());
        document.lang_confidence = Some(language.confidence);
    }

    fn check_language(&self, document: &Document, judge: Judge) -> Result<(), Violation> {
        let confidence = f64::from(document.lang_confidence.unwrap_or(0.0));
        if judge.on(Rule::Language) && !self.is_wanted(document) {
            return Err(Violation {
                rule: Rule::Language,
                value: confidence,
                limit: self.config.min_lang_confidence,
            });
        }
        judge.at_least(
            Rule::LanguageConfidence,
            confidence,
            self.config.min_lang_confidence,
        )
    }

    fn is_wanted(&self, document: &Document) -> bool {
        let lang = document.lang.as_deref().unwrap_or_default();
        let script = document.script.as_deref().unwrap_or_default();
        self.config.languages.is_empty()
            || self
                .config
                .languages
                .iter()
                .any(|wanted| match wanted.split_once('-') {
                    Some((code, wanted_script)) => code == lang && wanted_script == script,
                    None => wanted == lang,
                })
    }

    /// Checks all families in order; C4 may rewrite the text.
    fn check(&self, document: &mut Document) -> Result<(), Violation> {
        let lang = document.lang.as_deref().unwrap_or_default();
        let judged_as = match self.config.rules_language.as_str() {
            "" => lang,
            fixed => fixed,
        };
        let book = self.rulebooks.get(judged_as).unwrap_or(&self.fallback);
        if self.families.lang {
            self.check_language(document, book.judge)?;
        }
        let words = self.check_gopher(&document.text, book)?;
        let mut rewritten = false;
        if self.families.c4 {
            let text = c4::rewrite(&document.text, book.segmenter, &book.limits, book.judge)?;
            rewritten = text != document.text;
            if rewritten {
                document.set_text(text);
            }
        }
        if self.families.fineweb {
            let count = || match &words {
                Some(words) if !rewritten => words.len(),
                _ => count_words(&document.text, book.segmenter),
            };
            fineweb::check(
                &document.text,
                book.segmenter,
                count,
                &book.limits,
                book.judge,
            )?;
        }
        Ok(())
    }

    /// Gopher's two families; returns the words if they were measured.
    fn check_gopher(&self, text: &str, book: &Rulebook) -> Result<Option<Words>, Violation> {
        let Families {
            repetition,
            quality,
            ..
        } = self.families;
        if !repetition && !quality {
            return Ok(None);
        }
        let chars = text.chars().count();
        if repetition {
            gopher_repetition::check_lines(text, chars, &book.limits, book.judge)?;
        }
        let words = Words::measure(text, book.segmenter, &book.stop_words);
        if repetition {
            gopher_repetition::check_ngrams(&words, chars, &book.limits, book.judge)?;
        }
        if quality {
            let has_stop_words = !book.stop_words.is_empty();
            gopher_quality::check(
                text,
                &words,
                book.segmenter,
                has_stop_words,
                &book.limits,
                book.judge,
            )?;
        }
        Ok(Some(words))
    }
}

fn count_words(text: &str, segmenter: Segmenter) -> usize {
    let mut count = 0;
    segmenter.words(text, |_| count += 1);
    count
}

impl DocumentStage for Filter {
    type Input = Document;
    type Output = Document;

    fn process(&self, mut document: Document) -> Verdict<Document> {
        self.identify(&mut document);
        let Err(violation) = self.check(&mut document) else {
            return Verdict::Keep(document);
        };
        let mut reason = Reason::new(violation.rule.name())
            .measured(violation.value, violation.limit)
            .text(document.text);
        if let Some(lang) = document.lang {
            reason = reason.detail(format!("language {lang}"));
        }
        Verdict::Drop(reason)
    }
}

#[cfg(test)]
mod tests;
