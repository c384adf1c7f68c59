//! Batches of tasks, for a process that is asked again and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use textmill_schemas::{Cancelled, NoProgress, Progress, StageInput};

use super::hands::Threads;
use super::meter::Meter;
use super::plan::{Plan, PlannedStage, Status};
use super::ranks::Ranks;
use super::single::lock_for;
use super::stage_run::{context, is_begun, stage_inputs};
use crate::config::Config;
use crate::stages;

/// Tasks of one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// The stage.
    pub stage: String,
    /// Its step.
    pub step: String,
    /// Which of the step's tasks.
    pub ranks: Ranks,
    /// How many the step has.
    pub world: usize,
    /// The stage's fingerprint where it was planned.
    pub fingerprint: String,
    /// Threads to take.
    pub threads: usize,
}

/// What has become of a batch, and what it took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// Units of work that it found.
    pub total: u64,
    /// Units that it did.
    pub done: u64,
    /// Wall time.
    pub seconds: f64,
    /// CPU time.
    pub cpu_seconds: f64,
    /// Peak of the process's memory.
    pub peak_memory_bytes: Option<u64>,
    /// Why it failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Runs batches of one run; what it takes to plan a stage is done once for all batches of it.
pub struct Desk<'a> {
    config: &'a Config,
    plan: Plan<'a>,
    held: Option<(PlannedStage, BTreeMap<String, StageInput>)>,
}

impl<'a> Desk<'a> {
    /// For a configuration's run.
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            plan: Plan::new(config),
            held: None,
        }
    }

    /// Runs the tasks of a batch that are not done.
    ///
    /// # Errors
    /// When one fails, when this process would do something else than who planned it expects, or
    /// when `cancel` is set.
    pub fn run(&mut self, batch: &Batch, cancel: &AtomicBool) -> Result<Done> {
        let start = Instant::now();
        let meter = Meter::start();
        let _lock = lock_for(self.plan.dir(), &batch.stage, &batch.step)?;
        let count = Count::default();
        let mut config = self.config.clone();
        config.run.threads = batch.threads.max(1);
        if let Some((planned, inputs)) = self.stage(batch)? {
            let mut ctx = context(&config, planned, inputs, &NoProgress, cancel);
            let world = planned.stage.world(&batch.step, &ctx);
            let world = world.map_err(|error| anyhow!("{}: {error}", batch.stage))?;
            check(batch, world)?;
            ctx.progress = &count;
            let ranks: Vec<usize> = batch.ranks.iter().collect();
            let result = Threads::new(ctx.threads)?.run(planned, &batch.step, &ranks, &ctx);
            result.map_err(|error| match error.is::<Cancelled>() {
                true => anyhow!(Cancelled),
                false => anyhow!("{}: {error}", batch.stage),
            })?;
        }
        let cost = meter.read();
        Ok(Done {
            total: count.total.into_inner(),
            done: count.done.into_inner(),
            seconds: start.elapsed().as_secs_f64(),
            cpu_seconds: cost.cpu_seconds,
            peak_memory_bytes: cost.peak_memory_bytes,
            error: None,
        })
    }

    /// The stage of a batch, begun; nothing when it is done, as for a batch that comes late.
    fn stage(
        &mut self,
        batch: &Batch,
    ) -> Result<Option<&(PlannedStage, BTreeMap<String, StageInput>)>> {
        let fits = |(planned, _): &(PlannedStage, _)| {
            planned.info.name == batch.stage
                && planned.fingerprint == batch.fingerprint
                && is_begun(planned)
        };
        if !self.held.as_ref().is_some_and(fits) {
            let planned = self.plan.stage(stages::find(&batch.stage)?)?;
            ensure!(
                planned.fingerprint == batch.fingerprint,
                "{}: this host plans something else than the one that sent the task: give both the same \
                 textmill, the same configuration, and the same files in the same places",
                batch.stage
            );
            if matches!(planned.status, Status::Done(_)) {
                return Ok(None);
            }
            ensure!(
                is_begun(&planned),
                "{}: the stage is not begun here: {} must be one folder for all hosts",
                batch.stage,
                self.plan.dir().display()
            );
            let inputs = stage_inputs(&self.plan, &planned)?;
            self.held = Some((planned, inputs));
        }
        Ok(self.held.as_ref())
    }
}

fn check(batch: &Batch, world: usize) -> Result<()> {
    let outside = batch.ranks.max().is_none_or(|rank| rank >= world);
    if outside || batch.world != world {
        bail!(
            "{}: the step `{}` has {world} tasks; there is no rank {} of {}",
            batch.stage,
            batch.step,
            batch.ranks,
            batch.world
        );
    }
    Ok(())
}

/// Counts, for another process to show.
#[derive(Default)]
struct Count {
    total: AtomicU64,
    done: AtomicU64,
}

impl Progress for Count {
    fn add_total(&self, units: u64) {
        self.total.fetch_add(units, Ordering::Relaxed);
    }

    fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    fn message(&self, _text: &str) {}

    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}
