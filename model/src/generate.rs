//! Text generation: one token after the other, drawn from the model's distribution.

use std::ops::ControlFlow;

use tch::{Kind, Tensor};

use crate::Error;
use crate::cache::KvCache;
use crate::gpt::Gpt;
use crate::random::{Purpose, stream, uniform};
use crate::sampling::Sampling;

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
    on_token: impl FnMut(u32) -> ControlFlow<()>,
) -> Result<Vec<u32>, Error> {
    generate_sample(gpt, prompt, sampling, 0, on_token)
}

/// The same, with draws of their own for each `index`: several samples of one prompt.
///
/// # Errors
/// As [`generate`].
pub fn generate_sample(
    gpt: &Gpt,
    prompt: &[u32],
    sampling: &Sampling,
    index: u64,
    mut on_token: impl FnMut(u32) -> ControlFlow<()>,
) -> Result<Vec<u32>, Error> {
    gpt.require_causal()?;
    sampling.validate()?;
    let mut text = start(gpt, prompt)?;
    let given = text.len();
    let mut draw = draws(sampling.seed, index);
    let mut cache = gpt.cache(1)?;
    let mut read = 0; // tokens of the text that the cache has seen
    while text.len() - given < sampling.max_new_tokens {
        let logits = continue_from(gpt, &text, &mut read, &mut cache)?;
        let Some(token) = sampling.pick(&logits, &text, draw()) else {
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
}
