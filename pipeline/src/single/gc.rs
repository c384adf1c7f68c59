//! `textmill gc`: what dead processes left behind.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use textmill_schemas::{Manifest, leftovers};

use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::explore::bytes;
use crate::output::sayln;
use crate::runner::lock;
use crate::stages::STAGES;

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
    let config = Config::load(&args.config.config, &args.config.overrides)?;
    let run = &config.run.dir;
    if !run.is_dir() {
        sayln!("{}: nothing has run here yet", run.display());
        return Ok(());
    }
    let _lock = lock(run)?;
    let mut found: Vec<PathBuf> = Vec::new();
    for stage in &STAGES {
        let dir = run.join(stage.name);
        if !dir.is_dir() {
            continue;
        }
        let work = dir.join("work");
        let done = Manifest::read(&dir)?.is_some();
        let of_work = |path: &PathBuf| done && path.starts_with(&work);
        found.extend(leftovers(&dir)?.into_iter().filter(|path| !of_work(path)));
        if done && work.is_dir() {
            found.push(work);
        }
    }
    let mut freed = 0;
    for path in &found {
        let size = size(path)?;
        freed += size;
        sayln!("{} ({})", path.display(), bytes(size));
        if !args.dry_run {
            let removed = match path.is_dir() {
                true => fs::remove_dir_all(path),
                false => fs::remove_file(path),
            };
            removed.with_context(|| path.display().to_string())?;
        }
    }
    let word = if args.dry_run { "to remove" } else { "removed" };
    sayln!("{} leftovers {word}, {}", found.len(), bytes(freed));
    Ok(())
}

/// Bytes of a file, or of all files in a folder.
fn size(path: &PathBuf) -> Result<u64> {
    if !path.is_dir() {
        let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
        return Ok(metadata.len());
    }
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut sum = 0;
    for entry in entries {
        sum += size(&entry?.path())?;
    }
    Ok(sum)
}
