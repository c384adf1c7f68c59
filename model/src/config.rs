//! What a network looks like: architecture and sizes.

use serde::{Deserialize, Serialize};

use crate::Error;

/// The vocabulary is padded to a multiple of this inside, for the matrix kernels' sake.
const VOCABULARY_MULTIPLE: i64 = 64;

/// Which stock architecture a model has, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Pre-norm RMSNorm, rotary positions (half-split), SwiGLU, optional grouped-query
    /// attention, no biases (Touvron et al. 2023, arXiv:2302.13971).
    Llama,
    /// Learned positions, LayerNorm, GELU (tanh), biases (Radford et al. 2019).
    Gpt2,
    /// Sees both ways and fills in masked tokens: learned positions, token types of which the
    /// first is used, post-norm LayerNorm, GELU (erf), biases, and a layer before the tied
    /// output (Devlin et al. 2018, arXiv:1810.04805).
    Bert,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Llama, Self::Gpt2, Self::Bert];

    /// Whether a token sees only those before it, so that the model can predict the next one.
    #[must_use]
    pub fn is_causal(self) -> bool {
        self != Self::Bert
    }

    /// The architecture of a preset's name: `llama`, `gpt2` or `bert`.
    ///
    /// # Errors
    /// [`Error::Config`] when there is no such preset.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "llama" => Ok(Self::Llama),
            "gpt2" => Ok(Self::Gpt2),
            "bert" => Ok(Self::Bert),
            _ => Err(Error::Config(format!(
                "no preset `{name}`; there are `llama`, `gpt2` and `bert`"
            ))),
        }
    }

    /// Width of the feed-forward layer that goes with a model's width: 4 times for GPT-2
    /// and BERT; for Llama 8/3 times (so that three matrices cost what two did), rounded up to 64.
    #[must_use]
    pub fn feed_forward(self, width: i64) -> i64 {
        match self {
            Self::Llama => (8 * width / 3 + 63) / 64 * 64,
            Self::Gpt2 | Self::Bert => 4 * width,
        }
    }
}

/// Depth, heads and width of a model, apart from its vocabulary and context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The size's name.
    pub name: &'static str,
    /// Transformer blocks.
    pub layers: i64,
    /// Query heads a block.
    pub heads: i64,
    /// Width of the residual stream.
    pub width: i64,
}

impl Size {
    /// The sizes by name. `nano` is for a few hundred kilobytes of text and minutes on a CPU; the
    /// `gpt2-` ones are those of the GPT-2 paper's table 2.
    pub const ALL: [Self; 7] = [
        Self::of("nano", 2, 4, 128),
        Self::of("micro", 6, 6, 384),
        Self::of("mini", 8, 8, 512),
        Self::of("gpt2-124m", 12, 12, 768),
        Self::of("gpt2-350m", 24, 16, 1024),
        Self::of("gpt2-774m", 36, 20, 1280),
        Self::of("gpt2-1558m", 48, 25, 1600),
    ];

    const fn of(name: &'static str, layers: i64, heads: i64, width: i64) -> Self {
        Self {
            name,
            layers,
            heads,
            width,
        }
    }

    /// The size of that name.
    ///
    /// # Errors
    /// [`Error::Config`] when there is none; the message lists those there are.
    pub fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|size| size.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|size| size.name).collect();
            Error::Config(format!("no size `{name}`; there are {}", names.join(", ")))
        })
    }
}

/// Everything that decides a network's shape and what it computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The stock architecture.
    pub architecture: Architecture,
    /// Tokens in the vocabulary, without padding.
    pub vocab_size: i64,
    /// The longest sequence, in tokens.
    pub context: i64,
    /// Transformer blocks.
    pub layers: i64,
    /// Query heads a block.
    pub heads: i64,
    /// Key and value heads a block; fewer than `heads` is grouped-query attention
    /// (Ainslie et al. 2023, arXiv:2305.13245), Llama only.
    pub kv_heads: i64,
    /// Width of the residual stream.
    pub width: i64,
    /// Width of the feed-forward layer.
    pub feed_forward: i64,
    /// Whether the output head is the embedding matrix.
    pub tie_embeddings: bool,
    /// Added to the variance in the norms.
    pub norm_eps: f64,
    /// Base of the rotary angles (Su et al. 2021, arXiv:2104.09864); Llama only.
    pub rope_theta: f64,
    /// Id of the token that ends a document, if the tokenizer has one.
    pub eot_id: Option<u32>,
    /// Id of the token that stands for a masked one, if the tokenizer has one; BERT only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask_id: Option<u32>,
}

impl ModelConfig {
    /// A model of a stock architecture and size, with tied embeddings and full attention heads.
    #[must_use]
    pub fn new(architecture: Architecture, size: Size, vocab_size: i64, context: i64) -> Self {
        Self {
            architecture,
            vocab_size,
            context,
            layers: size.layers,
            heads: size.heads,
            kv_heads: size.heads,
            width: size.width,
            feed_forward: architecture.feed_forward(size.width),
            tie_embeddings: true,
            norm_eps: match architecture {
                Architecture::Bert => 1e-12,
                Architecture::Llama | Architecture::Gpt2 => 1e-5,
            },
            rope_theta: 10_000.0,
            eot_id: None,
            mask_id: None,
        }
    }

    /// Checks that such a network can be built.
    ///
    /// # Errors
    /// [`Error::Config`] with the key that is wrong and what would do.
    pub fn validate(&self) -> Result<(), Error> {
        for (key, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 24),
            ("context", self.context, 1 << 24),
            ("layers", self.layers, 1 << 12),
            ("heads", self.heads, 1 << 12),
            ("kv_heads", self.kv_heads, 1 << 12),
            ("width", self.width, 1 << 18),
            ("feed_forward", self.feed_forward, 1 << 20),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::Config(format!(
                    "`{key}` is {value}; it must lie between 1 and {most}"
                )));
            }
        }
        self.validate_heads()
    }

    fn validate_heads(&self) -> Result<(), Error> {
        let (width, heads, kv_heads) = (self.width, self.heads, self.kv_heads);
        let llama = self.architecture == Architecture::Llama;
        let problem = if width % heads != 0 {
            format!("`width` {width} is not a multiple of `heads` {heads}")
        } else if heads % kv_heads != 0 {
            format!("`heads` {heads} is not a multiple of `kv_heads` {kv_heads}")
        } else if llama && self.head_width() % 2 != 0 {
            format!(
                "a head is `width` / `heads` = {} wide; rotary positions need an even number",
                self.head_width()
            )
        } else if !llama && heads != kv_heads {
            format!("the gpt2 and bert presets have no grouped queries; set `kv_heads` to {heads}")
        } else if self.architecture == Architecture::Bert && !self.tie_embeddings {
            "the bert preset's output is its embedding matrix; set `tie_embeddings = true`"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(Error::Config(problem))
    }

    /// Width of one attention head.
    #[must_use]
    pub fn head_width(&self) -> i64 {
        self.width / self.heads
    }

    /// Rows of the embedding matrix in memory: the vocabulary, padded to a multiple of 64.
    #[must_use]
    pub fn padded_vocab(&self) -> i64 {
        (self.vocab_size + VOCABULARY_MULTIPLE - 1) / VOCABULARY_MULTIPLE * VOCABULARY_MULTIPLE
    }

    /// Floating-point operations to train on one token: 6 a matrix element that a token meets,
    /// and 12 · layers · width · context for attention (Chowdhery et al. 2022,
    /// arXiv:2204.02311, appendix B).
    #[must_use]
    pub fn training_flops_per_token(&self) -> f64 {
        self.training_flops_predicting(1.0)
    }

    /// The same, if this share of the tokens has a target: the others do not meet the head.
    #[must_use]
    pub fn training_flops_predicting(&self, share: f64) -> f64 {
        let kv_width = self.kv_heads * self.head_width();
        let attention = self.width * (2 * self.width + 2 * kv_width);
        let gates = match self.architecture {
            Architecture::Llama => 3,
            Architecture::Gpt2 | Architecture::Bert => 2,
        };
        let block = attention + gates * self.width * self.feed_forward;
        let before_head = match self.architecture {
            Architecture::Bert => self.width * self.width,
            Architecture::Llama | Architecture::Gpt2 => 0,
        };
        let head = self.width * self.vocab_size + before_head;
        let matrices = (self.layers * block) as f64 + share * head as f64;
        6.0 * matrices + 12.0 * (self.layers * self.width * self.context) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_wrong_ones_are_answered_with_a_list() {
        assert_eq!(Size::named("gpt2-124m").unwrap().width, 768);
        let message = Size::named("huge").unwrap_err().to_string();
        assert!(message.contains("nano, micro"), "{message}");
        assert!(Architecture::named("bart").is_err());
    }

    #[test]
    fn impossible_networks_are_refused_by_key() {
        let good = ModelConfig::new(Architecture::Llama, Size::ALL[0], 1000, 64);
        good.validate().unwrap();
        for (config, key) in [
            (
                ModelConfig {
                    layers: 0,
                    ..good.clone()
                },
                "layers",
            ),
            (
                ModelConfig {
                    width: i64::MAX,
                    ..good.clone()
                },
                "width",
            ),
            (
                ModelConfig {
                    heads: 3,
                    ..good.clone()
                },
                "heads",
            ),
            (
                ModelConfig {
                    kv_heads: 3,
                    ..good.clone()
                },
                "kv_heads",
            ),
            (
                ModelConfig {
                    heads: 128,
                    kv_heads: 1,
                    ..good.clone()
                },
                "even",
            ),
            (
                ModelConfig {
                    kv_heads: 2,
                    architecture: Architecture::Gpt2,
                    ..good.clone()
                },
                "grouped",
            ),
        ] {
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }

    #[test]
    fn vocabulary_is_padded_to_64() {
        let config = ModelConfig::new(Architecture::Gpt2, Size::ALL[0], 50257, 64);
        assert_eq!(config.padded_vocab(), 50304);
    }
}
