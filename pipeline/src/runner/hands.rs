//! Who works off the tasks of a step: the threads of this process, or somebody else.

use anyhow::Result;
use rayon::prelude::*;
use textmill_schemas::{StageResult, TaskContext, TaskReport};

use super::meter::{Cost, Meter};
use super::plan::PlannedStage;
use super::stage_run::run_task;

/// Works off the tasks of a step. What a stage and a step are, and when one is done, is the
/// runner's business; where a task runs never shows in the bytes.
pub trait Hands {
    /// Works off a step's tasks and adds up what they reported, in the order of their ranks. A task
    /// whose record is there is not run again.
    ///
    /// # Errors
    /// When a task fails, or the user asked to stop.
    fn work_off(
        &self,
        planned: &PlannedStage,
        step: &str,
        world: usize,
        ctx: &TaskContext,
    ) -> StageResult<TaskReport>;

    /// Whether other processes work in the run's folder meanwhile.
    fn share_the_folder(&self) -> bool {
        false
    }

    /// Threads that a stage has.
    fn threads(&self) -> usize;

    /// Does a whole stage elsewhere, its manifest included; `false` where its steps are to be
    /// worked off.
    ///
    /// # Errors
    /// When it fails, or the user asked to stop.
    fn whole(&self, _planned: &PlannedStage, _ctx: &TaskContext) -> StageResult<bool> {
        Ok(false)
    }

    /// What a stage has cost, given what this process measured of it.
    fn cost(&self, meter: &Meter) -> Cost {
        meter.read()
    }
}

/// The threads of this process.
pub struct Threads(rayon::ThreadPool);

impl Threads {
    /// So many threads.
    ///
    /// # Errors
    /// When the system refuses them.
    pub fn new(threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        Ok(Self(pool.build()?))
    }

    /// Runs tasks of a step, and adds up what they reported.
    ///
    /// # Errors
    /// That of the first task that fails.
    pub fn run(
        &self,
        planned: &PlannedStage,
        step: &str,
        ranks: &[usize],
        ctx: &TaskContext,
    ) -> StageResult<TaskReport> {
        let ranks = ranks.par_iter().with_max_len(1);
        let run = |rank: &usize| run_task(planned, step, *rank, ctx);
        let reports: StageResult<Vec<TaskReport>> = self.0.install(|| ranks.map(run).collect());
        let mut sum = TaskReport::default();
        reports?.into_iter().for_each(|report| sum.merge(report));
        Ok(sum)
    }
}

impl Hands for Threads {
    fn work_off(
        &self,
        planned: &PlannedStage,
        step: &str,
        world: usize,
        ctx: &TaskContext,
    ) -> StageResult<TaskReport> {
        let ranks: Vec<usize> = (0..world).collect();
        self.run(planned, step, &ranks, ctx)
    }

    fn threads(&self) -> usize {
        self.0.current_num_threads()
    }
}
