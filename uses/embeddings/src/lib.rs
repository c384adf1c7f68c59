//! Word embeddings and sentence vectors of a model: export, neighbours, analogies.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
