//! Gives each stage a code version: a hash of the sources that its output depends on. A stage
//! whose code changed runs again, without anybody having to remember a version number.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const STAGES: [(&str, &[&str]); 8] = [
    ("collect", &[]),
    ("extract", &[]),
    ("filter", &["words"]),
    ("dedupe", &[]),
    ("normalize", &["words"]),
    ("tokenize", &[]),
    ("train", &["model", "packing"]),
    ("evaluate", &["model"]),
];

fn main() -> io::Result<()> {
    let root = Path::new("..");
    for (stage, further) in STAGES {
        let mut hasher = blake3::Hasher::new();
        let folders = [format!("stages/{stage}"), "schemas".to_owned()];
        let further = further.iter().map(|folder| (*folder).to_owned());
        for folder in folders.into_iter().chain(further) {
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
