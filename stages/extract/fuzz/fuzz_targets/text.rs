//! Bytes as plain text.
#![no_main]

mod check;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use textmill_extract::{Config, Extract};

static STAGE: LazyLock<Extract> = LazyLock::new(|| check::stage(Config::default()));

fuzz_target!(|body: &[u8]| check::check(&STAGE, "text/plain", body));
