//! `textmill embed`.

use anyhow::{Result, bail};
use clap::Subcommand;

/// Commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Embed {
    /// Nothing yet.
    Nothing,
}

/// Runs it.
pub fn embed(_command: &Embed) -> Result<()> {
    bail!("not yet")
}
