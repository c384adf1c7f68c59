//! AdamW over flat buffers.

use tch::Tensor;

use crate::{Config, Error};

/// Elements that one piece of the update covers on the CPU: small enough for the cache to hold
/// what the dozen operations of the update touch.
pub(crate) const CPU_PIECE: i64 = 1 << 15;

/// Part of the flat parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first element.
    pub start: i64,
    /// Its elements.
    pub length: i64,
    /// Whether weight decay is for it: only matrices decay.
    pub decays: bool,
}

/// AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101): Adam with bias correction, and weight
/// decay apart from the gradient, on matrices only.
///
/// The state is two vectors as long as the parameters that it is for. No update waits for the
/// device.
#[derive(Debug)]
pub struct AdamW {
    pub(crate) mean: Tensor,
    pub(crate) square: Tensor,
    spans: Vec<Span>,
    beta1: f64,
    beta2: f64,
    decay: f64,
}

impl AdamW {
    const EPS: f64 = 1e-8;

    /// For these spans of the flat parameters.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(config: &Config, weights: &Tensor, spans: Vec<Span>) -> Result<Self, Error> {
        let length: i64 = spans.iter().map(|span| span.length).sum();
        let zeros = || weights.f_new_zeros([length], (weights.f_kind()?, weights.device()));
        Ok(Self {
            mean: zeros()?,
            square: zeros()?,
            spans,
            beta1: config.beta1,
            beta2: config.beta2,
            decay: config.weight_decay,
        })
    }

    /// Applies a flat gradient times `scale`, a scalar on the device, as the update after
    /// `updates` others.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn update(
        &mut self,
        weights: &Tensor,
        gradient: &Tensor,
        scale: &Tensor,
        updates: u64,
        lr: f64,
    ) -> Result<(), Error> {
        let mut state = 0;
        for span in &self.spans {
            if span.decays && self.decay > 0.0 {
                let mut matrices = weights.f_narrow(0, span.start, span.length)?;
                let _ = matrices.f_mul_scalar_(1.0 - lr * self.decay)?;
            }
            let most = match weights.device().is_cuda() {
                true => span.length,
                false => CPU_PIECE,
            };
            let mut done = 0;
            while done < span.length {
                let length = most.min(span.length - done);
                let part = |tensor: &Tensor| tensor.f_narrow(0, span.start + done, length);
                let own = |tensor: &Tensor| tensor.f_narrow(0, state + done, length);
                let scaled = part(gradient)?.f_mul(scale)?;
                let (mut mean, mut square) = (own(&self.mean)?, own(&self.square)?);
                let weights = &mut part(weights)?;
                self.adam(weights, &scaled, &mut mean, &mut square, updates, lr)?;
                done += length;
            }
            state += span.length;
        }
        Ok(())
    }

    fn adam(
        &self,
        weights: &mut Tensor,
        gradient: &Tensor,
        mean: &mut Tensor,
        square: &mut Tensor,
        updates: u64,
        lr: f64,
    ) -> Result<(), Error> {
        let t = (updates + 1) as f64;
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

    fn span(start: i64, length: i64) -> Span {
        Span {
            start,
            length,
            decays: true,
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
        let config = Config {
            weight_decay: 0.1,
            ..Config::default()
        };
        // In two spans that are no multiple of a piece.
        let spans = vec![span(0, 1001), span(1001, ours.numel() as i64 - 1001)];
        let mut adamw = AdamW::new(&config, &ours, spans).unwrap();
        for step in 0..5 {
            let gradient = wave(step as f64, 0.3);
            reference.backward_step(&(&theirs * &gradient).sum(Kind::Float));
            let one = Tensor::from(1f32);
            adamw.update(&ours, &gradient, &one, step, 1e-2).unwrap();
        }
        let apart = (&theirs.detach() - &ours).abs().max().double_value(&[]);
        assert!(apart < 1e-6, "{apart}");
    }

    #[test]
    fn nothing_outside_the_spans_moves() {
        let weights = Tensor::ones([6], (Kind::Float, Device::Cpu));
        let spans = vec![span(1, 2), span(5, 1)];
        let mut adamw = AdamW::new(&Config::default(), &weights, spans).unwrap();
        assert_eq!(adamw.mean.size(), [3]);
        let gradient = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let one = Tensor::from(1f32);
        adamw.update(&weights, &gradient, &one, 0, 0.1).unwrap();
        let after = Vec::<f32>::try_from(&weights).unwrap();
        let moved: Vec<bool> = after.iter().map(|weight| *weight != 1.0).collect();
        assert_eq!(moved, [false, true, true, false, false, true]);
        let mean = Vec::<f32>::try_from(&adamw.mean).unwrap();
        assert!((mean[2] - 0.6).abs() < 1e-6, "{mean:?}");
    }
}
