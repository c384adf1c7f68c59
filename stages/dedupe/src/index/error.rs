use std::path::{Path, PathBuf};

/// Why an index cannot be written, read, merged or asked. Every message names the file and the
/// mend.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Nothing of this name.
    #[error(
        "{path}: there is no such folder; name a run, its folder dedupe/index, or what \
         `textmill index merge` wrote"
    )]
    Missing {
        /// The folder asked for.
        path: PathBuf,
    },
    /// No Parquet file in it.
    #[error(
        "{path}: there are no index shards in this folder; a run leaves them in dedupe/index when \
         it has `write_index = true` under [dedupe]"
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The index of a stage that may still be writing it.
    #[error(
        "{path}: the stage that writes this index is not done; finish it with `textmill dedupe`"
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// A shard without the parameters of its signatures.
    #[error(
        "{path}: no index shard: the metadata `textmill.dedupe` are {what}; take the file out of \
         the folder, or write the index again"
    )]
    Metadata {
        /// The shard.
        path: PathBuf,
        /// "missing", or the parser's answer.
        what: String,
    },
    /// A shard made with other parameters than those it shall be compared with.
    #[error("{path}: made with {difference}, so the two cannot be compared; {mend}")]
    Parameters {
        /// The shard.
        path: PathBuf,
        /// The first parameter that differs, with both values.
        difference: String,
        /// What to do.
        mend: String,
    },
    /// An entry that no writer makes.
    #[error("{path}: damaged entry `{id}` ({what}); write the index again")]
    Entry {
        /// The shard.
        path: PathBuf,
        /// The entry's document.
        id: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A merge would mix its shards with what is there.
    #[error("{path}: is there already; merge into a new folder, or remove this one first")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A shard could not be read or written.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
    /// The sort of a merge failed.
    #[error(transparent)]
    Sort(#[from] crate::Error),
}

impl IndexError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
