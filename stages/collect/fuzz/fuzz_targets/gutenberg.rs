//! A plain text of a book.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::gutenberg(data));
