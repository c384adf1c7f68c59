//! A model to use, trained once on the sample.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::{succeed, textmill};

/// A checkpoint that took seconds to train.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("uses");
        let mut command = textmill(&dir, &["train", "--quiet"]);
        for setting in [
            "train.steps=30",
            "train.context=64",
            "train.batch=4",
            "train.eval_every=30",
            "train.checkpoint_every=30",
            "train.eval_windows=4",
        ] {
            command.args(["--set", setting]);
        }
        succeed(&mut command);
        dir.join("train/best")
    })
}

/// The program, with the model after `arguments`.
pub fn with_model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(arguments).arg("--model").arg(model());
    command
}
