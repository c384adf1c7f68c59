//! A linear quality classifier on words and hashed word n-grams, in fastText's supervised form.
//!
//! DCLM (Li et al. 2024, arXiv 2406.11794) chooses documents by such a model, trained on good
//! documents (OpenHermes, ELI5) against web pages at random; so do FineWeb-Edu's followers. Their
//! models are loaded as they are. Models that are trained here are saved in fastText's format, which
//! its own tools read.

mod report;
mod tokens;
mod train;

use std::path::Path;

use crate::error::Error;
use crate::fasttext::{FastText, Hidden};

pub use report::{Evaluation, TrainReport};
pub use train::TrainOptions;

/// The label of good documents in models that are trained here.
pub const GOOD: &str = "__label__good";
/// The label of bad ones.
pub const BAD: &str = "__label__bad";

/// Labels that mean good documents, where none is named: ours, and DCLM's.
const USUAL: [&str; 2] = [GOOD, "__label__hq"];

/// A classifier with the label that it scores. It is shared by any number of threads.
#[derive(Clone, Debug)]
pub struct Classifier {
    model: FastText,
    /// Number of the label.
    label: usize,
    /// Whether text is split into words by script, or at white space as by fastText.
    by_script: bool,
}

impl Classifier {
    /// Reads a supervised fastText model, `.bin` or `.ftz`. `label` is the label whose probability
    /// is the score, with or without `__label__`; by default `good`, or else `hq` as in DCLM's
    /// model.
    ///
    /// # Errors
    /// [`Error::FastText`], naming the file, if it cannot be read, is damaged or lacks the label.
    pub fn load(path: &Path, label: Option<&str>) -> Result<Self, Error> {
        let model = FastText::load(path)?;
        let is_wanted = |name: &str| match label {
            Some(wanted) => name == wanted || name.strip_prefix("__label__") == Some(wanted),
            None => USUAL.contains(&name),
        };
        let Some(label) = model.labels().position(is_wanted) else {
            let known: Vec<&str> = model.labels().take(20).collect();
            let wanted = label.unwrap_or("good or hq");
            return Err(Error::FastText {
                path: path.display().to_string(),
                reason: format!(
                    "it has no label {wanted}; name one of its own: {}",
                    known.join(", ")
                ),
            });
        };
        Ok(Self::new(model, label))
    }

    fn new(model: FastText, label: usize) -> Self {
        Self {
            by_script: model.dictionary.has(tokens::MARK),
            model,
            label,
        }
    }

    /// Trains a classifier that tells `good` documents from `bad` ones, and measures it on
    /// documents held back. The same documents and options give the same model.
    ///
    /// Holds in memory four bytes a word of all documents, eight a feature of the model, and every
    /// different word.
    ///
    /// # Errors
    /// [`Error::Classifier`] for fewer than two documents of a kind, or options that make no sense.
    pub fn train<G, B>(
        good: G,
        bad: B,
        options: &TrainOptions,
    ) -> Result<(Self, TrainReport), Error>
    where
        G: IntoIterator<Item: AsRef<str>>,
        B: IntoIterator<Item: AsRef<str>>,
    {
        let (model, report) = train::train(good, bad, options)?;
        let label = model
            .labels()
            .position(|name| name == GOOD)
            .unwrap_or_default();
        Ok((Self::new(model, label), report))
    }

    /// Writes the model in fastText's format, `.bin`; the file is whole or not there.
    ///
    /// Other tools score as [`Classifier::score`] does if they are given the words with spaces
    /// between them: Chinese characters, and those of other scripts without spaces, are words each,
    /// and so are punctuation marks.
    ///
    /// # Errors
    /// [`Error::FastText`] if the file cannot be written, or if the model was loaded quantized.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.model.save(path)
    }

    /// The probability, from 0 to 1, that `text` has the label; 0 if it has nothing that the model
    /// knows. Time is linear in the length of the text.
    #[must_use]
    pub fn score(&self, text: &str) -> f32 {
        let mut hidden = Hidden::new(&self.model);
        match self.by_script {
            true => tokens::each(text, |word| hidden.word(word.as_bytes())),
            false => hidden.text(text),
        }
        let probabilities = hidden.finish().map(|mean| self.model.probabilities(&mean));
        let found = probabilities.and_then(|all| all.get(self.label).copied());
        found.unwrap_or(0.0).clamp(0.0, 1.0)
    }

    /// The names of all labels of the model.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.model.labels()
    }
}

#[cfg(test)]
mod tests;
