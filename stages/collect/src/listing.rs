//! Which files there are, in which order, and which task reads which.

mod glob;
mod objects;
mod parts;
mod paths;
mod walk;

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use globset::GlobSet;
use textmill_schemas::Reason;

pub(crate) use self::walk::found;
use crate::charset::Charset;
use crate::config::{Config, Kind, SourceConfig};
use crate::error::Error;
use crate::expand::expand;
use crate::hub::Card;
use crate::input::{Damage, Input};
use crate::record::FileRef;
use crate::{fetch, store};

/// A source of the configuration, checked.
#[derive(Debug)]
pub(crate) struct Source {
    /// As configured.
    pub config: SourceConfig,
    /// Its path with variables filled in.
    path: String,
    include: Option<GlobSet>,
    exclude: GlobSet,
    /// What the card of a dataset in its folder says; read when it is asked for.
    card: OnceLock<Option<Card>>,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Index of its source.
    pub source: usize,
    /// Where it lies: a path, or an address such as `s3://…`.
    pub path: PathBuf,
    /// Path inside the source.
    pub relative: PathBuf,
    /// Bytes on disk.
    pub size: u64,
    /// Nanoseconds since 1970 of its last change, 0 where the system does not tell.
    modified: u128,
    /// What tells the content of an object of a store from others.
    e_tag: Option<String>,
    /// Which bytes of it, when it is cut into several: records that begin there.
    pub part: Option<Range<u64>>,
    /// Rule and detail, when it cannot be read at all.
    pub problem: Option<(&'static str, String)>,
}

impl Found {
    /// As rows name it.
    pub fn file<'a>(&'a self, source: &'a Source) -> FileRef<'a> {
        let name = self.relative.to_string_lossy();
        FileRef {
            source,
            file: name.replace(std::path::MAIN_SEPARATOR, "/"),
            key: self.relative.as_os_str().as_encoded_bytes(),
            member: None,
        }
    }

    /// Adds what tells it from others, as far as that shows without opening it.
    pub fn hash(&self, hasher: &mut blake3::Hasher) {
        hash_part(hasher, self.relative.as_os_str().as_encoded_bytes());
        hasher.update(&self.size.to_le_bytes());
        hasher.update(&self.modified.to_le_bytes());
        let e_tag = self.e_tag.as_deref().unwrap_or_default();
        hash_part(hasher, e_tag.as_bytes());
        hasher.update(&[u8::from(self.problem.is_some())]);
    }

    /// Bytes on disk to be read.
    pub fn bytes(&self) -> u64 {
        self.part
            .as_ref()
            .map_or(self.size, |part| part.end - part.start)
    }

    /// Whether it is a whole file, or the part that begins it.
    pub fn is_first(&self) -> bool {
        self.part.as_ref().is_none_or(|part| part.start == 0)
    }

    /// Its address, when it is not on this machine.
    pub fn address(&self) -> Option<&str> {
        self.path.to_str().filter(|path| store::is_address(path))
    }

    /// Opens it.
    pub fn open(&self) -> Result<Box<dyn Input>, Reason> {
        match self.address() {
            // As it was listed; what a list of paths names is looked at first.
            Some(address) if self.size > 0 => {
                store::open_listed(address, self.size, self.e_tag.clone())
            }
            Some(address) => store::open(address),
            None => match File::open(&self.path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Reason::new(Damage::UNREADABLE).detail(error.to_string())),
            },
        }
    }
}

/// All files of all sources, and how they are cut into tasks.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By source in the order of the configuration, then by path.
    pub files: Vec<Found>,
    /// The files of each task.
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
        if let Some(label) = &config.charset
            && Charset::for_label(label).is_none()
        {
            return Err(error(format!("`charset`: there is no `{label}`")));
        }
        if config
            .delimiter
            .is_some_and(|delimiter| !delimiter.is_ascii())
        {
            return Err(error("`delimiter` is no ASCII character".into()));
        }
        if config.fetch == Some(true) && config.kind != Kind::Feed {
            return Err(error(
                "`fetch` is for feeds: set `kind = \"feed\"`, or remove it".into(),
            ));
        }
        let path = expand(&config.path, |name| std::env::var(name).ok()).map_err(error)?;
        let include = glob::set(&config.include).map_err(error)?;
        Ok(Self {
            path,
            include: (!config.include.is_empty()).then_some(include),
            exclude: glob::set(&config.exclude).map_err(error)?,
            card: OnceLock::new(),
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

    /// What the card of a dataset in the source's folder says.
    pub fn card(&self) -> Option<&Card> {
        let find = || Card::find(Path::new(&self.path));
        self.card.get_or_init(find).as_ref()
    }

    /// Its path with variables filled in.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is a feed, or several.
    pub fn is_feed(&self) -> bool {
        self.config.kind == Kind::Feed
    }

    /// Whether what its feeds lack is fetched: by default where the feed itself is.
    pub fn fetches_entries(&self) -> bool {
        let is_remote = || fetch::remote(&self.path).is_some();
        self.is_feed() && self.config.fetch.unwrap_or_else(is_remote)
    }

    /// Whether it is fetched before it is read.
    pub fn is_fetched(&self) -> bool {
        let is_remote = || fetch::remote(&self.path).is_some();
        self.config.kind == Kind::Web || self.fetches_entries() || self.is_feed() && is_remote()
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

    /// How its files become tasks.
    fn tasks(&self) -> Tasks {
        match self.config {
            // A limit counts documents in order.
            SourceConfig { limit: Some(_), .. } => Tasks::One,
            SourceConfig { kind, .. } if kind.joins_files() => Tasks::One,
            SourceConfig {
                kind: Kind::Paths, ..
            } => Tasks::Each,
            _ => Tasks::Mixed,
        }
    }

    fn error(&self, problem: impl Into<String>) -> Error {
        Error::source(&self.config.name, problem)
    }
}

impl Listing {
    /// Lists the files of all sources and cuts them into tasks.
    pub fn read(sources: &[Source], task_bytes: u64) -> Result<Self, Error> {
        let mut files = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            // What is fetched is not there yet.
            if source.is_fetched() {
                continue;
            }
            let found = source.list(index)?;
            match source.config.kind {
                Kind::Paths => files.extend(paths::read(&found, index, source)?),
                _ => files.extend(found),
            }
        }
        let files = parts::cut(files, sources, task_bytes);
        let tasks = cut(&files, task_bytes, |source| {
            let source = sources.get(source);
            source.map_or(Tasks::Mixed, Source::tasks)
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
            hash_part(&mut hasher, name.as_bytes());
            found.hash(&mut hasher);
        }
        hasher.finalize().to_hex().to_string()
    }
}

fn hash_part(hasher: &mut blake3::Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// How the files of a source become tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tasks {
    /// Runs of files, also with those of other sources.
    Mixed,
    /// All files together.
    One,
    /// Each file.
    Each,
}

/// Cuts files into runs of about `task_bytes`.
fn cut(files: &[Found], task_bytes: u64, tasks_of: impl Fn(usize) -> Tasks) -> Vec<Range<usize>> {
    let mut tasks = Vec::new();
    let mut start = 0;
    let mut bytes = 0_u64;
    let pairs = files.iter().zip(files.iter().skip(1));
    for (index, (file, next)) in pairs.enumerate() {
        bytes += file.bytes();
        let (one, other) = (tasks_of(file.source), tasks_of(next.source));
        let is_cut = match one {
            Tasks::One if file.source == next.source => false,
            Tasks::Mixed
                if file.source == next.source
                    && crate::forum::belong_together(&file.relative, &next.relative) =>
            {
                false
            }
            Tasks::Mixed if other == Tasks::Mixed => bytes + next.bytes() > task_bytes,
            _ => true,
        };
        if is_cut {
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

#[cfg(test)]
mod tests;
