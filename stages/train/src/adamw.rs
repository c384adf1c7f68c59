//! AdamW over one flat buffer.

use std::path::Path;

use tch::{Kind, Tensor};
use textmill_model::{read_tensors, write_tensors};

use crate::{Config, Error};

/// File of the optimizer's state in a checkpoint.
pub(crate) const OPTIMIZER_FILE: &str = "optimizer.safetensors";

/// Elements that one piece of the update covers on the CPU: small enough for the cache to hold
/// what the dozen operations of the update touch.
const CPU_PIECE: i64 = 1 << 15;

/// AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101): Adam with bias correction, and weight
/// decay apart from the gradient, on matrices only.
///
/// The state is two vectors as long as the parameters. No step waits for the device.
#[derive(Debug)]
pub struct AdamW {
    mean: Tensor,
    square: Tensor,
    /// Elements at the front that decay.
    matrices: i64,
    beta1: f64,
    beta2: f64,
    decay: f64,
    clip: f64,
}

impl AdamW {
    const EPS: f64 = 1e-8;

    pub fn new(config: &Config, weights: &Tensor, matrices: i64) -> Result<Self, Error> {
        Ok(Self {
            mean: weights.f_zeros_like()?,
            square: weights.f_zeros_like()?,
            matrices,
            beta1: config.beta1,
            beta2: config.beta2,
            decay: config.weight_decay,
            clip: config.clip,
        })
    }

    /// Applies a gradient as step `step`, counted from 0; returns the gradient's norm before
    /// clipping, on the device.
    pub fn update(
        &mut self,
        weights: &Tensor,
        gradient: &Tensor,
        step: u64,
        lr: f64,
    ) -> Result<Tensor, Error> {
        let norm = gradient.f_norm()?;
        // min(1, clip / norm), without asking the device whether to clip
        let scale = norm.f_add_scalar(1e-6)?.f_reciprocal()?;
        let scale = match self.clip > 0.0 {
            true => scale.f_mul_scalar(self.clip)?.f_clamp_max(1.0)?,
            false => scale.f_ones_like()?,
        };
        if self.decay > 0.0 {
            let mut matrices = weights.f_narrow(0, 0, self.matrices)?;
            let _ = matrices.f_mul_scalar_(1.0 - lr * self.decay)?;
        }
        let numel = weights.numel() as i64;
        let piece = if weights.device().is_cuda() {
            numel
        } else {
            CPU_PIECE
        };
        let mut first = 0;
        while first < numel {
            let length = piece.min(numel - first);
            let part = |tensor: &Tensor| tensor.f_narrow(0, first, length);
            let gradient = part(gradient)?.f_mul(&scale)?;
            let (mut mean, mut square) = (part(&self.mean)?, part(&self.square)?);
            self.adam(
                &mut part(weights)?,
                &gradient,
                &mut mean,
                &mut square,
                step,
                lr,
            )?;
            first += length;
        }
        Ok(norm)
    }

    fn adam(
        &self,
        weights: &mut Tensor,
        gradient: &Tensor,
        mean: &mut Tensor,
        square: &mut Tensor,
        step: u64,
        lr: f64,
    ) -> Result<(), Error> {
        let t = (step + 1) as f64;
        let correction1 = 1.0 - self.beta1.powf(t);
        let correction2 = 1.0 - self.beta2.powf(t);
        let _ = mean.f_lerp_(gradient, 1.0 - self.beta1)?;
        let squared = gradient.f_mul(gradient)?;
        let _ = square.f_lerp_(&squared, 1.0 - self.beta2)?;
        let mut deviation = square.f_sqrt()?;
        let _ = deviation
            .f_mul_scalar_(1.0 / correction2.sqrt())?
            .f_add_scalar_(Self::EPS)?
            .f_mul_scalar_(-correction1 / lr.max(f64::MIN_POSITIVE))?;
        let _ = weights.f_addcdiv_(mean, &deviation)?;
        Ok(())
    }

    /// Writes the state into a checkpoint's folder.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        let tensors = [("exp_avg", &self.mean), ("exp_avg_sq", &self.square)];
        let cpu = tensors.map(|(name, t)| (name, t.to_device(tch::Device::Cpu)));
        let cpu = cpu.iter().map(|(name, tensor)| (*name, tensor));
        Ok(write_tensors(&dir.join(OPTIMIZER_FILE), cpu)?)
    }

    /// Reads the state from a checkpoint's folder.
    pub fn load(&mut self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(OPTIMIZER_FILE);
        let tensors = read_tensors(&path)?;
        for (name, state) in [
            ("exp_avg", &mut self.mean),
            ("exp_avg_sq", &mut self.square),
        ] {
            match tensors.get(name) {
                Some(stored)
                    if stored.size() == state.size() && stored.f_kind()? == Kind::Float =>
                {
                    state.f_copy_(stored)?;
                }
                _ => return Err(Error::Optimizer(path)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::nn::{self, OptimizerConfig};
    use tch::{Device, Kind};

    fn wave(phase: f64, amplitude: f64) -> Tensor {
        // more than one piece, the last one short
        let values: Vec<f32> = (0..CPU_PIECE + 777)
            .map(|i| (amplitude * ((i as f64) * 0.13 + phase).sin()) as f32)
            .collect();
        Tensor::from_slice(&values)
    }

    fn config() -> Config {
        Config {
            weight_decay: 0.1,
            clip: 0.0,
            ..Config::default()
        }
    }

    #[test]
    fn steps_equal_those_of_libtorchs_adamw() {
        let store = nn::VarStore::new(Device::Cpu);
        let theirs = store.root().var_copy("x", &wave(0.0, 1.0));
        let betas = nn::AdamW {
            beta1: 0.9,
            beta2: 0.95,
            wd: 0.1,
            eps: 1e-8,
            amsgrad: false,
        };
        let mut reference = betas.build(&store, 1e-2).unwrap();
        let ours = wave(0.0, 1.0);
        let mut adamw = AdamW::new(&config(), &ours, ours.numel() as i64).unwrap();
        for step in 0..5 {
            let gradient = wave(step as f64, 0.3);
            reference.backward_step(&(&theirs * &gradient).sum(Kind::Float));
            let _ = adamw.update(&ours, &gradient, step, 1e-2).unwrap();
        }
        let apart = (&theirs.detach() - &ours).abs().max().double_value(&[]);
        assert!(apart < 1e-6, "{apart}");
    }

    #[test]
    fn only_matrices_decay_and_long_gradients_are_cut() {
        let config = Config {
            clip: 0.5,
            ..config()
        };
        let weights = Tensor::ones([4], (Kind::Float, Device::Cpu));
        let mut adamw = AdamW::new(&config, &weights, 2).unwrap();
        let zero = weights.zeros_like();
        let _ = adamw.update(&weights, &zero, 0, 0.1).unwrap();
        let after = Vec::<f32>::try_from(&weights).unwrap();
        assert_eq!(after, [0.99, 0.99, 1.0, 1.0]);

        let gradient = Tensor::from_slice(&[3f32, 0.0, 4.0, 0.0]);
        let norm = adamw.update(&weights, &gradient, 1, 0.1).unwrap();
        assert!((norm.double_value(&[]) - 5.0).abs() < 1e-6);
        let mean = Vec::<f32>::try_from(&adamw.mean).unwrap();
        assert!(
            (mean[0] - 0.03).abs() < 1e-6 && (mean[2] - 0.04).abs() < 1e-6,
            "{mean:?}"
        );
    }

    #[test]
    fn state_round_trips() {
        let dir = tempfile::tempdir().unwrap();
        let weights = wave(0.0, 1.0);
        let mut adamw = AdamW::new(&config(), &weights, 5).unwrap();
        let _ = adamw.update(&weights, &wave(1.0, 0.1), 0, 0.1).unwrap();
        adamw.save(dir.path()).unwrap();
        let mut read = AdamW::new(&config(), &weights, 5).unwrap();
        read.load(dir.path()).unwrap();
        assert!(read.mean.equal(&adamw.mean) && read.square.equal(&adamw.square));
        let short = Tensor::from_slice(&[1f32]);
        let mut other = AdamW::new(&config(), &short, 1).unwrap();
        assert!(matches!(other.load(dir.path()), Err(Error::Optimizer(_))));
    }
}
