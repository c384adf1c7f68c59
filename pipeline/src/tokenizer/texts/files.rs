//! Files of a folder, and how each is read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use textmill_schemas::Manifest;

use crate::explore::shards;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Documents in Parquet.
    Shard,
    /// JSON lines.
    Lines,
    /// Anything else.
    Plain,
}

/// A file with texts.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The path as it was named, which the file is or is in.
    pub named: String,
    /// How it is read.
    pub kind: Kind,
}

/// The files that some paths mean, in order; folders by name.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let files = match path.is_dir() {
            true if Manifest::read(path)?.is_some() => shards(path)?,
            true => below(path)?,
            false if path.exists() => vec![path.clone()],
            false => bail!("{}: there is no such file or folder", path.display()),
        };
        if files.is_empty() {
            bail!("{}: there are no files in this folder", path.display());
        }
        found.extend(files.into_iter().map(|file| Found {
            kind: kind(&file),
            named: path.display().to_string(),
            path: file,
        }));
    }
    Ok(found)
}

fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            // Links are not followed into folders: they may lead in a circle.
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false if entry.path().is_file() => found.push(entry.path()),
                false => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

fn kind(path: &Path) -> Kind {
    let name = path.to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str())
    {
        Some("parquet") => Kind::Shard,
        Some("jsonl" | "ndjson") => Kind::Lines,
        _ => Kind::Plain,
    }
}
