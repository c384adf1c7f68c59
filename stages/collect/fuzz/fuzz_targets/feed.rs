//! A feed in XML or JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| textmill_collect::fuzzing::feed(data));
