//! What can go wrong while fine-tuning.

use std::path::{Path, PathBuf};

/// An error of fine-tuning. Messages name the file or the option, and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that makes no sense, or data that does not suffice.
    #[error("{0}")]
    Config(String),
    /// The operating system refused.
    #[error("{path}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        reason: std::io::Error,
    },
    /// A file that cannot be read as what it should be.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the mend.
        problem: String,
    },
    /// The loss is no number.
    #[error("the loss is no number at step {step}: lower --lr (now {lr:e})")]
    Diverged {
        /// The step.
        step: u64,
        /// Its learning rate.
        lr: f64,
    },
    /// The operating system gives no key for the noise of private training.
    #[error("no random key for private training: {0}")]
    Random(getrandom::Error),
    /// From the privacy accountant.
    #[error(transparent)]
    Privacy(#[from] textmill_privacy::Error),
    /// From the network.
    #[error(transparent)]
    Model(#[from] textmill_model::Error),
    /// From the optimizer.
    #[error(transparent)]
    Train(#[from] textmill_train::Error),
    /// From the vocabulary.
    #[error(transparent)]
    Tokenize(#[from] textmill_tokenize::Error),
    /// From a metric.
    #[error(transparent)]
    Metrics(#[from] textmill_metrics::Error),
    /// From libtorch.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
    /// The user asked to stop before there was anything to keep.
    #[error("stopped before an epoch had ended; nothing was written")]
    Stopped,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |reason| Self::Io { path, reason }
    }

    pub(crate) fn file(path: &Path, problem: impl ToString) -> Self {
        Self::File {
            path: path.to_path_buf(),
            problem: problem.to_string(),
        }
    }
}
