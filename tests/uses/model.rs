//! A model to use, trained once on the sample.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::quick_model;

/// A checkpoint that took seconds to train.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| quick_model("uses"))
}

/// The program, with the model after `arguments`.
pub fn with_model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(arguments).arg("--model").arg(model());
    command
}
