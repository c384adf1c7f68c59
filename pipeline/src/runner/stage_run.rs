//! One stage on its way: its folder, its tasks, its manifest. The runner and single tasks share it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail, ensure};
use textmill_schemas::{
    CompletionRecord, Manifest, Progress, ShardEntry, StageInput, StageResult, TaskContext,
    TaskReport, remove_leftovers, write_atomically,
};

use textmill_storage::is_remote;

use super::meter::Cost;
use super::plan::{Plan, PlannedStage, changed_output};
use super::staging::Staging;
use crate::config::Config;
use crate::stages::StageInfo;

/// What the stages wrote that a stage reads.
pub fn stage_inputs(plan: &Plan, planned: &PlannedStage) -> Result<BTreeMap<String, StageInput>> {
    let mut inputs = BTreeMap::new();
    for name in planned.info.inputs {
        let dir = plan.dir().join(name);
        let manifest = Manifest::read(&dir)?
            .with_context(|| format!("{}: stage {name} has not run yet", planned.info.name))?;
        inputs.insert((*name).to_owned(), StageInput { dir, manifest });
    }
    Ok(inputs)
}

/// What the tasks of a stage may know of the run.
pub fn context<'a>(
    config: &Config,
    planned: &'a PlannedStage,
    inputs: &'a BTreeMap<String, StageInput>,
    progress: &'a dyn Progress,
    cancel: &'a AtomicBool,
) -> TaskContext<'a> {
    TaskContext {
        out: &planned.dir,
        inputs,
        seed: config.run.seed,
        threads: config.run.resolved_threads(),
        progress,
        cancel,
    }
}

/// Runs a task and puts its record, unless the record is there already.
pub fn run_task(
    planned: &PlannedStage,
    step: &str,
    rank: usize,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    ctx.check_cancelled()?;
    let path = CompletionRecord::path(&planned.dir, &planned.fingerprint, step, rank);
    if let Some(record) = CompletionRecord::read(&path, &planned.fingerprint)? {
        ctx.progress.advance(record.report.read);
        return Ok(record.report);
    }
    let record = CompletionRecord {
        fingerprint: planned.fingerprint.clone(),
        report: staged(planned, step, rank, ctx)?,
    };
    if is_remote(&planned.dir) && !is_begun(planned) {
        return Err("the stage was finished, or begun anew, while this task ran".into());
    }
    Ok(record.put(&path)?.report)
}

/// Runs a task: in folders of this machine if its stage needs them and the run lies elsewhere.
fn staged(
    planned: &PlannedStage,
    step: &str,
    rank: usize,
    ctx: &TaskContext,
) -> StageResult<TaskReport> {
    let Some(mut staging) = Staging::begin(planned, ctx.inputs)? else {
        return planned.stage.task(step, rank, ctx);
    };
    let here = TaskContext {
        out: &staging.out,
        inputs: &staging.inputs,
        ..*ctx
    };
    let report = planned.stage.task(step, rank, &here)?;
    staging.finish()?;
    staging.remove()?;
    Ok(report)
}

/// Records that are held at a time.
const RECORDS: usize = 4096;

/// Adds up what the tasks of a step have put on record, in the order of their ranks; `each` hears of
/// every one.
pub fn add_up(
    planned: &PlannedStage,
    step: &str,
    world: usize,
    mut each: impl FnMut(usize, &TaskReport),
) -> Result<TaskReport> {
    let mut sum = TaskReport::default();
    for from in (0..world).step_by(RECORDS) {
        let ranks = from..world.min(from + RECORDS);
        let (dir, fingerprint) = (&planned.dir, &planned.fingerprint);
        let records = CompletionRecord::read_all(dir, fingerprint, step, ranks.clone())?;
        for (rank, record) in ranks.zip(records) {
            let record = record.with_context(|| {
                let stage = planned.info.name;
                format!("{stage}: task {rank} of the step `{step}` is not done: run it first")
            })?;
            each(rank, &record.report);
            sum.merge(record.report);
        }
    }
    Ok(sum)
}

/// Removes what the steps of a stage left for each other.
pub fn remove_intermediates(stage: &Path) -> Result<()> {
    let work = stage.join("work");
    textmill_storage::remove_dir(&work).with_context(|| work.display().to_string())
}

/// Keeps what an interrupted run of the same fingerprint left, removes everything else.
pub fn prepare_folder(planned: &PlannedStage, afresh: bool) -> Result<()> {
    let dir = &planned.dir;
    if !afresh && is_begun(planned) {
        return Ok(remove_leftovers(dir)?);
    }
    let shown = || dir.display().to_string();
    if is_remote(dir) && !afresh {
        // Tasks of a process that begins at the same time may be at work already: what is there is
        // replaced as they go, and is read by records alone, which name the fingerprint.
        textmill_storage::remove(&dir.join(Manifest::FILE)).with_context(shown)?;
    } else {
        textmill_storage::remove_dir(dir).with_context(shown)?;
    }
    Ok(write_atomically(
        &mark(planned),
        planned.fingerprint.as_bytes(),
    )?)
}

/// Whether the folder holds the beginnings of this very output.
pub fn is_begun(planned: &PlannedStage) -> bool {
    let found = textmill_storage::read(&mark(planned));
    found.is_ok_and(|found| found == planned.fingerprint.as_bytes())
}

fn mark(planned: &PlannedStage) -> PathBuf {
    planned.dir.join("work/fingerprint")
}

/// Checks what all tasks reported together, and writes the manifest.
pub fn finish(
    planned: &PlannedStage,
    report: TaskReport,
    inputs: &BTreeMap<String, StageInput>,
    cost: &Cost,
    threads: usize,
) -> Result<Manifest> {
    check_counts(planned.info, &report, inputs)?;
    let manifest = manifest(planned, report, inputs, cost, threads);
    check_outputs(&manifest, &planned.dir)?;
    manifest.write(&planned.dir)?;
    check_memory(&manifest);
    remove_intermediates(&planned.dir)?;
    Ok(manifest)
}

/// In an object store nothing keeps a task of another configuration, from a host that was cut off,
/// from writing under the same names.
fn check_outputs(manifest: &Manifest, dir: &Path) -> Result<()> {
    if is_remote(dir)
        && let Some(changed) = changed_output(manifest, dir)?
    {
        bail!(
            "{}: not what the stage's tasks wrote: a task of another configuration has been at work; \
             when no other is running, run the stage again with --force",
            changed.display()
        );
    }
    Ok(())
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

fn manifest(
    planned: &PlannedStage,
    report: TaskReport,
    inputs: &BTreeMap<String, StageInput>,
    cost: &Cost,
    threads: usize,
) -> Manifest {
    let bytes = |entries: &[ShardEntry]| entries.iter().map(|entry| entry.bytes).sum::<u64>();
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
        threads,
    }
}
