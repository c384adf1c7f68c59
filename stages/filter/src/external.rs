//! The files outside the configuration that decide as well.

use std::path::{Path, PathBuf};

use textmill_schemas::{StageResult, hash_file};

use crate::config::Config;

/// The files and folders that a configuration names.
fn named(config: &Config) -> Vec<&Path> {
    let url = &config.url;
    let lists = [
        &url.block,
        &url.allow,
        &url.words,
        &url.soft_words,
        &url.substrings,
    ];
    let lists = lists.into_iter().flatten();
    let sets = config.decontamination.sets.iter();
    let single = [
        &config.language_model,
        &config.safety.words,
        &config.classifier.model,
    ];
    let paths = lists.chain(sets).chain(single.into_iter().flatten());
    let paths = paths.chain(config.perplexity.models.values());
    paths.map(PathBuf::as_path).collect()
}

/// Hash of the content of all of them, in order; empty if there are none.
///
/// # Errors
/// When one cannot be read.
pub fn hash(config: &Config) -> StageResult<String> {
    let mut hashes = Vec::new();
    for path in named(config) {
        for file in files_below(path)? {
            hashes.push(hash_file(&file)?);
        }
    }
    Ok(hashes.join(" "))
}

/// The file itself, or the files of a folder and the folders in it, in order.
fn files_below(path: &Path) -> StageResult<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = path
        .read_dir()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        files.extend(files_below(&entry)?);
    }
    Ok(files)
}
