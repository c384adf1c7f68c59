//! `textmill finetune` and `textmill predict`.

mod args;
mod predict;
mod print;
mod rates;

use std::num::NonZeroUsize;

use anyhow::{Result, ensure};
use textmill_finetune::{Header, Job, LoraSettings, QaMode, Settings, Watch};
use textmill_model::best_device;

pub use args::{FINETUNE, FinetuneArgs, PREDICT, PredictArgs};
pub use predict::predict;
use rates::{Rates, width};

use crate::run::Interrupt;
use crate::runner::Reporter;

/// A head is new, and as far from what it shall be on models of any width.
const HEAD_LR: f64 = 1e-3;

/// Fine-tunes, and prints how much that helped.
pub fn finetune(args: &FinetuneArgs) -> Result<()> {
    let device = best_device(); // before any other use of tensors
    let job = job(args)?;
    ensure!(
        args.out != args.model,
        "--out is the model's own folder: choose another, so that the pre-trained model stays"
    );
    let interrupt = Interrupt::listen()?;
    let reporters = [
        Reporter::start("scratch", args.quiet),
        Reporter::start("finetune", args.quiet),
    ];
    let cancelled = || interrupt.came();
    let outcome = job.run(device, &mut |name| Watch {
        progress: &reporters[usize::from(name != "from scratch")],
        cancelled: &cancelled,
    });
    reporters.iter().for_each(Reporter::finish);
    print::outcome(args, &job, &outcome?)
}

fn job(args: &FinetuneArgs) -> Result<Job> {
    let lora = (args.lora || args.lora_rank.is_some()).then(|| {
        let rank = args.lora_rank.map_or(8, |rank| i64::from(rank.get()));
        LoraSettings {
            rank,
            alpha: args.lora_alpha.unwrap_or(2.0 * rank as f64),
        }
    });
    let rates = Rates::of(width(&args.model));
    let lr = args.lr.unwrap_or(match lora {
        Some(_) => rates.adapters,
        None => rates.weights,
    });
    let scratch_lr = args.scratch_lr.unwrap_or(rates.scratch);
    ensure!(
        lr > 0.0 && lr < 1.0,
        "--lr is {lr}; it must lie between 0 and 1"
    );
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let settings = Settings {
        epochs: args.epochs.get(),
        batch: args.batch.get(),
        lr,
        head_lr: args.head_lr.unwrap_or(HEAD_LR),
        weight_decay: args.weight_decay,
        clip: 1.0,
        dropout: args.dropout,
        seed: args.seed,
        patience: args.patience.get(),
        lora,
        private: args.private()?,
        threads: args.threads.map_or_else(cores, NonZeroUsize::get),
    };
    Ok(Job {
        task: args.task.into(),
        model: args.model.clone(),
        out: args.out.clone(),
        train: args.train.clone(),
        dev: args.dev.clone(),
        test: args.test.clone(),
        header: match (args.header, args.no_header) {
            (true, _) => Header::Present,
            (_, true) => Header::Absent,
            _ => Header::Guess,
        },
        columns: args.columns(),
        names: args.names()?,
        qa: match args.qa_mode {
            args::Mode::Span => QaMode::Span,
            args::Mode::Generate => QaMode::Generate,
        },
        limits: [args.max_train, args.max_test],
        max_new_tokens: args.max_tokens,
        scratch_lr: (!args.no_scratch).then_some(scratch_lr),
        dataset: args.dataset.clone(),
        settings,
    })
}
