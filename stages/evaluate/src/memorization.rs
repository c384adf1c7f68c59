//! What the model knows by heart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use textmill_schemas::Tokens;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;
use crate::tasks::{LanguageModel, Request, Watch};

/// How memorization is measured: `[evaluate.memorization]`.
///
/// A passage counts as memorized if the model, given its first tokens, continues it greedily
/// with exactly the tokens that follow (Carlini et al. 2022, "Quantifying memorization across
/// neural language models", arXiv:2202.07646, with 50 and 50 tokens).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memorization {
    /// Training documents, and as many validation documents for comparison, of which a passage is
    /// tried; 0 leaves the measurement out. So does a model whose context is shorter than the
    /// passage.
    pub prompts: usize,
    /// Tokens that the model is given.
    pub prompt_tokens: usize,
    /// Tokens that it has to find.
    pub continuation_tokens: usize,
}

impl Default for Memorization {
    fn default() -> Self {
        Self {
            prompts: 200,
            prompt_tokens: 50,
            continuation_tokens: 50,
        }
    }
}

impl Memorization {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        for (key, value) in [
            ("prompt_tokens", self.prompt_tokens),
            ("continuation_tokens", self.continuation_tokens),
        ] {
            if value == 0 && self.prompts > 0 {
                return Err(Error::Config(format!(
                    "`memorization.{key}` is 0; it must be at least 1 (or `memorization.prompts` 0)"
                )));
            }
        }
        Ok(())
    }

    fn passage(&self) -> usize {
        self.prompt_tokens + self.continuation_tokens
    }

    /// Whether a model of this context reads whole passages.
    fn fits(&self, context: usize) -> bool {
        self.prompts > 0 && self.passage() <= context + 1
    }
}

/// Draws passages from documents as they come: of the documents that are long enough those with
/// the least hash of seed and id, so the draw depends neither on their order nor on threads.
pub struct Passages {
    settings: Memorization,
    seed: u64,
    drawn: BTreeMap<(u64, String), Vec<u32>>,
}

impl Passages {
    /// None drawn yet.
    #[must_use]
    pub fn new(settings: &Memorization, seed: u64) -> Self {
        Self {
            settings: settings.clone(),
            seed,
            drawn: BTreeMap::new(),
        }
    }

    /// Offers a document.
    pub fn add(&mut self, document: &Tokens) {
        let length = self.settings.passage();
        let Some(spare) = document.tokens.len().checked_sub(length) else {
            return;
        };
        let hash = |seed| xxh3_64_with_seed(document.id.as_bytes(), seed);
        let key = hash(self.seed);
        let full = self.drawn.len() >= self.settings.prompts;
        let last = self.drawn.last_key_value().map(|((last, _), _)| *last);
        if full && last.is_none_or(|last| key > last) {
            return;
        }
        let from = (hash(self.seed.wrapping_add(1)) % (spare as u64 + 1)) as usize;
        let passage = document.tokens.get(from..from + length).unwrap_or_default();
        self.drawn
            .insert((key, document.id.clone()), passage.to_vec());
        if self.drawn.len() > self.settings.prompts {
            self.drawn.pop_last();
        }
    }

    fn requests(&self) -> Vec<Request> {
        let split = |passage: &Vec<u32>| {
            let (context, continuation) = passage.split_at(self.settings.prompt_tokens);
            Request {
                context: context.to_vec(),
                continuation: continuation.to_vec(),
            }
        };
        self.drawn.values().map(split).collect()
    }
}

/// What a model knows by heart.
#[derive(Debug, PartialEq, Serialize)]
pub struct Recitals {
    /// Tokens that it was given.
    pub prompt_tokens: usize,
    /// Tokens that it had to find.
    pub continuation_tokens: usize,
    /// Of documents that it has learnt from.
    pub train: Recited,
    /// Of documents that it has not: passages that anyone would continue so.
    pub validation: Recited,
}

/// How many passages were continued exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recited {
    /// Passages tried, one of a document.
    pub passages: usize,
    /// Those that were continued exactly.
    pub exact: usize,
    /// Their share.
    pub rate: f64,
    /// √(p (1 − p) / n).
    pub stderr: f64,
}

/// Tries the passages of both sides; `None` if none are wanted or they do not fit the model's
/// context.
pub(crate) fn recite(
    model: &mut LanguageModel,
    [train, validation]: [&Passages; 2],
    watch: Watch,
) -> Result<Option<Recitals>, Error> {
    let settings = &train.settings;
    let (train, validation) = (
        recited(model, train, watch)?,
        recited(model, validation, watch)?,
    );
    Ok(train.zip(validation).map(|(train, validation)| Recitals {
        prompt_tokens: settings.prompt_tokens,
        continuation_tokens: settings.continuation_tokens,
        train,
        validation,
    }))
}

/// Tries passages; `None` if none are wanted or they do not fit the model's context.
///
/// Greedy decoding finds a continuation if and only if each of its tokens is the most likely one
/// behind those before it: one pass over the whole tells.
///
/// # Errors
/// When the model fails, or the user stops.
pub fn recited(
    model: &mut LanguageModel,
    passages: &Passages,
    watch: Watch,
) -> Result<Option<Recited>, Error> {
    if !passages.settings.fits(model.max_length()) {
        return Ok(None);
    }
    let found = model.loglikelihoods(&passages.requests(), watch)?;
    let exact = found.iter().filter(|found| found.is_greedy).count();
    let count = found.len().max(1) as f64;
    let rate = exact as f64 / count;
    Ok(Some(Recited {
        passages: found.len(),
        exact,
        rate,
        stderr: (rate * (1.0 - rate) / count).sqrt(),
    }))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use textmill_model::{Sampling, generate};
    use textmill_schemas::NoProgress;

    use super::*;
    use crate::test_support::{document, model, tokenizer};
    use crate::workers::Workers;

    fn settings(prompts: usize) -> Memorization {
        Memorization {
            prompts,
            prompt_tokens: 3,
            continuation_tokens: 4,
        }
    }

    fn documents() -> Vec<Tokens> {
        let tokens = |n: u32| (0..n).map(|i| (i * i + n) % 40).collect::<Vec<_>>();
        (0..30).map(|n| document(&tokens(n))).collect()
    }

    #[test]
    fn the_draw_does_not_depend_on_the_order() {
        let draw = |documents: &[Tokens], seed| {
            let mut passages = Passages::new(&settings(6), seed);
            documents.iter().for_each(|document| passages.add(document));
            passages.drawn
        };
        let mut all = documents();
        let first = draw(&all, 1);
        all.reverse();
        assert_eq!(draw(&all, 1), first);
        assert_ne!(draw(&all, 2), first);
        assert_eq!(first.len(), 6);
        for ((_, id), passage) in &first {
            let of = all.iter().find(|document| &document.id == id).unwrap();
            assert!(of.tokens.windows(7).any(|window| window == passage));
        }
        assert_eq!(draw(&all[..23], 1).len(), 6);
        assert_eq!(draw(&all[29..], 1).len(), 0);
    }

    #[test]
    fn what_the_model_would_say_is_known_by_heart() {
        let gpt = model(40, 16);
        let greedy = Sampling {
            temperature: 0.0,
            max_new_tokens: 4,
            ..Sampling::default()
        };
        let said = |prompt: &[u32]| {
            let new = generate(&gpt, prompt, &greedy, |_| ControlFlow::Continue(())).unwrap();
            document(&[prompt, &new].concat())
        };
        let (mut train, mut validation) = (
            Passages::new(&settings(9), 1),
            Passages::new(&settings(9), 1),
        );
        let mut other = said(&[1, 2, 3]);
        other.tokens[6] ^= 1;
        for document in [said(&[4, 5, 6]), said(&[7, 8, 9]), other.clone()] {
            train.add(&document);
        }
        validation.add(&other);
        let (mut workers, tokenizer) =
            (Workers::new(gpt.share().unwrap(), 2).unwrap(), tokenizer());
        let mut model = LanguageModel {
            workers: &mut workers,
            tokenizer: &tokenizer,
            prefix: 0,
            batch: 2,
        };
        let watch = Watch {
            progress: &NoProgress,
            cancelled: &|| false,
        };
        let found = recite(&mut model, [&train, &validation], watch)
            .unwrap()
            .unwrap();
        assert_eq!((found.train.passages, found.train.exact), (3, 2));
        assert_eq!((found.validation.passages, found.validation.exact), (1, 0));
        let long = Memorization {
            prompt_tokens: 14,
            ..settings(9)
        };
        let long = Passages::new(&long, 1);
        assert_eq!(recite(&mut model, [&long, &long], watch).unwrap(), None);
    }
}
