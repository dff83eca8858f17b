//! Any bytes as a pack's index and as a multi-pack index, of both widths of names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets_guard_native::index::{multi_pack, Index};

fuzz_target!(|data: &[u8]| {
    for width in [20, 32] {
        if let Ok(index) = Index::parse(data, width) {
            assert_eq!(index.names.len(), index.offsets.len() * width);
        }
        if let Ok(packs) = multi_pack(data, width) {
            for (_, index) in packs {
                assert_eq!(index.names.len(), index.offsets.len() * width);
            }
        }
    }
});
