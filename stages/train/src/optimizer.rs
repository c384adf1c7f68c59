//! What turns gradients into weights: AdamW for everything, or Muon for the matrices inside the
//! blocks and AdamW for the rest.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use textmill_model::{Gpt, read_tensors, write_tensors};

use crate::adamw::{AdamW, CPU_PIECE, Span};
use crate::muon::Muon;
use crate::{Config, Error};

/// File of the optimizer's state in a checkpoint.
pub(crate) const OPTIMIZER_FILE: &str = "optimizer.safetensors";

/// Which update rule the matrices inside the blocks get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101), as all other parameters.
    #[default]
    Adamw,
    /// Muon (Jordan et al. 2024): momentum, made orthogonal. Reaches a loss in fewer steps, at
    /// some more work a step: it pays where a step has many tokens (from some 10,000 on).
    Muon,
}

/// Norm of a flat gradient, a scalar on the device.
///
/// On the CPU it is the norm of the norms of pieces: libtorch adds up millions of fp32 squares in
/// a few lanes, and is off by 5 · 10⁻⁴ at 12 million, which clipping would hand on to the weights.
///
/// # Errors
/// When memory runs out.
pub fn gradient_norm(gradient: &Tensor) -> Result<Tensor, Error> {
    if gradient.device().is_cuda() {
        return Ok(gradient.f_norm()?);
    }
    let pieces = gradient.f_split(CPU_PIECE, 0)?;
    let norms: Vec<Tensor> = pieces
        .iter()
        .map(Tensor::f_norm)
        .collect::<Result<_, _>>()?;
    Ok(Tensor::f_stack(&norms, 0)?.f_norm()?)
}

/// The update rules of one run, and their state.
#[derive(Debug)]
pub struct Optimizer {
    adamw: AdamW,
    muon: Option<Muon>,
    clip: f64,
}

impl Optimizer {
    /// Nothing learned yet. `threads` share Muon's work on the CPU; they do not show in the
    /// result.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(config: &Config, gpt: &Gpt, threads: usize) -> Result<Self, Error> {
        let (weights, matrices) = (gpt.flat(), gpt.matrix_elements());
        let muon = match config.optimizer {
            OptimizerKind::Adamw => None,
            OptimizerKind::Muon => Some(Muon::new(config, weights, gpt.block_matrices(), threads)?),
        };
        let (start, end) = muon.as_ref().map_or((matrices, matrices), Muon::range);
        let span = |start, end, decays| Span {
            start,
            length: end - start,
            decays,
        };
        let spans = vec![
            span(0, start, true),
            span(end, matrices, true),
            span(matrices, weights.numel() as i64, false),
        ];
        Ok(Self {
            adamw: AdamW::new(config, weights, spans)?,
            muon,
            clip: config.clip,
        })
    }

    /// Applies a flat gradient of this norm (a scalar on the device), as the update after
    /// `updates` others.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn update(
        &mut self,
        weights: &Tensor,
        gradient: &Tensor,
        norm: &Tensor,
        updates: u64,
        lr: f64,
    ) -> Result<(), Error> {
        // min(1, clip / norm), without asking the device whether to clip
        let scale = norm.f_add_scalar(1e-6)?.f_reciprocal()?;
        let scale = match self.clip > 0.0 {
            true => scale.f_mul_scalar(self.clip)?.f_clamp_max(1.0)?,
            false => scale.f_ones_like()?,
        };
        self.adamw.update(weights, gradient, &scale, updates, lr)?;
        match &mut self.muon {
            Some(muon) => muon.update(weights, gradient, &scale, lr),
            None => Ok(()),
        }
    }

    fn tensors(&self) -> Vec<(&'static str, &Tensor)> {
        let adamw = [
            ("exp_avg", &self.adamw.mean),
            ("exp_avg_sq", &self.adamw.square),
        ];
        let muon = self.muon.iter().map(|muon| ("momentum", &muon.momentum));
        adamw.into_iter().chain(muon).collect()
    }

    /// Writes the state into a checkpoint's folder.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let tensors = self.tensors().into_iter();
        let cpu: Vec<(&str, Tensor)> = tensors
            .map(|(name, tensor)| Ok((name, tensor.f_to_device(Device::Cpu)?)))
            .collect::<Result<_, Error>>()?;
        let cpu = cpu.iter().map(|(name, tensor)| (*name, tensor));
        Ok(write_tensors(&dir.join(OPTIMIZER_FILE), cpu)?)
    }

    /// Reads the state from a checkpoint's folder.
    pub(crate) fn load(&mut self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(OPTIMIZER_FILE);
        let stored = read_tensors(&path)?;
        for (name, state) in self.tensors() {
            let stored = stored
                .get(name)
                .filter(|stored| stored.size() == state.size());
            match stored {
                Some(stored) if stored.f_kind()? == Kind::Float => {
                    state.shallow_clone().f_copy_(stored)?;
                }
                _ => return Err(Error::Optimizer(path)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use textmill_model::ModelConfig;

    use super::*;

    const KINDS: [OptimizerKind; 2] = [OptimizerKind::Adamw, OptimizerKind::Muon];

    fn config(optimizer: OptimizerKind) -> Config {
        Config {
            layers: 2,
            heads: 2,
            width: 32,
            context: 16,
            weight_decay: 0.1,
            optimizer,
            ..Config::default()
        }
    }

    #[test]
    fn the_norm_of_many_elements_is_exact() {
        let values: Vec<f32> = (0..4_000_000i64)
            .map(|i| ((i * 37 % 1000) as f32) * 1e-6)
            .collect();
        let gradient = Tensor::from_slice(&values);
        let exact = gradient.to_kind(Kind::Double).norm().double_value(&[]);
        let found = gradient_norm(&gradient).unwrap().double_value(&[]);
        assert!((found / exact - 1.0).abs() < 1e-6, "{found} {exact}");
    }

    fn gpt(config: &Config) -> Gpt {
        let model: ModelConfig = config.model(60, 59).unwrap();
        Gpt::new(&model, 1, Device::Cpu).unwrap()
    }

    fn gradient(gpt: &Gpt, phase: f64) -> Tensor {
        let count = gpt.flat().numel();
        let values = (0..count).map(|i| (i as f64 * 0.13 + phase).sin() as f32);
        Tensor::from_slice(&values.collect::<Vec<_>>())
    }

    fn update(optimizer: &mut Optimizer, gpt: &Gpt, gradient: &Tensor, updates: u64, lr: f64) {
        let norm = gradient.norm();
        let updated = optimizer.update(gpt.flat(), gradient, &norm, updates, lr);
        updated.unwrap();
    }

    #[test]
    fn only_matrices_decay() {
        for kind in KINDS {
            let config = config(kind);
            let gpt = gpt(&config);
            let before = gpt.flat().copy();
            let mut optimizer = Optimizer::new(&config, &gpt, 1).unwrap();
            update(&mut optimizer, &gpt, &before.zeros_like(), 0, 0.1);
            let matrices = gpt.matrix_elements();
            let rest = before.numel() as i64 - matrices;
            let part = |tensor: &Tensor, start, length| tensor.narrow(0, start, length);
            let decayed = part(&before, 0, matrices) * 0.99;
            let apart = (part(gpt.flat(), 0, matrices) - decayed).abs().max();
            assert!(apart.double_value(&[]) < 1e-7);
            assert!(part(gpt.flat(), matrices, rest).equal(&part(&before, matrices, rest)));
        }
    }

    #[test]
    fn long_gradients_are_cut() {
        for kind in KINDS {
            let config = Config {
                clip: 0.5,
                ..config(kind)
            };
            let gpt = gpt(&config);
            let mut optimizer = Optimizer::new(&config, &gpt, 1).unwrap();
            let gradient = gradient(&gpt, 0.0);
            update(&mut optimizer, &gpt, &gradient, 0, 0.0);
            let of = |tensors: Vec<(&str, &Tensor)>| -> f64 {
                let squares = tensors.iter().filter(|(name, _)| *name != "exp_avg_sq");
                let squares = squares.map(|(name, t)| {
                    let weight = if *name == "exp_avg" { 0.1 } else { 0.05 };
                    (t.norm().double_value(&[]) / weight).powi(2)
                });
                squares.sum::<f64>().sqrt()
            };
            let norm = of(optimizer.tensors());
            assert!((norm - 0.5).abs() < 1e-4, "{norm}");
        }
    }

    #[test]
    fn a_state_that_was_read_goes_on_as_the_one_that_was_written() {
        for kind in KINDS {
            let dir = tempfile::tempdir().unwrap();
            let config = config(kind);
            let (whole, resumed) = (gpt(&config), gpt(&config));
            let mut optimizer = Optimizer::new(&config, &whole, 1).unwrap();
            for step in 0..3 {
                update(
                    &mut optimizer,
                    &whole,
                    &gradient(&whole, step as f64),
                    step,
                    0.01,
                );
            }
            optimizer.save(dir.path()).unwrap();
            resumed
                .flat()
                .shallow_clone()
                .f_copy_(whole.flat())
                .unwrap();
            let mut read = Optimizer::new(&config, &resumed, 3).unwrap();
            read.load(dir.path()).unwrap();
            for step in 3..6 {
                let gradient = gradient(&whole, step as f64);
                update(&mut optimizer, &whole, &gradient, step, 0.01);
                update(&mut read, &resumed, &gradient, step, 0.01);
            }
            assert!(whole.flat().equal(resumed.flat()));
            let states = optimizer.tensors().into_iter().zip(read.tensors());
            assert!(states.into_iter().all(|((_, a), (_, b))| a.equal(b)));

            let other = Config {
                layers: 1,
                ..config
            };
            let mut other = Optimizer::new(&other, &gpt(&other), 1).unwrap();
            assert!(matches!(other.load(dir.path()), Err(Error::Optimizer(_))));
        }
    }
}
