//! Which files there are, in which order, and which task reads which.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use crate::config::{Config, SourceConfig};
use crate::error::Error;
use crate::expand::expand;

/// A source of the configuration, checked.
#[derive(Debug)]
pub(crate) struct Source {
    /// As configured.
    pub config: SourceConfig,
    /// Its path with variables filled in.
    path: String,
    include: Option<GlobSet>,
    exclude: GlobSet,
}

/// A file that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Index of its source.
    pub source: usize,
    /// Where it lies.
    pub path: PathBuf,
    /// Path inside the source.
    pub relative: PathBuf,
    /// Bytes on disk.
    pub size: u64,
    /// Nanoseconds since 1970 of its last change, 0 where the system does not tell.
    modified: u128,
    /// Rule and detail, when it cannot be read at all.
    pub problem: Option<(&'static str, String)>,
}

/// All files of all sources, and how they are cut into tasks.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By source in the order of the configuration, then by path.
    pub files: Vec<Found>,
    /// The files of each task. Whole files for now: a task that is a part of a file (an offset
    /// range of a crawl, say) would become a further field beside the range.
    pub tasks: Vec<Range<usize>>,
}

impl Source {
    /// Checks a source's settings, without looking at the disk.
    pub fn new(config: &SourceConfig) -> Result<Self, Error> {
        let error = |problem: String| Error::source(&config.name, problem);
        if config.path.is_empty() {
            return Err(error(
                "`path` is empty; name a file, a folder or a glob".into(),
            ));
        }
        if config.limit == Some(0) {
            return Err(error("`limit` is 0; remove the source or the limit".into()));
        }
        let path = expand(&config.path, |name| std::env::var(name).ok()).map_err(error)?;
        let include = globs(&config.include).map_err(error)?;
        Ok(Self {
            path,
            include: (!config.include.is_empty()).then_some(include),
            exclude: globs(&config.exclude).map_err(error)?,
            config: config.clone(),
        })
    }

    /// Checks all sources of a configuration.
    pub fn all(config: &Config) -> Result<Vec<Self>, Error> {
        let mut sources: Vec<Self> = Vec::new();
        for source in &config.source {
            if source.name.is_empty() {
                let problem = format!("`name` is empty (the source with path `{}`)", source.path);
                return Err(Error::source("", problem));
            }
            if sources.iter().any(|other| other.config.name == source.name) {
                return Err(Error::source(
                    &source.name,
                    "another source has the same name; rename one",
                ));
            }
            sources.push(Self::new(source)?);
        }
        if sources.is_empty() {
            return Err(Error::NoSource);
        }
        Ok(sources)
    }

    fn lets_through(&self, relative: &Path) -> bool {
        self.include
            .as_ref()
            .is_none_or(|set| set.is_match(relative))
            && !self.exclude.is_match(relative)
    }

    /// Whether `exclude` leaves out a path, which may be that of a member of an archive.
    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }

    fn error(&self, problem: impl Into<String>) -> Error {
        Error::source(&self.config.name, problem)
    }

    /// The source's files in order of their paths' bytes.
    fn list(&self, index: usize) -> Result<Vec<Found>, Error> {
        let path = Path::new(&self.path);
        if let Ok(metadata) = path.metadata() {
            if !metadata.is_dir() {
                let name = PathBuf::from(path.file_name().unwrap_or_default());
                return Ok(vec![found(index, path, name, Ok(&metadata))]);
            }
            return self.walk(index, path, None);
        }
        match split_glob(&self.path) {
            Some((base, pattern)) => {
                let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
                let glob = glob.map_err(|error| self.error(format!("`path`: {error}")))?;
                self.walk(index, &base, Some(&glob.compile_matcher()))
            }
            None => Err(self.missing(path)),
        }
    }

    fn walk(
        &self,
        index: usize,
        base: &Path,
        glob: Option<&GlobMatcher>,
    ) -> Result<Vec<Found>, Error> {
        if let Err(error) = base.read_dir() {
            return Err(match error.kind() {
                std::io::ErrorKind::NotFound => self.missing(base),
                _ => self.error(format!("folder `{}`: {error}", base.display())),
            });
        }
        let mut files = Vec::new();
        for entry in WalkDir::new(base).follow_links(self.config.follow_links) {
            let found = match &entry {
                Ok(entry) if entry.file_type().is_dir() => None,
                Ok(entry) => Some(from_entry(index, base, entry)),
                // A link to a folder above it: what it leads to is read anyway.
                Err(error) if error.loop_ancestor().is_some() => None,
                Err(error) => Some(from_error(index, base, error)),
            };
            files.extend(found.filter(|found| {
                glob.is_none_or(|glob| glob.is_match(&found.relative))
                    && self.lets_through(&found.relative)
            }));
        }
        if files.is_empty() {
            return Err(self.error(format!(
                "no file matches `{}`{}; correct `path` under [[collect.source]]",
                self.path,
                if self.include.is_some() || !self.exclude.is_empty() {
                    " with `include` and `exclude` applied"
                } else {
                    ""
                },
            )));
        }
        let bytes = |found: &Found| found.relative.as_os_str().as_encoded_bytes().to_vec();
        files.sort_by_cached_key(bytes);
        Ok(files)
    }

    fn missing(&self, path: &Path) -> Error {
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

impl Listing {
    /// Lists the files of all sources and cuts them into tasks.
    pub fn read(sources: &[Source], task_bytes: u64) -> Result<Self, Error> {
        let mut files = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            files.extend(source.list(index)?);
        }
        let tasks = cut(&files, task_bytes, |source| {
            sources.get(source).is_some_and(|source| {
                source.config.limit.is_some() || source.config.kind.joins_files()
            })
        });
        Ok(Self { files, tasks })
    }

    /// Hash of what the listing found: source, path, size and time of change of each file.
    pub fn hash(&self, sources: &[Source]) -> String {
        let mut hasher = blake3::Hasher::new();
        for found in &self.files {
            let name = sources
                .get(found.source)
                .map_or("", |source| &source.config.name);
            for part in [
                name.as_bytes(),
                found.relative.as_os_str().as_encoded_bytes(),
            ] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            hasher.update(&found.size.to_le_bytes());
            hasher.update(&found.modified.to_le_bytes());
            hasher.update(&[u8::from(found.problem.is_some())]);
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Cuts files into runs of about `task_bytes`. A source with a limit is one task, because its
/// limit counts documents in order.
fn cut(files: &[Found], task_bytes: u64, is_limited: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut tasks = Vec::new();
    let mut start = 0;
    let mut bytes = 0_u64;
    let pairs = files.iter().zip(files.iter().skip(1));
    for (index, (file, next)) in pairs.enumerate() {
        bytes += file.size;
        let apart =
            file.source != next.source && (is_limited(file.source) || is_limited(next.source));
        let together = file.source == next.source
            && (is_limited(file.source)
                || crate::forum::belong_together(&file.relative, &next.relative));
        if apart || (!together && bytes + next.size > task_bytes) {
            tasks.push(start..index + 1);
            start = index + 1;
            bytes = 0;
        }
    }
    if start < files.len() {
        tasks.push(start..files.len());
    }
    tasks
}

fn found(
    source: usize,
    path: &Path,
    relative: PathBuf,
    metadata: Result<&std::fs::Metadata, String>,
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
        size: metadata.map_or(0, std::fs::Metadata::len),
        modified: modified.map_or(0, |time| time.as_nanos()),
        problem,
    }
}

fn from_entry(source: usize, base: &Path, entry: &DirEntry) -> Found {
    let path = entry.path();
    let relative = path.strip_prefix(base).unwrap_or(path).to_path_buf();
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

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// Splits a glob into the folder before the first pattern and the rest; `None` without a pattern.
fn split_glob(path: &str) -> Option<(PathBuf, String)> {
    let first = path.find(['*', '?', '[', '{'])?;
    let (base, pattern) = match path.get(..first)?.rfind('/') {
        Some(0) => ("/", path.get(1..)?),
        Some(slash) => (path.get(..slash)?, path.get(slash + 1..)?),
        None => (".", path),
    };
    Some((PathBuf::from(base), pattern.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(source: usize, size: u64) -> Found {
        Found {
            source,
            path: PathBuf::new(),
            relative: PathBuf::new(),
            size,
            modified: 0,
            problem: None,
        }
    }

    fn source(path: &str, change: impl FnOnce(&mut SourceConfig)) -> Source {
        let mut config = SourceConfig {
            name: "s".into(),
            path: path.into(),
            ..SourceConfig::default()
        };
        change(&mut config);
        Source::new(&config).unwrap()
    }

    fn names(source: &Source) -> Vec<String> {
        let found = source.list(0).unwrap();
        found
            .iter()
            .map(|found| found.relative.display().to_string())
            .collect()
    }

    #[test]
    fn tasks_hold_about_as_many_bytes() {
        let files: Vec<Found> = [10, 10, 10, 100, 5, 5].map(|size| file(0, size)).into();
        assert_eq!(cut(&files, 25, |_| false), [0..2, 2..3, 3..4, 4..6]);
        assert_eq!(cut(&files, 25, |_| true), std::slice::from_ref(&(0..6)));
        assert!(cut(&[], 25, |_| false).is_empty());
        let mixed = [
            file(0, 1),
            file(0, 1),
            file(1, 1),
            file(1, 99),
            file(2, 1),
            file(3, 1),
        ];
        assert_eq!(cut(&mixed, 50, |source| source == 1), [0..2, 2..4, 4..6]);
    }

    #[test]
    fn folders_globs_and_files() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display().to_string();
        for name in ["b/2.html", "b/c/1.html", "b.txt", "a.html"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(
            names(&source(&root, |_| {})),
            ["a.html", "b.txt", "b/2.html", "b/c/1.html"]
        );
        assert_eq!(names(&source(&format!("{root}/b*"), |_| {})), ["b.txt"]);
        assert_eq!(
            names(&source(&format!("{root}/**/*.html"), |_| {})).len(),
            3
        );
        assert_eq!(
            names(&source(&format!("{root}/b/*/1.html"), |_| {})),
            ["c/1.html"]
        );
        assert_eq!(
            names(&source(&format!("{root}/a.html"), |_| {})),
            ["a.html"]
        );
        let narrowed = source(&root, |config| {
            config.include = vec!["*.html".into()];
            config.exclude = vec!["b/c/**".into()];
        });
        assert_eq!(names(&narrowed), ["a.html", "b/2.html"]);
    }

    #[test]
    fn nothing_to_read_is_an_error_with_a_mend() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display().to_string();
        for path in [
            format!("{root}/none"),
            format!("{root}/none/*.gz"),
            format!("{root}/*.gz"),
            root,
        ] {
            let error = source(&path, |_| {}).list(0).unwrap_err().to_string();
            assert!(
                error.starts_with("source `s`: ") && error.contains("correct `path`"),
                "{error}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_end_in_rows_and_loops_end() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display().to_string();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("a"), "x").unwrap();
        symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
        symlink(dir.path().join("none"), dir.path().join("dangling")).unwrap();
        let found = source(&root, |_| {}).list(0).unwrap();
        let rules: Vec<_> = found
            .iter()
            .map(|found| found.problem.as_ref().map(|p| p.0))
            .collect();
        assert_eq!(rules, [None, Some("collect.link"), Some("collect.link")]);
        let found = source(&root, |config| config.follow_links = true)
            .list(0)
            .unwrap();
        let rules: Vec<_> = found
            .iter()
            .map(|found| found.problem.as_ref().map(|p| p.0))
            .collect();
        assert_eq!(rules, [None, Some("collect.unreadable")]);
    }

    #[test]
    fn the_hash_follows_the_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "x").unwrap();
        let sources = [source(&dir.path().display().to_string(), |_| {})];
        let hash = || Listing::read(&sources, 100).unwrap().hash(&sources);
        let before = hash();
        assert_eq!(before, hash());
        fs::write(dir.path().join("a"), "xy").unwrap();
        assert_ne!(before, hash());
    }
}
