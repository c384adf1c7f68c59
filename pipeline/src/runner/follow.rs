//! Taking part in a stage that several processes do together.
//!
//! Rank 0 runs the stage as ever. The others do the same work with it, but write no shards, no
//! manifest and no progress, and take no lock. Whether the stage is up to date they read from
//! what lies on disk, so the run's folder must be one that all ranks see.

use std::sync::atomic::AtomicBool;

use anyhow::{Result, anyhow, bail};
use textmill_schemas::{Cancelled, CompletionRecord};

use super::plan::{Plan, PlannedStage, Status};
use super::progress::Reporter;
use super::stage_run::{context, stage_inputs};
use super::staging::Staging;
use crate::config::Config;

/// Demands that all that a stage needs is up to date, as several processes cannot bring it up to
/// date together.
pub fn check_inputs(config: &Config, target: &str) -> Result<()> {
    let plan = Plan::new(config);
    let mut before = Plan::needed(target)?;
    before.retain(|info| info.name != target);
    for info in &before {
        let planned = plan.stage(info);
        if !planned.is_ok_and(|planned| matches!(planned.status, Status::Done(_))) {
            bail!(
                "{target}: the stage {} is not up to date, and is not for several processes: run \
                 `textmill {}` in one process first, with the same configuration",
                info.name,
                before.last().unwrap_or(info).name
            );
        }
    }
    Ok(())
}

/// Does a rank's part of a stage, unless the stage is up to date; `force` as on rank 0.
pub fn follow(config: &Config, target: &str, force: bool, cancel: &AtomicBool) -> Result<()> {
    let plan = Plan::new(config);
    let info = crate::stages::find(target)?;
    let planned = plan.stage(info)?;
    if !force && is_done(&planned)? {
        return Ok(());
    }
    let inputs = stage_inputs(&plan, &planned)?;
    let progress = Reporter::start(info.name, true);
    let staging = Staging::join(&planned, &inputs)?;
    let mut ctx = context(config, &planned, &inputs, &progress, cancel);
    if let Some(staging) = &staging {
        (ctx.out, ctx.inputs) = (&staging.out, &staging.inputs);
    }
    for step in planned.stage.steps() {
        let result = planned.stage.task(step, 0, &ctx);
        result.map_err(|error| match error.downcast_ref::<Cancelled>() {
            Some(_) => anyhow!(Cancelled),
            None => anyhow!("{target}: {error}"),
        })?;
    }
    Ok(())
}

/// Whether rank 0 has nothing left to do but the manifest.
fn is_done(planned: &PlannedStage) -> Result<bool> {
    if matches!(planned.status, Status::Done(_)) {
        return Ok(true);
    }
    for step in planned.stage.steps() {
        let path = CompletionRecord::path(&planned.dir, &planned.fingerprint, step, 0);
        if CompletionRecord::read(&path, &planned.fingerprint)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
