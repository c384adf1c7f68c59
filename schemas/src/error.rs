use std::path::{Path, PathBuf};

/// What can go wrong with the files between the stages. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file that should be a Parquet shard is not, or is damaged.
    #[error("{path}: not a readable Parquet shard: {source}")]
    Parquet {
        /// The shard.
        path: PathBuf,
        /// The reader's or writer's answer.
        source: parquet::errors::ParquetError,
    },
    /// A shard lacks a column of its row type, or has it in another type.
    #[error(
        "{path}: column `{column}` should be {expected} but is {found}; rerun the stage that wrote it"
    )]
    Column {
        /// The shard (empty when the batch did not come from a file).
        path: PathBuf,
        /// Name of the column.
        column: String,
        /// Arrow type that the row type asks for.
        expected: String,
        /// Arrow type found, or "missing".
        found: String,
    },
    /// Rows that Arrow cannot hold, such as a batch with over 2 GiB of text in one column.
    #[error("{path}: {source}")]
    Arrow {
        /// The shard (empty when the batch did not come from a file).
        path: PathBuf,
        /// Arrow's answer.
        source: arrow::error::ArrowError,
    },
    /// A shard of tokens that another tokenizer made.
    #[error(
        "{path}: its tokens are of another tokenizer (BLAKE3 {found}) than the tokenizer.json \
         beside it ({expected}); run textmill tokenize --force"
    )]
    OtherTokenizer {
        /// The shard.
        path: PathBuf,
        /// Hash of the tokenizer that is to be used.
        expected: String,
        /// Hash that the shard names, or "none".
        found: String,
    },
    /// A manifest or completion record that is not valid JSON of its type.
    #[error("{path}: not a valid manifest: {source}; delete it to have the stage run again")]
    Manifest {
        /// The manifest or record.
        path: PathBuf,
        /// The parser's answer, with line and column.
        source: serde_json::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn parquet(
        path: &Path,
    ) -> impl FnOnce(parquet::errors::ParquetError) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Parquet { path, source }
    }

    /// Puts the file's name on an error that arose in memory.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Column {
                column,
                expected,
                found,
                ..
            } => Self::Column {
                path: file.to_path_buf(),
                column,
                expected,
                found,
            },
            Self::Arrow { source, .. } => Self::Arrow {
                path: file.to_path_buf(),
                source,
            },
            other => other,
        }
    }
}
