//! Bytes as the head and body of a response.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::http(data));
