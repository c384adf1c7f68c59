/// What keeps the stage from starting or going on. A bad record is a dropped row, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration names nothing to read.
    #[error("no source to read; name one in a [[collect.source]] table with `name` and `path`")]
    NoSource,
    /// A source's settings are wrong, or it leads to no files.
    #[error("source `{name}`: {problem}")]
    Source {
        /// The source's name in the configuration.
        name: String,
        /// What is wrong, and the mend.
        problem: String,
    },
    /// A setting of the stage is out of range.
    #[error("collect.{key}: {problem}")]
    Setting {
        /// The configuration key.
        key: &'static str,
        /// What is wrong, and the mend.
        problem: String,
    },
    /// The folder of what was fetched cannot be used.
    #[error("{path}: {problem}; correct collect.fetch.folder, or the folder")]
    Fetched {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An output shard cannot be written.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
    /// Intermediates cannot be written or read.
    #[error("intermediates of forums: {0}")]
    Scratch(std::io::Error),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] textmill_schemas::Cancelled),
}

impl Error {
    pub(crate) fn fetched(path: &std::path::Path, problem: impl ToString) -> Self {
        Self::Fetched {
            path: path.display().to_string(),
            problem: problem.to_string(),
        }
    }

    pub(crate) fn source(name: &str, problem: impl Into<String>) -> Self {
        Self::Source {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}
