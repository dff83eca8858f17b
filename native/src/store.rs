//! The object folders of a repository -> packs and loose objects, each object by an ordinal.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::index::{multi_pack, Index};
use crate::loose;
use crate::pack::{Pack, Tools, BLOB, COMMIT, TAG, TREE};
use crate::trouble::{trouble, Trouble};

/// Packs first, then loose objects: an ordinal counts through all of them.
pub struct Store {
    pub width: usize,
    pub packs: Vec<Pack>,
    pub loose: Vec<(Vec<u8>, PathBuf)>,
    /// Ordinal of the first object of each pack, and at last of the loose ones.
    pub firsts: Vec<u32>,
}

const MOST_OBJECTS: u64 = 1 << 31;
const DEEPEST: usize = 10_000;

impl Store {
    /// Open what lies in `folders` (a repository's objects and its alternates'); `width` is 20 for SHA-1, 32 for SHA-256.
    ///
    /// Any trouble with the structure is the whole store's: git has to say what is wrong.
    pub fn open(folders: &[PathBuf], width: usize) -> Result<Store, Trouble> {
        if width != 20 && width != 32 {
            return trouble("object names of an unknown length");
        }
        let mut store = Store { width, packs: Vec::new(), loose: Vec::new(), firsts: Vec::new() };
        for folder in folders {
            store.open_packs(&folder.join("pack"))?;
        }
        let mut total = 0u64;
        for pack in &store.packs {
            store.firsts.push(total as u32);
            total += pack.len() as u64;
            if total > MOST_OBJECTS {
                return trouble("more objects than can be counted");
            }
        }
        store.firsts.push(total as u32);
        for folder in folders {
            for (name, path) in loose::list(folder, width)? {
                if !store.repeated(store.packs.len(), &name) {
                    store.loose.push((name, path));
                }
            }
        }
        store.loose.sort();
        store.loose.dedup_by(|one, other| one.0 == other.0);
        Ok(store)
    }

    fn open_packs(&mut self, folder: &Path) -> Result<(), Trouble> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry?.path());
        }
        paths.sort();
        let mut shared: Option<HashMap<String, Index>> = None;
        for path in &paths {
            if path.extension().is_none_or(|ending| ending != "pack") {
                continue;
            }
            let own = path.with_extension("idx");
            if own.exists() {
                self.packs.push(Pack::open(path, Index::parse(&fs::read(&own)?, self.width)?)?);
                continue;
            }
            if shared.is_none() {
                let listed = folder.join("multi-pack-index");
                shared = Some(if listed.exists() {
                    multi_pack(&fs::read(&listed)?, self.width)?.into_iter().collect()
                } else {
                    HashMap::new()
                });
            }
            let title = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            // A pack without any index is none to git either: it is being written, or was left behind.
            if let Some(index) = shared.as_mut().and_then(|every| every.remove(&title)) {
                self.packs.push(Pack::open(path, index)?);
            }
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        *self.firsts.last().unwrap_or(&0) as usize + self.loose.len()
    }

    /// Return the number of the pack and the place in it; None for a loose object.
    pub fn place(&self, ordinal: u32) -> Option<(usize, u32)> {
        let pack = self.firsts.partition_point(|first| *first <= ordinal).checked_sub(1)?;
        (pack < self.packs.len()).then(|| (pack, ordinal - self.firsts[pack]))
    }

    pub fn name(&self, ordinal: u32) -> Option<&[u8]> {
        match self.place(ordinal) {
            Some((pack, place)) if (place as usize) < self.packs[pack].len() => Some(self.packs[pack].name(place)),
            Some(_) => None,
            None => self.loose.get((ordinal - self.firsts.last()?) as usize).map(|(name, _)| name.as_slice()),
        }
    }

    /// Return the ordinal of an object, in the first pack that has it.
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        for (pack, first) in self.packs.iter().zip(&self.firsts) {
            if let Some(place) = pack.find(name) {
                return Some(first + place);
            }
        }
        let row = self.loose.binary_search_by(|(one, _)| one.as_slice().cmp(name)).ok()?;
        Some(self.firsts.last()? + row as u32)
    }

    /// Tell whether a pack before this one has the object, too.
    pub fn repeated(&self, pack: usize, name: &[u8]) -> bool {
        self.packs[..pack].iter().any(|earlier| earlier.find(name).is_some())
    }

    /// Put any object into `out` and return its kind, made from its base's base's base.
    pub fn read(&self, ordinal: u32, tools: &mut Tools, out: &mut Vec<u8>) -> Result<u8, Trouble> {
        let Some((number, place)) = self.place(ordinal) else {
            let row = (ordinal - self.firsts.last().copied().unwrap_or(0)) as usize;
            let Some((_, path)) = self.loose.get(row) else { return trouble("no such object") };
            return loose::read(path, tools, out);
        };
        let pack = &self.packs[number];
        let mut chain = vec![place];
        let mut kind = pack.kind(place);
        while kind == 0 {
            let base = pack.base(*chain.last().unwrap_or(&place));
            if base == crate::pack::NONE || chain.len() > DEEPEST {
                return trouble("an object's base is not here");
            }
            chain.push(base);
            kind = pack.kind(base);
        }
        if !matches!(kind, COMMIT | TREE | BLOB | TAG) {
            return trouble("an object of an unknown kind");
        }
        pack.read_whole(*chain.last().unwrap_or(&place), tools, out)?;
        let (mut made, mut new) = (Vec::new(), Vec::new());
        for delta in chain.iter().rev().skip(1) {
            pack.open_delta(*delta, tools)?;
            Pack::apply(tools, out, &mut made, &mut new)?;
            std::mem::swap(out, &mut made);
        }
        Ok(kind)
    }
}
