//! `textmill privacy`.

use anyhow::{Result, bail};
use clap::Subcommand;

/// Commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Privacy {
    /// Nothing yet.
    Nothing,
}

/// Runs it.
pub fn privacy(_command: &Privacy) -> Result<()> {
    bail!("not yet")
}
