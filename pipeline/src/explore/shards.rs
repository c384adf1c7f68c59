//! Which files a path means, and SQL over them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars::prelude::{DataFrame, LazyFrame, PlRefPath};
use polars::sql::SQLContext;
use textmill_schemas::Manifest;
use textmill_storage::{entries, is_remote};

/// The shards that a location means: a file itself; a stage's folder: the kept shards in its
/// manifest; any other folder: the Parquet files in it and below.
pub fn shards(path: &Path) -> Result<Vec<PathBuf>> {
    let far = is_remote(path);
    // An object is told by its name: a store is not asked what it is.
    let is_file = if far { is_shard(path) } else { path.is_file() };
    if is_file {
        return Ok(vec![path.to_path_buf()]);
    }
    if !far && !path.exists() {
        bail!("{}: there is no such file or folder", path.display());
    }
    if let Some(manifest) = Manifest::read(path)? {
        let kept = manifest.kept.iter().map(|shard| path.join(&shard.path));
        return Ok(kept.collect());
    }
    let mut found = if far { far_files(path)? } else { files(path)? };
    found.retain(|file| is_shard(file));
    found.sort();
    if found.is_empty() {
        bail!(
            "{}: there are no Parquet shards in this folder",
            path.display()
        );
    }
    Ok(found)
}

fn is_shard(path: &Path) -> bool {
    path.extension().is_some_and(|name| name == "parquet")
}

fn far_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = entries(folder).with_context(|| folder.display().to_string())?;
    Ok(entries.into_iter().map(|entry| entry.location).collect())
}

/// The files in a folder and below, by way of links as well.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?.path();
            let to = if entry.is_dir() {
                &mut folders
            } else {
                &mut found
            };
            to.push(entry);
        }
    }
    Ok(found)
}

/// The shards as one lazy polars frame.
pub fn scan(shards: &[PathBuf]) -> Result<LazyFrame> {
    let paths = shards.iter().map(|path| PlRefPath::try_from_path(path));
    let paths = paths.collect::<Result<Vec<_>, _>>()?;
    Ok(LazyFrame::scan_parquet_files(
        paths.into(),
        Default::default(),
    )?)
}

/// Runs SQL over the shards, which it knows as the table `shards`.
pub fn sql(shards: &[PathBuf], query: &str) -> Result<DataFrame> {
    let mut context = SQLContext::new();
    context.register("shards", scan(shards)?);
    let frame = context.execute(query).and_then(LazyFrame::collect);
    frame.with_context(|| format!("SQL: {query}"))
}
