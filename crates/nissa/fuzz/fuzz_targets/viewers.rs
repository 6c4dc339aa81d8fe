//! Fuzz target: see `subjects.rs`.

#![no_main]

#[path = "../subjects.rs"]
#[expect(dead_code, reason = "each target uses one of them")]
mod subjects;

libfuzzer_sys::fuzz_target!(|data: &[u8]| subjects::viewers(data));
