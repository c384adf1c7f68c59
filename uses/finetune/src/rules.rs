//! How gradients change body and head.

use tch::{Tensor, no_grad};
use textmill_train::{AdamW, Config as TrainConfig, Span};

use crate::Error;
use crate::gradient::Gradient;
use crate::learner::{Learner, Settings};
use crate::lesson::Lesson;

/// Share of the steps in which the learning rate rises.
const WARMUP: f64 = 0.06;

/// The update rules of body and head.
pub(crate) struct Rules {
    body: AdamW,
    head: Option<AdamW>,
}

impl Rules {
    /// Nothing learned yet.
    pub fn new(learner: &Learner, settings: &Settings) -> Result<Self, Error> {
        let config = TrainConfig {
            beta1: 0.9,
            beta2: 0.999,
            weight_decay: settings.weight_decay,
            ..TrainConfig::default()
        };
        let span = |start: i64, end: i64, decays: bool| Span {
            start,
            length: end - start,
            decays,
        };
        let body = match &learner.lora {
            Some(lora) => {
                let all = lora.flat.numel() as i64;
                AdamW::new(&config, &lora.flat, vec![span(0, all, false)])?
            }
            None => {
                let flat = learner.gpt.flat();
                let (matrices, all) = (learner.gpt.matrix_elements(), flat.numel() as i64);
                AdamW::new(
                    &config,
                    flat,
                    vec![span(0, matrices, true), span(matrices, all, false)],
                )?
            }
        };
        let head = learner.head.as_ref().map(|head| -> Result<AdamW, Error> {
            let flat = head.f_view([-1])?;
            Ok(AdamW::new(
                &config,
                &flat,
                vec![span(0, flat.numel() as i64, true)],
            )?)
        });
        Ok(Self {
            body,
            head: head.transpose()?,
        })
    }

    /// One step by what its rows teach, clipped as a whole.
    pub fn apply(
        &mut self,
        learner: &Learner,
        lesson: Lesson,
        settings: &Settings,
        step: u64,
        steps: u64,
    ) -> Result<(), Error> {
        if !lesson.loss.is_finite() {
            return Err(Error::Diverged {
                step: step + 1,
                lr: settings.lr,
            });
        }
        let gradient = Gradient::of(lesson, learner.lora.as_ref())?;
        let scale = no_grad(|| -> Result<Tensor, Error> {
            let scale = gradient.norm()?.f_add_scalar(1e-6)?.f_reciprocal()?;
            Ok(scale.f_mul_scalar(settings.clip)?.f_clamp_max(1.0)?)
        })?;
        self.update(learner, &gradient, &scale, settings, [step, steps])
    }

    /// One step by a gradient times `scale`, the first of two numbers of the steps in all.
    pub fn update(
        &mut self,
        learner: &Learner,
        gradient: &Gradient,
        scale: &Tensor,
        settings: &Settings,
        [step, steps]: [u64; 2],
    ) -> Result<(), Error> {
        let share = schedule(step, steps);
        no_grad(|| {
            let weights = learner
                .lora
                .as_ref()
                .map_or(learner.gpt.flat(), |lora| &lora.flat);
            self.body
                .update(weights, &gradient.body, scale, step, settings.lr * share)?;
            if let Some(lora) = &learner.lora {
                lora.apply(&learner.gpt)?;
            }
            if let (Some(rule), Some(head), Some(by)) =
                (&mut self.head, &learner.head, &gradient.head)
            {
                let (head, by) = (head.f_view([-1])?, by.f_reshape([-1])?);
                rule.update(&head, &by, scale, step, settings.head_lr * share)?;
            }
            Ok(())
        })
    }
}

/// The share of the highest learning rate: a linear rise, then a linear fall to 0.
fn schedule(step: u64, steps: u64) -> f64 {
    let (step, steps) = (step as f64, steps.max(1) as f64);
    let rise = (WARMUP * steps).max(1.0);
    match step < rise {
        true => (step + 1.0) / rise,
        false => ((steps - step) / (steps - rise).max(1.0)).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls_to_zero() {
        let rates: Vec<f64> = (0..100).map(|step| schedule(step, 100)).collect();
        assert!(rates[0] > 0.0 && rates[5] == 1.0 && rates[99] < 0.02);
        assert!(rates.windows(2).skip(6).all(|pair| pair[1] < pair[0]));
        assert_eq!(schedule(0, 1), 1.0);
    }
}
