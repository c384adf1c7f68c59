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
    /// From the canaries.
    #[error("[train] {0}")]
    Privacy(#[from] textmill_privacy::Error),
    /// A tokenizer that cannot be read, or refuses a canary.
    #[error("{path}: {message}; run `tokenize` again")]
    Tokenizer {
        /// The tokenizer's file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
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
    /// The loss stays no number.
    #[error(
        "the loss is {loss} and the gradient's norm {norm} at step {step}, and were no numbers in \
         the steps before: training diverged. Lower `lr` (now {lr:e}), lengthen `warmup` or lower \
         `clip`; with `precision = \"bf16\"`, try fp32"
    )]
    Diverged {
        /// The last step.
        step: u64,
        /// Its loss.
        loss: f64,
        /// Its gradient's norm.
        norm: f64,
        /// Its learning rate.
        lr: f64,
    },
    /// A step that stood out, where the user wants to know.
    #[error(
        "step {step} has a loss of {loss} and a gradient of norm {norm}, far above the steps \
         before, and was not applied. {spikes} names its documents: look at them with `textmill \
         trace ID` and take out what is noise; or lower `lr` (now {lr:e}); or set `on_spike = \
         \"skip\"`, or a higher `spike_z`"
    )]
    Spike {
        /// The step.
        step: u64,
        /// Its loss.
        loss: f64,
        /// Its gradient's norm.
        norm: f64,
        /// Its learning rate.
        lr: f64,
        /// The file with the documents' ids.
        spikes: PathBuf,
    },
    /// Not even a micro-batch of one row fits.
    #[error(
        "out of memory with a single row of {context} tokens. Lower `context`, `width` or \
         `layers`, set `precision = \"bf16\"`, or on the CPU lower `threads`: each holds a row"
    )]
    OutOfMemory {
        /// Tokens a row.
        context: u64,
    },
    /// A file of a checkpoint that is not as it was written.
    #[error("{path} {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is the matter with it.
        what: &'static str,
    },
    /// The checkpoint of this run was measured on other documents.
    #[error(
        "{path} was measured on another validation set (hash {theirs}, now {ours}), so its losses \
         and those to come cannot be compared. Restore the tokenize stage's output, or remove the \
         folder to train from the start"
    )]
    OtherValidation {
        /// The checkpoint.
        path: PathBuf,
        /// Hash of the validation documents then.
        theirs: String,
        /// Hash of the validation documents now.
        ours: String,
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
