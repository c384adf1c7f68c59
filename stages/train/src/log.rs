//! Everything that a run writes down about its steps, and the line that it shows.

use std::path::Path;
use std::time::{Duration, Instant};

use textmill_schemas::Progress;

use crate::Error;
use crate::checkpoint::State;
use crate::metrics::{Lines, METRICS_FILE, Metric, TIMINGS_FILE, Timing};
use crate::spikes::{SPIKES_FILE, Spike};
use crate::tensorboard::{Board, TENSORBOARD};

/// What a step took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Tokens, without padding.
    pub tokens: u64,
    pub time: Duration,
    /// Of that, what its batches were waited for.
    pub waited: Duration,
    /// What the loader's thread took to assemble them meanwhile.
    pub assembled: Duration,
    /// Peak of the process in bytes.
    pub memory: Option<u64>,
}

/// What speed is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arithmetic {
    pub flops_per_token: f64,
    /// Of the device, in FLOP/s, if known.
    pub peak: Option<f64>,
}

/// The files of a run, open at the place where it goes on.
pub(crate) struct Log<'a> {
    progress: &'a dyn Progress,
    metrics: Lines,
    timings: Lines,
    spikes: Lines,
    board: Board,
    arithmetic: Arithmetic,
    /// What the loss is called.
    loss: &'static str,
    start: Instant,
    /// Of all steps since.
    sum: Cost,
    steps: u64,
    /// Steps of the whole run.
    end: u64,
}

impl<'a> Log<'a> {
    /// Goes on behind a step, or starts anew.
    pub fn resume(
        out: &Path,
        step: Option<u64>,
        end: u64,
        arithmetic: Arithmetic,
        loss: &'static str,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            progress,
            metrics: Lines::resume(&out.join(METRICS_FILE), step)?,
            timings: Lines::resume(&out.join(TIMINGS_FILE), step)?,
            spikes: Lines::resume(&out.join(SPIKES_FILE), step)?,
            board: Board::start(&out.join(TENSORBOARD), step.unwrap_or_default())?,
            arithmetic,
            loss,
            start: Instant::now(),
            sum: Cost::default(),
            steps: 0,
            end,
        })
    }

    /// Figures from before the first step.
    pub fn start(&mut self, metric: &Metric) -> Result<(), Error> {
        self.metrics.add(metric)?;
        self.board.add(metric.step, &metric.figures())
    }

    /// A step, what it took, and where training stands after it.
    pub fn step(&mut self, metric: &Metric, cost: Cost, state: &State) -> Result<(), Error> {
        self.steps += 1;
        self.sum.tokens += cost.tokens;
        self.sum.time += cost.time;
        self.sum.waited += cost.waited;
        self.sum.assembled += cost.assembled;
        self.metrics.add(metric)?;
        let speed = self.speed_of(cost);
        let timing = Timing {
            step: metric.step,
            elapsed_seconds: self.start.elapsed().as_secs_f64(),
            step_seconds: cost.time.as_secs_f64(),
            tokens_per_second: speed,
            mfu: self.mfu_at(speed),
            memory_bytes: cost.memory,
            loader_seconds: cost.assembled.as_secs_f64(),
            loader_wait_seconds: cost.waited.as_secs_f64(),
        };
        self.timings.add(&timing)?;
        let figures = [metric.figures(), timing.figures()].concat();
        self.board.add(metric.step, &figures)?;
        self.show(state);
        Ok(())
    }

    /// A step that stood out.
    pub fn spike(&mut self, spike: &Spike) -> Result<(), Error> {
        self.spikes.add(spike)
    }

    /// Makes durable what a checkpoint relies on.
    pub fn sync(&self) -> Result<(), Error> {
        self.metrics.sync()?;
        self.spikes.sync()
    }

    /// Tokens a second in the steps since this run began, measurements of the validation loss
    /// left out.
    pub fn speed(&self) -> Option<f64> {
        (self.steps > 0).then(|| self.speed_of(self.sum))
    }

    /// Model FLOPs utilisation at that speed: of what the device could do at best, what the model
    /// itself needs (Chowdhery et al. 2022, arXiv:2204.02311).
    pub fn mfu(&self) -> Option<f64> {
        self.mfu_at(self.speed()?)
    }

    /// What the loader took, in shares of the steps' time: waiting for batches, and assembling
    /// them, though that is another thread's work meanwhile.
    pub fn loader_share(&self) -> Option<f64> {
        let loader = (self.sum.waited + self.sum.assembled).as_secs_f64();
        (self.steps > 0).then(|| loader / self.sum.time.as_secs_f64().max(1e-9))
    }

    fn speed_of(&self, cost: Cost) -> f64 {
        cost.tokens as f64 / cost.time.as_secs_f64().max(1e-9)
    }

    fn mfu_at(&self, speed: f64) -> Option<f64> {
        let Arithmetic {
            flops_per_token,
            peak,
        } = self.arithmetic;
        peak.map(|peak| speed * flops_per_token / peak)
    }

    fn show(&self, state: &State) {
        let left = self.end.saturating_sub(state.step) as f64;
        let left = left * self.start.elapsed().as_secs_f64() / self.steps.max(1) as f64;
        let number = |figure: Option<f64>| figure.map_or("–".to_owned(), |x| format!("{x:.2}"));
        let mfu = self
            .mfu()
            .map_or("unknown".to_owned(), |mfu| format!("{:.1}%", 100.0 * mfu));
        self.progress.message(&format!(
            "{} {} · val {} · {:.1}k tok/s · MFU {mfu} · {} left",
            self.loss,
            number(state.loss),
            number(state.val_loss),
            self.speed().unwrap_or_default() / 1000.0,
            duration(left),
        ));
    }
}

/// `1h02m`, `1m20s` or `5s`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}
