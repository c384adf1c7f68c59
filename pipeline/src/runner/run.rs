//! Runs stages: tasks on rayon, one completion record a task, the manifest last.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use textmill_schemas::{
    Cancelled, Manifest, StageResult, TaskContext, TaskReport, write_atomically,
};

use super::hands::Hands;
use super::meter::Meter;
use super::plan::{Plan, PlannedStage, Status};
use super::progress::Reporter;
use super::stage_run::{
    context, finish, is_begun, prepare_folder, remove_intermediates, stage_inputs,
};
use crate::config::Config;
use crate::stages::StageInfo;

/// Brings stages up to date.
pub struct Runner<'a> {
    config: &'a Config,
    plan: Plan<'a>,
    hands: &'a dyn Hands,
    cancel: &'a AtomicBool,
    quiet: bool,
    _lock: Option<Lock>,
}

/// What became of one stage.
pub struct StageOutcome {
    /// The stage.
    pub info: &'static StageInfo,
    /// What it read and wrote.
    pub manifest: Manifest,
    /// Why it ran; `None` when it was up to date.
    pub ran: Option<&'static str>,
}

impl<'a> Runner<'a> {
    /// Makes the run's folder, takes its lock and notes the resolved configuration.
    pub fn new(
        config: &'a Config,
        hands: &'a dyn Hands,
        cancel: &'a AtomicBool,
        quiet: bool,
    ) -> Result<Self> {
        let plan = Plan::new(config);
        let lock = match hands.share_the_folder() {
            true => None, // taken where it matters
            false => Some(lock(plan.dir())?),
        };
        note_configuration(config, plan.dir())?;
        Ok(Self {
            config,
            plan,
            hands,
            cancel,
            quiet,
            _lock: lock,
        })
    }

    /// Runs what a stage needs, and the stage, where they are not up to date; `force` runs the
    /// stage itself in any case. `before` hears of each stage that is about to run, and may stop
    /// it; `on_outcome` hears of each stage as it is done.
    pub fn bring_up_to_date(
        &self,
        target: &str,
        force: bool,
        mut before: impl FnMut(&StageInfo) -> Result<()>,
        mut on_outcome: impl FnMut(&StageOutcome),
    ) -> Result<Vec<StageOutcome>> {
        let mut outcomes = Vec::new();
        for info in Plan::needed(target)? {
            let planned = self.plan.stage(info)?;
            let reason = match planned.status {
                _ if force && info.name == target => Some("asked for"),
                Status::Missing => Some("not run yet"),
                Status::Stale(reason) => Some(reason),
                Status::Done(_) => None,
            };
            let manifest = match (reason, &planned.status) {
                (None, Status::Done(manifest)) => {
                    // A run killed right behind its manifest has left them.
                    remove_intermediates(&planned.dir)?;
                    (**manifest).clone()
                }
                _ => {
                    before(info)?;
                    self.run_stage(&planned, force && info.name == target)?
                }
            };
            let outcome = StageOutcome {
                info,
                manifest,
                ran: reason,
            };
            on_outcome(&outcome);
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    fn run_stage(&self, planned: &PlannedStage, afresh: bool) -> Result<Manifest> {
        let name = planned.info.name;
        let meter = Meter::start();
        let inputs = stage_inputs(&self.plan, planned)?;
        let reporter = Reporter::start(name, self.quiet);
        let mut ctx = context(self.config, planned, &inputs, &reporter, self.cancel);
        ctx.threads = self.hands.threads();
        let whole = self.hands.whole(planned, &ctx);
        let report = match whole {
            Ok(false) => {
                self.prepare(planned, afresh)?;
                self.run_steps(planned, &ctx).map(Some)
            }
            Ok(true) => Ok(None),
            Err(error) => Err(error),
        };
        reporter.finish();
        let report = report.map_err(|error| {
            // Several ranks all stop when one is interrupted. When one is lost, who has started them
            // interrupts the others, which shall say so.
            let interrupted = self.cancel.load(Ordering::Relaxed) && !is_of_ranks(&*error);
            if interrupted || error.is::<Cancelled>() {
                return anyhow!(Cancelled);
            }
            anyhow!("{name}: {error}")
        })?;
        match report {
            Some(report) => {
                let _alone = self.alone()?;
                let cost = self.hands.cost(&meter);
                finish(planned, report, &inputs, &cost, ctx.threads)
            }
            None => Manifest::read(&planned.dir)?
                .with_context(|| format!("{name}: it has ended, but wrote no manifest")),
        }
    }

    /// Keeps the others out for a while, where the folder is shared with them.
    fn alone(&self) -> Result<Option<Lock>> {
        match self._lock {
            Some(_) => Ok(None),
            None => lock_waiting(self.plan.dir()).map(Some),
        }
    }

    fn prepare(&self, planned: &PlannedStage, afresh: bool) -> Result<()> {
        let _alone = self.alone()?;
        // Tasks of an earlier run may be writing still, on hosts that lost sight of it.
        if self.hands.share_the_folder() && !afresh && is_begun(planned) {
            return Ok(());
        }
        prepare_folder(planned, afresh)
    }

    /// Works off the task lists; a task whose record is there is not run again.
    fn run_steps(&self, planned: &PlannedStage, ctx: &TaskContext) -> StageResult<TaskReport> {
        let mut sum = TaskReport::default();
        for step in planned.stage.steps() {
            let world = planned.stage.world(step, ctx)?;
            sum.merge(self.hands.work_off(planned, step, world, ctx)?);
        }
        Ok(sum)
    }
}

/// Whether an error is that another process of the training is gone.
fn is_of_ranks(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    #[cfg(feature = "torch")]
    if let Some(textmill_train::Error::Model(error)) = error.downcast_ref() {
        return matches!(error, textmill_model::Error::Ranks { .. });
    }
    false
}

/// Held while a process works in a run's folder. An object store knows no locks: there, what is put
/// if nothing is there yet, and what is read by its record alone, keeps processes apart.
pub struct Lock {
    _file: Option<File>,
}

/// Two runs in one folder would tread on each other's files.
pub fn lock(dir: &Path) -> Result<Lock> {
    locked(dir, File::try_lock)
}

/// Waits until no other process works in the folder, and keeps the others out.
pub fn lock_waiting(dir: &Path) -> Result<Lock> {
    locked(dir, |file| file.lock().map_err(TryLockError::Error))
}

/// Single tasks share a folder with each other, not with a run.
pub fn lock_shared(dir: &Path) -> Result<Lock> {
    locked(dir, File::try_lock_shared)
}

fn locked(dir: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Lock> {
    if textmill_storage::is_remote(dir) {
        return Ok(Lock { _file: None });
    }
    fs::create_dir_all(dir)
        .with_context(|| format!("{}: cannot make the run's folder", dir.display()))?;
    let path = dir.join(".lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match lock(&file) {
        Ok(()) => Ok(Lock { _file: Some(file) }),
        Err(TryLockError::WouldBlock) => bail!(
            "{}: another textmill is running in this folder; wait for it, or choose another \
             folder with --set run.dir=FOLDER",
            dir.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Writes the resolved configuration into the run's folder.
pub fn note_configuration(config: &Config, dir: &Path) -> Result<()> {
    let resolved = toml::to_string(config)?;
    let text = format!(
        "# The resolved configuration of the last run in this folder.\n# textmill {}\n\n{resolved}",
        env!("CARGO_PKG_VERSION")
    );
    Ok(write_atomically(&dir.join("run.toml"), text.as_bytes())?)
}
