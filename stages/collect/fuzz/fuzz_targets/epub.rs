//! An EPUB, or a file in one.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::epub(data));
