//! The program, linked to libtorch. People start it through `textmill` (`main.rs`).

use std::process::ExitCode;

fn main() -> ExitCode {
    textmill_pipeline::main()
}
