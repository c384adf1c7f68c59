//! Sources on object storage, read by the stage alone from a real S3-compatible server. The same
//! is shown of the real binary in `tests/object_storage`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../tests/object_storage/scenarios.rs"]
mod scenarios;
#[path = "../../../tests/object_storage/server.rs"]
mod server;

mod process;

use textmill_schemas::{Dropped, RawDocument};

/// What the stage gave.
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
    concat!(env!("CARGO_MANIFEST_DIR"), "/../..").to_owned()
}

/// Collects one source with these settings in this environment.
pub fn run(source: &[(&str, String)], environment: &[(&str, String)]) -> Run {
    let settings: Vec<String> = source
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    let config = format!("{{\"source\":[{{{}}}]}}", settings.join(","));
    let done = process::collect(&config, environment);
    Run {
        ok: done.ok,
        kept: done.kept,
        dropped: done.dropped,
        stderr: done.stderr,
        peak: done.peak,
    }
}
