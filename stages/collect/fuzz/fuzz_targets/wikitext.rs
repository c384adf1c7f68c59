//! Bytes as the source of a page.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::wikitext(data));
