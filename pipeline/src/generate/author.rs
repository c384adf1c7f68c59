//! A model that writes text: tokens in, whole characters out.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use textmill_model::{Gpt, Sampling, TOKENIZER_FILE, best_device, generate_sample};

use crate::serve::vocabulary::Vocabulary;
use crate::serve::writer::{Token, Writer};

/// A model with its vocabulary.
pub(crate) struct Author {
    pub gpt: Gpt,
    pub vocabulary: Vocabulary,
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Finish {
    /// The model ended it, or a stop string came.
    Stop,
    /// It has as many tokens as were allowed.
    Length,
    /// The user ended it.
    Interrupted,
}

/// A text that was written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub text: String,
    pub tokens: usize,
    pub finish: Finish,
}

/// One text to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commission<'a> {
    pub prompt: &'a [u32],
    pub sampling: &'a Sampling,
    /// Which of the seed's rows of draws to take.
    pub index: u64,
    pub stops: &'a [String],
}

impl Author {
    /// Opens a model's folder; call before any other use of tensors.
    pub fn open(folder: &Path) -> Result<Self> {
        let gpt = Gpt::load(folder, best_device()).with_context(|| {
            format!(
                "{} is no model's folder: give a checkpoint such as runs/sample/train/best, or a \
                 GPT-2 or Llama folder with model.safetensors, config.json and tokenizer.json",
                folder.display()
            )
        })?;
        gpt.require_causal()?;
        let vocabulary = Vocabulary::load(&folder.join(TOKENIZER_FILE))?;
        Ok(Self { gpt, vocabulary })
    }

    /// Writes a text, giving parts of it to `hear` as soon as nothing can change them. They are
    /// whole characters: where the text ends within one, that is left out.
    pub fn write(
        &self,
        commission: Commission,
        stopped: &dyn Fn() -> bool,
        hear: &mut dyn FnMut(&str),
    ) -> Result<Written> {
        write(&self.gpt, &self.vocabulary, commission, stopped, hear)
    }
}

/// The same with a handle of its own, for threads.
pub(crate) fn write(
    gpt: &Gpt,
    vocabulary: &Vocabulary,
    commission: Commission,
    stopped: &dyn Fn() -> bool,
    hear: &mut dyn FnMut(&str),
) -> Result<Written> {
    let Commission {
        prompt,
        sampling,
        index,
        stops,
    } = commission;
    let mut writer = Writer::new(vocabulary, prompt, stops)?;
    let (mut text, mut failed, mut interrupted) = (String::new(), None, false);
    let mut say = |part: &str| {
        text.push_str(part);
        if !part.is_empty() {
            hear(part);
        }
    };
    let ids = generate_sample(gpt, prompt, sampling, index, |id| {
        match writer.push(Token::new(id, None, Vec::new())) {
            Ok(piece) => say(&piece.text),
            Err(error) => failed = Some(error),
        }
        interrupted = stopped();
        match writer.stopped() || interrupted || failed.is_some() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let ended = writer.stopped() || ids.len() < sampling.max_new_tokens;
    let rest = writer.finish()?.text;
    say(rest.trim_end_matches(char::REPLACEMENT_CHARACTER));
    let finish = match (interrupted, ended) {
        (true, _) => Finish::Interrupted,
        (false, true) => Finish::Stop,
        (false, false) => Finish::Length,
    };
    Ok(Written {
        tokens: ids.len(),
        text,
        finish,
    })
}
