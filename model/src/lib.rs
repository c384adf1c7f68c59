//! The GPT on tch: configuration, layers, KV cache, sampling and checkpoints.
//!
//! Three stock architectures, Llama, GPT-2 and BERT, whose checkpoints need no conversion:
//! model.safetensors has Hugging Face's names and shapes. Everything that libtorch can refuse
//! comes back as an [`Error`] of one sentence; nothing here reads libtorch's global random
//! state, so results depend on arguments alone.
//!
//! ```no_run,standalone_crate
//! use std::{ops::ControlFlow, path::Path};
//! use textmill_model::{Gpt, Sampling, best_device, generate};
//!
//! let device = best_device(); // before any other use of tensors
//! let gpt = Gpt::load(Path::new("runs/sample/train/best"), device)?;
//! let text = generate(&gpt, &[1, 2, 3], &Sampling::default(), |_| ControlFlow::Continue(()))?;
//! # Ok::<(), textmill_model::Error>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod apart;
mod bert;
mod cache;
mod checkpoint;
mod config;
mod crew;
mod device;
mod distributed;
mod dropout;
mod error;
mod fused;
mod generate;
mod gpt;
mod gradients;
mod head;
mod hugging_face;
mod layers;
mod layout;
mod libtorch;
mod network;
mod objective;
mod padding;
mod random;
mod sampling;
mod scoring;
mod tensors;
mod trace;

pub use apart::Apart;
pub use cache::KvCache;
pub use checkpoint::{
    CONFIG_FILE, GENERATION_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, load_config,
};
pub use config::{Architecture, ModelConfig, Size};
pub use crew::{crew, in_order};
pub use device::{Torch, best_device, doctor};
pub use distributed::{Launch, ProcessGroup};
pub use dropout::Dropout;
pub use error::Error;
pub use generate::{draws, generate, generate_sample};
pub use gpt::Gpt;
pub use gradients::Gradients;
pub use head::{NO_TARGET, Predictions, Scores};
pub use hugging_face::tokenizer_config;
pub use layout::Matrix;
pub use objective::Objective;
pub use sampling::Sampling;
pub use tensors::{read_tensors, write_tensors};
pub use trace::{Lens, Trace};
