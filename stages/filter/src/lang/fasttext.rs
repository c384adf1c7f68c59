//! Language identification by a fastText model.

use std::borrow::Cow;
use std::path::Path;

use super::mixed::{self, Piece};
use super::{Language, LanguageIdentifier, Script, ScriptCounts, codes, han, sample};
use crate::error::Error;
use crate::fasttext::{FastText, Hidden};

/// Identifies languages by a fastText model such as lid.176 (Joulin et al. 2017, 176 languages) or
/// GlotLID (Kargaran et al. 2023, 2,000 languages). It is shared by any number of threads.
///
/// As [`super::ScriptAware`] it reads at most 2 KiB of each text; of a shorter text the confidence is
/// the model's own probability of the text as one line.
#[derive(Debug)]
pub struct FastTextIdentifier {
    model: FastText,
    /// By label: code, and script if the label tells it.
    languages: Vec<(Cow<'static, str>, Option<Cow<'static, str>>)>,
}

impl FastTextIdentifier {
    /// Reads a supervised model, `.bin` or quantized `.ftz`.
    ///
    /// # Errors
    /// [`Error::FastText`], naming the file, if it cannot be read, is damaged or holds no classifier.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let model = FastText::load(path)?;
        let languages = model.labels().map(codes::of_label).collect();
        Ok(Self { model, languages })
    }

    /// The most likely label's number and probability.
    fn best(&self, hidden: &[f32]) -> (usize, f32) {
        let probabilities = self.model.probabilities(hidden);
        let numbered = probabilities.into_iter().enumerate();
        numbered
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .unwrap_or_default()
    }

    /// The language of a piece between two states of the sum of vectors.
    fn piece(&self, text: &str, before: &State, after: &State) -> Option<Piece> {
        let counts = ScriptCounts::of(text);
        let (script, _) = counts.dominant()?;
        let count = (after.count - before.count).max(1) as f32;
        let sums = after.sum.iter().zip(&before.sum);
        let mean: Vec<f32> = sums
            .map(|(after, before)| (after - before) / count)
            .collect();
        let (best, probability) = self.best(&mean);
        Some(Piece {
            code: self.languages[best].0.clone(),
            script,
            confidence: f64::from(probability),
            letters: counts.total_weight(),
        })
    }
}

/// The sum of vectors at one place of a text.
struct State {
    sum: Vec<f32>,
    count: usize,
}

impl State {
    fn of(hidden: &Hidden) -> Self {
        let (sum, count) = hidden.so_far();
        Self {
            sum: sum.to_vec(),
            count,
        }
    }
}

impl LanguageIdentifier for FastTextIdentifier {
    fn identify(&self, text: &str) -> Language {
        let sample = sample::of(text);
        let counts = ScriptCounts::of(&sample);
        let dominant = counts.dominant().map(|(script, _)| script);
        if dominant.is_none() && !sample.chars().any(char::is_alphabetic) {
            return Language::UNDETERMINED;
        }
        let mut hidden = Hidden::new(&self.model);
        let mut pieces = Vec::new();
        let mut before = State::of(&hidden);
        for text in whole_words(&sample) {
            hidden.text(text);
            let after = State::of(&hidden);
            pieces.extend(self.piece(text, &before, &after));
            before = after;
        }
        let Some(mean) = hidden.finish() else {
            return Language::UNDETERMINED;
        };
        let (best, probability) = self.best(&mean);
        let (code, script) = self.languages[best].clone();
        Language {
            mixed: mixed::is_mixed(&code, &pieces),
            script: script_of(&code, script, dominant, &sample),
            code,
            confidence: probability.clamp(0.0, 1.0),
        }
    }
}

/// The pieces of a sample, so that none ends within what fastText takes for a word.
fn whole_words(sample: &str) -> impl Iterator<Item = &str> {
    let bytes = sample.as_bytes();
    let is_space = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut start = 0;
    let ends = sample::pieces(sample).scan(0, |end, piece| {
        *end += piece.len();
        Some(*end)
    });
    let ends = ends.filter(move |&end| is_space(end) || is_space(end - 1));
    ends.map(move |end| {
        let whole = &sample[start..end];
        start = end;
        whole
    })
}

/// The script by the label, or else by the text. Which Chinese script it is tells the text alone:
/// models know the two as one, or confuse them.
fn script_of(
    code: &str,
    label: Option<Cow<'static, str>>,
    dominant: Option<Script>,
    text: &str,
) -> Cow<'static, str> {
    match (label, dominant) {
        (_, Some(Script::Han))
            if matches!(code, "zh" | "yue" | "wuu" | "lzh" | "hak" | "gan" | "nan") =>
        {
            han::script(text).into()
        }
        (_, Some(Script::Han | Script::Kana)) if code == "ja" => "Jpan".into(),
        (Some(script), _) => script,
        (None, Some(dominant)) => dominant.code().into(),
        (None, None) => Language::UNDETERMINED.script,
    }
}
