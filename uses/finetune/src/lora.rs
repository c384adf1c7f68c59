//! Low-rank adaptation.

use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tch::{Device, Kind, Tensor, no_grad};
use textmill_model::{Architecture, Gpt, Matrix, write_tensors};

use crate::Error;

/// How large an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraSettings {
    /// Columns of A, rows of B.
    pub rank: i64,
    /// The product is scaled by alpha / rank.
    pub alpha: f64,
}

/// Low-rank adapters of all matrices inside the blocks (Hu et al. 2021, arXiv:2106.09685): the
/// weights are W + (alpha / rank) · B · A, of which W stays and B starts at zero.
///
/// The network always holds the sum, so there is nothing to merge in the end. By the chain rule,
/// the gradients of A and B come from that of the sum, (alpha / rank) · Bᵀ · dW and
/// (alpha / rank) · dW · Aᵀ: they are exact, and the network computes as fast as without adapters.
/// What is saved is the optimizer's memory, not the gradient's.
pub(crate) struct Lora {
    settings: LoraSettings,
    /// The weights as they were.
    base: Tensor,
    parts: Vec<Part>,
    /// All A and B, one behind the other.
    pub flat: Tensor,
}

#[derive(Clone)]
struct Part {
    name: String,
    matrix: Matrix,
    /// Where A `[rank, columns]` begins in the flat vector; B `[rows, rank]` follows.
    start: i64,
}

impl Part {
    fn a(&self, flat: &Tensor, rank: i64) -> Result<Tensor, Error> {
        let columns = self.matrix.columns;
        Ok(flat
            .f_narrow(0, self.start, rank * columns)?
            .f_view([rank, columns])?)
    }

    fn b(&self, flat: &Tensor, rank: i64) -> Result<Tensor, Error> {
        let Matrix { rows, columns, .. } = self.matrix;
        let start = self.start + rank * columns;
        Ok(flat.f_narrow(0, start, rows * rank)?.f_view([rows, rank])?)
    }

    fn weight(&self, flat: &Tensor) -> Result<Tensor, Error> {
        let Matrix {
            offset,
            rows,
            columns,
        } = self.matrix;
        Ok(flat
            .f_narrow(0, offset, rows * columns)?
            .f_view([rows, columns])?)
    }
}

impl Lora {
    /// Adapters that change nothing yet: A uniform within ±1/√columns, B zero.
    pub fn new(gpt: &Gpt, settings: LoraSettings, seed: u64) -> Result<Self, Error> {
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(b"LoRA");
        let mut rng = ChaCha8Rng::from_seed(key);
        for (name, matrix) in gpt.named_matrices() {
            let start = values.len() as i64;
            let bound = 1.0 / (matrix.columns as f64).sqrt();
            let draw = |_| {
                let uniform = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                ((2.0 * uniform - 1.0) * bound) as f32
            };
            values.extend((0..settings.rank * matrix.columns).map(draw));
            values.resize(values.len() + (matrix.rows * settings.rank) as usize, 0.0);
            parts.push(Part {
                name,
                matrix,
                start,
            });
        }
        Ok(Self {
            settings,
            base: gpt.flat().f_detach_copy()?,
            parts,
            flat: Tensor::f_from_slice(&values)?.f_to_device(gpt.device())?,
        })
    }

    /// The same adapters: what one changes, the other has.
    pub fn share(&self) -> Self {
        Self {
            settings: self.settings,
            base: self.base.shallow_clone(),
            parts: self.parts.clone(),
            flat: self.flat.shallow_clone(),
        }
    }

    fn scale(&self) -> f64 {
        self.settings.alpha / self.settings.rank as f64
    }

    /// Gives the network the weights that the adapters make.
    pub fn apply(&self, gpt: &Gpt) -> Result<(), Error> {
        no_grad(|| {
            for part in &self.parts {
                let rank = self.settings.rank;
                let product = part.b(&self.flat, rank)?.f_mm(&part.a(&self.flat, rank)?)?;
                let sum = part
                    .weight(&self.base)?
                    .f_add(&product.f_mul_scalar(self.scale())?)?;
                part.weight(gpt.flat())?.f_copy_(&sum)?;
            }
            Ok(())
        })
    }

    /// The gradient by the adapters, of that by the weights.
    pub fn gradient(&self, by_weights: &Tensor) -> Result<Tensor, Error> {
        no_grad(|| {
            let found = self.flat.f_zeros_like()?;
            let rank = self.settings.rank;
            for part in &self.parts {
                let by = part.weight(by_weights)?.f_mul_scalar(self.scale())?;
                let (a, b) = (part.a(&self.flat, rank)?, part.b(&self.flat, rank)?);
                part.a(&found, rank)?
                    .f_copy_(&b.f_transpose(0, 1)?.f_mm(&by)?)?;
                part.b(&found, rank)?
                    .f_copy_(&by.f_mm(&a.f_transpose(0, 1)?)?)?;
            }
            Ok(found)
        })
    }

    /// The adapted modules, by what their names end with.
    fn modules(&self, architecture: Architecture) -> Vec<&str> {
        let names = self.parts.iter().map(|part| part.name.as_str());
        let mut modules: Vec<&str> = names
            .map(|name| ending(name.trim_end_matches(".weight"), architecture))
            .collect();
        modules.sort_unstable();
        modules.dedup();
        modules
    }

    /// Writes the adapters as the library PEFT does, which can put them onto the model that was
    /// fine-tuned.
    pub fn save(&self, dir: &Path, base: &str, architecture: Architecture) -> Result<(), Error> {
        let rank = self.settings.rank;
        let mut tensors = Vec::new();
        for part in &self.parts {
            let module = part.name.trim_end_matches(".weight");
            for (which, tensor) in [
                ("A", part.a(&self.flat, rank)?),
                ("B", part.b(&self.flat, rank)?),
            ] {
                let name = format!("base_model.model.{module}.lora_{which}.weight");
                let tensor = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
                tensors.push((name, tensor.f_contiguous()?));
            }
        }
        let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        write_tensors(&dir.join("adapter_model.safetensors"), named)?;
        let bert = architecture == Architecture::Bert;
        let config = json!({
            "peft_type": "LORA",
            // PEFT has no type for masked models: it finds their class by `auto_mapping`.
            "task_type": (!bert).then_some("CAUSAL_LM"),
            "auto_mapping": bert.then(|| json!({
                "base_model_class": "BertForMaskedLM",
                "parent_library": "transformers.models.bert.modeling_bert",
            })),
            "base_model_name_or_path": base,
            "r": rank,
            "lora_alpha": self.settings.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": self.modules(architecture),
            // GPT-2 stores its matrices as [in, out].
            "fan_in_fan_out": architecture == Architecture::Gpt2,
            "inference_mode": true,
        });
        let path = dir.join("adapter_config.json");
        let json = serde_json::to_vec_pretty(&config).unwrap_or_default();
        std::fs::write(&path, json).map_err(Error::io(&path))
    }
}

/// What tells a module from others that are not adapted.
fn ending(module: &str, architecture: Architecture) -> &str {
    match architecture {
        // Its head has a `dense` too: the path behind the block's number is needed.
        Architecture::Bert => {
            let number = |c: char| c.is_ascii_digit();
            module.split_once(".layer.").map_or(module, |(_, path)| {
                path.trim_start_matches(number).trim_start_matches('.')
            })
        }
        Architecture::Llama | Architecture::Gpt2 => module.rsplit('.').next().unwrap_or(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use textmill_model::{Dropout, ModelConfig, Size};

    fn gpt(architecture: Architecture) -> Gpt {
        let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
        (config.width, config.feed_forward) = (32, 64);
        Gpt::new(&config, 3, Device::Cpu).unwrap()
    }

    fn apart(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).abs().max().double_value(&[])
    }

    const SETTINGS: LoraSettings = LoraSettings {
        rank: 2,
        alpha: 4.0,
    };

    #[test]
    fn adapters_begin_without_effect_and_add_exactly_their_product() {
        for architecture in Architecture::ALL {
            let gpt = gpt(architecture);
            let before = gpt.flat().copy();
            let lora = Lora::new(&gpt, SETTINGS, 1).unwrap();
            lora.apply(&gpt).unwrap();
            assert!(gpt.flat().equal(&before));
            let _ = lora.flat.shallow_clone().fill_(0.5);
            lora.apply(&gpt).unwrap();
            // Each element is 2 · (0.5 · 0.5 + 0.5 · 0.5) more, in the blocks' matrices alone.
            let change = gpt.flat() - &before;
            let matrices: i64 = gpt
                .block_matrices()
                .iter()
                .map(|m| m.rows * m.columns)
                .sum();
            let changed = change.abs().gt(0.5).sum(Kind::Int64).int64_value(&[]);
            assert_eq!(changed, matrices);
            let sum = change.sum(Kind::Double).double_value(&[]);
            assert!((sum / matrices as f64 - 1.0).abs() < 1e-5, "{sum}");
        }
    }

    #[test]
    fn gradients_by_adapters_are_those_of_the_loss() {
        Architecture::ALL
            .into_iter()
            .for_each(gradients_are_those_of_the_loss);
    }

    fn gradients_are_those_of_the_loss(architecture: Architecture) {
        let gpt = gpt(architecture);
        let lora = Lora::new(&gpt, SETTINGS, 1).unwrap();
        let _ = lora
            .flat
            .shallow_clone()
            .f_add_(&Tensor::full_like(&lora.flat, 0.02))
            .unwrap();
        lora.apply(&gpt).unwrap();
        let ids: Vec<i64> = (0..24).map(|i| i * 31 % 70).collect();
        let tokens = Tensor::from_slice(&ids).reshape([2, 12]);
        let loss = || {
            let handle = gpt.trainable().unwrap();
            handle
                .gradients(&tokens, &tokens, 1.0, &mut Dropout::off())
                .unwrap()
        };
        let before = loss();
        let gradient = lora.gradient(&before.flat).unwrap();
        let squares = gradient.square().sum(Kind::Double).double_value(&[]);
        let expected = 0.02; // of a loss of 100: far above rounding, and near enough
        let step = expected / squares;
        let _ = no_grad(|| lora.flat.shallow_clone().g_sub_(&(&gradient * step)));
        lora.apply(&gpt).unwrap();
        let fallen = before.loss.double_value(&[]) - loss().loss.double_value(&[]);
        assert!(
            (fallen / expected - 1.0).abs() < 0.05,
            "{architecture:?}: {fallen} {expected}"
        );
        assert!(apart(&gradient, &gradient.zeros_like()) > 0.0);
    }

    #[test]
    fn modules_are_named_as_peft_tells_them_apart() {
        let modules = |architecture| {
            let lora = Lora::new(&gpt(architecture), SETTINGS, 1).unwrap();
            lora.modules(architecture).join(" ")
        };
        assert_eq!(modules(Architecture::Gpt2), "c_attn c_fc c_proj");
        assert_eq!(
            modules(Architecture::Bert),
            "attention.output.dense attention.self.key attention.self.query attention.self.value \
             intermediate.dense output.dense"
        );
    }
}
