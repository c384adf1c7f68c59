//! What can go wrong with vectors, one clear sentence each.

use std::path::{Path, PathBuf};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be read or run.
    #[error(transparent)]
    Model(#[from] textmill_model::Error),
    /// The tokenizer cannot be read, or fails.
    #[error(transparent)]
    Tokenize(#[from] textmill_tokenize::Error),
    /// libtorch refused.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
    /// Tokenizer and model of two kinds.
    #[error(
        "the tokenizer has {tokens} tokens, the model {model}: they do not belong together; copy the tokenizer.json that the model was trained with"
    )]
    Mismatch {
        /// Tokens of the tokenizer.
        tokens: usize,
        /// Tokens of the model.
        model: usize,
    },
    /// A word of which nothing is left.
    #[error("the tokenizer makes no tokens of {0:?}; write a word that it knows")]
    Word(String),
    /// A name that nothing has.
    #[error("`{0}` is no way to pool; there are: mean, last, max")]
    Pool(String),
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A Parquet file that cannot be written.
    #[error("{path}: {source}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The writer's answer.
        source: parquet::errors::ParquetError,
    },
    /// Vectors that do not make a table.
    #[error("vectors that are no table: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A thread that ended early.
    #[error("a thread that computed vectors ended early")]
    Thread,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn parquet(path: &Path) -> impl Fn(parquet::errors::ParquetError) -> Self {
        move |source| Self::Parquet {
            path: path.to_path_buf(),
            source,
        }
    }
}
