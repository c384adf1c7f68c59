//! Where a run goes on: its newest whole checkpoint, or the start.

use std::fs;
use std::path::Path;

use textmill_model::Gpt;
use textmill_schemas::TaskContext;

use crate::Error;
use crate::checkpoint::{self, BEST, State, step_name};
use crate::hashes::verify;
use crate::optimizer::Optimizer;
use crate::trainer::Plan;

/// A network, its optimizer, and where training stands.
pub(crate) struct Standing {
    pub gpt: Gpt,
    pub optimizer: Optimizer,
    pub state: State,
}

/// What rank 0 goes on from, on all ranks.
pub(crate) fn stand(plan: &Plan, ctx: &TaskContext, threads: usize) -> Result<Standing, Error> {
    let log = plan.ranks.log(ctx);
    fs::create_dir_all(&log).map_err(Error::io(&log))?;
    if !plan.ranks.is_first() {
        let step = plan.ranks.first_says(0)?;
        return follow(plan, ctx, threads, step);
    }
    checkpoint::recover(ctx.out)?;
    let standing = resume(plan, ctx, threads)?;
    plan.ranks.first_says(standing.state.step)?;
    Ok(standing)
}

/// The newest whole checkpoint of this very run; else the start, with older runs removed.
/// Damaged checkpoints are passed over, and stay until the run has come to their step again.
fn resume(plan: &Plan, ctx: &TaskContext, threads: usize) -> Result<Standing, Error> {
    for (step, dir) in checkpoint::list(ctx.out)? {
        match restore(plan, &dir, threads) {
            Ok(Some(mut standing)) => {
                ctx.progress.note(&format!("resuming at step {step}"));
                check_best(ctx, &mut standing.state)?;
                return Ok(standing);
            }
            Ok(None) => checkpoint::remove(&dir)?,
            Err(error @ Error::OtherValidation { .. }) => return Err(error),
            Err(error) => ctx
                .progress
                .note(&format!("checkpoint passed over: {error}")),
        }
    }
    checkpoint::remove(&ctx.out.join(BEST))?;
    start(plan, threads)
}

/// What the first rank goes on from, once it has said which checkpoint that is; step 0 is the
/// start.
fn follow(plan: &Plan, ctx: &TaskContext, threads: usize, step: u64) -> Result<Standing, Error> {
    if step == 0 {
        return start(plan, threads);
    }
    let dir = ctx.out.join(step_name(step));
    let mut standing = restore(plan, &dir, threads)?.ok_or_else(|| Error::Damaged {
        path: dir.clone(),
        what: "is not the checkpoint that rank 0 has read; all ranks must see the same folder",
    })?;
    check_best(ctx, &mut standing.state)?;
    Ok(standing)
}

fn start(plan: &Plan, threads: usize) -> Result<Standing, Error> {
    let gpt = Gpt::new(&plan.model, plan.identity.seed, plan.ranks.device)?;
    Ok(Standing {
        optimizer: Optimizer::new(plan.config, &gpt, threads)?,
        gpt,
        state: State::start(plan),
    })
}

/// Reads a checkpoint; `None` if it is another run's.
fn restore(plan: &Plan, dir: &Path, threads: usize) -> Result<Option<Standing>, Error> {
    verify(dir)?;
    let state = State::read(dir)?;
    if state.identity != plan.identity {
        let same_training = state.identity.same_training(&plan.identity);
        return match (&state.validation_hash, &plan.validation_hash) {
            (Some(theirs), Some(ours)) if same_training && theirs != ours => {
                Err(Error::OtherValidation {
                    path: dir.to_path_buf(),
                    theirs: theirs.clone(),
                    ours: ours.clone(),
                })
            }
            _ => Ok(None),
        };
    }
    let gpt = Gpt::load(dir, plan.ranks.device)?;
    let mut optimizer = Optimizer::new(plan.config, &gpt, threads)?;
    optimizer.load(dir)?;
    Ok(Some(Standing {
        gpt,
        optimizer,
        state,
    }))
}

/// Forgets the lowest validation loss if the parameters that had it are damaged.
fn check_best(ctx: &TaskContext, state: &mut State) -> Result<(), Error> {
    let best = ctx.out.join(BEST);
    if state.best.is_none() {
        return Ok(());
    }
    if let Err(error) = verify(&best) {
        ctx.progress
            .note(&format!("the best parameters so far are lost: {error}"));
        checkpoint::remove(&best)?;
        state.best = None;
    }
    Ok(())
}
