//! Using a folder that was fine-tuned.

use std::path::{Path, PathBuf};

use tch::Device;
use textmill_model::{Gpt, TOKENIZER_FILE};
use textmill_tokenize::Encoder;

use crate::Error;
use crate::answers::{Answer, answer};
use crate::encode::Rows;
use crate::learner::Learner;
use crate::recipe::Recipe;
use crate::save::head;
use crate::tasks::Example;

/// A fine-tuned model, ready to answer.
pub struct Predictor {
    learner: Learner,
    recipe: Recipe,
    encoder: Encoder,
    folder: PathBuf,
}

impl Predictor {
    /// Opens the folder that `textmill finetune` wrote.
    ///
    /// # Errors
    /// When it lacks something; the message names the file.
    pub fn open(folder: &Path, device: Device, threads: usize) -> Result<Self, Error> {
        let recipe = Recipe::read(folder)?;
        let gpt = Gpt::load(folder, device)?;
        let head = head(folder, &recipe, &gpt)?;
        Ok(Self {
            learner: Learner::with_head(gpt, head, threads)?,
            encoder: Encoder::load(&folder.join(TOKENIZER_FILE))?,
            recipe,
            folder: folder.to_path_buf(),
        })
    }

    /// What the model was fine-tuned for.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Answers examples, in their order.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn answer(&self, examples: &[Example]) -> Result<Vec<Answer>, Error> {
        let gpt = &self.learner.gpt;
        let rows = Rows::new(&self.folder, &self.recipe, &self.encoder, gpt)?;
        answer(&self.learner, &rows, examples)
    }
}
