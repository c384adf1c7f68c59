//! Runs on a real Ray cluster, with nodes, drivers and the storage failing, against a local run.
//!
//! `make test-cluster` runs them; they need the packages of tests/cluster/requirements.txt.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod hosts;
mod place;
mod proxy;
mod ray;
mod scenarios;
#[allow(dead_code)]
#[path = "../object_storage/server.rs"]
mod server;
