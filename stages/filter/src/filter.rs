//! The stage: identifies the language and lets the rules decide.

use textmill_schemas::{Document, DocumentStage, Reason, Signals, Verdict};

use crate::config::Config;
use crate::error::Error;
use crate::families::Family;
use crate::lang::{LanguageIdentifier, ScriptAware};
use crate::measure::Words;
use crate::rulebook::{Rulebook, Rulebooks};
use crate::rules::{Rule, Scores, Violation, c4, fineweb, gopher_quality, gopher_repetition};

/// The filter stage.
pub struct Filter {
    config: Config,
    families: Vec<Family>,
    identifier: Box<dyn LanguageIdentifier>,
    rulebooks: Rulebooks,
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
        Ok(Self {
            families: Family::parse(&config.families)?,
            identifier,
            rulebooks: Rulebooks::new(config)?,
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
    }

    /// Measures family after family, until a rule is missed or, for signals, all of them. C4 may
    /// rewrite the text.
    fn measure_all(&self, document: &mut Document, all: bool) -> Scores {
        let book = self.rulebooks.of(document.lang.as_deref());
        let mut sheet = Sheet::new(book);
        for family in &self.families {
            self.measure_family(*family, document, &mut sheet);
            if !all && book.bounds.first_miss(&sheet.scores).is_some() {
                break;
            }
        }
        sheet.scores
    }

    fn measure_family(&self, family: Family, document: &mut Document, sheet: &mut Sheet) {
        let book = sheet.book;
        match family {
            Family::Lang => {
                let (lang, script) = (document.lang.as_deref(), document.script.as_deref());
                let wanted = self.config.wants(lang, script);
                sheet
                    .scores
                    .set(Rule::Language, f64::from(u8::from(wanted)));
                let confidence = f64::from(document.lang_confidence.unwrap_or(0.0));
                sheet.scores.set(Rule::LanguageConfidence, confidence);
            }
            Family::GopherRepetition => {
                let chars = document.text.chars().count();
                gopher_repetition::measure_lines(&document.text, chars, &mut sheet.scores);
                let (words, scores) = sheet.words(&document.text);
                gopher_repetition::measure_ngrams(words, chars, scores);
            }
            Family::GopherQuality => {
                let has_stop_words = !book.stop_words.is_empty();
                let (words, scores) = sheet.words(&document.text);
                let text = &document.text;
                gopher_quality::measure(text, words, book.segmenter, has_stop_words, scores);
            }
            Family::C4 => {
                let (words, scores) = sheet.words(&document.text);
                let segmenter = book.segmenter;
                let text = &document.text;
                let kept = c4::rewrite(text, words, segmenter, &book.limits, &book.bounds, scores);
                if kept.text != document.text {
                    document.set_text(kept.text);
                    sheet.rewritten = Some(kept.words);
                }
            }
            Family::FineWeb => {
                let count = sheet.word_count(&document.text);
                let (segmenter, short) = (book.segmenter, book.limits.short_line_chars);
                fineweb::measure(&document.text, segmenter, count, short, &mut sheet.scores);
            }
        }
    }

    fn verdict(&self, document: Document, miss: Option<Violation>) -> Verdict<Document> {
        let Some(miss) = miss else {
            return Verdict::Keep(document);
        };
        let mut reason = Reason::new(miss.rule.name())
            .measured(miss.value, miss.limit)
            .text(document.text);
        if let Some(lang) = document.lang {
            reason = reason.detail(format!("language {lang}"));
        }
        Verdict::Drop(reason)
    }
}

/// What is known of one document.
struct Sheet<'a> {
    book: &'a Rulebook,
    scores: Scores,
    /// The words of the text as it came, once they are needed.
    words: Option<Words>,
    /// The number of words of the text that a rule has rewritten.
    rewritten: Option<usize>,
}

impl<'a> Sheet<'a> {
    fn new(book: &'a Rulebook) -> Self {
        Self {
            book,
            scores: Scores::default(),
            words: None,
            rewritten: None,
        }
    }

    /// The words of `text`, which no rule has rewritten yet, and the scores.
    fn words(&mut self, text: &str) -> (&Words, &mut Scores) {
        let book = self.book;
        let measure = || Words::measure(text, book.segmenter, &book.stop_words);
        (self.words.get_or_insert_with(measure), &mut self.scores)
    }

    /// The number of words of `text` as it is now.
    fn word_count(&self, text: &str) -> usize {
        match (&self.words, self.rewritten) {
            (_, Some(count)) => count,
            (Some(words), None) => words.len(),
            (None, None) => {
                let mut count = 0;
                self.book.segmenter.words(text, |_| count += 1);
                count
            }
        }
    }
}

impl DocumentStage for Filter {
    type Input = Document;
    type Output = Document;

    fn process(&self, mut document: Document) -> Verdict<Document> {
        self.identify(&mut document);
        let scores = self.measure_all(&mut document, false);
        let book = self.rulebooks.of(document.lang.as_deref());
        let miss = book.bounds.first_miss(&scores);
        self.verdict(document, miss)
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
        let scores = self.measure_all(&mut document, true);
        let book = self.rulebooks.of(document.lang.as_deref());
        let miss = book.bounds.first_miss(&scores);
        let signals = Signals {
            id: document.id.clone(),
            source: document.source.clone(),
            lang: document.lang.clone(),
            script: document.script.clone(),
            bytes,
            dropped_by: miss.map(|miss| miss.rule.name().to_owned()),
            scores: scores.to_signals(),
        };
        (self.verdict(document, miss), Some(signals))
    }
}

#[cfg(test)]
mod tests;
