//! What can go wrong while training.

use std::path::{Path, PathBuf};

use textmill_schemas::Cancelled;

/// An error of the trainer. Messages name the file or the setting, and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that makes no sense.
    #[error("[train] {0}")]
    Config(String),
    /// From the mixture or the packing.
    #[error("[train] {0}")]
    Packing(#[from] textmill_packing::Error),
    /// The tokenize stage's output lacks something.
    #[error("the tokenize stage's output {0}; run `tokenize` again")]
    Input(String),
    /// A token id that the vocabulary does not have.
    #[error(
        "{shard}: document {document} has token id {token}, but the vocabulary has {vocab} \
         entries; run `tokenize` again"
    )]
    Token {
        /// The shard.
        shard: PathBuf,
        /// The document's id.
        document: String,
        /// The token id.
        token: u32,
        /// Size of the vocabulary.
        vocab: i64,
    },
    /// The loss is not a number any more.
    #[error(
        "the loss is {loss} at step {step}: training diverged. Lower `lr` (now {lr:e}), lengthen \
         `warmup` or lower `clip`; with `precision = \"bf16\"`, try fp32"
    )]
    Diverged {
        /// The first step whose loss was not finite.
        step: u64,
        /// That loss.
        loss: f64,
        /// The learning rate at that step.
        lr: f64,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file of the trainer's own that is not valid JSON.
    #[error("{path}: {source}; delete the checkpoint that it belongs to")]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's answer.
        source: serde_json::Error,
    },
    /// A checkpoint whose optimizer state does not fit its model.
    #[error("{0}: does not fit the model beside it; delete this checkpoint")]
    Optimizer(PathBuf),
    /// A worker thread died.
    #[error("a training thread stopped unexpectedly; run the stage again to resume")]
    Worker,
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// From the shards.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
    /// From the model.
    #[error(transparent)]
    Model(#[from] textmill_model::Error),
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Json { path, source }
    }
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Model(error.into())
    }
}
