//! `textmill finetune`.

use anyhow::{Result, bail};
use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct FinetuneArgs {}

/// Runs it.
pub fn finetune(_args: &FinetuneArgs) -> Result<()> {
    bail!("not yet")
}

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {}

/// Runs it.
pub fn predict(_args: &PredictArgs) -> Result<()> {
    bail!("not yet")
}
