//! Which language a text is in.
//!
//! By default the dominant script decides first; scripts that several languages share are told
//! apart by character n-grams, Chinese and Japanese by their characters. fastText's models can
//! stand in for that.

mod codes;
mod fasttext;
mod han;
mod mixed;
mod ngram;
mod sample;
mod script;

use std::borrow::Cow;

pub use fasttext::FastTextIdentifier;
use mixed::Piece;
pub use ngram::NgramModel;
pub use script::{Script, ScriptCounts};

/// What a text is written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// ISO 639-1 code where one exists, else ISO 639-3; `und` if there are no letters.
    pub code: Cow<'static, str>,
    /// ISO 15924 code: `Latn`, `Hans`, `Hant`, …; `Zyyy` if there are no letters.
    pub script: Cow<'static, str>,
    /// From 0 to 1: how far the text points to this language alone. Text in other scripts
    /// lowers it, as do languages that are as likely.
    pub confidence: f32,
    /// Whether lines or sentences that make up at least 15% of the letters are surely in another
    /// language, Simplified and Traditional Chinese being one. Names, terms and code in an
    /// article do not count.
    pub mixed: bool,
}

impl Language {
    /// What has no letters.
    pub const UNDETERMINED: Self = Self {
        code: Cow::Borrowed("und"),
        script: Cow::Borrowed("Zyyy"),
        confidence: 0.0,
        mixed: false,
    };
}

/// Identifies the language of a text.
///
/// The seam for other models; the default is [`ScriptAware`].
pub trait LanguageIdentifier: Send + Sync {
    /// The language of `text`.
    fn identify(&self, text: &str) -> Language;
}

/// The default identifier: scripts, Han characters and a character n-gram model that ships with
/// the build. Of texts over 2 KiB it reads four parts, 2 KiB together.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptAware;

impl LanguageIdentifier for ScriptAware {
    fn identify(&self, text: &str) -> Language {
        let sample = sample::composed(sample::of(text));
        let mut document = Findings::default();
        for piece in sample::pieces(&sample) {
            document.add(piece);
        }
        document.decide(&sample)
    }
}

/// What the pieces of a document say.
#[derive(Default)]
struct Findings {
    counts: ScriptCounts,
    /// Of the scripts that several languages share, those that dominate a piece.
    evidence: Vec<(Script, ngram::Evidence)>,
    pieces: Vec<Piece>,
}

impl Findings {
    fn add(&mut self, piece: &str) {
        let counts = ScriptCounts::of(piece);
        self.counts.add(&counts);
        let Some((script, share)) = counts.dominant() else {
            return;
        };
        let (code, confidence) = match (script, script.only_language()) {
            (Script::Han | Script::Kana, _) => {
                let (code, _, confidence) = chinese_or_japanese(piece, &counts);
                (code, confidence)
            }
            (_, Some(code)) => (code, share),
            (_, None) => {
                let evidence = NgramModel::built_in().read(piece, script);
                let (code, certainty) = NgramModel::built_in().decide(&evidence, script);
                self.take(script, evidence);
                (code, share * certainty)
            }
        };
        self.pieces.push(Piece {
            code: code.into(),
            script,
            confidence,
            letters: counts.total_weight(),
        });
    }

    fn take(&mut self, script: Script, evidence: ngram::Evidence) {
        match self.evidence.iter_mut().find(|(known, _)| *known == script) {
            Some((_, before)) => before.add(&evidence),
            None => self.evidence.push((script, evidence)),
        }
    }

    fn decide(&self, sample: &str) -> Language {
        let Some((script, share)) = self.counts.dominant() else {
            return Language::UNDETERMINED;
        };
        let (code, script, confidence) = match (script, script.only_language()) {
            (Script::Han | Script::Kana, _) => chinese_or_japanese(sample, &self.counts),
            (_, Some(code)) => (code, script.code(), share),
            (_, None) => {
                let model = NgramModel::built_in();
                let known = self.evidence.iter().find(|(known, _)| *known == script);
                let (code, certainty) = match known {
                    Some((_, evidence)) => model.decide(evidence, script),
                    // It dominates no piece, but the whole.
                    None => model.identify(sample, script),
                };
                (code, script.code(), share * certainty)
            }
        };
        Language {
            mixed: mixed::is_mixed(code, &self.pieces),
            code: code.into(),
            script: script.into(),
            confidence: confidence as f32,
        }
    }
}

/// Language, script and confidence of a text with so many characters of each script.
fn chinese_or_japanese(text: &str, counts: &ScriptCounts) -> (&'static str, &'static str, f64) {
    let together = counts.count(Script::Han) * 3 + counts.count(Script::Kana) * 2;
    let others = counts.total() - counts.count(Script::Han) - counts.count(Script::Kana);
    let share = together as f64 / (together + others) as f64;
    let (code, script, certainty) = han::identify(text, counts);
    (code, script, share * certainty)
}

/// The language of `text`, by the default identifier.
///
/// ```
/// let language = textmill_filter::identify("這是一篇關於歷史的文章。");
/// assert_eq!((&*language.code, &*language.script), ("zh", "Hant"));
/// ```
#[must_use]
pub fn identify(text: &str) -> Language {
    ScriptAware.identify(text)
}

#[cfg(test)]
mod tests;
