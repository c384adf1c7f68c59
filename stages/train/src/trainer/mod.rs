//! The training loop.

mod validation;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tch::{Device, Tensor};
use textmill_model::{Gpt, ModelConfig};
use textmill_schemas::{Cancelled, TaskContext};

use crate::checkpoint::{self, Identity, State, step_name};
use crate::config::Precision;
use crate::corpus::TokenStream;
use crate::loader::RowFormat;
use crate::log::{Arithmetic, Cost, Log};
use crate::masking::Masking;
use crate::metrics::{Metric, rounded};
use crate::optimizer::{Optimizer, gradient_norm};
use crate::order::Order;
use crate::peak::{peak, peak_memory};
use crate::prefetch::{Loader, Prefetch, StepBatches};
use crate::ranks::Ranks;
use crate::resume::{Standing, stand};
use crate::smaller::halve_until_it_fits;
use crate::spikes::{Action, Judgement, SPIKES_FILE, Spike};
use crate::vocabulary::copy_tokenizer;
use crate::workers::{Work, Workers, add};
use crate::{Config, Error};

/// What to train, and on what.
pub(crate) struct Plan<'a> {
    pub config: &'a Config,
    pub model: ModelConfig,
    pub identity: Identity,
    /// Which documents the validation loss is measured on.
    pub validation_hash: Option<String>,
    pub train: Arc<TokenStream>,
    pub format: RowFormat,
    /// What is masked, if the model fills in masked tokens instead of predicting the next one.
    pub masking: Option<Arc<Masking>>,
    pub validation: TokenStream,
    /// The tokenizer.json to put beside the weights.
    pub tokenizer: PathBuf,
    /// This process, and those that train with it.
    pub ranks: &'a Ranks,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Summary {
    pub state: State,
    pub parameters: i64,
    /// Training speed, if any step was left to do.
    pub tokens_per_second: Option<f64>,
    /// Model FLOPs utilisation, where the device's peak is known.
    pub mfu: Option<f64>,
    /// What the loader took, in shares of the steps' time.
    pub loader_share: Option<f64>,
}

/// Trains on rows in this order, from the newest whole checkpoint of this run, or from the start,
/// to the end.
pub(crate) fn train(plan: Plan, order: Order, ctx: &TaskContext) -> Result<Summary, Error> {
    let (config, ranks) = (plan.config, plan.ranks);
    ranks.agree(config, &plan.identity)?;
    let threads = match (ranks.device, config.threads) {
        (Device::Cpu, 0) => ranks.threads(ctx.threads),
        (Device::Cpu, threads) => threads,
        _ => 1,
    };
    if ranks.device == Device::Cpu {
        tch::set_num_threads(1);
    }
    let Standing {
        gpt,
        optimizer,
        state,
    } = stand(&plan, ctx, threads)?;
    let half = match config.precision {
        Precision::Fp32 => None,
        Precision::Bf16 => Some(gpt.cast(config.precision.kind())?),
    };
    let loader = Loader {
        order,
        stream: Arc::clone(&plan.train),
        format: plan.format,
        batch: config.batch,
        accumulate: config.accumulate,
        share: ranks.share(),
        masking: plan.masking.clone(),
    };
    let (loss, predicting) = match plan.masking {
        Some(_) => ("masked loss", config.mask_share),
        None => ("loss", 1.0),
    };
    let arithmetic = Arithmetic {
        flops_per_token: plan.model.training_flops_predicting(predicting),
        peak: peak(ranks.device, config.precision).map(|peak| peak * ranks.world() as f64),
    };
    std::thread::scope(|scope| {
        let workers = Workers::start(scope, half.as_ref().unwrap_or(&gpt), threads)?;
        let resumed = (state.step > 0).then_some(state.step);
        let mut trainer = Trainer {
            batches: Prefetch::start(scope, loader, state.step, config.steps),
            log: Log::resume(
                &ranks.log(ctx),
                resumed,
                config.steps,
                arithmetic,
                loss,
                ctx.progress,
            )?,
            saved: resumed,
            plan,
            ctx,
            workers,
            gpt,
            half,
            optimizer,
            state,
        };
        trainer.run()?;
        Ok(Summary {
            parameters: trainer.gpt.parameters(),
            tokens_per_second: trainer.log.speed(),
            mfu: trainer.log.mfu(),
            loader_share: trainer.log.loader_share(),
            state: trainer.state,
        })
    })
}

struct Trainer<'a> {
    plan: Plan<'a>,
    ctx: &'a TaskContext<'a>,
    batches: Prefetch,
    workers: Workers,
    /// The fp32 parameters that the optimizer updates.
    gpt: Gpt,
    /// Their bf16 copy that the workers compute with, if asked for.
    half: Option<Gpt>,
    optimizer: Optimizer,
    state: State,
    log: Log<'a>,
    /// Step of the newest checkpoint on disk.
    saved: Option<u64>,
}

/// A step that was done.
struct Done {
    metric: Metric,
    cost: Cost,
}

impl Trainer<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let config = self.plan.config;
        self.ctx.progress.add_total(config.steps);
        self.ctx.progress.advance(self.state.step.min(config.steps));
        if self.state.step == 0 {
            let val_loss = self.validate()?;
            let metric = self.metric();
            self.log.start(&Metric { val_loss, ..metric })?;
        }
        while self.state.step < config.steps {
            if self.plan.ranks.any(self.ctx.check_cancelled().is_err())? {
                self.checkpoint()?;
                return Err(Cancelled.into());
            }
            let Done { mut metric, cost } = self.step()?;
            let (step, last) = (self.state.step, self.state.step == config.steps);
            if step.is_multiple_of(config.eval_every) || last {
                metric.val_loss = self.validate()?;
            }
            self.log.step(&metric, cost, &self.state)?;
            if step.is_multiple_of(config.checkpoint_every) || last {
                self.checkpoint()?;
            }
            self.ctx.progress.advance(1);
        }
        Ok(())
    }

    /// One step: a gradient, and an update of the weights unless the step is a spike.
    fn step(&mut self) -> Result<Done, Error> {
        let start = Instant::now();
        let lr = self.plan.config.learning_rate(self.state.step);
        let (batches, waited) = self.batches.next()?;
        let (loss, gradient) = self.gradient(&batches)?;
        let norm = gradient_norm(&gradient)?;
        // The one wait for the device in a step: whether to update must be known before it.
        let (loss, grad_norm) = (f64::try_from(&loss)?, f64::try_from(&norm)?);
        let applied = self.judge(loss, grad_norm, lr, &batches)?;
        if applied {
            let (weights, updates) = (self.gpt.flat(), self.state.updates);
            self.optimizer
                .update(weights, &gradient, &norm, updates, lr)?;
            if let Some(half) = &self.half {
                half.flat().shallow_clone().f_copy_(weights)?;
            }
            self.state.updates += 1;
        }
        self.state.step += 1;
        self.state.tokens += batches.tokens;
        self.state.loss = Some(rounded(loss));
        let metric = Metric {
            loss: self.state.loss,
            grad_norm: Some(rounded(grad_norm)),
            lr: Some(lr),
            skipped: !applied,
            ..self.metric()
        };
        Ok(Done {
            metric,
            cost: self.cost(&batches, start.elapsed(), waited),
        })
    }

    fn cost(&self, batches: &StepBatches, time: Duration, waited: Duration) -> Cost {
        Cost {
            tokens: batches.tokens,
            time,
            waited,
            assembled: batches.assembled,
            memory: peak_memory(self.plan.ranks.device),
        }
    }

    /// Mean loss of a step's batches and its gradient, of all ranks, in micro-batches that memory suffices for.
    fn gradient(&mut self, batches: &StepBatches) -> Result<(Tensor, Tensor), Error> {
        let mut rows = self.state.rows;
        let say = |text: &str| self.ctx.progress.note(text);
        let context = self.plan.format.context;
        let attempt = |rows| self.gradient_of(batches, rows);
        let (loss, gradient) = halve_until_it_fits(&mut rows, context, say, attempt)?;
        self.state.rows = rows;
        self.plan.ranks.sum(&loss)?;
        self.plan.ranks.sum(&gradient)?;
        Ok((loss, gradient))
    }

    /// This rank's part of them.
    fn gradient_of(&self, step: &StepBatches, rows: u64) -> Result<(Tensor, Tensor), Error> {
        let config = self.plan.config;
        let mut jobs = Vec::new();
        for (first, batch) in &step.batches {
            for (row, batch) in batch.split(rows)? {
                let work = Work::Gradients {
                    scale: 1.0 / step.targets.max(1) as f64,
                    dropout: config.dropout,
                    seed: self.plan.identity.seed,
                    row: step.first_row + first + row,
                };
                jobs.push(Ok((batch, work)));
            }
        }
        let (mut loss, mut gradient): (Option<Tensor>, Option<Tensor>) = (None, None);
        self.workers.run(jobs, |outcome| {
            add(&mut loss, Some(outcome.loss))?;
            add(&mut gradient, outcome.gradient)
        })?;
        loss.zip(gradient).ok_or(Error::Worker)
    }

    /// Compares a step with the ones before, and notes its documents if it stands out; whether
    /// its gradient is to be applied.
    fn judge(&mut self, loss: f64, norm: f64, lr: f64, step: &StepBatches) -> Result<bool, Error> {
        let config = self.plan.config;
        let judgement = self.state.window.judge(loss, norm);
        let action = judgement.action(config.spike_z, config.on_spike);
        let number = self.state.step + 1;
        if judgement.is_spike(config.spike_z) {
            let Judgement { z_loss, z_norm, .. } = judgement;
            self.log.spike(&Spike {
                step: number,
                loss,
                grad_norm: norm,
                z_loss,
                z_grad_norm: z_norm,
                action,
                ids: self.plan.train.ids(&step.rows)?,
            })?;
        }
        if action == Action::Stopped {
            self.checkpoint()?;
            return Err(Error::Spike {
                step: number,
                loss,
                norm,
                lr,
                spikes: self.ctx.out.join(SPIKES_FILE),
            });
        }
        self.state.window.push(loss, norm);
        match self.state.window.is_hopeless() {
            true => Err(Error::Diverged {
                step: number,
                loss,
                norm,
                lr,
            }),
            false => Ok(action == Action::Applied),
        }
    }

    /// Where training stands, without the figures of a step.
    fn metric(&self) -> Metric {
        let epoch = self.state.tokens as f64 / self.plan.train.length().max(1) as f64;
        Metric {
            step: self.state.step,
            tokens: self.state.tokens,
            epoch: rounded(epoch),
            loss: None,
            grad_norm: None,
            lr: None,
            skipped: false,
            val_loss: None,
        }
    }

    /// Writes a checkpoint of the present step, unless there is one, and removes old ones.
    fn checkpoint(&mut self) -> Result<(), Error> {
        let step = self.state.step;
        if self.saved == Some(step) || step == 0 {
            return Ok(());
        }
        self.plan.ranks.first_does(|| self.write_checkpoint(step))?;
        self.saved = Some(step);
        Ok(())
    }

    fn write_checkpoint(&self, step: u64) -> Result<(), Error> {
        self.log.sync()?;
        checkpoint::commit(self.ctx.out, &step_name(step), |dir| {
            self.gpt.save(dir)?;
            self.optimizer.save(dir)?;
            self.state.write(dir)?;
            copy_tokenizer(&self.plan.tokenizer, &self.plan.model, dir)
        })?;
        let Config {
            keep_checkpoints,
            steps,
            ..
        } = *self.plan.config;
        checkpoint::prune(self.ctx.out, keep_checkpoints, step, steps)
    }
}
