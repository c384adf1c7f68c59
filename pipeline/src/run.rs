//! `textmill run` and the commands of the single stages.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use textmill_schemas::Cancelled;

use crate::cli::RunArgs;
use crate::cluster::{RayArgs, RayHands};
use crate::config::Config;
use crate::feed;
use crate::output::sayln;
use crate::report;
use crate::runner::{Hands, Runner, StageOutcome, Threads, check_inputs, follow};
use crate::stages::{STAGES, StageInfo};

/// Exit status of a program that ended by an interrupt.
pub const INTERRUPTED: u8 = 130;

/// torchrun sends its signal twice in a row; a further one so soon after the first is none.
const SAME_INTERRUPT: Duration = Duration::from_secs(1);

static CANCEL: AtomicBool = AtomicBool::new(false);

/// Runs every stage up to `until` (or what the configuration names, or the last one).
pub fn pipeline(until: Option<&str>, args: &RunArgs, ray: &RayArgs) -> Result<()> {
    refuse_ranks("run")?;
    let config = crate::load(&args.config)?;
    let target = match until.or(config.run.until.as_deref()) {
        Some(stage) => stage.to_owned(),
        None => STAGES
            .last()
            .map(|stage| stage.name)
            .unwrap_or_default()
            .to_owned(),
    };
    let ran = bring_up_to_date(&config, &target, args, ray)?;
    if ran == 0 {
        sayln!("Nothing to do: every stage is up to date.");
        sayln!("`textmill summary` prints the summary again.");
        return Ok(());
    }
    report::write_html(&config)?;
    report::print_summary(&config)
}

/// Runs one stage and what it needs.
pub fn stage(name: &str, args: &RunArgs) -> Result<()> {
    let config = crate::load(&args.config)?;
    if let Some(rank) = rank_of_several()? {
        if name != "train" {
            return refuse_ranks(name);
        }
        check_inputs(&config, name)?;
        if rank > 0 {
            Interrupt::listen()?;
            return follow(&config, name, args.force, &CANCEL);
        }
    }
    let ran = bring_up_to_date(&config, name, args, &RayArgs::default())?;
    if ran == 0 {
        sayln!("Nothing to do: {name} is up to date (--force runs it all the same).");
    }
    let dir = config.run.dir.join(name);
    sayln!("Output: {} (textmill inspect {0})", dir.display());
    Ok(())
}

/// The number of this process, if torchrun or its like has started several.
fn rank_of_several() -> Result<Option<usize>> {
    #[cfg(feature = "torch")]
    if let Some(launch) = textmill_model::Launch::from_env()? {
        return Ok(Some(launch.rank));
    }
    Ok(None)
}

/// Of all commands only `train` is for several processes.
fn refuse_ranks(command: &str) -> Result<()> {
    match rank_of_several()? {
        None => Ok(()),
        Some(_) => bail!(
            "RANK and WORLD_SIZE say that this is one of several processes, and only `textmill \
             train` is for them; run `textmill {command}` in one process, without these variables"
        ),
    }
}

/// Returns the number of stages that ran.
fn bring_up_to_date(config: &Config, target: &str, args: &RunArgs, ray: &RayArgs) -> Result<usize> {
    Interrupt::listen()?;
    let start = Instant::now();
    let hands: Box<dyn Hands> = match &ray.cluster {
        Some(address) => Box::new(RayHands::connect(config, ray, address, &CANCEL)?),
        None => Box::new(Threads::new(config.run.resolved_threads())?),
    };
    let runner = Runner::new(config, &*hands, &CANCEL, args.quiet)?;
    let before = |stage: &StageInfo| {
        if stage.name == "train" && !args.quiet {
            eprintln!("\n{}", feed::before_training(config)?);
        }
        Ok(())
    };
    let outcomes = runner.bring_up_to_date(target, args.force, before, |outcome| {
        if !args.quiet && outcome.ran.is_some() {
            eprintln!("{}", closing_line(outcome));
        }
    })?;
    let ran = outcomes
        .iter()
        .filter(|outcome| outcome.ran.is_some())
        .count();
    if !args.quiet && ran > 0 {
        eprintln!("{:>10}  {:.1} s in all", "", start.elapsed().as_secs_f64());
    }
    Ok(ran)
}

/// One line about a stage that ran.
fn closing_line(outcome: &StageOutcome) -> String {
    let manifest = &outcome.manifest;
    let rate = manifest.read as f64 / manifest.wall_seconds.max(1e-3);
    let memory = manifest
        .peak_memory_bytes
        .map_or(String::new(), |bytes| format!(", peak {} MiB", bytes >> 20));
    format!(
        "{:>10}  {} in, {} kept, {} dropped; {:.1} s, {rate:.0} documents/s{memory} ({})",
        outcome.info.name,
        manifest.read,
        manifest.kept_rows,
        manifest.dropped_total(),
        manifest.wall_seconds,
        outcome.ran.unwrap_or("up to date"),
    )
}

/// Whether the user asked to stop.
#[derive(Clone, Copy, Debug)]
pub struct Interrupt(());

impl Interrupt {
    /// From now on the first interrupt asks to stop, and the second one ends the program.
    pub fn listen() -> Result<Self> {
        let mut first = None;
        ctrlc::set_handler(move || {
            let first = first.get_or_insert_with(Instant::now);
            if CANCEL.swap(true, Ordering::SeqCst) {
                if first.elapsed() > SAME_INTERRUPT {
                    std::process::exit(INTERRUPTED.into());
                }
                return;
            }
            eprintln!("\nStopping at a safe point; press Ctrl-C again to stop at once.");
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(Self(()))
    }

    /// What is set when one came.
    pub fn flag(self) -> &'static AtomicBool {
        &CANCEL
    }

    /// Whether one came.
    pub fn came(self) -> bool {
        CANCEL.load(Ordering::SeqCst)
    }
}

/// Prints an error and what led to it, and says how the program ends.
pub fn report_failure(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<Cancelled>().is_some() {
        eprintln!("Stopped. Run the same command again to go on where it stood.");
        return ExitCode::from(INTERRUPTED);
    }
    let closed_pipe = error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(|e| e.kind());
        let json = cause.downcast_ref::<serde_json::Error>();
        io.or(json.and_then(|e| e.io_error_kind())) == Some(ErrorKind::BrokenPipe)
    });
    if closed_pipe {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
