//! Bytes as a file of this format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::mediawiki(data));
