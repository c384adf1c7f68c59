//! The learning rate by step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::Config;

/// How the learning rate goes after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine down to `min_lr` (Loshchilov and Hutter 2016, arXiv:1608.03983).
    #[default]
    Cosine,
    /// Warm-up, stable, decay (Hu et al. 2024, MiniCPM, arXiv:2404.06395): the highest rate until
    /// the last `decay` of the steps, so that most of a run does not depend on how long it is.
    Wsd,
}

/// How the learning rate of [`Schedule::Wsd`] falls in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecayShape {
    /// In proportion to the steps.
    #[serde(rename = "linear")]
    Linear,
    /// As 1 − √x, steep at first: the better one in Hägele et al. 2024, arXiv:2405.18392.
    #[default]
    #[serde(rename = "1-sqrt")]
    OneMinusSqrt,
}

impl DecayShape {
    /// What is left of the rate when this share of the decay is done.
    fn left(self, done: f64) -> f64 {
        match self {
            Self::Linear => 1.0 - done,
            Self::OneMinusSqrt => 1.0 - done.sqrt(),
        }
    }
}

impl Config {
    /// Learning rate of a step, counted from 0: a linear rise over `warmup` steps, then as
    /// `schedule` says, between `lr` and `min_lr`.
    #[must_use]
    pub fn learning_rate(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.lr * (step + 1) as f64 / self.warmup as f64;
        }
        let left = match self.schedule {
            Schedule::Cosine => 0.5 * (1.0 + (PI * self.done(step, self.warmup)).cos()),
            Schedule::Wsd => {
                let length = (self.decay * self.steps as f64).round() as u64;
                let start = self.steps.saturating_sub(length).max(self.warmup);
                self.decay_shape.left(self.done(step, start))
            }
        };
        self.min_lr + (self.lr - self.min_lr) * left
    }

    /// Share of the steps from `start` to the last one that is done; 0 before them.
    fn done(&self, step: u64, start: u64) -> f64 {
        let length = self.steps.saturating_sub(start).max(1);
        (step.saturating_sub(start) as f64 / length as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(schedule: Schedule) -> Config {
        Config {
            steps: 100,
            warmup: 10,
            lr: 1.0,
            min_lr: 0.1,
            schedule,
            ..Config::default()
        }
    }

    fn check(config: &Config, expected: &[(u64, f64)]) {
        for &(step, lr) in expected {
            let found = config.learning_rate(step);
            assert!((found - lr).abs() < 1e-12, "step {step}: {found}");
        }
    }

    #[test]
    fn the_cosine_rises_and_falls() {
        let expected = [(0, 0.1), (9, 1.0), (10, 1.0), (55, 0.55), (100, 0.1)];
        check(&config(Schedule::Cosine), &expected);
        check(&config(Schedule::Cosine), &[(1000, 0.1)]);
    }

    #[test]
    fn warm_up_stable_decay_is_flat_and_then_falls() {
        let with = |decay, decay_shape| Config {
            decay,
            decay_shape,
            ..config(Schedule::Wsd)
        };
        let flat = [(0, 0.1), (10, 1.0), (79, 1.0), (80, 1.0), (100, 0.1)];
        let (linear, sqrt) = (DecayShape::Linear, DecayShape::OneMinusSqrt);
        check(&with(0.2, linear), &flat);
        check(&with(0.2, linear), &[(90, 0.55)]);
        check(&with(0.2, sqrt), &flat);
        check(
            &with(0.2, sqrt),
            &[(85, 0.55), (90, 0.1 + 0.9 * (1.0 - 0.5f64.sqrt()))],
        );
        check(&with(0.0, linear), &[(99, 1.0), (100, 1.0)]);
        // A decay over all steps begins behind the warm-up.
        check(&with(1.0, linear), &[(9, 1.0), (10, 1.0), (55, 0.55)]);
    }
}
