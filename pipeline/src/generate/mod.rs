//! `textmill generate`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct GenerateArgs {}

/// Runs it.
pub fn generate(_args: &GenerateArgs) -> Result<()> {
    bail!("not yet")
}
