//! Differentially private training (DP-SGD; Abadi et al. 2016, arXiv:1607.00133): what each row
//! teaches is clipped and drowned in noise, so that the model hardly depends on any one of them.

mod chance;
mod clipped;
mod spent;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use tch::Tensor;
use textmill_privacy::noise_for;
use textmill_train::gradient_norm;

use crate::Error;
use crate::batches::Row;
use crate::gradient::Gradient;
use crate::learner::{Course, Learner, Settings};
use crate::rules::Rules;

use chance::Chance;
pub use spent::Spent;

/// How much noise private training adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Noise {
    /// As little as keeps all steps within this ε.
    Epsilon(f64),
    /// Its deviation, in clipping norms.
    Multiplier(f64),
}

/// Settings of private training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Private {
    /// How much noise.
    pub noise: Noise,
    /// δ; none: 10⁻⁵, or a tenth of one by the number of rows where that is less.
    pub delta: Option<f64>,
    /// Norm to which what each row teaches is clipped.
    pub clip: f64,
    /// Seed of sampling and noise; none: a key from the operating system. It is a secret, and
    /// never written.
    #[serde(skip)]
    pub seed: Option<u64>,
    /// Which of the trainings of one seed this is: no two may share their noise.
    #[serde(skip)]
    pub stream: u64,
}

/// A private training under way.
pub(crate) struct Guard {
    chance: Chance,
    seeded: bool,
    rate: f64,
    noise: f64,
    clip: f64,
    delta: f64,
    /// Steps taken.
    steps: u64,
}

impl Guard {
    /// For so many rows, and so many steps at most.
    ///
    /// # Errors
    /// For settings that make no sense, or a budget that no noise meets.
    pub fn new(private: &Private, rows: usize, batch: usize, steps: u64) -> Result<Self, Error> {
        let delta = private.delta.unwrap_or(1e-5f64.min(0.1 / rows as f64));
        if !(delta > 0.0 && delta * (rows as f64) < 1.0) {
            return Err(Error::Config(format!(
                "delta is {delta:e}; for {rows} rows it must lie between 0 and 1/{rows}: with more, \
                 publishing a row outright would count as private"
            )));
        }
        if !(private.clip.is_finite() && private.clip > 0.0) {
            let said = format!("the clipping norm is {}; it must be above 0", private.clip);
            return Err(Error::Config(said));
        }
        let rate = (batch as f64 / rows as f64).min(1.0);
        let noise = match private.noise {
            Noise::Epsilon(epsilon) => noise_for(epsilon, delta, rate, steps)?,
            Noise::Multiplier(noise) => noise,
        };
        let guard = Self {
            chance: Chance::new(private.seed, private.stream)?,
            seeded: private.seed.is_some(),
            rate,
            noise,
            clip: private.clip,
            delta,
            steps: 0,
        };
        guard.spent()?; // a noise that makes no sense is found before any step
        Ok(guard)
    }

    /// What the steps so far promise.
    pub fn spent(&self) -> Result<Spent, Error> {
        let figures = [self.rate, self.noise, self.clip, self.delta];
        Spent::new(figures, self.steps, self.seeded)
    }

    /// The next step's gradient: of a sample of the rows, clipped one by one, with noise on all
    /// that is trained, by the number of rows that a sample has on average.
    fn gradient(
        &mut self,
        learner: &Learner,
        rows: &[Row],
        settings: &Settings,
        step: u64,
    ) -> Result<Gradient, Error> {
        self.steps += 1;
        let sample = self.chance.sample(rows.len(), self.rate);
        let sample: Vec<&Row> = sample.iter().filter_map(|&row| rows.get(row)).collect();
        let mut sum = learner.clipped_sum(&sample, settings, self.clip, step)?;
        // The vocabulary's padding gets noise as well: nothing reads it, and nothing writes it.
        for piece in sum.pieces() {
            self.chance
                .blur(&piece.f_view([-1])?, self.noise * self.clip)?;
        }
        sum.scale(1.0 / (self.rate * rows.len() as f64))?;
        Ok(sum)
    }
}

impl Learner {
    /// Teaches an epoch's worth of samples in private; whether it was not cancelled. There is no
    /// mean loss of it: that would tell of the rows without any noise.
    pub(crate) fn private_epoch(
        &self,
        rows: &[Row],
        course: Course,
        rules: &mut Rules,
        guard: &mut Guard,
    ) -> Result<bool, Error> {
        let Course {
            settings,
            watch,
            steps,
            number,
        } = course;
        let each = steps / settings.epochs.max(1);
        // Nothing is clipped again: what comes now is made from the noisy gradient alone.
        let one = Tensor::f_from_slice(&[1f32])?.f_reshape([] as [i64; 0])?;
        let one = one.f_to_device(self.gpt.device())?;
        for step in number * each..(number + 1) * each {
            if (watch.cancelled)() {
                return Ok(false);
            }
            let gradient = guard.gradient(self, rows, settings, step)?;
            rules.update(self, &gradient, &one, settings, [step, steps])?;
            watch.progress.advance(1);
        }
        match gradient_norm(self.gpt.flat())?
            .f_double_value(&[])?
            .is_finite()
        {
            true => Ok(true),
            false => Err(Error::Diverged {
                step: (number + 1) * each,
                lr: settings.lr,
            }),
        }
    }
}
