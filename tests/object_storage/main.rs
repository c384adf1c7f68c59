//! Sources on object storage, read by the real binary from a real S3-compatible server.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod runs;
mod scenarios;
mod server;

use textmill_schemas::{Dropped, RawDocument};

/// What a run of `textmill collect` gave.
pub struct Run {
    /// Whether it ended with exit code 0.
    pub ok: bool,
    /// Kept rows in order.
    pub kept: Vec<RawDocument>,
    /// Dropped rows in order.
    pub dropped: Vec<Dropped>,
    /// What it said.
    pub stderr: String,
    /// Its peak of memory in bytes.
    pub peak: Option<u64>,
}

/// The repository.
pub fn repository() -> String {
    support::root().display().to_string()
}

/// Collects one source with these settings in this environment.
pub fn run(source: &[(&str, String)], environment: &[(&str, String)]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let settings = source
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"));
    let file = dir.path().join("config.toml");
    std::fs::write(
        &file,
        format!("[[collect.source]]\n{}", settings.collect::<String>()),
    )
    .unwrap();
    let runs = dir.path().join("run");
    let mut command =
        support::textmill(&runs, &["collect", "--config", &file.display().to_string()]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let ok = output.status.success();
    Run {
        ok,
        kept: if ok {
            support::rows(&runs, "collect", false)
        } else {
            Vec::new()
        },
        dropped: if ok {
            support::rows(&runs, "collect", true)
        } else {
            Vec::new()
        },
        stderr: support::both(&output),
        peak: ok
            .then(|| support::manifest(&runs, "collect").peak_memory_bytes)
            .flatten(),
    }
}
