//! Loose objects: one zlib stream a file, `kind size NUL content`. Format: gitformat-loose.

use std::fs;
use std::path::{Path, PathBuf};

use crate::pack::{Tools, BLOB, COMMIT, LARGEST, TAG, TREE};
use crate::trouble::{trouble, Trouble};

const SPARE: usize = 64;

/// Return the names of the loose objects below an objects folder, and their files.
pub fn list(folder: &Path, width: usize) -> Result<Vec<(Vec<u8>, PathBuf)>, Trouble> {
    let mut found = Vec::new();
    for first in 0..=255u8 {
        let inner = folder.join(format!("{first:02x}"));
        let Ok(entries) = fs::read_dir(&inner) else { continue };
        for entry in entries {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str().and_then(|rest| named(first, rest, width)) {
                found.push((name, entry.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn named(first: u8, rest: &str, width: usize) -> Option<Vec<u8>> {
    if rest.len() != (width - 1) * 2 || !rest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut name = vec![first];
    for at in (0..rest.len()).step_by(2) {
        name.push(u8::from_str_radix(&rest[at..at + 2], 16).ok()?);
    }
    Some(name)
}

/// Put a loose object's content into `out` and return its kind.
pub fn read(path: &Path, tools: &mut Tools, out: &mut Vec<u8>) -> Result<u8, Trouble> {
    if fs::metadata(path)?.len() > LARGEST as u64 {
        return trouble("an object is large");
    }
    let raw = fs::read(path)?;
    let mut room = (raw.len() * 4 + SPARE).min(LARGEST + SPARE);
    loop {
        out.resize(room, 0);
        match tools.inflate.zlib_decompress(&raw, out) {
            Ok(made) => {
                out.truncate(made);
                return strip(out);
            }
            Err(libdeflater::DecompressionError::InsufficientSpace) if room < LARGEST + SPARE => {
                room = (room * 4).min(LARGEST + SPARE);
            }
            Err(_) => return trouble("a loose object can't be inflated"),
        }
    }
}

fn strip(out: &mut Vec<u8>) -> Result<u8, Trouble> {
    let Some(end) = out.iter().take(SPARE).position(|byte| *byte == 0) else {
        return trouble("a loose object has no header");
    };
    let head = std::str::from_utf8(&out[..end]).unwrap_or("");
    let kind = match head.split(' ').next() {
        Some("commit") => COMMIT,
        Some("tree") => TREE,
        Some("blob") => BLOB,
        Some("tag") => TAG,
        _ => return trouble("a loose object of an unknown kind"),
    };
    let size = head.split(' ').nth(1).and_then(|size| size.parse::<usize>().ok());
    out.drain(..=end);
    if size != Some(out.len()) {
        return trouble("a loose object is not as long as it says");
    }
    Ok(kind)
}
