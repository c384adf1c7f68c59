//! Fine-tunes a pre-trained model for tasks, and says by how much that helped.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
