//! A pack and its index, changed: every call that Python makes, to the end. Memory is libFuzzer's to watch.
//!
//! The input is the length of the index (4 bytes, big-endian), the index, the pack.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use secrets_guard_native::cursor::Cursor;
use secrets_guard_native::plan::{Odd, Plan, Take};
use secrets_guard_native::store::Store;
use secrets_guard_native::trees;

fn parts(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_be_bytes(data.get(..4)?.try_into().ok()?) as usize;
    let rest = data.get(4..)?;
    rest.split_at_checked(length)
}

fn walk(plan: Arc<Plan>) -> Vec<u32> {
    let mut met: Vec<u32> = plan.unreached.clone();
    let mut cursor = Cursor::new(Arc::clone(&plan));
    while let Some(output) = cursor.next(1 << 16) {
        assert_eq!(output.starts.len(), output.owners.len());
        assert!(output.starts.iter().all(|start| (*start as usize) <= output.buffer.len()));
        for one in output.owners.iter().chain(&output.left).chain(&output.odd).chain(&output.taken) {
            assert!(plan.store.name(*one).is_some());
            met.push(*one);
        }
    }
    met.sort_unstable();
    met.dedup();
    met
}

fuzz_target!(|data: &[u8]| {
    let Some((index, pack)) = parts(data) else { return };
    let folder = PathBuf::from(format!("/dev/shm/secrets-guard-fuzz-{}", std::process::id()));
    fs::create_dir_all(folder.join("pack")).unwrap();
    fs::write(folder.join("pack/pack-1.idx"), index).unwrap();
    fs::write(folder.join("pack/pack-1.pack"), pack).unwrap();
    let Ok(store) = Store::open(std::slice::from_ref(&folder), 20) else { return };
    let store = Arc::new(store);
    let odd = Odd { heads: vec![b"PK".to_vec()], peek: 8192, tail: (22, b"PK".to_vec()) };
    let met = walk(Arc::new(Plan::new(Arc::clone(&store), b"", 1 << 16, Take::New { margin: 64, odd })));
    walk(Arc::new(Plan::closure(Arc::clone(&store), &met, 0)));
    let lines: Vec<u8> = (0..store.len().min(64) as u32)
        .filter_map(|one| store.name(one))
        .flat_map(|name| name.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).chain([b'\n']))
        .collect();
    let guilty = store.name(0).map(<[u8]>::to_vec).into_iter().collect::<Vec<_>>();
    let _ = trees::compare(&store, lines.trim_ascii_end(), &guilty);
});
