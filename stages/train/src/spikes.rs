//! Steps whose loss or gradient is out of the ordinary, and what is done about them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::metrics::rounded;

/// File of the steps that stood out.
pub(crate) const SPIKES_FILE: &str = "spikes.jsonl";
/// Steps that a new one is compared with.
const WINDOW: usize = 100;
/// Steps before which nothing is called a spike, as little is known.
const ENOUGH: usize = 20;
/// Steps in a row without a finite loss that are a divergence: no batch is to blame any more.
const HOPELESS: u32 = 5;
/// The least that counts as the usual spread: of a loss, as a share of it; of the logarithm of a
/// gradient's norm. A spread near 0, as of a loss that hardly moves, makes a spike of nothing.
const LEAST_SPREAD: (f64, f64) = (0.01, 0.05);

/// What happens to a step that is a spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnSpike {
    /// Its gradient is thrown away.
    #[default]
    Skip,
    /// The run stops, behind a checkpoint.
    Stop,
    /// Its gradient is applied nevertheless, unless it is no number.
    Ignore,
}

/// What is done with a step's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Applied,
    Skipped,
    Stopped,
}

/// A line of spikes.jsonl.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spike {
    /// The step, as in metrics.jsonl.
    pub step: u64,
    /// Not a number or infinite where this is null, as with the norm.
    pub loss: f64,
    pub grad_norm: f64,
    /// Spreads above the median of the steps before; null where a figure is not finite.
    pub z_loss: Option<f64>,
    pub z_grad_norm: Option<f64>,
    pub action: Action,
    /// The documents that the batch had pieces of.
    pub ids: Vec<String>,
}

/// How far a step is above the ones before, in spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// Whether loss and norm are finite.
    pub finite: bool,
    pub z_loss: Option<f64>,
    pub z_norm: Option<f64>,
}

impl Judgement {
    /// Whether the step is a spike: above `limit`, or no number at all.
    pub fn is_spike(&self, limit: f64) -> bool {
        let above = |z: Option<f64>| z.is_some_and(|z| z > limit);
        !self.finite || above(self.z_loss) || above(self.z_norm)
    }

    /// What to do with the step. What is no number is never applied.
    pub fn action(&self, limit: f64, on_spike: OnSpike) -> Action {
        match (self.is_spike(limit), on_spike) {
            (false, _) => Action::Applied,
            (true, OnSpike::Stop) => Action::Stopped,
            (true, OnSpike::Skip) => Action::Skipped,
            (true, OnSpike::Ignore) if self.finite => Action::Applied,
            (true, OnSpike::Ignore) => Action::Skipped,
        }
    }
}

/// The losses and the logarithms of the gradient norms of the last steps.
///
/// Part of a checkpoint, so that a resumed run judges as an undisturbed one does. Skipped steps
/// are in it too: what comes up again and again is part of the data, and is not skipped for long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    losses: VecDeque<f64>,
    norms: VecDeque<f64>,
    /// Steps in a row that were not finite.
    broken: u32,
}

impl Window {
    /// Compares a step with the ones before.
    pub fn judge(&self, loss: f64, norm: f64) -> Judgement {
        let finite = loss.is_finite() && norm.is_finite();
        let known = finite && self.losses.len() >= ENOUGH;
        let (least_loss, least_norm) = LEAST_SPREAD;
        Judgement {
            finite,
            z_loss: known.then(|| z(&self.losses, loss, |median| least_loss * median.abs())),
            z_norm: known.then(|| z(&self.norms, logarithm(norm), |_| least_norm)),
        }
    }

    /// Takes note of a step.
    pub fn push(&mut self, loss: f64, norm: f64) {
        if !(loss.is_finite() && norm.is_finite()) {
            self.broken += 1;
            return;
        }
        self.broken = 0;
        for (window, value) in [(&mut self.losses, loss), (&mut self.norms, logarithm(norm))] {
            if window.len() == WINDOW {
                window.pop_front();
            }
            window.push_back(rounded(value));
        }
    }

    /// Whether so many steps in a row were not finite that there is nothing to go on with.
    pub fn is_hopeless(&self) -> bool {
        self.broken >= HOPELESS
    }
}

/// Gradient norms differ by factors.
fn logarithm(norm: f64) -> f64 {
    norm.max(1e-12).ln()
}

/// How many spreads a value lies above the median. The spread is the greater of 1.4826 times the
/// median absolute deviation, which single outliers do not move, and the standard deviation,
/// which a few of them do: where the data have two kinds of batches, the rarer kind is no spike.
fn z(window: &VecDeque<f64>, value: f64, least: impl Fn(f64) -> f64) -> f64 {
    let values: Vec<f64> = window.iter().copied().collect();
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let middle = median(values.clone());
    let deviation = median(values.iter().map(|x| (x - middle).abs()).collect());
    let spread = (1.4826 * deviation).max(variance.sqrt()).max(least(middle));
    rounded((value - middle) / spread.max(1e-12))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    let (n, half) = (values.len(), values.len() / 2);
    match n.is_multiple_of(2) {
        true => (at(half.saturating_sub(1)) + at(half)) / 2.0,
        false => at(half),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ripple(i: u64) -> f64 {
        3.0 + 0.1 * ((i * 7919 % 101) as f64 / 101.0 - 0.5)
    }

    fn after(steps: u64) -> Window {
        let mut window = Window::default();
        (0..steps).for_each(|i| window.push(ripple(i), 1.0 + 0.1 * ripple(i)));
        window
    }

    #[test]
    fn what_stands_out_is_a_spike_and_what_wobbles_is_not() {
        let window = after(150);
        for i in 150..300 {
            let usual = window.judge(ripple(i), 1.0 + 0.1 * ripple(i));
            assert!(!usual.is_spike(6.0), "{usual:?}");
        }
        assert!(window.judge(4.0, 1.3).is_spike(6.0));
        assert!(window.judge(3.0, 5.0).is_spike(6.0));
        assert!(!window.judge(1.0, 0.01).is_spike(6.0), "low is good");
        assert!(!window.judge(4.0, 1.3).is_spike(1e6));
        for (loss, norm) in [(f64::NAN, 1.0), (3.0, f64::INFINITY)] {
            let broken = window.judge(loss, norm);
            assert!(broken.is_spike(f64::MAX));
            assert_eq!(broken.action(6.0, OnSpike::Ignore), Action::Skipped);
            assert_eq!(broken.action(6.0, OnSpike::Stop), Action::Stopped);
        }
        let spike = window.judge(9.0, 1.3);
        assert_eq!(spike.action(6.0, OnSpike::Skip), Action::Skipped);
        assert_eq!(spike.action(6.0, OnSpike::Ignore), Action::Applied);
        assert_eq!(after(10).judge(50.0, 1.3).z_loss, None, "too early to tell");
    }

    #[test]
    fn a_rare_kind_of_batch_is_soon_part_of_the_data() {
        let mut window = after(100);
        let spikes = (0..100u64).filter(|i| {
            let loss = if i % 20 == 0 { 7.0 } else { ripple(*i) };
            let spike = window.judge(loss, 1.3).is_spike(6.0);
            window.push(loss, 1.3);
            spike
        });
        assert!(spikes.count() <= 3);
    }

    #[test]
    fn a_window_survives_its_file_and_knows_when_all_is_lost() {
        let mut window = after(130);
        assert_eq!(window.losses.len(), WINDOW);
        let json = serde_json::to_vec(&window).unwrap();
        assert_eq!(serde_json::from_slice::<Window>(&json).unwrap(), window);
        (0..4).for_each(|_| window.push(f64::NAN, 1.0));
        assert!(!window.is_hopeless());
        window.push(f64::NAN, 1.0);
        assert!(window.is_hopeless());
        window.push(3.0, 1.0);
        assert!(!window.is_hopeless());
    }
}
