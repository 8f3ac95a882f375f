#![no_main]

#[allow(dead_code, reason = "each target runs one of its functions")]
#[path = "../reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reading::read_metrics(bytes));
