//! The `[train]` section.

use serde::{Deserialize, Serialize};
use tch::Kind;
use textmill_model::{Architecture, ModelConfig, Size};
use textmill_packing::{Mixture, Packing};
use textmill_privacy::Canaries;

use crate::Error;
use crate::optimizer::OptimizerKind;
use crate::schedule::{DecayShape, Schedule};
use crate::spikes::OnSpike;

/// Number format of the computation; the parameters that the optimizer updates are fp32 always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Fp32,
    /// Forward and backward pass on a bfloat16 copy of the parameters: faster on GPUs and on CPUs
    /// with AMX; on CPUs without bfloat16 instructions (AVX2 only) some twenty times slower.
    Bf16,
}

impl Precision {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Fp32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }
}

/// Settings of the train stage.
///
/// The defaults are for a first look: a million tokens in a minute or two on two CPU cores. Of what
/// fits into that time on some 80,000 tokens of text, two blocks 128 wide and many small steps (512
/// tokens) gave the lowest validation loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Architecture: `llama`, `gpt2` or `bert`, each exactly the stock one. A `bert` learns to fill
    /// in masked tokens from both sides; the others learn to predict the next token.
    pub preset: String,
    /// Size by name: nano, micro, mini, gpt2-124m, gpt2-350m, gpt2-774m, gpt2-1558m.
    pub size: String,
    /// Transformer blocks; 0 as `size` says.
    pub layers: i64,
    /// Attention heads; 0 as `size` says.
    pub heads: i64,
    /// Key and value heads, fewer than `heads` for grouped-query attention; 0 as many.
    pub kv_heads: i64,
    /// Width of the residual stream (d_model); 0 as `size` says.
    pub width: i64,
    /// Longest sequence, in tokens.
    pub context: i64,
    /// Whether the output head is the embedding matrix.
    pub tie_embeddings: bool,
    /// How documents are put into rows of `context` tokens: `concatenate` or `best_fit`.
    pub packing: Packing,
    /// Whether the documents of a row are kept apart, as if each stood alone: positions begin
    /// again with each, and none sees another (as in Llama 3, Dubey et al. 2024,
    /// arXiv:2407.21783, section 3.2). Attention takes longer then.
    pub separate_documents: bool,
    /// Share of the tokens that a `bert` has to fill in (Devlin et al. 2018, arXiv:1810.04805).
    pub mask_share: f64,
    /// Rows of `context` tokens in a micro-batch.
    pub batch: u64,
    /// Micro-batches a step. On the CPU they are what the threads share, so use at least as many
    /// as there are threads; the result does not depend on the threads.
    pub accumulate: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// What updates the matrices inside the blocks: `adamw` or `muon`. Everything else is AdamW's.
    pub optimizer: OptimizerKind,
    /// Highest learning rate.
    pub lr: f64,
    /// Learning rate in the end.
    pub min_lr: f64,
    /// Steps over which the learning rate rises from 0.
    pub warmup: u64,
    /// How the learning rate goes from there: `cosine` or `wsd` (warm-up, stable, decay).
    pub schedule: Schedule,
    /// Share of the steps, at their end, over which `wsd` decays: between 0 and 1. 0.1 to 0.2
    /// suffice (Hu et al. 2024, arXiv:2404.06395; Hägele et al. 2024, arXiv:2405.18392).
    pub decay: f64,
    /// How the learning rate of `wsd` decays: `linear` or `1-sqrt`.
    pub decay_shape: DecayShape,
    /// Decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101), on matrices only.
    pub weight_decay: f64,
    /// Decay of AdamW's mean of gradients.
    pub beta1: f64,
    /// Decay of AdamW's mean of squared gradients.
    pub beta2: f64,
    /// Largest norm of the gradient; longer ones are scaled down to it. 0 is no limit.
    pub clip: f64,
    /// How far a step's loss or gradient norm may lie above those of the last hundred steps, in
    /// their spreads, before it is a spike.
    pub spike_z: f64,
    /// What to do at a spike: `skip` its gradient, `stop`, or `ignore` it. Its documents are
    /// noted in spikes.jsonl in any case, and what is no number is never applied.
    pub on_spike: OnSpike,
    /// Probability of dropout on embeddings and block outputs; 0 for corpora that are seen once
    /// or twice, 0.1 to 0.3 for small ones that are seen many times.
    pub dropout: f64,
    /// `fp32` or `bf16`.
    pub precision: Precision,
    /// Steps between two measurements of the validation loss.
    pub eval_every: u64,
    /// Validation windows to measure it on, spread evenly; 0 is all of them.
    pub eval_windows: u64,
    /// Steps between two checkpoints.
    pub checkpoint_every: u64,
    /// Step checkpoints to keep, newest first. `best/` is kept beside them.
    pub keep_checkpoints: usize,
    /// Threads of the CPU; 0 as many as the run has.
    pub threads: usize,
    /// How often the documents of each source and language are seen.
    pub mixture: Mixture,
    /// Made-up secrets to plant among the documents, by which evaluate measures what the model
    /// betrays.
    #[serde(skip_serializing_if = "Canaries::is_empty")]
    pub canaries: Canaries,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            preset: "llama".to_owned(),
            size: "nano".to_owned(),
            layers: 0,
            heads: 0,
            kv_heads: 0,
            width: 0,
            context: 128,
            tie_embeddings: true,
            packing: Packing::Concatenate,
            separate_documents: false,
            mask_share: 0.15,
            batch: 2,
            accumulate: 2,
            steps: 2100,
            optimizer: OptimizerKind::Adamw,
            lr: 2e-3,
            min_lr: 2e-4,
            warmup: 50,
            schedule: Schedule::Cosine,
            decay: 0.2,
            decay_shape: DecayShape::OneMinusSqrt,
            weight_decay: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            clip: 1.0,
            spike_z: 6.0,
            on_spike: OnSpike::Skip,
            dropout: 0.1,
            precision: Precision::Fp32,
            eval_every: 150,
            eval_windows: 256,
            checkpoint_every: 500,
            keep_checkpoints: 2,
            threads: 0,
            mixture: Mixture::default(),
            canaries: Canaries::default(),
        }
    }
}

impl Config {
    /// Checks what can be checked before the vocabulary is known.
    ///
    /// # Errors
    /// [`Error::Config`] with the key that is wrong and what would do.
    pub fn validate(&self) -> Result<(), Error> {
        for (key, value) in [
            ("batch", self.batch),
            ("accumulate", self.accumulate),
            ("steps", self.steps),
            ("eval_every", self.eval_every),
            ("checkpoint_every", self.checkpoint_every),
            ("keep_checkpoints", self.keep_checkpoints as u64),
        ] {
            if !(1..=1 << 32).contains(&value) {
                return Err(Error::Config(format!(
                    "`{key}` is {value}; it must be at least 1"
                )));
            }
        }
        for (key, value, most) in [
            ("lr", self.lr, 10.0),
            ("min_lr", self.min_lr, self.lr),
            ("weight_decay", self.weight_decay, 100.0),
            ("beta1", self.beta1, 0.999_999),
            ("beta2", self.beta2, 0.999_999),
            ("decay", self.decay, 1.0),
            ("clip", self.clip, f64::MAX),
            ("spike_z", self.spike_z, f64::MAX),
            ("dropout", self.dropout, 0.99),
        ] {
            if !(0.0..=most).contains(&value) {
                return Err(Error::Config(format!(
                    "`{key}` is {value}; it must lie between 0 and {most}"
                )));
            }
        }
        if !(self.mask_share > 0.0 && self.mask_share < 1.0) {
            return Err(Error::Config(format!(
                "`mask_share` is {}; it must lie between 0 and 1, such as 0.15",
                self.mask_share
            )));
        }
        self.mixture.validate()?;
        self.canaries.validate()?;
        let model = self.model(1, 0)?;
        if !self.canaries.is_empty() && !model.architecture.is_causal() {
            return Err(Error::Config(format!(
                "`canaries`: exposure is measured by continuation, which `preset = \"{}\"` does \
                 not do; take \"llama\" or \"gpt2\", or no canaries",
                self.preset
            )));
        }
        Ok(())
    }

    /// Tokens that training draws: places in the rows of all steps.
    #[must_use]
    pub fn budget(&self) -> u64 {
        let places = [self.batch, self.accumulate, self.context.unsigned_abs()];
        places
            .iter()
            .fold(self.steps, |all, more| all.saturating_mul(*more))
    }

    /// The network for a vocabulary and its document-end token.
    ///
    /// # Errors
    /// [`Error::Config`] when the sizes do not go together.
    pub fn model(&self, vocab_size: i64, eot_id: u32) -> Result<ModelConfig, Error> {
        let config_error = |error: textmill_model::Error| Error::Config(error.to_string());
        let architecture = Architecture::named(&self.preset).map_err(config_error)?;
        let size = Size::named(&self.size).map_err(config_error)?;
        let or = |given: i64, default: i64| if given == 0 { default } else { given };
        let size = Size {
            name: size.name,
            layers: or(self.layers, size.layers),
            heads: or(self.heads, size.heads),
            width: or(self.width, size.width),
        };
        let mut model = ModelConfig::new(architecture, size, vocab_size, self.context);
        model.kv_heads = or(self.kv_heads, size.heads);
        model.tie_embeddings = self.tie_embeddings;
        model.eot_id = Some(eot_id);
        model.validate().map_err(config_error)?;
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_named() {
        Config::default().validate().unwrap();
        let base = Config::default;
        for (config, key) in [
            (Config { steps: 0, ..base() }, "`steps`"),
            (
                Config {
                    lr: f64::NAN,
                    ..base()
                },
                "`lr`",
            ),
            (
                Config {
                    min_lr: 1.0,
                    ..base()
                },
                "`min_lr`",
            ),
            (
                Config {
                    dropout: 1.0,
                    ..base()
                },
                "`dropout`",
            ),
            (
                Config {
                    decay: 1.5,
                    ..base()
                },
                "`decay`",
            ),
            (
                Config {
                    spike_z: -1.0,
                    ..base()
                },
                "`spike_z`",
            ),
            (Config { heads: 3, ..base() }, "`heads`"),
            (
                Config {
                    mask_share: 0.0,
                    ..base()
                },
                "`mask_share`",
            ),
            (
                Config {
                    preset: "bert".to_owned(),
                    tie_embeddings: false,
                    ..base()
                },
                "`tie_embeddings",
            ),
            (
                Config {
                    mixture: Mixture {
                        sources: [("news".to_owned(), -1.0)].into(),
                        ..Mixture::default()
                    },
                    ..base()
                },
                "`mixture.sources.news`",
            ),
            (
                Config {
                    canaries: Canaries {
                        repeats: vec![0],
                        ..Canaries::default()
                    },
                    ..base()
                },
                "`canaries.repeats`",
            ),
            (
                Config {
                    preset: "bert".to_owned(),
                    canaries: Canaries {
                        repeats: vec![1],
                        ..Canaries::default()
                    },
                    ..base()
                },
                "`canaries`",
            ),
            (
                Config {
                    context: -1,
                    ..base()
                },
                "`context`",
            ),
            (
                Config {
                    size: "vast".to_owned(),
                    ..base()
                },
                "`vast`",
            ),
        ] {
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }

    #[test]
    fn numbers_override_the_named_size() {
        let config = Config {
            layers: 2,
            heads: 2,
            width: 64,
            ..Config::default()
        };
        let model = config.model(1000, 5).unwrap();
        assert_eq!(
            (model.layers, model.width, model.feed_forward),
            (2, 64, 192)
        );
        assert_eq!((model.kv_heads, model.eot_id), (2, Some(5)));
    }
}
