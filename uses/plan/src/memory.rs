//! What training keeps in memory, part by part.

use serde::Serialize;

use crate::estimate::Precision;
use crate::shape::{Family, Shape};

/// What is computed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rows {
    /// Rows of `context` tokens in a micro-batch.
    pub batch: u64,
    /// Number format of weights and activations.
    pub precision: Precision,
    /// Whether the matrices inside the blocks are Muon's, which keeps one vector, not two.
    pub muon: bool,
}

/// Bytes by part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// The fp32 weights that the optimizer updates, and their bf16 copy.
    pub weights: f64,
    /// Their gradient, fp32.
    pub gradients: f64,
    /// The optimizer's vectors, fp32.
    pub optimizer: f64,
    /// What the forward pass keeps for the backward pass, of a micro-batch.
    pub activations: f64,
    /// A chunk of logits, which never exist whole.
    pub logits: f64,
}

/// Logits of a chunk on a GPU, elements: as the trainer's head has it.
const CHUNK: f64 = (1u64 << 27) as f64;

impl Memory {
    /// Of a network on one device that keeps everything itself.
    #[must_use]
    pub fn of(shape: &Shape, rows: Rows) -> Self {
        let parameters = shape.parameters() as f64;
        let copy = if rows.precision == Precision::Bf16 {
            2.0
        } else {
            0.0
        };
        let inside = shape.block_elements() as f64;
        let muon = if rows.muon { inside } else { 0.0 };
        let tokens = (rows.batch * shape.context) as f64;
        Self {
            weights: (4.0 + copy) * parameters,
            gradients: 4.0 * parameters,
            optimizer: 8.0 * (parameters - muon) + 4.0 * muon,
            activations: tokens * activations_per_token(shape, rows.precision),
            logits: 2.0 * 4.0 * CHUNK.min(shape.predicting * tokens * shape.vocabulary as f64),
        }
    }

    /// All parts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.weights + self.gradients + self.optimizer + self.activations + self.logits
    }
}

/// Bytes that one token's way through the blocks leaves behind: in each, the inputs of norms and
/// products and the results of the activation, with attention in a fused kernel that keeps no
/// weights (Korthikanti et al. 2022, arXiv:2205.05198, section 4, without their dropout masks and
/// attention matrices).
fn activations_per_token(shape: &Shape, precision: Precision) -> f64 {
    let bytes = match precision {
        Precision::Bf16 => 2.0,
        Precision::Fp32 => 4.0,
    };
    let (d, ff) = (shape.width as f64, shape.feed_forward as f64);
    let kv = (shape.kv_heads * (shape.width / shape.heads.max(1))) as f64;
    // Two norms' inputs and results, query, key and value, attention's result; gate, up and product,
    // or up and its activation.
    let fed = match shape.family {
        Family::Llama => 4.0 * ff,
        Family::Gpt2 | Family::Bert => 2.0 * ff,
    };
    let block = 4.0 * d + (d + 2.0 * kv) + 2.0 * d + fed;
    bytes * (shape.layers as f64 * block + 3.0 * d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(batch: u64, muon: bool) -> Rows {
        Rows {
            batch,
            precision: Precision::Bf16,
            muon,
        }
    }

    #[test]
    fn weights_gradients_and_adam_take_18_bytes_a_parameter() {
        // Rajbhandari et al. 2019 (arXiv:1910.02054) count 16 with gradients in 16 bits; ours are fp32.
        let shape = Shape::new(Family::Gpt2, 12, 12, 768, 50_257, 1024);
        let memory = Memory::of(&shape, rows(1, false));
        let fixed = memory.weights + memory.gradients + memory.optimizer;
        assert_eq!(fixed, 18.0 * shape.parameters() as f64);
        let muon = Memory::of(&shape, rows(1, true));
        assert!(muon.optimizer < memory.optimizer);
    }

    #[test]
    fn activations_grow_with_the_batch_alone() {
        let shape = Shape::new(Family::Llama, 12, 12, 768, 50_257, 1024);
        let (one, four) = (
            Memory::of(&shape, rows(1, false)),
            Memory::of(&shape, rows(4, false)),
        );
        assert!((four.activations / one.activations - 4.0).abs() < 1e-9);
        assert_eq!(four.weights, one.weights);
        assert!(four.total() > one.total());
    }
}
