//! `textmill`: looks whether the right libtorch is at hand, and then becomes `textmill-torch`.
//!
//! The dynamic loader reads a program's libraries before its first line runs. Without this step a
//! missing or foreign libtorch would end in the loader's words, which do not say what to do.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(feature = "torch")]
mod launch;

use std::process::ExitCode;

#[cfg(feature = "torch")]
fn main() -> ExitCode {
    let complaint = launch::launch();
    eprintln!("error: {complaint}");
    ExitCode::FAILURE
}

#[cfg(not(feature = "torch"))]
fn main() -> ExitCode {
    textmill_pipeline::main()
}
