//! `textmill plan`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {}

/// Runs it.
pub fn plan(_args: &PlanArgs) -> Result<()> {
    bail!("not yet")
}
