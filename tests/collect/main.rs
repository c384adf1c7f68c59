//! Each kind of source, read by the real binary: whole, cut short, damaged and hostile.
#![allow(clippy::unwrap_used, clippy::panic)]

mod archives;
mod crawls;
mod documents;
mod tables;

mod forums;
#[path = "../support/mod.rs"]
mod support;
mod web;

mod epub;
mod feed;
mod gutenberg;
mod wiki;

use std::path::{Path, PathBuf};

use textmill_schemas::{Dropped, RawDocument};

/// What a run of `textmill collect` gave.
pub struct Collected {
    /// Kept rows in order.
    pub kept: Vec<RawDocument>,
    /// Dropped rows in order.
    pub dropped: Vec<Dropped>,
    /// Whether it ended with exit code 0.
    pub ok: bool,
    /// What it said.
    pub stderr: String,
}

impl Collected {
    /// Rules of the dropped rows.
    pub fn rules(&self) -> Vec<&str> {
        self.dropped.iter().map(|row| row.rule.as_str()).collect()
    }

    /// Bodies of the kept rows as text.
    pub fn bodies(&self) -> Vec<&str> {
        let bodies = self.kept.iter();
        bodies
            .map(|row| std::str::from_utf8(&row.body).unwrap())
            .collect()
    }
}

/// A fixture of ours.
pub fn fixture(name: &str) -> PathBuf {
    support::root().join("tests/collect/fixtures").join(name)
}

/// Collects one source of this kind at a path; `more` are further lines of its table.
pub fn collect_path(kind: &str, path: &Path, more: &str) -> Collected {
    let path = path.display();
    collect(&format!(
        "[[collect.source]]\nname = \"s\"\nkind = \"{kind}\"\npath = \"{path}\"\n{more}\n"
    ))
}

/// Collects bytes as a file of this name.
pub fn collect_bytes(kind: &str, name: &str, bytes: &[u8]) -> Collected {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    collect_path(kind, &path, "")
}

/// Runs `textmill collect` with this configuration.
pub fn collect(config: &str) -> Collected {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, config).unwrap();
    let run = dir.path().join("run");
    let file = file.display().to_string();
    let output = support::textmill(&run, &["collect", "--config", &file])
        .output()
        .unwrap();
    let ok = output.status.success();
    Collected {
        kept: if ok {
            support::rows(&run, "collect", false)
        } else {
            Vec::new()
        },
        dropped: if ok {
            support::rows(&run, "collect", true)
        } else {
            Vec::new()
        },
        ok,
        stderr: support::both(&output),
    }
}
