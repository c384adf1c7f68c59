//! Which files a path means, and SQL over them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars::prelude::{DataFrame, LazyFrame, PlRefPath};
use polars::sql::SQLContext;
use textmill_schemas::Manifest;

/// The shards that a path means: a file itself; a stage's folder: the kept shards in its
/// manifest; any other folder: the Parquet files in it and below.
pub fn shards(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    if textmill_storage::is_remote(path) {
        bail!(
            "{}: only folders of this machine can be looked into; bring the shards here, or read \
             them where they are with DuckDB or polars",
            path.display()
        );
    }
    if !path.exists() {
        bail!("{}: there is no such file or folder", path.display());
    }
    if let Some(manifest) = Manifest::read(path)? {
        let kept = manifest.kept.iter().map(|shard| path.join(&shard.path));
        return Ok(kept.collect());
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?.path();
            match entry.extension() {
                _ if entry.is_dir() => folders.push(entry),
                Some(extension) if extension == "parquet" => found.push(entry),
                _ => {}
            }
        }
    }
    found.sort();
    if found.is_empty() {
        bail!(
            "{}: there are no Parquet shards in this folder",
            path.display()
        );
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
