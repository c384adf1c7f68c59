//! Cleans Unicode, repairs mojibake and masks private data.
//!
//! A text goes through these passes, each skipped when a first look at the bytes finds nothing for
//! it, and all of them again until nothing changes, so that normalizing twice is normalizing once:
//! terminal escapes and controls, HTML entities, mojibake, words broken across lines, characters,
//! Unicode form, spaces, Simplified Chinese, masks. Words and sentences are counted at the end.
//!
//! ```
//! use textmill_normalize::{Config, Normalize};
//!
//! let normalize = Normalize::new(&Config::default()).unwrap();
//! let (text, counts) = normalize.normalize("schÃ¶n &amp; gut: ada@example.com");
//! assert_eq!(text, "schön & gut: <EMAIL>");
//! assert_eq!(counts.masked(), 1);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod characters;
mod chinese;
mod config;
mod counts;
mod entities;
mod error;
mod forms;
mod hyphens;
mod mojibake;
mod private;
mod profile;
mod segment;
mod spaces;

use std::borrow::Cow;

use textmill_schemas::{Document, DocumentStage, Reason, Verdict};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

pub use config::{Chinese, Config, Form, HalfWidth, Marks, PrivateKind, Width};
pub use counts::Counts;
pub use error::Error;
pub use segment::{Segments, segment, words};

use chinese::Simplify;
use counts::count;
use private::Masker;
use profile::Profile;

/// Passes over a text are repeated until nothing changes, but not more often than this.
const MAX_PASSES: usize = 8;

/// The normalize stage.
pub struct Normalize {
    config: Config,
    masker: Masker,
    simplify: Option<Simplify>,
}

impl Normalize {
    /// A stage with this configuration.
    ///
    /// # Errors
    /// When the placeholder does not name the kind, or would itself be changed; when the tables for
    /// Simplified Chinese cannot be read.
    pub fn new(config: &Config) -> Result<Self, Error> {
        if !config.placeholder.contains("{kind}") {
            return Err(Error::PlaceholderWithoutKind(config.placeholder.clone()));
        }
        let simplify = match config.chinese {
            Chinese::Simplified => Some(Simplify::new()?),
            Chinese::Keep => None,
        };
        let stage = Self {
            simplify,
            config: config.clone(),
            masker: Masker::new(&config.mask, &config.placeholder, &config.pseudonym_key),
        };
        for kind in PrivateKind::ALL {
            let placeholder = stage.masker.placeholder(kind);
            let sentence = format!("x {placeholder} x");
            if stage.normalize(&sentence).0 != sentence {
                return Err(Error::UnstablePlaceholder(placeholder));
            }
        }
        Ok(stage)
    }

    /// Normalizes a text; says what was changed.
    #[must_use]
    pub fn normalize<'a>(&self, text: &'a str) -> (Cow<'a, str>, Counts) {
        self.normalize_as(text, self.simplify.as_ref())
    }

    /// Normalizes a text, Chinese by these tables.
    fn normalize_as<'a>(
        &self,
        text: &'a str,
        simplify: Option<&Simplify>,
    ) -> (Cow<'a, str>, Counts) {
        let mut counts = Counts::default();
        let mut work = Work::new(text, &self.config);
        for _ in 0..MAX_PASSES {
            if !self.pass(&mut work, simplify, &mut counts) {
                break;
            }
        }
        let text = work.changed.map_or(Cow::Borrowed(text), Cow::Owned);
        (text, counts)
    }

    /// One pass of everything; whether it changed the text.
    fn pass(&self, work: &mut Work, simplify: Option<&Simplify>, counts: &mut Counts) -> bool {
        let config = &self.config;
        work.touched = false;
        if work.profile.controls {
            // C1 controls are evidence of mojibake: only ASCII controls go before its repair.
            work.apply(|text| characters::clean_ascii(text, config, counts));
        }
        if config.decode_entities && work.profile.ampersands {
            work.apply(|text| entities::decode(text, &mut counts.entities));
        }
        if config.repair_mojibake && work.profile.suspicious {
            work.apply(|text| {
                let (text, changed) = mojibake::repair(text)?;
                counts.mojibake = counts.mojibake.saturating_add(changed);
                Some(text)
            });
        }
        if config.join_hyphens && work.profile.hyphens {
            // Before soft hyphens go: at a line end they prove the break.
            work.apply(|text| hyphens::join(text, &mut counts.hyphens));
        }
        let ascii_marks = config.quotes == Marks::Ascii || config.dashes == Marks::Ascii;
        if work.profile.special || (work.profile.marks && ascii_marks) {
            work.apply(|text| characters::clean(text, config, counts));
        }
        if work.profile.uncomposed || (work.profile.wide && config.form == Form::Nfkc) {
            work.apply(|text| compose(text, config.form, &mut counts.unicode));
        }
        if work.profile.spaces {
            work.apply(|text| spaces::clean(text, config.keep_indent, &mut counts.spaces));
        }
        if let Some(simplify) = simplify
            && work.profile.han
        {
            work.apply(|text| simplify.rewrite(text, &mut counts.chinese));
        }
        work.apply(|text| self.masker.mask(text, &mut counts.masked));
        work.touched
    }

    /// Normalizes a field of one line, such as a title.
    fn line(
        &self,
        field: Option<String>,
        simplify: Option<&Simplify>,
        document: &mut Document,
    ) -> Option<String> {
        let text = field?;
        let (clean, counts) = self.normalize_as(&text, simplify);
        counts.add_to(document);
        let clean = if clean.contains('\n') {
            clean.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            clean.into_owned()
        };
        (!clean.is_empty()).then_some(clean)
    }

    /// The tables for a document's Chinese: none when it is known to be in another language.
    fn simplify(&self, document: &Document) -> Option<&Simplify> {
        let chinese = ["zh", "yue", "lzh", "wuu", "nan", "hak", "gan"];
        let lang = document.lang.as_deref();
        self.simplify
            .as_ref()
            .filter(|_| lang.is_none_or(|lang| chinese.iter().any(|code| lang.starts_with(code))))
    }
}

/// A text on its way through the passes.
struct Work<'a> {
    text: &'a str,
    changed: Option<String>,
    /// What the text, as it is now, may need.
    profile: Profile,
    keep_indent: bool,
    /// Whether the current round of passes changed anything.
    touched: bool,
}

impl<'a> Work<'a> {
    fn new(text: &'a str, config: &Config) -> Self {
        Self {
            text,
            changed: None,
            profile: Profile::of(text, config.keep_indent),
            keep_indent: config.keep_indent,
            touched: false,
        }
    }

    fn apply(&mut self, pass: impl FnOnce(&str) -> Option<String>) {
        if let Some(changed) = pass(self.changed.as_deref().unwrap_or(self.text)) {
            self.profile = Profile::of(&changed, self.keep_indent);
            self.changed = Some(changed);
            self.touched = true;
        }
    }
}

/// Brings a text into a Unicode normalization form (UAX 15), unless it is there already.
fn compose(text: &str, form: Form, counter: &mut u32) -> Option<String> {
    let (quick, composed): (_, fn(&str) -> String) = match form {
        Form::Nfc => (is_nfc_quick(text.chars()), |text| text.nfc().collect()),
        Form::Nfkc => (is_nfkc_quick(text.chars()), |text| text.nfkc().collect()),
        Form::None => return None,
    };
    if quick == IsNormalized::Yes {
        return None;
    }
    let composed = composed(text);
    if composed == text {
        return None;
    }
    let differing = composed
        .chars()
        .zip(text.chars())
        .filter(|(a, b)| a != b)
        .count();
    let shorter = text.chars().count().abs_diff(composed.chars().count());
    // After the first difference in length every character is shifted: count no more than that.
    let changed = if shorter == 0 { differing } else { shorter };
    *counter = counter.saturating_add(u32::try_from(changed).unwrap_or(u32::MAX));
    if changed == 0 {
        count(counter);
    }
    Some(composed)
}

impl DocumentStage for Normalize {
    type Input = Document;
    type Output = Document;

    fn process(&self, mut document: Document) -> Verdict<Document> {
        let simplify = self.simplify(&document);
        let (text, counts) = self.normalize_as(&document.text, simplify);
        if text.is_empty() {
            return Verdict::Drop(Reason::new("normalize.empty").text(document.text));
        }
        if let Cow::Owned(text) = text {
            document.set_text(text);
        }
        counts.add_to(&mut document);
        let (title, author) = (document.title.take(), document.author.take());
        document.title = self.line(title, simplify, &mut document);
        document.author = self.line(author, simplify, &mut document);
        if simplify.is_some() && document.script.as_deref() == Some("Hant") {
            document.script = Some("Hans".to_owned());
        }
        if self.config.segment {
            let found = segment(&document.text);
            document.words = found.words;
            document.sentences = u32::try_from(found.sentence_ends.len()).unwrap_or(u32::MAX);
            document.sentence_ends = found.sentence_ends;
        }
        Verdict::Keep(document)
    }
}

#[cfg(test)]
mod tests;
