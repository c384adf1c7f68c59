//! The training loop.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tch::{Device, Tensor};
use textmill_model::{Gpt, ModelConfig, TOKENIZER_FILE};
use textmill_schemas::TaskContext;

use crate::adamw::AdamW;
use crate::checkpoint::{self, BEST, Best, Identity, State, step_name};
use crate::config::Precision;
use crate::corpus::TokenStream;
use crate::loader::{self, Batch, validation_rows};
use crate::metrics::{Lines, METRICS_FILE, Metric, TIMINGS_FILE, Timing, rounded};
use crate::order::Order;
use crate::workers::{Work, Workers};
use crate::{Config, Error};

/// Steps between two looks at the losses on a GPU, which has to stop for them.
const GPU_LOG_EVERY: usize = 10;
/// Steps between two lines of timings.jsonl.
const TIMING_EVERY: u64 = 10;

/// What to train, and on what.
pub(crate) struct Plan<'a> {
    pub config: &'a Config,
    pub model: ModelConfig,
    pub identity: Identity,
    pub train: TokenStream,
    /// The rows of the stream that are trained on.
    pub order: Order,
    /// The token that fills rows up; nothing is learned from it there.
    pub padding: u32,
    pub validation: TokenStream,
    /// The tokenizer.json to put beside the weights.
    pub tokenizer: PathBuf,
    pub device: Device,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Summary {
    pub state: State,
    pub parameters: i64,
    /// Training speed, if any step was left to do.
    pub tokens_per_second: Option<f64>,
}

/// Trains from the newest whole checkpoint of this run, or from the start, to the end.
pub(crate) fn train(plan: Plan, ctx: &TaskContext) -> Result<Summary, Error> {
    fs::create_dir_all(ctx.out).map_err(Error::io(ctx.out))?;
    checkpoint::recover(ctx.out)?;
    let (gpt, optimizer, state) = resume(&plan, ctx)?;
    let half = match plan.config.precision {
        Precision::Fp32 => None,
        Precision::Bf16 => Some(gpt.cast(plan.config.precision.kind())?),
    };
    let threads = match (plan.device, plan.config.threads) {
        (Device::Cpu, 0) => ctx.threads.max(1),
        (Device::Cpu, threads) => threads,
        _ => 1,
    };
    if plan.device == Device::Cpu {
        tch::set_num_threads(1);
    }
    std::thread::scope(|scope| {
        let workers = Workers::start(scope, half.as_ref().unwrap_or(&gpt), threads)?;
        let resumed = (state.step > 0).then_some(state.step);
        let mut trainer = Trainer {
            metrics: Lines::resume(&ctx.out.join(METRICS_FILE), resumed)?,
            timings: Lines::resume(&ctx.out.join(TIMINGS_FILE), resumed)?,
            saved: resumed,
            first: state.step,
            clock: Instant::now(),
            plan,
            ctx,
            workers,
            gpt,
            half,
            optimizer,
            state,
            pending: Vec::new(),
        };
        trainer.run()?;
        Ok(Summary {
            parameters: trainer.gpt.parameters(),
            tokens_per_second: trainer.speed(),
            state: trainer.state,
        })
    })
}

/// The newest whole checkpoint of this very run; else the start, with older runs removed.
fn resume(plan: &Plan, ctx: &TaskContext) -> Result<(Gpt, AdamW, State), Error> {
    for (step, dir) in checkpoint::list(ctx.out)? {
        match restore(plan, &dir) {
            Ok(Some(restored)) => {
                ctx.progress.message(&format!("resuming at step {step}"));
                return Ok(restored);
            }
            Ok(None) => {}
            Err(error) => ctx
                .progress
                .message(&format!("checkpoint passed over: {error}")),
        }
        checkpoint::remove(&dir)?;
    }
    checkpoint::remove(&ctx.out.join(BEST))?;
    let gpt = Gpt::new(&plan.model, plan.identity.seed, plan.device)?;
    let optimizer = AdamW::new(plan.config, gpt.flat(), gpt.matrix_elements())?;
    Ok((gpt, optimizer, State::start(plan.identity.clone())))
}

/// Reads a checkpoint; `None` if it is another run's.
fn restore(plan: &Plan, dir: &Path) -> Result<Option<(Gpt, AdamW, State)>, Error> {
    let state = State::read(dir)?;
    if state.identity != plan.identity {
        return Ok(None);
    }
    let gpt = Gpt::load(dir, plan.device)?;
    let mut optimizer = AdamW::new(plan.config, gpt.flat(), gpt.matrix_elements())?;
    optimizer.load(dir)?;
    Ok(Some((gpt, optimizer, state)))
}

/// A step's figures, still on the device.
struct Pending {
    metric: Metric,
    loss: Tensor,
    norm: Tensor,
}

struct Trainer<'a> {
    plan: Plan<'a>,
    ctx: &'a TaskContext<'a>,
    workers: Workers,
    /// The fp32 parameters that the optimizer updates.
    gpt: Gpt,
    /// Their bf16 copy that the workers compute with, if asked for.
    half: Option<Gpt>,
    optimizer: AdamW,
    state: State,
    metrics: Lines,
    timings: Lines,
    pending: Vec<Pending>,
    /// Step of the newest checkpoint on disk.
    saved: Option<u64>,
    /// Step at which this run began.
    first: u64,
    clock: Instant,
}

impl Trainer<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let config = self.plan.config;
        self.ctx.progress.add_total(config.steps);
        self.ctx.progress.advance(self.state.step.min(config.steps));
        if self.state.step == 0 {
            let val_loss = self.validate()?;
            self.metrics.add(&Metric {
                val_loss,
                ..self.metric(None)
            })?;
        }
        while self.state.step < config.steps {
            if let Err(cancelled) = self.ctx.check_cancelled() {
                self.checkpoint()?;
                return Err(cancelled.into());
            }
            self.step()?;
            let (step, last) = (self.state.step, self.state.step == config.steps);
            if step.is_multiple_of(config.eval_every) || last {
                let val_loss = self.validate()?;
                if let Some(pending) = self.pending.last_mut() {
                    pending.metric.val_loss = val_loss;
                }
            }
            self.log(last)?;
            if step.is_multiple_of(config.checkpoint_every) || last {
                self.checkpoint()?;
            }
            self.ctx.progress.advance(1);
        }
        Ok(())
    }

    /// One optimizer step.
    fn step(&mut self) -> Result<(), Error> {
        let config = self.plan.config;
        let lr = config.learning_rate(self.state.step);
        let (first, seed) = (self.state.micro_batches, self.plan.identity.seed);
        let count = config.batch * config.accumulate;
        let rows = self.plan.order.rows(first * config.batch, count);
        let tokens = loader::tokens(&rows);
        let mut micro_batches = (first..).zip(rows.chunks(config.batch as usize));
        let (mut loss, mut gradient): (Option<Tensor>, Option<Tensor>) = (None, None);
        self.workers.run(
            || {
                let Some((number, rows)) = micro_batches.next() else {
                    return Ok(None);
                };
                let work = Work::Gradients {
                    scale: 1.0 / tokens as f64,
                    dropout: config.dropout,
                    seed,
                    number,
                };
                let (context, padding) = (self.plan.model.context as u64, self.plan.padding);
                let batch = Batch::read(&mut self.plan.train, rows, context, padding)?;
                Ok(Some((batch, work)))
            },
            |outcome| {
                add(&mut loss, Some(outcome.loss))?;
                add(&mut gradient, outcome.gradient)
            },
        )?;
        let (Some(loss), Some(gradient)) = (loss, gradient) else {
            return Err(Error::Worker);
        };
        let norm = self
            .optimizer
            .update(self.gpt.flat(), &gradient, self.state.step, lr)?;
        if let Some(half) = &self.half {
            half.flat().shallow_clone().f_copy_(self.gpt.flat())?;
        }
        self.state.step += 1;
        self.state.micro_batches += config.accumulate;
        self.state.tokens += tokens;
        let metric = self.metric(Some(lr));
        self.pending.push(Pending { metric, loss, norm });
        Ok(())
    }

    fn metric(&self, lr: Option<f64>) -> Metric {
        let epoch = self.state.tokens as f64 / self.plan.train.length().max(1) as f64;
        Metric {
            step: self.state.step,
            tokens: self.state.tokens,
            epoch: rounded(epoch),
            loss: None,
            grad_norm: None,
            lr,
            val_loss: None,
        }
    }

    /// Mean loss on the frozen validation windows; keeps the parameters if it is the lowest.
    fn validate(&mut self) -> Result<Option<f64>, Error> {
        let (config, stream) = (self.plan.config, &mut self.plan.validation);
        if stream.length() < 2 {
            return Ok(None);
        }
        let context = (self.plan.model.context as u64).min(stream.length() - 1);
        let rows = validation_rows(stream.length(), context, config.eval_windows);
        let mut batches = rows.chunks(config.batch as usize);
        let padding = self.plan.padding;
        let mut sum = 0.0;
        self.workers.run(
            || {
                let batch = batches
                    .next()
                    .map(|rows| Batch::read(stream, rows, context, padding));
                Ok(batch.transpose()?.map(|batch| (batch, Work::Score)))
            },
            |outcome| {
                sum += f64::try_from(&outcome.loss)?;
                Ok(())
            },
        )?;
        let val_loss = rounded(sum / loader::tokens(&rows) as f64);
        self.state.val_loss = Some(val_loss);
        if self.state.best.is_none_or(|best| val_loss < best.val_loss) {
            self.state.best = Some(Best {
                step: self.state.step,
                val_loss,
            });
            checkpoint::commit(self.ctx.out, BEST, |dir| {
                self.gpt.save(dir)?;
                self.state.write(dir)?;
                self.copy_tokenizer(dir)
            })?;
        }
        Ok(Some(val_loss))
    }

    /// Writes down the figures of the steps since the last time, once there are enough.
    fn log(&mut self, now: bool) -> Result<(), Error> {
        let enough = if self.plan.device == Device::Cpu {
            1
        } else {
            GPU_LOG_EVERY
        };
        if self.pending.len() < enough && !now {
            return Ok(());
        }
        for Pending { metric, loss, norm } in std::mem::take(&mut self.pending) {
            let loss = f64::try_from(&loss)?;
            if !loss.is_finite() {
                return Err(Error::Diverged {
                    step: metric.step,
                    loss,
                    lr: metric.lr.unwrap_or_default(),
                });
            }
            self.state.loss = Some(rounded(loss));
            self.metrics.add(&Metric {
                loss: self.state.loss,
                grad_norm: Some(rounded(f64::try_from(&norm)?)),
                ..metric
            })?;
        }
        if let Some(speed) = self.speed() {
            self.report(speed, now)?;
        }
        Ok(())
    }

    /// Tokens a second since this run began.
    fn speed(&self) -> Option<f64> {
        let steps = self.state.step - self.first;
        let tokens = self.state.tokens as f64 / self.state.step.max(1) as f64 * steps as f64;
        (steps > 0).then(|| tokens / self.clock.elapsed().as_secs_f64().max(1e-9))
    }

    fn report(&mut self, speed: f64, last: bool) -> Result<(), Error> {
        let elapsed = self.clock.elapsed().as_secs_f64();
        if self.state.step.is_multiple_of(TIMING_EVERY) || last {
            self.timings.add(&Timing {
                step: self.state.step,
                elapsed_seconds: elapsed,
                tokens_per_second: speed,
            })?;
        }
        let done = (self.state.step - self.first) as f64;
        let left = (self.plan.config.steps - self.state.step) as f64 * elapsed / done;
        self.ctx.progress.message(&format!(
            "loss {:.2} · val {} · {:.1}k tok/s · {} left",
            self.state.loss.unwrap_or(f64::NAN),
            self.state
                .val_loss
                .map_or_else(|| "–".to_owned(), |loss| format!("{loss:.2}")),
            speed / 1000.0,
            duration(left),
        ));
        Ok(())
    }

    /// Writes a checkpoint of the present step, unless there is one, and removes old ones.
    fn checkpoint(&mut self) -> Result<(), Error> {
        self.log(true)?;
        let step = self.state.step;
        if self.saved == Some(step) || step == 0 {
            return Ok(());
        }
        self.metrics.sync()?;
        checkpoint::commit(self.ctx.out, &step_name(step), |dir| {
            self.gpt.save(dir)?;
            self.optimizer.save(dir)?;
            self.state.write(dir)?;
            self.copy_tokenizer(dir)
        })?;
        self.saved = Some(step);
        let keep = self.plan.config.keep_checkpoints;
        for (_, dir) in checkpoint::list(self.ctx.out)?.iter().skip(keep) {
            checkpoint::remove(dir)?;
        }
        Ok(())
    }

    fn copy_tokenizer(&self, dir: &Path) -> Result<(), Error> {
        let from = &self.plan.tokenizer;
        let content = fs::read(from).map_err(Error::io(from))?;
        Ok(textmill_schemas::write_atomically(
            &dir.join(TOKENIZER_FILE),
            &content,
        )?)
    }
}

/// Adds to a sum that may be empty still.
fn add(sum: &mut Option<Tensor>, term: Option<Tensor>) -> Result<(), Error> {
    match (sum.as_mut(), term) {
        (Some(sum), Some(term)) => drop(sum.f_add_(&term)?),
        (None, Some(term)) => *sum = Some(term),
        (_, None) => {}
    }
    Ok(())
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
