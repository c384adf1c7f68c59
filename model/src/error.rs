//! What can go wrong with a model, one clear sentence each.

use std::path::{Path, PathBuf};

use tch::TchError;

/// An error of the model crate. Messages about files name the file and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration that describes no possible network.
    #[error("model configuration: {0}")]
    Config(String),
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file that should hold JSON of a known form does not.
    #[error("{path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's answer, with line and column.
        source: serde_json::Error,
    },
    /// A file that is not whole, or no safetensors file at all.
    #[error("{path}: not a whole safetensors file ({reason}); copy or train the model again")]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What the reader found.
        reason: String,
    },
    /// A checkpoint that lacks a tensor which its config.json calls for.
    #[error(
        "{path}: tensor `{name}` is missing; model.safetensors and config.json do not belong together"
    )]
    MissingTensor {
        /// The safetensors file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
    },
    /// A tensor of another shape than config.json calls for.
    #[error("{path}: tensor `{name}` has shape {found:?} where config.json calls for {expected:?}")]
    Shape {
        /// The safetensors file.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The shape in the file.
        found: Vec<i64>,
        /// The shape called for.
        expected: Vec<i64>,
    },
    /// A stock model with a feature that this crate does not compute.
    #[error(
        "{path}: {feature} is not supported; only plain GPT-2, Llama and BERT models can be read"
    )]
    Unsupported {
        /// The config.json.
        path: PathBuf,
        /// The feature.
        feature: String,
    },
    /// Environment variables that do not say which of several processes this is.
    #[error("the environment of a distributed run: {0}")]
    Launch(String),
    /// Processes that work together cannot go on.
    #[error("rank {rank} of {world}: {reason}")]
    Ranks {
        /// The process that says so.
        rank: usize,
        /// Number of processes.
        world: usize,
        /// What happened, with the rank that it happened to.
        reason: String,
    },
    /// A prompt or batch that the network cannot take.
    #[error("{0}")]
    Input(String),
    /// A model that sees both ways, where the next token is asked for.
    #[error(
        "this is a BERT model: it fills in masked tokens and does not predict the next one, so it \
         cannot write text or be scored as a GPT is; take a model with `preset = \"llama\"` or \
         `\"gpt2\"`"
    )]
    NotCausal,
    /// A thread that computes has panicked.
    #[error("a thread that computes stopped; this is a defect of textmill")]
    Thread,
    /// Memory of the CPU or GPU ran out.
    #[error("out of memory; lower `batch`, `context` or the model's size")]
    OutOfMemory,
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(String),
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

    pub(crate) fn safetensors(
        path: &Path,
    ) -> impl FnOnce(safetensors::SafeTensorError) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Safetensors {
            path,
            reason: source.to_string(),
        }
    }
}

/// Keeps the first line of libtorch's message and drops the C++ stack trace below it.
impl From<TchError> for Error {
    fn from(error: TchError) -> Self {
        let message = match error {
            TchError::Torch(message) => message,
            other => other.to_string(),
        };
        let first = message.lines().next().unwrap_or_default().trim();
        // As CUDA's and the CPU's allocators say it.
        let full = ["out of memory", "allocate memory", "not enough memory"];
        if full.iter().any(|words| first.contains(words)) {
            return Self::OutOfMemory;
        }
        Self::Torch(first.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torch_error_is_one_sentence() {
        let error = tch::Tensor::from_slice(&[1.0f32, 2.0])
            .f_reshape([3])
            .unwrap_err();
        let text = Error::from(error).to_string();
        assert!(text.contains("invalid for input of size 2"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn an_allocation_that_fails_is_known() {
        let beyond_all_addresses = [1i64 << 46];
        let error = tch::Tensor::f_empty(beyond_all_addresses, tch::kind::FLOAT_CPU).unwrap_err();
        assert!(matches!(Error::from(error), Error::OutOfMemory));
        let message = "CUDA out of memory. Tried to allocate 2.00 GiB.\nException raised from …";
        let error = Error::from(TchError::Torch(message.to_owned()));
        assert!(matches!(error, Error::OutOfMemory));
    }
}
