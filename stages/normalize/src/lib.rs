//! Cleans Unicode, repairs mojibake and masks private data.
//!
//! A text goes through these passes, each skipped when a first look at the bytes finds nothing for
//! it, and all of them again until nothing changes, so that normalizing twice is normalizing once:
//! terminal escapes and controls, HTML entities, mojibake, characters, Unicode form, spaces, masks.
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
mod config;
mod counts;
mod entities;
mod error;
mod mojibake;
mod private;
mod profile;
mod spaces;

use std::borrow::Cow;

use textmill_schemas::{Document, DocumentStage, Reason, Verdict};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

pub use config::{Config, Form, Marks, PrivateKind, Width};
pub use counts::Counts;
pub use error::Error;

use counts::count;
use private::Masker;
use profile::Profile;

/// Passes over a text are repeated until nothing changes, but not more often than this.
const MAX_PASSES: usize = 8;

/// The normalize stage.
pub struct Normalize {
    config: Config,
    masker: Masker,
}

impl Normalize {
    /// A stage with this configuration.
    ///
    /// # Errors
    /// When the placeholder does not name the kind, or would itself be changed.
    pub fn new(config: &Config) -> Result<Self, Error> {
        if !config.placeholder.contains("{kind}") {
            return Err(Error::PlaceholderWithoutKind(config.placeholder.clone()));
        }
        let stage = Self {
            config: config.clone(),
            masker: Masker::new(&config.mask, &config.placeholder),
        };
        for kind in PrivateKind::ALL {
            let placeholder = config.placeholder.replace("{kind}", kind.label());
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
        let mut counts = Counts::default();
        let mut work = Work::new(text, &self.config);
        for _ in 0..MAX_PASSES {
            if !self.pass(&mut work, &mut counts) {
                break;
            }
        }
        let text = work.changed.map_or(Cow::Borrowed(text), Cow::Owned);
        (text, counts)
    }

    /// One pass of everything; whether it changed the text.
    fn pass(&self, work: &mut Work, counts: &mut Counts) -> bool {
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
        if work.profile.private {
            work.apply(|text| self.masker.mask(text, &mut counts.masked));
        }
        work.touched
    }

    /// Normalizes a field of one line, such as a title.
    fn line(&self, field: &mut Option<String>, repaired: &mut u32, masked: &mut u32) {
        let Some(text) = field else { return };
        let (clean, counts) = self.normalize(text);
        *repaired = repaired.saturating_add(counts.repaired());
        *masked = masked.saturating_add(counts.masked());
        let clean = if clean.contains('\n') {
            clean.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            clean.into_owned()
        };
        *field = (!clean.is_empty()).then_some(clean);
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
        let (text, counts) = self.normalize(&document.text);
        if text.is_empty() {
            return Verdict::Drop(Reason::new("normalize.empty").text(document.text));
        }
        let (mut repaired, mut masked) = (counts.repaired(), counts.masked());
        if let Cow::Owned(text) = text {
            document.set_text(text);
        }
        self.line(&mut document.title, &mut repaired, &mut masked);
        self.line(&mut document.author, &mut repaired, &mut masked);
        document.repaired = document.repaired.saturating_add(repaired);
        document.masked = document.masked.saturating_add(masked);
        Verdict::Keep(document)
    }
}

#[cfg(test)]
mod tests;
