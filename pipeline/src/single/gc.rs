//! `textmill gc`: what dead processes left behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use textmill_schemas::{Manifest, leftovers};
use textmill_storage::{Entry, entries, is_remote};

use crate::cli::ConfigArgs;
use crate::explore::bytes;
use crate::output::sayln;
use crate::runner::{lock, remove_intermediates};
use crate::stages::{STAGES, StageInfo};

/// Whose leftovers.
#[derive(Args, Clone, Debug)]
pub struct GcArgs {
    /// Name what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Removes files that processes which died had not finished, and intermediates of stages that are
/// done. Nothing of it is ever read.
pub fn gc(args: &GcArgs) -> Result<()> {
    let config = crate::load(&args.config)?;
    let run = &config.run.dir;
    if !textmill_storage::is_dir(run).with_context(|| run.display().to_string())? {
        sayln!("{}: nothing has run here yet", run.display());
        return Ok(());
    }
    let _lock = lock(run)?;
    let mut found = Vec::new();
    for stage in &STAGES {
        found.extend(garbage(&run.join(stage.name), stage)?);
    }
    for entry in &found {
        let shown = || entry.location.display().to_string();
        sayln!("{} ({})", shown(), bytes(entry.size));
        if !args.dry_run {
            textmill_storage::remove(&entry.location).with_context(shown)?;
        }
    }
    for stage in STAGES.iter().filter(|_| !args.dry_run) {
        let dir = run.join(stage.name);
        if Manifest::read(&dir)?.is_some() {
            remove_intermediates(&dir)?; // folders that are empty now
        }
    }
    let word = if args.dry_run { "to remove" } else { "removed" };
    let freed = found.iter().map(|entry| entry.size).sum();
    sayln!("{} leftovers {word}, {}", found.len(), bytes(freed));
    Ok(())
}

/// What is in a stage's folder and is never read.
fn garbage(dir: &Path, stage: &StageInfo) -> Result<Vec<Entry>> {
    let mut found = entries(dir).with_context(|| dir.display().to_string())?;
    let Some(manifest) = Manifest::read(dir)? else {
        // What its tasks have done so far is gone on with, but for files that nobody finishes.
        return Ok(leftovers(dir)?);
    };
    let outputs = manifest.outputs().map(|entry| dir.join(&entry.path));
    let mut named: BTreeSet<PathBuf> = outputs.collect();
    named.insert(dir.join(Manifest::FILE));
    let work = dir.join("work");
    let all_named = is_remote(dir) && stage.writes_documents;
    let unfinished: BTreeSet<PathBuf> = leftovers(dir)?.into_iter().map(|e| e.location).collect();
    found.retain(|entry| {
        let path = &entry.location;
        // In a store a stage that is begun anew leaves what it does not replace.
        let orphan = all_named && !named.contains(path);
        orphan || path.starts_with(&work) || unfinished.contains(path)
    });
    Ok(found)
}
