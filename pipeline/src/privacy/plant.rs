//! `textmill privacy plant`.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use textmill_privacy::{Canaries, Canary};
use textmill_schemas::write_atomically;

use crate::output::sayln;

/// Which canaries, and where they go.
#[derive(Args, Clone, Debug)]
pub struct PlantArgs {
    /// How often canaries are planted, a group for each number.
    #[arg(long, value_name = "N,…", value_delimiter = ',', required = true)]
    repeats: Vec<u32>,
    /// Canaries of a group in each language, English and Chinese.
    #[arg(long, value_name = "N", default_value_t = Canaries::default().each)]
    each: u32,
    /// Decides names and secrets: keep it to yourself, as the secrets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes canaries as documents.
pub fn plant(args: &PlantArgs) -> Result<()> {
    let canaries = Canaries {
        repeats: args.repeats.clone(),
        each: args.each,
        ..Canaries::default()
    };
    canaries.validate()?;
    let all = canaries.all(args.seed);
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let documents = documents(&all);
    write_atomically(&args.out.join("documents.jsonl"), documents.as_bytes())?;
    let list = serde_json::to_vec_pretty(&all)?;
    write_atomically(&args.out.join("canaries.json"), &list)?;
    let copies: u32 = all.iter().map(|canary| canary.repeats).sum();
    sayln!(
        "{copies} documents of {} canaries, and {} more that are not planted: {}",
        all.iter().filter(|canary| canary.repeats > 0).count(),
        all.iter().filter(|canary| canary.repeats == 0).count(),
        args.out.display()
    );
    Ok(())
}

/// A line for each copy: all canaries once, then those that stand there a second time, and so on.
fn documents(all: &[Canary]) -> String {
    let mut lines = String::new();
    let most = all.iter().map(|canary| canary.repeats).max().unwrap_or(0);
    for copy in 1..=most {
        for canary in all.iter().filter(|canary| canary.repeats >= copy) {
            let id = format!("{}-copy-{copy}", canary.id);
            let _ = writeln!(lines, "{}", json!({"id": id, "text": canary.text()}));
        }
    }
    lines
}
