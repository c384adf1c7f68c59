//! `textmill privacy exposure`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Context, Result, bail};
use clap::Args;
use textmill_evaluate::{ModelFolder, Watch, exposures, planted};
use textmill_model::best_device;
use textmill_privacy::Canary;
use textmill_schemas::write_atomically;

use crate::model_folder::of_model;
use crate::output::{say, sayln};
use crate::report;
use crate::run::Interrupt;
use crate::runner::Reporter;

/// Which model, which canaries.
#[derive(Args, Clone, Debug)]
pub struct ExposureArgs {
    /// The model's folder: a checkpoint, a run (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(value_name = "CHECKPOINT")]
    checkpoint: PathBuf,
    /// The list of canaries [default: canaries.json of the training that the checkpoint is of].
    #[arg(long, value_name = "FILE")]
    canaries: Option<PathBuf>,
    /// Secrets that each is ranked among; the greatest exposure is log₂ of it, and each costs a pass
    /// over a sentence.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1 << 20))]
    candidates: usize,
    /// Draws the other candidates.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draw exposure by repetitions.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Rows that are computed together.
    #[arg(long, default_value_t = 64, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    batch: usize,
    /// Threads [default: one for each core]. The figures do not depend on them.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Measures, prints and draws.
pub fn exposure(args: &ExposureArgs) -> Result<()> {
    let device = best_device(); // before any other use of tensors
    let folder = of_model(&args.checkpoint)?;
    let canaries = canaries(args, &folder)?;
    let cores = || available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = args.threads.map_or_else(cores, NonZeroUsize::get);
    let mut model = ModelFolder::open(&folder, device, threads)?;
    let interrupt = Interrupt::listen()?;
    let reporter = Reporter::start("exposure", args.quiet);
    let watch = Watch {
        progress: &reporter,
        cancelled: &|| interrupt.came(),
    };
    let mut model = model.model(args.batch);
    let found = exposures(&mut model, &canaries, args.candidates, args.seed, watch);
    reporter.finish();
    let Some(found) = found? else {
        bail!(
            "{}: the model's context of {} tokens is too short for a canary",
            folder.display(),
            model.max_length()
        );
    };
    if args.json {
        sayln!("{}", serde_json::to_string(&found)?);
    }
    let found: report::Exposures = serde_json::from_value(serde_json::to_value(&found)?)?;
    if let Some(path) = &args.svg {
        write_atomically(path, report::exposure_svg(&found).as_bytes())?;
    }
    if !args.json {
        say!("{}", report::exposures(&found));
    }
    Ok(())
}

fn canaries(args: &ExposureArgs, folder: &Path) -> Result<Vec<Canary>> {
    let found = match &args.canaries {
        Some(path) => {
            let json = std::fs::read(path).with_context(|| path.display().to_string())?;
            serde_json::from_slice(&json).with_context(|| {
                format!(
                    "{}: not a list of canaries as `textmill privacy plant` writes it",
                    path.display()
                )
            })?
        }
        None => {
            let train = folder.parent().unwrap_or(folder);
            planted(train).context(
                "this checkpoint's training planted no canaries: set `[train.canaries] repeats = \
                 [1, 4, 16]` and train again, or name a list with --canaries",
            )?
        }
    };
    if found.is_empty() {
        bail!("the list of canaries is empty");
    }
    Ok(found)
}
