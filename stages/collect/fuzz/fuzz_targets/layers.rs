//! Bytes as a compressed file, read as a whole and in parts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::layers(data));
