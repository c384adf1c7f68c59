//! Uses of a trained model, on the real binary.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod embeddings;
mod finetuning;
mod looking;
mod masked;
mod model;
mod planning;
mod privacy;
mod scores;
mod writing;
