//! `textmill chat`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct ChatArgs {}

/// Runs it.
pub fn chat(_args: &ChatArgs) -> Result<()> {
    bail!("not yet")
}
