//! Text generation: one token after the other, drawn from the model's distribution.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::Error;
use crate::cache::KvCache;
use crate::gpt::Gpt;
use crate::random::{Purpose, stream, uniform};

/// How the next token is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits; 0 always takes the most likely token.
    pub temperature: f64,
    /// Draw among this many most likely tokens only; 0 is no limit (Fan et al. 2018).
    pub top_k: usize,
    /// Draw among the fewest tokens that have this much probability together; 1 is no limit
    /// (nucleus sampling, Holtzman et al. 2019, arXiv:1904.09751).
    pub top_p: f64,
    /// Seed of the draws: the same seed and prompt give the same text.
    pub seed: u64,
    /// Tokens to generate at most.
    pub max_new_tokens: usize,
    /// Ids that end the text; they are not part of it.
    pub stop: Vec<u32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: 50,
            top_p: 0.95,
            seed: 0,
            max_new_tokens: 200,
            stop: Vec::new(),
        }
    }
}

impl Sampling {
    /// Checks that the values make sense.
    ///
    /// # Errors
    /// [`Error::Config`] with the key that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        let (temperature, top_p) = (self.temperature, self.top_p);
        if !(0.0..=100.0).contains(&temperature) {
            return Err(Error::Config(format!(
                "`temperature` is {temperature}; it must lie between 0 and 100"
            )));
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return Err(Error::Config(format!(
                "`top_p` is {top_p}; it must be above 0 and at most 1"
            )));
        }
        Ok(())
    }

    /// Picks a token from its logits; `draw` is uniform in [0, 1). `None` if no logit is a number.
    #[must_use]
    pub fn pick(&self, logits: &[f32], draw: f64) -> Option<u32> {
        let descending = |&(_, a): &(u32, f64), &(_, b): &(u32, f64)| b.total_cmp(&a);
        let mut candidates: Vec<(u32, f64)> =
            (0u32..).zip(logits.iter().map(|&l| f64::from(l))).collect();
        candidates.retain(|(_, logit)| !logit.is_nan());
        if self.temperature == 0.0 {
            let best = candidates
                .iter()
                .copied()
                .reduce(|a, b| if b.1 > a.1 { b } else { a });
            return best.map(|(token, _)| token);
        }
        if self.top_k > 0 && self.top_k < candidates.len() {
            candidates.select_nth_unstable_by(self.top_k, descending);
            candidates.truncate(self.top_k);
        }
        candidates.sort_by(|a, b| descending(a, b).then(a.0.cmp(&b.0)));
        let best = candidates.first()?.1;
        for (_, weight) in &mut candidates {
            *weight = ((*weight - best) / self.temperature).exp();
        }
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut kept = 0.0;
        let nucleus = candidates
            .iter()
            .take_while(|(_, weight)| {
                let inside = kept < self.top_p * total;
                kept += weight;
                inside
            })
            .count();
        candidates.truncate(nucleus.max(1));
        let mut rest = draw * candidates.iter().map(|(_, weight)| weight).sum::<f64>();
        let drawn = candidates.iter().find(|(_, weight)| {
            rest -= weight;
            rest < 0.0
        });
        drawn.or(candidates.last()).map(|(token, _)| *token)
    }
}

/// The draws that a seed gives, uniform in [0, 1); each index has its own. [`generate`] takes those
/// of index 0.
pub fn draws(seed: u64, index: u64) -> impl FnMut() -> f64 {
    let mut rng = stream(seed, Purpose::Sampling, index);
    move || uniform(&mut rng)
}

/// Continues a prompt, with a KV cache; returns the new tokens.
///
/// `on_token` sees each as it comes and may end the text by [`ControlFlow::Break`]. An empty
/// prompt starts as a new document does, behind the end-of-text token. When the context is
/// full, the model goes on with its later half in view.
///
/// # Errors
/// [`Error::Config`] for values that make no sense, [`Error::Input`] for an empty prompt to a
/// model without an end-of-text token or for ids outside the vocabulary.
pub fn generate(
    gpt: &Gpt,
    prompt: &[u32],
    sampling: &Sampling,
    mut on_token: impl FnMut(u32) -> ControlFlow<()>,
) -> Result<Vec<u32>, Error> {
    sampling.validate()?;
    let mut text = start(gpt, prompt)?;
    let given = text.len();
    let mut draw = draws(sampling.seed, 0);
    let mut cache = gpt.cache(1)?;
    let mut read = 0; // tokens of the text that the cache has seen
    while text.len() - given < sampling.max_new_tokens {
        let logits = continue_from(gpt, &text, &mut read, &mut cache)?;
        let Some(token) = sampling.pick(&logits, draw()) else {
            return Err(Error::Input(
                "the model's logits are not numbers; its training went wrong".to_owned(),
            ));
        };
        if sampling.stop.contains(&token) {
            break;
        }
        text.push(token);
        if on_token(token).is_break() {
            break;
        }
    }
    Ok(text.split_off(given))
}

fn start(gpt: &Gpt, prompt: &[u32]) -> Result<Vec<u32>, Error> {
    let vocab = gpt.config().vocab_size;
    if let Some(id) = prompt.iter().find(|&&id| i64::from(id) >= vocab) {
        return Err(Error::Input(format!(
            "token id {id} is outside the model's vocabulary of {vocab}; was the prompt encoded \
             with another tokenizer?"
        )));
    }
    if !prompt.is_empty() {
        return Ok(prompt.to_vec());
    }
    let missing = || Error::Input("an empty prompt needs a model with an eos_token_id".to_owned());
    Ok(vec![gpt.config().eot_id.ok_or_else(missing)?])
}

/// Logits of what follows the text, reading what of it the cache has not seen yet.
fn continue_from(
    gpt: &Gpt,
    text: &[u32],
    read: &mut usize,
    cache: &mut KvCache,
) -> Result<Vec<f32>, Error> {
    if (text.len() - *read) as i64 > cache.room() {
        cache.clear();
        let half = (gpt.config().context / 2).max(1) as usize;
        *read = text.len() - half.min(text.len());
    }
    let new: Vec<i64> = text.iter().skip(*read).map(|&id| i64::from(id)).collect();
    *read = text.len();
    let tokens = Tensor::f_from_slice(&new)?
        .f_unsqueeze(0)?
        .f_to_device(gpt.device())?;
    let logits = gpt.extend(&tokens, cache)?.f_to_kind(Kind::Float)?;
    let mut values = vec![0f32; logits.numel()];
    logits
        .f_reshape([-1])?
        .f_copy_data(&mut values, logits.numel())?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Architecture, ModelConfig, Size};
    use proptest::prelude::*;
    use tch::Device;

    fn tiny(architecture: Architecture) -> Gpt {
        let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 8);
        (config.layers, config.width, config.feed_forward) = (2, 32, 96);
        let gpt = Gpt::new(&config, 5, Device::Cpu).unwrap();
        let _ = gpt.flat().shallow_clone().f_mul_scalar_(10.0).unwrap();
        gpt
    }

    fn all(gpt: &Gpt, prompt: &[u32], sampling: &Sampling) -> Vec<u32> {
        generate(gpt, prompt, sampling, |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn greedy_text_is_the_argmax_of_the_uncached_logits() {
        for architecture in [Architecture::Llama, Architecture::Gpt2] {
            let gpt = tiny(architecture);
            let greedy = Sampling {
                temperature: 0.0,
                max_new_tokens: 6,
                ..Sampling::default()
            };
            let mut text: Vec<i64> = vec![3, 14];
            for token in all(&gpt, &[3, 14], &greedy) {
                let logits = gpt.logits(&Tensor::from_slice(&text).unsqueeze(0)).unwrap();
                let best = logits.select(1, -1).argmax(-1, false).int64_value(&[0]);
                assert_eq!(i64::from(token), best);
                text.push(best);
            }
        }
    }

    #[test]
    fn text_goes_on_beyond_the_context_and_repeats_with_its_seed() {
        let gpt = tiny(Architecture::Gpt2);
        let sampling = Sampling {
            max_new_tokens: 30,
            seed: 9,
            ..Sampling::default()
        };
        let long: Vec<u32> = (0..20).collect();
        assert_eq!(all(&gpt, &long, &sampling).len(), 30);
        assert_eq!(all(&gpt, &[1], &sampling), all(&gpt, &[1], &sampling));
        let other = Sampling {
            seed: 10,
            ..sampling.clone()
        };
        assert_ne!(all(&gpt, &[1], &sampling), all(&gpt, &[1], &other));
    }

    #[test]
    fn text_ends_at_a_stop_id_or_when_told() {
        let gpt = tiny(Architecture::Llama);
        let mut sampling = Sampling {
            temperature: 0.0,
            ..Sampling::default()
        };
        let text = all(&gpt, &[1], &sampling);
        sampling.stop = vec![text[2]];
        let end = text.iter().position(|&token| token == text[2]).unwrap();
        assert_eq!(all(&gpt, &[1], &sampling), text[..end]);
        let first = generate(&gpt, &[1], &sampling, |_| ControlFlow::Break(())).unwrap();
        assert_eq!(first, text[..1]);
    }

    #[test]
    fn prompts_that_do_not_fit_the_model_are_refused() {
        let gpt = tiny(Architecture::Llama);
        let refuse = |prompt: &[u32], sampling: &Sampling| {
            generate(&gpt, prompt, sampling, |_| ControlFlow::Continue(()))
                .unwrap_err()
                .to_string()
        };
        assert!(refuse(&[70], &Sampling::default()).contains("70"));
        assert!(refuse(&[], &Sampling::default()).contains("eos_token_id"));
        let hot = Sampling {
            temperature: f64::NAN,
            ..Sampling::default()
        };
        assert!(refuse(&[1], &hot).contains("temperature"));
    }

    proptest! {
        #[test]
        fn picks_obey_their_limits(
            logits in prop::collection::vec(-20f32..20.0, 1..60),
            draw in 0f64..1.0,
            top_k in 0usize..70,
            top_p in 0.01f64..=1.0,
        ) {
            let sampling = Sampling { temperature: 1.0, top_k, top_p, ..Sampling::default() };
            let token = sampling.pick(&logits, draw).unwrap() as usize;
            let ahead = |i: usize| logits.iter().filter(|&&l| l > logits[i]).count();
            prop_assert!(top_k == 0 || ahead(token) < top_k);
            let weight: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
            let before: f64 = logits
                .iter()
                .filter(|&&l| l > logits[token])
                .map(|&l| f64::from(l).exp())
                .sum();
            prop_assert!(top_k != 0 || before < top_p * weight * (1.0 + 1e-9));
        }

        #[test]
        fn greedy_picks_the_best(logits in prop::collection::vec(-20f32..20.0, 1..60)) {
            let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
            let token = greedy.pick(&logits, 0.5).unwrap() as usize;
            prop_assert!(logits.iter().all(|&l| l <= logits[token]));
        }
    }
}
