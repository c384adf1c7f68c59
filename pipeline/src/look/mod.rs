//! `textmill look`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct LookArgs {}

/// Runs it.
pub fn look(_args: &LookArgs) -> Result<()> {
    bail!("not yet")
}
