//! The stage: identifies the language and lets the rules decide.

use textmill_schemas::{Document, DocumentStage, Reason, Signals, StageResult, Verdict};

use crate::config::Config;
use crate::error::Error;
use crate::external;
use crate::families::Family;
use crate::lang::{FastTextIdentifier, LanguageIdentifier, ScriptAware};
use crate::models::Models;
use crate::rulebook::Rulebooks;
use crate::rules::Violation;
use crate::sheet::Sheet;
use crate::url::UrlLists;

/// The filter stage.
pub struct Filter {
    pub(crate) config: Config,
    families: Vec<Family>,
    identifier: Box<dyn LanguageIdentifier>,
    rulebooks: Rulebooks,
    pub(crate) urls: UrlLists,
    pub(crate) models: Models,
}

impl Filter {
    /// The stage that a configuration asks for, with the lists and models that it names.
    ///
    /// # Errors
    /// Names of families or rules that do not exist, limits that make no sense, files that cannot
    /// be read.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let identifier: Box<dyn LanguageIdentifier> = match &config.language_model {
            Some(path) => Box::new(FastTextIdentifier::load(path)?),
            None => Box::new(ScriptAware),
        };
        Self::with_identifier(config, identifier)
    }

    /// The stage with another language identification.
    ///
    /// # Errors
    /// As [`Filter::new`].
    pub fn with_identifier(
        config: &Config,
        identifier: Box<dyn LanguageIdentifier>,
    ) -> Result<Self, Error> {
        Ok(Self {
            families: Family::parse(&config.families)?,
            identifier,
            rulebooks: Rulebooks::new(config)?,
            urls: UrlLists::load(&config.url)?,
            models: Models::load(config)?,
            config: config.clone(),
        })
    }

    /// Fills in the language. A language that came with the document is believed unless the
    /// family `lang` decides.
    fn identify(&self, document: &mut Document) {
        if document.lang.is_some() && !self.families.contains(&Family::Lang) {
            return;
        }
        let language = self.identifier.identify(&document.text);
        document.lang = Some(language.code.to_string());
        document.script = Some(language.script.to_string());
        document.lang_confidence = Some(language.confidence);
        document.lang_mixed = Some(language.mixed);
    }

    /// Measures family after family, until a rule is missed or, for signals, all of them. C4 and
    /// RefinedWeb may rewrite the text.
    fn measure_all(&self, document: &mut Document, all: bool) -> Sheet<'_> {
        let book = self.rulebooks.of(document.lang.as_deref());
        let mut sheet = Sheet::new(self, book);
        for family in &self.families {
            sheet.measure(*family, document);
            if !all && sheet.first_miss().is_some() {
                break;
            }
        }
        sheet
    }

    fn verdict(
        document: Document,
        miss: Option<Violation>,
        detail: Option<String>,
    ) -> Verdict<Document> {
        let Some(miss) = miss else {
            return Verdict::Keep(document);
        };
        let mut reason = Reason::new(miss.rule.name())
            .measured(miss.value, miss.limit)
            .text(document.text);
        let language = document.lang.map(|lang| format!("language {lang}"));
        if let Some(detail) = detail.or(language) {
            reason = reason.detail(detail);
        }
        Verdict::Drop(reason)
    }
}

impl DocumentStage for Filter {
    type Input = Document;
    type Output = Document;

    fn process(&self, mut document: Document) -> Verdict<Document> {
        self.identify(&mut document);
        let mut sheet = self.measure_all(&mut document, false);
        let miss = sheet.first_miss();
        Self::verdict(document, miss, sheet.detail(miss))
    }

    fn has_signals(&self) -> bool {
        self.config.signals
    }

    fn measure(&self, mut document: Document) -> (Verdict<Document>, Option<Signals>) {
        if !self.config.signals {
            return (self.process(document), None);
        }
        let bytes = document.text.len() as u64;
        self.identify(&mut document);
        let mut sheet = self.measure_all(&mut document, true);
        let miss = sheet.first_miss();
        let signals = Signals {
            id: document.id.clone(),
            source: document.source.clone(),
            lang: document.lang.clone(),
            script: document.script.clone(),
            bytes,
            dropped_by: miss.map(|miss| miss.rule.name().to_owned()),
            scores: sheet.scores.to_signals(),
        };
        let verdict = Self::verdict(document, miss, sheet.detail(miss));
        (verdict, Some(signals))
    }

    fn files_hash(&self) -> StageResult<String> {
        external::hash(&self.config)
    }
}

#[cfg(test)]
mod tests;
