//! Any bytes as a delta to a base: what is made is as long as it says, and every range of what is new lies in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets_guard_native::delta::{apply, sizes, widened};

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (base, delta) = input;
    // As the reader does it: what a delta says of its size is looked at before it is applied.
    match sizes(&delta) {
        Ok((_, size, _)) if size <= 1 << 20 => {}
        _ => return,
    }
    let (mut out, mut new) = (Vec::new(), Vec::new());
    if apply(&base, &delta, &mut out, &mut new).is_ok() {
        let mut before = 0;
        for (start, end) in &new {
            assert!(before <= *start && start <= end && *end <= out.len());
            before = *end;
        }
        let regions = widened(&new, 608, &out);
        for (start, end) in &regions {
            assert!(start <= end && *end <= out.len());
        }
        for (start, end) in &new {
            assert!(regions.iter().any(|(low, high)| low <= start && end <= high));
        }
    }
});
