#![no_main]

use libfuzzer_sys::fuzz_target;

// What is made once is made before the first input's time is taken.
fuzz_target!(init: plazo_fuzz::words::hold(b""), |data: &[u8]| plazo_fuzz::words::hold(data));
