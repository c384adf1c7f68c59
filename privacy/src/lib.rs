//! What a model may betray of the data that it has learnt from: [`Canaries`] are made-up secrets,
//! planted to measure it, and the [`Accountant`] tells what differentially private training
//! promises. The trainer, the evaluation and the commands share this crate; it knows nothing of
//! libtorch.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod accountant;
mod canaries;
mod error;
mod exposure;
mod invention;

pub use accountant::{Accountant, noise_for};
pub use canaries::{Canaries, Canary, Language};
pub use error::Error;
pub use exposure::{decoys, exposure, rank};
