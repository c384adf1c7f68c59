//! Runs stages: tasks on rayon, one completion record a task, the manifest last.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rayon::prelude::*;
use textmill_schemas::{
    Cancelled, CompletionRecord, Manifest, ShardEntry, StageInput, TaskContext, TaskReport,
    remove_leftovers, write_atomically,
};

use super::meter::Meter;
use super::plan::{Plan, PlannedStage, Status};
use super::progress::Reporter;
use crate::config::Config;
use crate::stages::StageInfo;

/// Brings stages up to date.
pub struct Runner<'a> {
    config: &'a Config,
    plan: Plan<'a>,
    threads: rayon::ThreadPool,
    cancel: &'a AtomicBool,
    quiet: bool,
    _lock: File,
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
    pub fn new(config: &'a Config, cancel: &'a AtomicBool, quiet: bool) -> Result<Self> {
        let plan = Plan::new(config);
        fs::create_dir_all(plan.dir())
            .with_context(|| format!("{}: cannot make the run's folder", plan.dir().display()))?;
        let lock = lock(plan.dir())?;
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(config.run.resolved_threads())
            .build()?;
        note_configuration(config, plan.dir())?;
        Ok(Self {
            config,
            plan,
            threads,
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
        prepare_folder(planned, afresh)?;
        let inputs = stage_inputs(&self.plan, planned)?;
        let reporter = Reporter::start(name, self.quiet);
        let ctx = TaskContext {
            out: &planned.dir,
            inputs: &inputs,
            seed: self.config.run.seed,
            threads: self.threads.current_num_threads(),
            progress: &reporter,
            cancel: self.cancel,
        };
        let report = self.run_steps(planned, &ctx);
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
        check_counts(planned.info, &report, &inputs)?;
        let manifest = self.manifest(planned, report, &inputs, &meter);
        manifest.write(&planned.dir)?;
        check_memory(&manifest);
        remove_intermediates(&planned.dir)?;
        Ok(manifest)
    }

    /// Works off the task lists; a task whose record is there is not run again.
    fn run_steps(
        &self,
        planned: &PlannedStage,
        ctx: &TaskContext,
    ) -> Result<TaskReport, Box<dyn std::error::Error + Send + Sync>> {
        let mut sum = TaskReport::default();
        for step in planned.stage.steps() {
            let world = planned.stage.world(step, ctx)?;
            let run = |rank| run_task(planned, step, rank, ctx);
            let reports: Result<Vec<TaskReport>, _> = self.threads.install(|| {
                (0..world)
                    .into_par_iter()
                    .with_max_len(1)
                    .map(run)
                    .collect()
            });
            for report in reports? {
                sum.merge(report);
            }
        }
        Ok(sum)
    }

    fn manifest(
        &self,
        planned: &PlannedStage,
        report: TaskReport,
        inputs: &BTreeMap<String, StageInput>,
        meter: &Meter,
    ) -> Manifest {
        let bytes = |entries: &[ShardEntry]| entries.iter().map(|entry| entry.bytes).sum::<u64>();
        let cost = meter.read();
        Manifest {
            stage: planned.info.name.to_owned(),
            fingerprint: planned.fingerprint.clone(),
            code: planned.info.code.to_owned(),
            config: planned.section.clone(),
            inputs: planned.inputs.clone(),
            content_hash: Manifest::hash_content(&report.kept, &report.files),
            bytes_read: report.outside_bytes
                + inputs
                    .values()
                    .map(|input| bytes(&input.manifest.kept))
                    .sum::<u64>(),
            bytes_written: [
                &report.kept,
                &report.dropped,
                &report.signals,
                &report.files,
            ]
            .map(|entries| bytes(entries))
            .iter()
            .sum(),
            read: report.read,
            kept_rows: report.kept_rows,
            dropped_rows: report.dropped_rows,
            kept: report.kept,
            dropped: report.dropped,
            signals: report.signals,
            files: report.files,
            stats: report.stats,
            wall_seconds: cost.wall_seconds,
            cpu_seconds: cost.cpu_seconds,
            peak_memory_bytes: cost.peak_memory_bytes,
            memory_limit_bytes: planned.stage.memory_limit(),
            threads: self.threads.current_num_threads(),
        }
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

/// What the stages wrote that a stage reads.
pub(super) fn stage_inputs(
    plan: &Plan,
    planned: &PlannedStage,
) -> Result<BTreeMap<String, StageInput>> {
    let mut inputs = BTreeMap::new();
    for name in planned.info.inputs {
        let dir = plan.dir().join(name);
        let manifest = Manifest::read(&dir)?
            .with_context(|| format!("{}: stage {name} has not run yet", planned.info.name))?;
        inputs.insert((*name).to_owned(), StageInput { dir, manifest });
    }
    Ok(inputs)
}

fn run_task(
    planned: &PlannedStage,
    step: &str,
    rank: usize,
    ctx: &TaskContext,
) -> Result<TaskReport, Box<dyn std::error::Error + Send + Sync>> {
    ctx.check_cancelled()?;
    let path = CompletionRecord::path(&planned.dir, step, rank);
    if let Some(record) = CompletionRecord::read(&path, &planned.fingerprint)? {
        ctx.progress.advance(record.report.read);
        return Ok(record.report);
    }
    let record = CompletionRecord {
        fingerprint: planned.fingerprint.clone(),
        report: planned.stage.task(step, rank, ctx)?,
    };
    Ok(record.put(&path)?.report)
}

/// Removes what the steps of a stage left for each other.
fn remove_intermediates(stage: &Path) -> Result<()> {
    let work = stage.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| work.display().to_string())?;
    }
    Ok(())
}

/// Keeps what an interrupted run of the same fingerprint left, removes everything else.
fn prepare_folder(planned: &PlannedStage, afresh: bool) -> Result<()> {
    let dir = &planned.dir;
    let mark = dir.join("work/fingerprint");
    let resumes = !afresh && fs::read_to_string(&mark).is_ok_and(|f| f == planned.fingerprint);
    if resumes {
        return Ok(remove_leftovers(dir)?);
    }
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    Ok(write_atomically(&mark, planned.fingerprint.as_bytes())?)
}

/// Nothing is lost silently: documents in = kept + dropped, and in = what came before.
fn check_counts(
    info: &StageInfo,
    report: &TaskReport,
    inputs: &BTreeMap<String, StageInput>,
) -> Result<()> {
    let (read, kept, dropped) = (report.read, report.kept_rows, report.dropped_total());
    ensure!(
        read == kept + dropped,
        "{}: {read} documents in, but {kept} kept and {dropped} dropped: this is a bug in the stage",
        info.name
    );
    if !info.writes_documents {
        return Ok(());
    }
    let rows = |entries: &[ShardEntry]| entries.iter().map(|entry| entry.rows).sum::<u64>();
    ensure!(
        rows(&report.kept) == kept && rows(&report.dropped) == dropped,
        "{}: counted {kept} kept and {dropped} dropped, but wrote {} and {} rows",
        info.name,
        rows(&report.kept),
        rows(&report.dropped)
    );
    let measured = rows(&report.signals);
    ensure!(
        report.signals.is_empty() || measured == read,
        "{}: {read} documents in, but {measured} were measured: this is a bug in the stage",
        info.name
    );
    if let Some(upstream) = info.inputs.first().and_then(|name| inputs.get(*name)) {
        let given = upstream.manifest.kept_rows;
        ensure!(
            read == given,
            "{}: {} wrote {given} documents, but {read} were read",
            info.name,
            upstream.manifest.stage
        );
    }
    Ok(())
}

/// A stage that promises a limit is held to it, in sight of the user.
fn check_memory(manifest: &Manifest) {
    let (Some(peak), Some(limit)) = (manifest.peak_memory_bytes, manifest.memory_limit_bytes)
    else {
        return;
    };
    if peak > limit {
        eprintln!(
            "warning: {}: the peak of {} MiB is above memory_limit = {} MiB; fewer threads \
             (--set run.threads=1) take less",
            manifest.stage,
            peak >> 20,
            limit >> 20
        );
    }
}

/// Two runs in one folder would tread on each other's files.
fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(".lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{}: another textmill is running in this folder; wait for it, or choose another \
             folder with --set run.dir=FOLDER",
            dir.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn note_configuration(config: &Config, dir: &Path) -> Result<()> {
    let resolved = toml::to_string(config)?;
    let text = format!(
        "# The resolved configuration of the last run in this folder.\n# textmill {}\n\n{resolved}",
        env!("CARGO_PKG_VERSION")
    );
    Ok(write_atomically(&dir.join("run.toml"), text.as_bytes())?)
}
