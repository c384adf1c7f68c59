//! `textmill score`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct ScoreArgs {}

/// Runs it.
pub fn score(_args: &ScoreArgs) -> Result<()> {
    bail!("not yet")
}
