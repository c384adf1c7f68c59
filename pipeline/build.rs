//! Gives each stage a code version: a hash of the sources that its output depends on. A stage
//! whose code changed runs again, without anybody having to remember a version number.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const STAGES: [&str; 8] = [
    "collect",
    "extract",
    "filter",
    "dedupe",
    "normalize",
    "tokenize",
    "train",
    "evaluate",
];

fn main() -> io::Result<()> {
    let root = Path::new("..");
    let workspace = read(&root.join("Cargo.toml"))?;
    for stage in STAGES {
        let mut hasher = blake3::Hasher::new();
        for folder in folders(root, &workspace, stage)? {
            for part in ["src", "data", "shim", "Cargo.toml"] {
                hash_path(&root.join(&folder).join(part), &mut hasher)?;
            }
        }
        let hash = hasher.finalize().to_hex();
        let name = stage.to_uppercase();
        println!("cargo::rustc-env=TEXTMILL_CODE_{name}={}", &hash[..16]);
    }
    Ok(())
}

/// The folder of a stage's crate, and those of the crates of ours that it depends on.
fn folders(root: &Path, workspace: &str, stage: &str) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut pending = vec![format!("stages/{stage}")];
    while let Some(folder) = pending.pop() {
        let manifest = read(&root.join(&folder).join("Cargo.toml"))?;
        if !found.insert(folder) {
            continue;
        }
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let lines = dependencies
            .lines()
            .take_while(|line| !line.starts_with('['));
        let ours = lines.filter_map(|line| line.strip_suffix(".workspace = true"));
        for name in ours.filter(|name| name.starts_with("textmill-")) {
            pending.push(folder_of(workspace, name)?);
        }
    }
    Ok(found)
}

/// Where the workspace says that a crate of ours lies.
fn folder_of(workspace: &str, name: &str) -> io::Result<String> {
    let line = format!("{name} = {{ path = \"");
    let found = workspace
        .lines()
        .find_map(|found| found.strip_prefix(&line));
    let folder = found.and_then(|rest| rest.split('"').next());
    let missing = || io::Error::other(format!("Cargo.toml names no path of {name}"));
    Ok(folder.ok_or_else(missing)?.to_owned())
}

fn read(path: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path)
}

/// Hashes a file, or a folder's files in the order of their names.
fn hash_path(path: &Path, hasher: &mut blake3::Hasher) -> io::Result<()> {
    let mut pending: Vec<PathBuf> = vec![path.to_path_buf()];
    while let Some(path) = pending.pop() {
        if !path.exists() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            let mut entries = fs::read_dir(&path)?
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()?;
            entries.sort();
            pending.extend(entries.into_iter().rev());
        } else {
            hasher.update(path.to_string_lossy().as_bytes());
            hasher.update(&fs::read(&path)?);
        }
    }
    Ok(())
}
