//! The mixture of a run as a table: shares, repetitions, and the epochs that they mean.

use anyhow::{Context, Result};
use textmill_packing::{MANY_EPOCHS, Share, Shares};

use super::{Feeding, Tokenized, percent};
use crate::cli::MixArgs;
use crate::config::Config;
use crate::explore::{escape, table};
use crate::output::{say, sayln};

/// Stands behind epochs that are many.
const MARK: &str = " !";

/// Prints what training will draw of each source and language.
pub fn mix(config: &Config, args: &MixArgs) -> Result<()> {
    let shares = shares(config, args.tokens)?;
    if args.json {
        sayln!("{}", serde_json::to_string(&shares)?);
        return Ok(());
    }
    say!("{}", text(&shares));
    Ok(())
}

/// The same table for the notes of a run whose training begins.
pub fn before_training(config: &Config) -> Result<String> {
    Ok(text(&shares(config, None)?))
}

fn shares(config: &Config, tokens: Option<u64>) -> Result<Shares> {
    let feeding = Feeding::of(config)?;
    let run = Tokenized::of(config)?;
    feeding.mixture.check(&run.groups).context("[train]")?;
    let budget = tokens.or(feeding.budget).context(
        "this build has no train stage and knows no defaults of [train]; give --tokens, the \
         tokens that training draws",
    )?;
    Ok(Shares::of(&feeding.mixture, &run.groups, budget))
}

fn text(shares: &Shares) -> String {
    let head = [
        "source",
        "language",
        "documents",
        "tokens",
        "natural",
        "weight",
        "share",
        "repetitions",
        "drawn",
        "epochs",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(shares.groups.iter().map(row));
    if shares.groups.len() > 1 {
        rows.push(total(shares));
    }
    let mut right = [true; 10];
    right[..2].fill(false);
    let mut text = format!(
        "Training draws {} tokens: {:.2} passes over a mixture of {}\n\n{}",
        shares.budget,
        shares.passes,
        shares.pass,
        table(&rows, &right)
    );
    if shares.has_many_epochs() {
        text += &format!(
            "\n! more than {MANY_EPOCHS} epochs: repeated tokens are worth less and less \
             (Muennighoff et al. 2023). Lower the weight, take more documents, or train for less.\n"
        );
    }
    text
}

fn row(group: &Share) -> Vec<String> {
    vec![
        escape(&group.source),
        escape(group.lang.as_deref().unwrap_or("-")),
        group.documents.to_string(),
        group.tokens.to_string(),
        percent(group.natural_share),
        group.weight.to_string(),
        percent(group.share),
        format!("{:.2}", group.repetitions),
        group.drawn.to_string(),
        epochs(group.epochs),
    ]
}

fn total(shares: &Shares) -> Vec<String> {
    let sum = |figure: fn(&Share) -> u64| shares.groups.iter().map(figure).sum::<u64>();
    let tokens = sum(|group| group.tokens);
    let per_token = |tokens_in: u64| tokens_in as f64 / tokens.max(1) as f64;
    let drawn = if shares.pass > 0 { shares.budget } else { 0 };
    vec![
        "all".to_owned(),
        String::new(),
        sum(|group| group.documents).to_string(),
        tokens.to_string(),
        percent(shares.groups.iter().map(|group| group.natural_share).sum()),
        String::new(),
        percent(shares.groups.iter().map(|group| group.share).sum()),
        format!("{:.2}", per_token(shares.pass)),
        drawn.to_string(),
        String::new(),
    ]
}

/// Epochs, in line whether marked or not.
fn epochs(epochs: f64) -> String {
    let mark = match epochs > MANY_EPOCHS {
        true => MARK,
        false => "  ",
    };
    format!("{epochs:.2}{mark}")
}
