//! How the next token is drawn: what was typed, else what stands beside the model, else our defaults.

use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;
use textmill_model::{GENERATION_FILE, Sampling};

/// How tokens are drawn. What is not given is as the model's generation_config.json says.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    /// Divides the logits: below 1 safer, above 1 wilder; 0 always takes the likeliest token.
    #[arg(short, long)]
    temperature: Option<f64>,
    /// Draw among this many likeliest tokens; 0 is no limit.
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    /// Draw among the fewest tokens that have this much probability together; 1 is no limit.
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Draw among tokens at least this share as likely as the likeliest; 0 is no limit.
    #[arg(long, value_name = "P")]
    min_p: Option<f64>,
    /// Makes tokens that the text has already less likely; 1 is none, 1.1 to 1.3 are usual.
    #[arg(long, value_name = "R")]
    repetition_penalty: Option<f64>,
    /// Tokens to generate at most.
    #[arg(short = 'n', long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Seed of the draws: the same seed, prompt and model give the same text.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A string that ends the text and is not part of it; may be given several times.
    #[arg(long = "stop", value_name = "TEXT")]
    pub stops: Vec<String>,
}

/// What generation_config.json may say.
#[derive(Debug, Default, Deserialize)]
struct Beside {
    do_sample: Option<bool>,
    temperature: Option<f64>,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_p: Option<f64>,
    repetition_penalty: Option<f64>,
    max_new_tokens: Option<usize>,
}

impl SamplingArgs {
    /// The sampling for the model of a folder.
    pub fn sampling(&self, folder: &Path) -> Result<Sampling> {
        let path = folder.join(GENERATION_FILE);
        let beside = match path.exists() {
            true => {
                let named = || path.display().to_string();
                let json = std::fs::read(&path).with_context(named)?;
                serde_json::from_slice(&json).with_context(named)?
            }
            false => Beside::default(),
        };
        let sampling = self.over(beside);
        sampling.validate()?;
        Ok(sampling)
    }

    fn over(&self, beside: Beside) -> Sampling {
        let default = Sampling::default();
        // Files of models that say nothing of sampling were written for greedy decoding.
        let greedy = (beside.do_sample == Some(false)).then_some(0.0);
        let temperature = self.temperature.or(greedy).or(beside.temperature);
        let or = |typed: Option<f64>, beside: Option<f64>, default: f64| {
            typed.or(beside).unwrap_or(default)
        };
        let penalty = or(
            self.repetition_penalty,
            beside.repetition_penalty,
            default.repetition_penalty,
        );
        Sampling {
            repetition_penalty: penalty,
            temperature: temperature.unwrap_or(default.temperature),
            top_k: self.top_k.or(beside.top_k).unwrap_or(default.top_k),
            top_p: or(self.top_p, beside.top_p, default.top_p),
            min_p: or(self.min_p, beside.min_p, default.min_p),
            seed: self.seed,
            max_new_tokens: self
                .max_tokens
                .or(beside.max_new_tokens)
                .unwrap_or(default.max_new_tokens),
            stop: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_wins_over_the_file_and_the_file_over_defaults() {
        let typed = SamplingArgs {
            top_k: Some(7),
            ..SamplingArgs::default()
        };
        let beside = |json: &str| serde_json::from_str::<Beside>(json).unwrap();
        let found = typed.over(beside(
            r#"{"top_k": 3, "top_p": 0.5, "temperature": 1.5, "eos_token_id": 0}"#,
        ));
        assert_eq!((found.top_k, found.top_p, found.temperature), (7, 0.5, 1.5));
        assert_eq!(found.max_new_tokens, Sampling::default().max_new_tokens);
        let greedy = typed.over(beside(r#"{"do_sample": false, "temperature": 0.7}"#));
        assert_eq!(greedy.temperature, 0.0);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(GENERATION_FILE), "{").unwrap();
        let error = SamplingArgs::default().sampling(dir.path()).unwrap_err();
        assert!(format!("{error:#}").contains(GENERATION_FILE), "{error:#}");
        let hot = SamplingArgs {
            min_p: Some(2.0),
            ..SamplingArgs::default()
        };
        let error = hot.sampling(Path::new("nowhere")).unwrap_err();
        assert!(error.to_string().contains("`min_p`"), "{error}");
    }
}
