//! `textmill serve` over HTTP: every endpoint, and lm-evaluation-harness as a client.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod answer;
mod chat;
mod completions;
mod endpoints;
mod harness;
mod lifetime;
mod model;
mod process;
