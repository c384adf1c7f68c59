use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Why the stage cannot go on. No document can cause one of these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration value outside its range.
    #[error("[dedupe] {key} = {value}: must be {allowed}")]
    Config {
        /// The key.
        key: &'static str,
        /// The value found.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// An intermediate file that does not hold what its step writes.
    #[error("{path}: damaged intermediate ({what}); delete the stage's folder and run it again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// An input shard holds another number of rows than its manifest says.
    #[error(
        "{path}: {found} rows, but its manifest says {expected}; rerun the stage that wrote it"
    )]
    Rows {
        /// The shard.
        path: PathBuf,
        /// Rows that the manifest promises.
        expected: u64,
        /// Rows found.
        found: u64,
    },
    /// A shard could not be read or written.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
}

impl Error {
    pub(crate) fn config(key: &'static str, value: impl Display, allowed: &'static str) -> Self {
        let value = value.to_string();
        Self::Config {
            key,
            value,
            allowed,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn damaged(path: &Path, what: &'static str) -> Self {
        let path = path.to_path_buf();
        Self::Damaged { path, what }
    }
}
