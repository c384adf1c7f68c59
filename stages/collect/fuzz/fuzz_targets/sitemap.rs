//! Bytes as a list of addresses, and as a page.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::sitemap(data));
