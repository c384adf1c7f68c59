//! Sizes of a network, its parameters and operations.

use serde::Serialize;

/// Which matrices and vectors a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Three feed-forward matrices, RMSNorm, rotary positions, no biases.
    Llama,
    /// Two feed-forward matrices, LayerNorm, learned positions, biases.
    Gpt2,
    /// The same block, in which tokens see both ways; token types and a norm after the embeddings, and
    /// before the output, which has a bias, a layer with a norm.
    Bert,
}

/// Share of the tokens that a BERT has to fill in, as in Devlin et al. 2018 (arXiv:1810.04805).
pub const MASK_SHARE: f64 = 0.15;

/// Everything that decides how large a network is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// Which kind of block.
    pub family: Family,
    /// Blocks.
    pub layers: u64,
    /// Query heads.
    pub heads: u64,
    /// Key and value heads.
    pub kv_heads: u64,
    /// Width of the residual stream.
    pub width: u64,
    /// Width of the feed-forward layer.
    pub feed_forward: u64,
    /// Tokens of the vocabulary.
    pub vocabulary: u64,
    /// Tokens of a row.
    pub context: u64,
    /// Whether the output head is the embedding.
    pub tied: bool,
    /// Share of the tokens that have a target: the others do not meet the output head.
    pub predicting: f64,
}

impl Shape {
    /// A network of about so many parameters, embeddings included: a width of 64 to 128 times the
    /// depth, as in the GPT-3 paper's table 2.1, heads of 64 to 128, a whole number of blocks.
    #[must_use]
    pub fn of_parameters(family: Family, parameters: f64, vocabulary: u64, context: u64) -> Self {
        let shape = |layers: u64| {
            let head = if layers < 24 { 64 } else { 128 };
            let width = (layers * (40 + 2 * layers).min(128)).div_ceil(head).max(1) * head;
            Self::new(family, layers, width / head, width, vocabulary, context)
        };
        let off = |shape: &Self| (shape.parameters() as f64 / parameters).ln().abs();
        let shapes = (1..=256).map(shape);
        let best = shapes.min_by(|a, b| off(a).total_cmp(&off(b)));
        best.unwrap_or_else(|| shape(1))
    }

    /// A network with full attention heads, tied embeddings, and the usual feed-forward width.
    #[must_use]
    pub fn new(
        family: Family,
        layers: u64,
        heads: u64,
        width: u64,
        vocabulary: u64,
        context: u64,
    ) -> Self {
        let feed_forward = match family {
            Family::Llama => (8 * width / 3).div_ceil(64) * 64,
            Family::Gpt2 | Family::Bert => 4 * width,
        };
        Self {
            family,
            layers,
            heads,
            kv_heads: heads,
            width,
            feed_forward,
            vocabulary,
            context,
            tied: true,
            predicting: match family {
                Family::Llama | Family::Gpt2 => 1.0,
                Family::Bert => MASK_SHARE,
            },
        }
    }

    /// Whether it predicts next tokens, which is what [`crate::Law`] speaks of.
    #[must_use]
    pub fn is_causal(&self) -> bool {
        self.family != Family::Bert
    }

    fn kv_width(&self) -> u64 {
        self.kv_heads * (self.width / self.heads.max(1))
    }

    /// Elements of the matrices of a block.
    fn block(&self) -> u64 {
        let gates = match self.family {
            Family::Llama => 3,
            Family::Gpt2 | Family::Bert => 2,
        };
        let attention = self.width * (2 * self.width + 2 * self.kv_width());
        attention + gates * self.width * self.feed_forward
    }

    /// Vectors of a block: norms, and biases where there are any.
    fn vectors(&self) -> u64 {
        match self.family {
            Family::Llama => 2 * self.width,
            Family::Gpt2 | Family::Bert => {
                4 * self.width + 3 * self.width + self.width + self.feed_forward + self.width
            }
        }
    }

    /// All parameters.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let heads = if self.tied { 1 } else { 2 };
        let positions = self.context * self.width;
        let around = match self.family {
            Family::Llama => self.width,
            Family::Gpt2 => positions + 2 * self.width,
            // Positions, two types and a norm; a layer with bias and norm; the output's bias.
            Family::Bert => {
                positions + 4 * self.width + self.transform() + 3 * self.width + self.vocabulary
            }
        };
        heads * self.vocabulary * self.width
            + around
            + self.layers * (self.block() + self.vectors())
    }

    /// Parameters outside of embeddings and head: the N of Kaplan et al. 2020.
    #[must_use]
    pub fn body_parameters(&self) -> u64 {
        self.layers * (self.block() + self.vectors())
    }

    /// Elements of the matrix before a BERT's output.
    fn transform(&self) -> u64 {
        match self.family {
            Family::Llama | Family::Gpt2 => 0,
            Family::Bert => self.width * self.width,
        }
    }

    /// Elements of the matrices inside the blocks.
    #[must_use]
    pub fn block_elements(&self) -> u64 {
        self.layers * self.block()
    }

    /// Elements of the matrices that a token with a target meets besides: those of the head.
    fn head_elements(&self) -> u64 {
        self.vocabulary * self.width + self.transform()
    }

    /// Operations to train on one token: 6 for each matrix element that it meets, and
    /// 12 · layers · width · context for attention (Chowdhery et al. 2022, arXiv:2204.02311,
    /// appendix B). Where a share of the tokens has targets, as in a BERT, the head counts for these.
    #[must_use]
    pub fn flops_per_token(&self) -> f64 {
        let matrices = self.block_elements() as f64 + self.predicting * self.head_elements() as f64;
        6.0 * matrices + self.attention_flops()
    }

    /// The part of attention in them: each token with all others of its row, which is what a BERT
    /// computes. By convention a causal model counts as much, though half of it is masked.
    #[must_use]
    pub fn attention_flops(&self) -> f64 {
        12.0 * (self.layers * self.width * self.context) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_models_have_their_parameters() {
        // Radford et al. 2019, as transformers counts the released files.
        let gpt2 = Shape::new(Family::Gpt2, 12, 12, 768, 50_257, 1024);
        assert_eq!(gpt2.parameters(), 124_439_808);
        // Touvron et al. 2023 (arXiv:2307.09288), Llama 2 7B.
        let llama = Shape {
            feed_forward: 11_008,
            tied: false,
            ..Shape::new(Family::Llama, 32, 32, 4096, 32_000, 4096)
        };
        assert_eq!(llama.parameters(), 6_738_415_616);
        // Brown et al. 2020 (arXiv:2005.14165), table 2.1: GPT-3 175B.
        let gpt3 = Shape::new(Family::Gpt2, 96, 96, 12_288, 50_257, 2048);
        assert!((gpt3.parameters() as f64 / 174.6e9 - 1.0).abs() < 0.001);
        // Devlin et al. 2018 (arXiv:1810.04805), BERT-base, "110M": as transformers counts its
        // BertForMaskedLM, which lacks the pooling layer.
        let bert = Shape::new(Family::Bert, 12, 12, 768, 30_522, 512);
        assert_eq!(bert.parameters(), 109_514_298);
    }

    #[test]
    fn a_bert_computes_its_head_for_masked_tokens_alone() {
        let bert = Shape::new(Family::Bert, 12, 12, 768, 30_522, 512);
        let blocks = 12.0 * 12.0 * 768.0 * 768.0;
        let head = 30_522.0 * 768.0 + 768.0 * 768.0;
        let attention = 12.0 * 12.0 * 768.0 * 512.0;
        let expected = 6.0 * (blocks + 0.15 * head) + attention;
        assert!((bert.flops_per_token() / expected - 1.0).abs() < 1e-12);
        let all = Shape {
            predicting: 1.0,
            ..bert
        };
        assert!((all.flops_per_token() - bert.flops_per_token() - 6.0 * 0.85 * head).abs() < 1.0);
    }

    proptest! {
        #[test]
        fn shapes_come_near_what_is_asked_for(log in 7.0f64..12.0) {
            let wanted = 10f64.powf(log);
            let shape = Shape::of_parameters(Family::Llama, wanted, 32_768, 2048);
            let found = shape.parameters() as f64;
            prop_assert!(shape.width.is_multiple_of(shape.heads));
            prop_assert!((found / wanted).ln().abs() < 0.5, "{found} {wanted}");
        }
    }
}
