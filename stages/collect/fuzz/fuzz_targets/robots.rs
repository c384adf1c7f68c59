//! Bytes as a robots.txt, and a path to ask it for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::robots(data));
