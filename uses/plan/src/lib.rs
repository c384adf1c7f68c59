//! What training a model costs: operations, compute-optimal sizes, memory, time, energy and money.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
