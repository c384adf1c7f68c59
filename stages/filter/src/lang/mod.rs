//! Which language a text is in.
//!
//! The dominant script decides first; scripts that several languages share are told apart by
//! character n-grams, Chinese and Japanese by their characters.

mod han;
mod ngram;
mod script;

pub use ngram::NgramModel;
pub use script::{Script, ScriptCounts};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Language {
    /// ISO 639-1 code where one exists, else ISO 639-3; `und` if there are no letters.
    pub code: &'static str,
    /// ISO 15924 code: `Latn`, `Hans`, `Hant`, …; `Zyyy` if there are no letters.
    pub script: &'static str,
    /// From 0 to 1: how far the text points to this language alone. Text in other scripts
    /// lowers it, as do languages that are as likely.
    pub confidence: f32,
}

impl Language {
    /// What has no letters.
    pub const UNDETERMINED: Self = Self {
        code: "und",
        script: "Zyyy",
        confidence: 0.0,
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
/// the build.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptAware;

/// Longest text, in bytes, that is read whole; of longer ones as much is read in four places.
const SAMPLE: usize = 2048;

impl LanguageIdentifier for ScriptAware {
    fn identify(&self, text: &str) -> Language {
        if text.len() <= SAMPLE {
            return identify_sample(text);
        }
        let part = SAMPLE / 4;
        let mut sample = String::with_capacity(SAMPLE + 4);
        for place in 0..4 {
            let start = text.floor_char_boundary((text.len() - part) / 3 * place);
            let end = text.floor_char_boundary(start + part);
            sample.push_str(&text[start..end]);
            sample.push('\n');
        }
        identify_sample(&sample)
    }
}

fn identify_sample(text: &str) -> Language {
    let counts = ScriptCounts::of(text);
    let Some((script, share)) = counts.dominant() else {
        return Language::UNDETERMINED;
    };
    let (code, script, confidence) = match script {
        Script::Han | Script::Kana => {
            let together = counts.count(Script::Han) * 3 + counts.count(Script::Kana) * 2;
            let others = counts.total() - counts.count(Script::Han) - counts.count(Script::Kana);
            let share = together as f64 / (together + others) as f64;
            let (code, script, certainty) = han::identify(text, &counts);
            (code, script, share * certainty)
        }
        _ => {
            let (code, certainty) = match script.only_language() {
                Some(code) => (code, 1.0),
                None => NgramModel::built_in().identify(text, script),
            };
            (code, script.code(), share * certainty)
        }
    };
    Language {
        code,
        script,
        confidence: confidence as f32,
    }
}

/// The language of `text`, by the default identifier.
///
/// ```
/// let language = textmill_filter::identify("這是一篇關於歷史的文章。");
/// assert_eq!((language.code, language.script), ("zh", "Hant"));
/// ```
#[must_use]
pub fn identify(text: &str) -> Language {
    ScriptAware.identify(text)
}
