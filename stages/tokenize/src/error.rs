use std::path::PathBuf;

/// What can go wrong in the tokenize stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of the configuration makes no sense.
    #[error("`{key}` is {value}: {mend}")]
    Config {
        /// The key in `[tokenize]`.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        mend: &'static str,
    },
    /// A tokenizer file that is missing or is not a Hugging Face tokenizer.json.
    #[error("{path}: not a usable tokenizer.json: {message}")]
    Load {
        /// The file.
        path: PathBuf,
        /// The reader's answer.
        message: String,
    },
    /// A file that is to be loaded as a vocabulary and is none.
    #[error("{path}: {message}")]
    Vocabulary {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A line of a vocabulary file that cannot be used.
    #[error("{path}:{line}: {message}")]
    VocabularyLine {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The vocabulary could not be trained.
    #[error("cannot train the vocabulary: {0}")]
    Train(String),
    /// The `tokenizers` crate could not encode or decode.
    #[error("the tokenizer failed: {0}")]
    Encode(String),
    /// There is no text to train a vocabulary on.
    #[error(
        "there is no training text: no document came through the stages before \
         (textmill summary says which rule dropped them)"
    )]
    NoText,
    /// Nothing was drawn to train a vocabulary on.
    #[error(
        "a sample of {0} bytes holds no document: raise `sample_bytes` (or `memory_limit`), or \
         look at `sample_weights`"
    )]
    EmptySample(u64),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] textmill_schemas::Cancelled),
    /// A shard cannot be read or written.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
}
