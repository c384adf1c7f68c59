//! `textmill work`: batches of tasks that arrive on standard input.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::ConfigArgs;
use crate::output::sayln;
use crate::run::Interrupt;
use crate::runner::{Batch, Desk, Done};

/// What `--help` says first.
pub const WORK: &str = "Runs batches of tasks: one JSON object a line in, as {\"stage\":\"filter\",\"step\":\"documents\",\
\"ranks\":\"0,3-7\",\"world\":16,\"fingerprint\":…,\"threads\":2}, one out for each, as {\"done\":1200,\"seconds\":…} \
or {\"error\":…}. A process that is kept so starts, reads the configuration and plans a stage once for many tasks: \
`textmill run --cluster` keeps one for each worker of the cluster. It stops at a safe point when its input ends.";

/// For which run.
#[derive(Args, Clone, Debug)]
pub struct WorkArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs batches until the input ends.
pub fn work(args: &WorkArgs) -> Result<()> {
    let cancel = Interrupt::listen()?.flag();
    let config = crate::load(&args.config)?;
    let mut desk = Desk::new(&config);
    for line in lines(cancel) {
        let line = line.context("cannot read the next batch")?;
        let batch = serde_json::from_str::<Batch>(&line).context("this is no batch");
        let done = batch.and_then(|batch| desk.run(&batch, cancel));
        let done = done.unwrap_or_else(|error| Done {
            error: Some(format!("{error:#}")),
            ..Done::default()
        });
        sayln!("{}", serde_json::to_string(&done)?);
        if cancel.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(())
}

/// The lines of standard input; its end stops what is at work, as nobody waits for it any more.
fn lines(cancel: &'static AtomicBool) -> Receiver<std::io::Result<String>> {
    let (send, lines) = channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if send.send(line).is_err() {
                return;
            }
        }
        cancel.store(true, Ordering::SeqCst);
    });
    lines
}
