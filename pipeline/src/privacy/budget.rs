//! `textmill privacy budget`: what private training would promise, without any training.

use std::num::{NonZeroU64, NonZeroUsize};

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use serde::Serialize;
use serde_json::json;
use textmill_privacy::{Accountant, noise_for};

use crate::output::sayln;

/// Of what training.
#[derive(Args, Clone, Debug)]
#[command(
    group = ArgGroup::new("amount").args(["noise", "epsilon"]).required(true),
    group = ArgGroup::new("sampled").args(["rate", "rows"]).required(true),
    after_help = "Examples:\n  \
textmill privacy budget --rate 0.01 --noise 1.1 --steps 10000 --delta 1e-5\n  \
textmill privacy budget --rows 6228 --batch 256 --epochs 8 --epsilon 3\n\n\
Steps take each row independently (Poisson sampling); neighbours differ by one row. \
The Rényi accountant of Mironov et al. 2019, as Opacus computes it."
)]
pub struct BudgetArgs {
    /// Deviation of the noise in clipping norms; prints epsilon.
    #[arg(long, value_name = "S")]
    pub noise: Option<f64>,
    /// The epsilon to keep; prints the least noise that does.
    #[arg(long, value_name = "E")]
    pub epsilon: Option<f64>,
    /// Delta [default: 1e-5, or 1/(10 n) for n --rows, whichever is less].
    #[arg(long, value_name = "D")]
    pub delta: Option<f64>,
    /// Probability with which a step takes a row.
    #[arg(long, value_name = "Q", requires = "steps")]
    pub rate: Option<f64>,
    /// Steps.
    #[arg(long, value_name = "N", conflicts_with = "rows")]
    pub steps: Option<u64>,
    /// Rows to learn from, in place of rate and steps.
    #[arg(long, value_name = "N", requires_all = ["batch", "epochs"])]
    pub rows: Option<NonZeroUsize>,
    /// Rows of a step on average.
    #[arg(long, value_name = "N", requires = "rows")]
    pub batch: Option<NonZeroUsize>,
    /// Times that the rows are seen on average.
    #[arg(long, value_name = "N", requires = "rows")]
    pub epochs: Option<NonZeroU64>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A budget.
#[derive(Debug, Serialize)]
struct Budget {
    /// Infinite, in JSON null, without noise.
    epsilon: f64,
    delta: f64,
    noise: f64,
    rate: f64,
    steps: u64,
}

/// Prints ε of a noise, or the noise for an ε.
pub fn budget(args: &BudgetArgs) -> Result<()> {
    let found = work_out(args)?;
    if args.json {
        sayln!("{}", json!(found));
        return Ok(());
    }
    let Budget {
        epsilon,
        delta,
        noise,
        rate,
        steps,
    } = found;
    sayln!(
        "epsilon {} at delta {delta:e}: noise multiplier {noise:.4}, sampling rate {rate:.6}, {steps} steps",
        upwards(epsilon)
    );
    Ok(())
}

fn work_out(args: &BudgetArgs) -> Result<Budget> {
    let (rate, steps) = match (args.rows, args.rate) {
        (Some(rows), _) => {
            let batch = args.batch.context("--rows needs --batch")?.get();
            let epochs = args.epochs.context("--rows needs --epochs")?.get();
            let each = rows.get().div_ceil(batch) as u64;
            let rate = (batch as f64 / rows.get() as f64).min(1.0);
            (rate, epochs.saturating_mul(each))
        }
        (None, rate) => (
            rate.context("give --rate and --steps, or --rows")?,
            args.steps.context("--rate needs --steps")?,
        ),
    };
    let few = args.rows.map_or(1e-5, |rows| 0.1 / rows.get() as f64);
    let delta = args.delta.unwrap_or(few.min(1e-5));
    let noise = match (args.noise, args.epsilon) {
        (Some(noise), _) => noise,
        (None, epsilon) => {
            let epsilon = epsilon.context("give --noise or --epsilon")?;
            noise_for(epsilon, delta, rate, steps)?
        }
    };
    Ok(Budget {
        epsilon: Accountant::new(rate, noise)?.epsilon(steps, delta)?,
        delta,
        noise,
        rate,
        steps,
    })
}

/// Four places, never less than it is.
fn upwards(epsilon: f64) -> String {
    match epsilon.is_finite() {
        true => format!("{:.4}", (1e4 * epsilon).ceil() / 1e4),
        false => "∞ (no privacy)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        args: BudgetArgs,
    }

    fn found(options: &str) -> Result<Budget> {
        let words = ["budget"].into_iter().chain(options.split_whitespace());
        work_out(&Program::try_parse_from(words)?.args)
    }

    #[test]
    fn budgets_come_by_rate_or_by_rows_and_both_ways() {
        let one = found("--rate 0.01 --noise 1.1 --steps 10000 --delta 1e-5").unwrap();
        assert!((one.epsilon - 5.631_992).abs() < 1e-6, "{one:?}");
        assert_eq!(upwards(one.epsilon), "5.6320");
        let back = found("--rate 0.01 --epsilon 5.632 --steps 10000").unwrap();
        assert!(
            (back.noise - 1.1).abs() < 1e-3 && back.epsilon <= 5.632,
            "{back:?}"
        );
        let rows = found("--rows 1000 --batch 300 --epochs 5 --noise 2").unwrap();
        assert_eq!((rows.rate, rows.steps, rows.delta), (0.3, 20, 1e-5));
        let few = found("--rows 100000 --batch 200000 --epochs 5 --noise 2").unwrap();
        assert_eq!((few.rate, few.steps, few.delta), (1.0, 5, 1e-6));
        assert_eq!(
            upwards(found("--rate 0.1 --noise 0 --steps 1").unwrap().epsilon),
            "∞ (no privacy)"
        );
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for options in [
            "--noise 1",
            "--rate 0.1 --steps 10",
            "--rate 0.1 --noise 1",
            "--rate 0.1 --steps 10 --noise 1 --epsilon 2",
            "--rate 0.1 --steps 10 --rows 5 --batch 1 --epochs 1 --noise 1",
            "--rows 5 --batch 1 --noise 1",
            "--rate 1.5 --steps 10 --noise 1",
            "--rate 0.5 --steps 10 --noise 1 --delta 2",
        ] {
            assert!(found(options).is_err(), "{options}");
        }
    }
}
