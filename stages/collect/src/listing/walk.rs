//! The files of a source on this machine.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::{DirEntry, WalkDir};

use super::glob::{self, PathGlob};
use super::{Found, Source};
use crate::error::Error;
use crate::{hub, store};

impl Source {
    /// The source's files in order of their paths' bytes.
    pub fn list(&self, index: usize) -> Result<Vec<Found>, Error> {
        if store::is_address(&self.path) {
            return self.list_objects(index);
        }
        let path = Path::new(&self.path);
        if let Ok(metadata) = path.metadata() {
            if !metadata.is_dir() {
                let name = PathBuf::from(path.file_name().unwrap_or_default());
                return Ok(vec![found(index, path, name, Ok(&metadata))]);
            }
            return self.walk(index, path, None);
        }
        match glob::split(&self.path) {
            Some((base, pattern)) => {
                let glob = PathGlob::new(pattern);
                let glob = glob.map_err(|error| self.error(format!("`path`: {error}")))?;
                self.walk(index, &base, Some(&glob))
            }
            None => Err(self.missing(path)),
        }
    }

    fn walk(
        &self,
        index: usize,
        base: &Path,
        glob: Option<&PathGlob>,
    ) -> Result<Vec<Found>, Error> {
        if let Err(error) = base.read_dir() {
            return Err(match error.kind() {
                std::io::ErrorKind::NotFound => self.missing(base),
                _ => self.error(format!("folder `{}`: {error}", base.display())),
            });
        }
        let mut files = Vec::new();
        let folder = hub::Folder::look(base);
        for entry in WalkDir::new(base).follow_links(self.config.follow_links) {
            let found = match &entry {
                // The folder itself, even if it is named through a link, and those in it.
                Ok(entry) if entry.depth() == 0 || entry.file_type().is_dir() => None,
                Ok(entry) => Some(from_entry(index, base, entry)),
                // A link to a folder above it: what it leads to is read anyway.
                Err(error) if error.loop_ancestor().is_some() => None,
                Err(error) => Some(from_error(index, base, error)),
            };
            let found = found.filter(|found| !folder.is_beside(&found.relative));
            let found = found.map(|mut found| {
                if folder.is_sidecar(&found.relative) {
                    let detail = "describes a dataset".to_owned();
                    found.problem = Some(("collect.not_data", detail));
                }
                found
            });
            files.extend(found.filter(|found| {
                hub::is_in_split(&found.relative, &self.config.split) && self.is_wanted(found, glob)
            }));
        }
        if files.is_empty() {
            return Err(self.nothing());
        }
        let bytes = |found: &Found| found.relative.as_os_str().as_encoded_bytes().to_vec();
        files.sort_by_cached_key(bytes);
        Ok(files)
    }

    fn is_wanted(&self, found: &Found, glob: Option<&PathGlob>) -> bool {
        let path = &found.relative;
        // A folder that is not entered: what it holds may be wanted whatever itself is called.
        if found.problem.is_some() && found.path.is_dir() {
            return glob.is_none_or(|glob| glob.leads_below(path)) && !self.exclude.is_match(path);
        }
        glob.is_none_or(|glob| glob.is_match(path)) && self.lets_through(path)
    }

    pub(super) fn nothing(&self) -> Error {
        let narrowed = self.include.is_some() || !self.exclude.is_empty();
        self.error(format!(
            "no file matches `{}`{}; correct `path` under [[collect.source]]",
            self.path,
            if narrowed {
                " with `include` and `exclude` applied"
            } else {
                ""
            },
        ))
    }

    pub(super) fn missing(&self, path: &Path) -> Error {
        let folder = std::env::current_dir().unwrap_or_default();
        let from = if path.is_absolute() {
            String::new()
        } else {
            format!(" (looked for from `{}`)", folder.display())
        };
        self.error(format!(
            "`{}` does not exist{from}; correct `path` under [[collect.source]]",
            path.display()
        ))
    }
}

/// What is known of a file without opening it.
pub(crate) fn found(
    source: usize,
    path: &Path,
    relative: PathBuf,
    metadata: Result<&Metadata, String>,
) -> Found {
    let (metadata, problem) = match metadata {
        Ok(metadata) if metadata.is_file() => (Some(metadata), None),
        Ok(metadata) if metadata.is_symlink() => (
            None,
            Some((
                "collect.link",
                "a symbolic link; set `follow_links = true` or name its target as a source"
                    .to_owned(),
            )),
        ),
        Ok(_) => (
            None,
            Some(("collect.media_type", "not a regular file".to_owned())),
        ),
        Err(error) => (None, Some(("collect.unreadable", error))),
    };
    let modified = metadata.and_then(|metadata| metadata.modified().ok());
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Found {
        source,
        path: path.to_path_buf(),
        relative,
        size: metadata.map_or(0, Metadata::len),
        modified: modified.map_or(0, |time| time.as_nanos()),
        e_tag: None,
        part: None,
        problem,
    }
}

fn from_entry(source: usize, base: &Path, entry: &DirEntry) -> Found {
    let path = entry.path();
    let relative = path.strip_prefix(base).unwrap_or(path).to_path_buf();
    // Links of the hub's cache stay inside it.
    let blob = entry.path_is_symlink().then(|| hub::blob(path)).flatten();
    if let Some(metadata) = blob.as_ref().and_then(|blob| blob.metadata().ok()) {
        return found(source, path, relative, Ok(&metadata));
    }
    match entry.metadata() {
        Ok(metadata) => found(source, path, relative, Ok(&metadata)),
        Err(error) => found(source, path, relative, Err(system_message(&error))),
    }
}

fn from_error(source: usize, base: &Path, error: &walkdir::Error) -> Found {
    let path = error.path().unwrap_or(base);
    let relative = path.strip_prefix(base).unwrap_or(path).to_path_buf();
    found(source, path, relative, Err(system_message(error)))
}

/// The operating system's message, without the path, which the row has anyway.
fn system_message(error: &walkdir::Error) -> String {
    error
        .io_error()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
