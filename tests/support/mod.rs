//! Running the real binary in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use textmill_schemas::{Manifest, Row, ShardReader};

/// The stages that need no model, in order.
#[allow(dead_code)]
pub const DATA_STAGES: [&str; 6] = [
    "collect",
    "extract",
    "filter",
    "dedupe",
    "normalize",
    "tokenize",
];

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The binary, started in the repository with runs going to `dir`.
pub fn textmill(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.current_dir(root()).args(arguments);
    command
        .arg("--set")
        .arg(format!("run.dir={}", dir.display()));
    command
}

/// Runs it and expects success.
#[allow(dead_code)]
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that a run printed.
pub fn both(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The manifest of a stage that is done.
pub fn manifest(dir: &Path, stage: &str) -> Manifest {
    Manifest::read(&dir.join(stage)).unwrap().unwrap()
}

/// All kept or dropped rows of a stage.
#[allow(dead_code)]
pub fn rows<R: Row>(dir: &Path, stage: &str, dropped: bool) -> Vec<R> {
    let manifest = manifest(dir, stage);
    let shards = if dropped {
        manifest.dropped
    } else {
        manifest.kept
    };
    shards
        .iter()
        .flat_map(|shard| ShardReader::<R>::open(&dir.join(stage).join(&shard.path)).unwrap())
        .flat_map(Result::unwrap)
        .collect()
}

/// A checkpoint of the sample that took seconds to train, in a folder of its own for each name.
#[allow(dead_code)]
pub fn quick_model(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
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
}

/// The interpreter that `make` sets up for tests.
#[allow(dead_code)]
pub fn python() -> Command {
    let python = root().join(".venv/bin/python");
    let ready = root().join(".venv/.test-requirements").exists();
    assert!(
        ready,
        "{}: lacks the tests' packages; `make test` installs them",
        python.display()
    );
    Command::new(python)
}
