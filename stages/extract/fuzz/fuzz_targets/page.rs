//! Bytes as an HTML page, once as text and once as Markdown with all that can be kept.
#![no_main]

mod check;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use textmill_extract::{Config, Extract, Format};

static STAGES: LazyLock<[Extract; 2]> = LazyLock::new(|| {
    let everything = Config {
        format: Format::Markdown,
        include_comments: true,
        include_images: true,
        ..Config::default()
    };
    [Config::default(), everything].map(check::stage)
});

fuzz_target!(|body: &[u8]| {
    for stage in &*STAGES {
        check::check(stage, "text/html", body);
    }
});
