//! Single tasks, for whoever starts them: a job array, a cluster's scheduler, a shell.
//!
//! A stage is begun, its steps are worked off, task by task, and it is finished: BEGIN prepares
//! its folder, each task puts a completion record, FINISH adds them up into the manifest. Each may
//! be run again at any time, and twice at the same time: what is done is not done again, and of two
//! records the first counts. Only what prepares, adds up or goes on where it stood waits for the
//! others. All processes see the run's folder.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Serialize;
use textmill_schemas::{Cancelled, CompletionRecord, NoProgress, TaskReport};
use textmill_storage::{Entry, entries, is_remote};

use super::hands::Threads;
use super::meter::Meter;
use super::plan::{Plan, PlannedStage, Status};
use super::progress::Reporter;
use super::ranks::Ranks;
use super::run::{Lock, lock_shared, lock_waiting, note_configuration};
use super::stage_run::{add_up, context, finish, is_begun, prepare_folder, stage_inputs};
use crate::config::Config;
use crate::stages::{self, StageInfo};

/// Prepares a stage's folder.
const BEGIN: &str = "begin";
/// Adds up what the tasks did, and writes the manifest.
const FINISH: &str = "finish";

/// Tasks, as stage and step, that no second process may run at the same time: they go on in files of
/// their own where they stood.
const ALONE: [(&str, &str); 2] = [("collect", "fetch"), ("train", "train")];

/// A stage's task lists.
#[derive(Debug, Serialize)]
pub struct StageTasks {
    /// The stage.
    pub stage: &'static str,
    /// Stages that must be done before it.
    pub needs: &'static [&'static str],
    /// Whether it can run.
    pub state: State,
    /// Why it must run, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// Its task lists in order; each waits for the one before it.
    pub steps: Vec<StepTasks>,
}

/// Whether a stage can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its output is up to date.
    Done,
    /// What it needs is done.
    Ready,
    /// Something that it needs is not done.
    Waiting,
}

/// One task list.
#[derive(Debug, Serialize)]
pub struct StepTasks {
    /// Its name within the stage.
    pub step: &'static str,
    /// The list that must be done before it, as `stage/step`.
    pub after: Vec<String>,
    /// Number of its tasks; unknown until the steps before it are done.
    pub world: Option<usize>,
    /// Ranks of the tasks that are left to do, as far as the world is known.
    pub left: Vec<usize>,
}

/// The single tasks of a run.
pub struct SingleTasks<'a> {
    config: &'a Config,
    plan: Plan<'a>,
}

impl<'a> SingleTasks<'a> {
    /// Those of a configuration's run.
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            plan: Plan::new(config),
        }
    }

    /// The task lists of all stages that a target needs, itself included.
    pub fn lists(&self, target: &str) -> Result<Vec<StageTasks>> {
        let mut lists: Vec<StageTasks> = Vec::new();
        for info in Plan::needed(target)? {
            let done = |name: &&str| {
                let mut before = lists.iter();
                before.any(|list| list.stage == *name && list.state == State::Done)
            };
            let list = match info.inputs.iter().all(done) {
                true => self.ready(info)?,
                false => StageTasks {
                    stage: info.name,
                    needs: info.inputs,
                    state: State::Waiting,
                    because: None,
                    steps: steps(info, &stages::build(info.name, self.config)?.steps()),
                },
            };
            lists.push(list);
        }
        Ok(lists)
    }

    /// The lists of a stage whose inputs are done.
    fn ready(&self, info: &'static StageInfo) -> Result<StageTasks> {
        let planned = self.plan.stage(info)?;
        let (state, because) = match planned.status {
            Status::Done(_) => (State::Done, None),
            Status::Missing => (State::Ready, Some("not run yet")),
            Status::Stale(reason) => (State::Ready, Some(reason)),
        };
        let mut steps = steps(info, &planned.stage.steps());
        match state {
            State::Done => steps.clear(),
            _ => self.count(&planned, &mut steps)?,
        }
        Ok(StageTasks {
            stage: info.name,
            needs: info.inputs,
            state,
            because,
            steps,
        })
    }

    /// Counts the tasks of the steps, up to the first that is not done.
    fn count(&self, planned: &PlannedStage, steps: &mut [StepTasks]) -> Result<()> {
        let done = done(planned)?;
        for step in steps {
            let (world, left) = match step.step {
                BEGIN if is_begun(planned) => (1, Vec::new()),
                BEGIN | FINISH => (1, vec![0]),
                name => {
                    let world = self.world(planned, name)?;
                    let is_left = |rank: &usize| {
                        let record = CompletionRecord::name(name, *rank);
                        !done.contains(record.as_str())
                    };
                    (world, (0..world).filter(is_left).collect())
                }
            };
            (step.world, step.left) = (Some(world), left);
            if !step.left.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn world(&self, planned: &PlannedStage, step: &str) -> Result<usize> {
        let inputs = stage_inputs(&self.plan, planned)?;
        let never = AtomicBool::new(false);
        let ctx = context(self.config, planned, &inputs, &NoProgress, &never);
        let world = planned.stage.world(step, &ctx);
        world.map_err(|error| anyhow!("{}: {error}", planned.info.name))
    }

    /// Runs tasks of a step; `world`, where it is told, must be the number of the step's tasks.
    pub fn run(
        &self,
        (stage, step): (&str, &str),
        (ranks, world): (&Ranks, Option<usize>),
        cancel: &AtomicBool,
        quiet: bool,
    ) -> Result<()> {
        let _lock = lock_for(self.plan.dir(), stage, step)?;
        let info = stages::find(stage)?;
        let planned = self.plan.stage(info)?;
        if matches!(planned.status, Status::Done(_)) {
            return Ok(()); // a task that was started twice
        }
        let result = self.run_planned(&planned, step, (ranks, world), cancel, quiet);
        match result {
            // Where there are no locks, another process may have finished the stage meanwhile: what
            // this one was reading is gone, and nothing is left to do.
            Err(error) if is_remote(&planned.dir) && !error.is::<Cancelled>() => {
                match self.plan.stage(info)?.status {
                    Status::Done(_) => Ok(()),
                    _ => Err(error),
                }
            }
            result => result,
        }
    }

    fn run_planned(
        &self,
        planned: &PlannedStage,
        step: &str,
        (ranks, world): (&Ranks, Option<usize>),
        cancel: &AtomicBool,
        quiet: bool,
    ) -> Result<()> {
        let stage = planned.info.name;
        let known = planned.stage.steps();
        ensure!(
            [BEGIN, FINISH].contains(&step) || known.contains(&step),
            "{stage} has no step `{step}`; its steps are {BEGIN}, {}, {FINISH}",
            known.join(", ")
        );
        if step == BEGIN {
            return self.begin(planned);
        }
        ensure!(
            is_begun(planned),
            "{stage}: run its task `{BEGIN}` first (or again: what it reads or its configuration has \
             changed since)"
        );
        match step {
            FINISH => self.finish(planned, &known),
            step => self.task(planned, step, (ranks, world), cancel, quiet),
        }
    }

    fn begin(&self, planned: &PlannedStage) -> Result<()> {
        note_configuration(self.config, self.plan.dir())?;
        if is_begun(planned) {
            return Ok(()); // other tasks may be writing
        }
        prepare_folder(planned, false)
    }

    fn task(
        &self,
        planned: &PlannedStage,
        step: &str,
        (ranks, world): (&Ranks, Option<usize>),
        cancel: &AtomicBool,
        quiet: bool,
    ) -> Result<()> {
        let name = planned.info.name;
        let inputs = stage_inputs(&self.plan, planned)?;
        let reporter = Reporter::start(name, quiet);
        let ctx = context(self.config, planned, &inputs, &reporter, cancel);
        let result = planned.stage.world(step, &ctx).and_then(|found| {
            let outside = ranks.max().is_none_or(|rank| rank >= found);
            if outside || world.is_some_and(|world| world != found) {
                let given = world.map_or(String::new(), |world| format!(" of {world}"));
                return Err(format!(
                    "the step `{step}` has {found} tasks; there is no rank {ranks}{given}"
                )
                .into());
            }
            let ranks: Vec<usize> = ranks.iter().collect();
            Threads::new(ctx.threads)?.run(planned, step, &ranks, &ctx)
        });
        reporter.finish();
        match result {
            Ok(_) => Ok(()),
            Err(error) if error.is::<Cancelled>() => bail!(Cancelled),
            Err(error) => bail!("{name}: {error}"),
        }
    }

    /// Adds up the records of all tasks.
    fn finish(&self, planned: &PlannedStage, steps: &[&'static str]) -> Result<()> {
        let meter = Meter::start();
        let mut sum = TaskReport::default();
        for step in steps {
            sum.merge(add_up(
                planned,
                step,
                self.world(planned, step)?,
                |_, _| (),
            )?);
        }
        let inputs = stage_inputs(&self.plan, planned)?;
        let threads = self.config.run.resolved_threads();
        finish(planned, sum, &inputs, &meter.read(), threads).map(drop)
    }
}

/// Names of the records that are there. A list of a folder that only records of this fingerprint
/// are put into, whole, says as much as the records themselves, in a thousandth of the requests.
pub fn done(planned: &PlannedStage) -> Result<BTreeSet<String>> {
    let folder = CompletionRecord::folder(&planned.dir, &planned.fingerprint);
    let found = entries(&folder).with_context(|| folder.display().to_string())?;
    let name = |entry: Entry| Some(entry.location.file_name()?.to_str()?.to_owned());
    Ok(found.into_iter().filter_map(name).collect())
}

/// The lock that a task takes on the run's folder.
pub fn lock_for(dir: &Path, stage: &str, step: &str) -> Result<Lock> {
    match [BEGIN, FINISH].contains(&step) || ALONE.contains(&(stage, step)) {
        true => lock_waiting(dir),
        false => lock_shared(dir),
    }
}

/// The lists of a stage, of which nothing is known yet but their order.
fn steps(info: &StageInfo, names: &[&'static str]) -> Vec<StepTasks> {
    let mut after: Vec<String> = info
        .inputs
        .iter()
        .map(|input| format!("{input}/{FINISH}"))
        .collect();
    let all = [BEGIN].iter().chain(names).chain(&[FINISH]);
    let step = |&step: &&'static str| StepTasks {
        step,
        after: std::mem::replace(&mut after, vec![format!("{}/{step}", info.name)]),
        world: None,
        left: Vec::new(),
    };
    all.map(step).collect()
}
