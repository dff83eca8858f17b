//! One pack: its objects in the order in which they lie, and which of them are deltas of which.

use std::fs::File;
use std::path::Path;

use libdeflater::Decompressor;

use crate::delta;
use crate::index::{u32_at, Index};
use crate::trouble::{trouble, Trouble};

/// No object.
pub const NONE: u32 = u32::MAX;
/// An object over this many bytes is left to git, with all that is made from it.
pub const LARGEST: usize = 16 << 20;
const READ_AHEAD: usize = 4 << 20;
const LONGEST_HEADER: usize = 64;

/// The kinds of objects, by their numbers in a pack.
pub const COMMIT: u8 = 1;
pub const TREE: u8 = 2;
pub const BLOB: u8 = 3;
pub const TAG: u8 = 4;
const OFFSET_DELTA: u8 = 6;
const NAME_DELTA: u8 = 7;
/// An object whose header makes no sense, or whose base is not in this pack.
const UNKNOWN: u8 = 0;

/// A place is the number of an object in the order of the pack.
pub struct Pack {
    file: File,
    width: usize,
    /// In the order of the pack, `width` bytes each.
    names: Vec<u8>,
    /// Places in the order of names.
    sorted: Vec<u32>,
    /// For each first two bytes of a name, how many names begin with less.
    fanout: Vec<u32>,
    starts: Vec<u64>,
    end: u64,
    kinds: Vec<u8>,
    bases: Vec<u32>,
    first_child: Vec<u32>,
    next_child: Vec<u32>,
}

/// What one thread needs to read with.
pub struct Tools {
    pub inflate: Decompressor,
    raw: Vec<u8>,
    delta: Vec<u8>,
}

impl Default for Tools {
    fn default() -> Self {
        Tools { inflate: Decompressor::new(), raw: Vec::new(), delta: Vec::new() }
    }
}

struct Header {
    kind: u8,
    size: u64,
    /// Offset of the base, for OFFSET_DELTA.
    base_at: u64,
    length: usize,
}

impl Pack {
    pub fn open(path: &Path, index: Index) -> Result<Pack, Trouble> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0u8; 12];
        read_at(&file, &mut head, 0)?;
        let count = index.offsets.len();
        if &head[..4] != b"PACK" || !(2..=3).contains(&u32_at(&head, 4)?) {
            return trouble("a pack of an unknown version");
        }
        let end = length.checked_sub(index.width as u64).ok_or(Trouble("a pack is cut short".into()))?;
        let mut order: Vec<u32> = (0..u32::try_from(count).map_err(|_| Trouble("a pack is too large".into()))?).collect();
        order.sort_unstable_by_key(|row| index.offsets[*row as usize]);
        let starts: Vec<u64> = order.iter().map(|row| index.offsets[*row as usize]).collect();
        if starts.first().is_some_and(|first| *first < 12) || starts.last().is_some_and(|last| *last >= end) {
            return trouble("an index points outside of its pack");
        }
        if starts.windows(2).any(|pair| pair[0] == pair[1]) {
            return trouble("an index has two objects in one place");
        }
        let mut names = Vec::with_capacity(index.names.len());
        let mut sorted = vec![0u32; count];
        for (place, row) in order.iter().enumerate() {
            let at = *row as usize * index.width;
            names.extend_from_slice(&index.names[at..at + index.width]);
            sorted[*row as usize] = place as u32;
        }
        let mut fanout = vec![0u32; (1 << 16) + 1];
        for name in index.names.chunks_exact(index.width) {
            fanout[prefix(name) + 1] += 1;
        }
        for at in 1..fanout.len() {
            fanout[at] += fanout[at - 1];
        }
        let mut pack = Pack {
            file,
            fanout,
            width: index.width,
            names,
            sorted,
            starts,
            end,
            kinds: vec![UNKNOWN; count],
            bases: vec![NONE; count],
            first_child: vec![NONE; count],
            next_child: vec![NONE; count],
        };
        pack.read_headers()?;
        Ok(pack)
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn name(&self, place: u32) -> &[u8] {
        let at = place as usize * self.width;
        &self.names[at..at + self.width]
    }

    pub fn find(&self, name: &[u8]) -> Option<u32> {
        if name.len() != self.width {
            return None;
        }
        let (low, high) = (self.fanout[prefix(name)] as usize, self.fanout[prefix(name) + 1] as usize);
        let rows = &self.sorted[low..high];
        let row = rows.binary_search_by(|place| self.name(*place).cmp(name)).ok()?;
        Some(rows[row])
    }

    /// The kind of an object that is no delta; 0 for a delta and for what can't be read.
    pub fn kind(&self, place: u32) -> u8 {
        self.kinds[place as usize]
    }

    pub fn base(&self, place: u32) -> u32 {
        self.bases[place as usize]
    }

    pub fn first_child(&self, place: u32) -> u32 {
        self.first_child[place as usize]
    }

    pub fn next_child(&self, place: u32) -> u32 {
        self.next_child[place as usize]
    }

    /// Go once through the file, front to back, for what each object is made from.
    fn read_headers(&mut self) -> Result<(), Trouble> {
        let (mut window, mut window_at) = (Vec::new(), 0u64);
        for place in 0..self.starts.len() {
            let start = self.starts[place];
            let wanted = LONGEST_HEADER.min((self.end - start) as usize);
            if start < window_at || start + wanted as u64 > window_at + window.len() as u64 {
                window_at = start;
                window.resize(READ_AHEAD.min((self.end - start) as usize), 0);
                read_at(&self.file, &mut window, start)?;
            }
            let at = (start - window_at) as usize;
            let Ok(header) = header(&window[at..at + wanted], start, self.width) else { continue };
            let base = match header.kind {
                OFFSET_DELTA => self.starts.binary_search(&header.base_at).ok().map(|found| found as u32),
                NAME_DELTA => self.find(&window[at + header.length - self.width..at + header.length]),
                kind => {
                    self.kinds[place] = kind;
                    continue;
                }
            };
            if let Some(base) = base {
                self.bases[place] = base;
            }
        }
        // Backwards, so that children come in the order in which they lie.
        for place in (0..self.starts.len()).rev() {
            let base = self.bases[place];
            if base != NONE {
                self.next_child[place] = self.first_child[base as usize];
                self.first_child[base as usize] = place as u32;
            }
        }
        Ok(())
    }

    /// Put an object that is no delta into `out`.
    pub fn read_whole(&self, place: u32, tools: &mut Tools, out: &mut Vec<u8>) -> Result<(), Trouble> {
        let header = self.load(place, tools)?;
        let size = bounded(header.size)?;
        out.resize(size, 0);
        inflate(&mut tools.inflate, &tools.raw[header.length..], out)
    }

    /// Return the size of the object that a delta makes, having read the delta into `tools`.
    pub fn open_delta(&self, place: u32, tools: &mut Tools) -> Result<usize, Trouble> {
        let header = self.load(place, tools)?;
        tools.delta.resize(bounded(header.size)?, 0);
        inflate(&mut tools.inflate, &tools.raw[header.length..], &mut tools.delta)?;
        let (_, size, _) = delta::sizes(&tools.delta)?;
        bounded(size as u64)
    }

    /// Apply the delta that ``open_delta`` read.
    pub fn apply(tools: &Tools, base: &[u8], out: &mut Vec<u8>, new: &mut Vec<delta::Range>) -> Result<(), Trouble> {
        delta::apply(base, &tools.delta, out, new)
    }

    fn load(&self, place: u32, tools: &mut Tools) -> Result<Header, Trouble> {
        let row = place as usize;
        let start = self.starts[row];
        let end = self.starts.get(row + 1).copied().unwrap_or(self.end);
        let length = bounded(end - start)?;
        tools.raw.resize(length, 0);
        read_at(&self.file, &mut tools.raw, start)?;
        header(&tools.raw, start, self.width)
    }
}

fn prefix(name: &[u8]) -> usize {
    usize::from(name[0]) << 8 | usize::from(name[1])
}

fn bounded(size: u64) -> Result<usize, Trouble> {
    match usize::try_from(size) {
        Ok(size) if size <= LARGEST => Ok(size),
        _ => trouble("an object is large"),
    }
}

fn inflate(inflate: &mut Decompressor, raw: &[u8], out: &mut [u8]) -> Result<(), Trouble> {
    match inflate.zlib_decompress(raw, out) {
        Ok(made) if made == out.len() => Ok(()),
        _ => trouble("an object can't be inflated"),
    }
}

fn header(raw: &[u8], start: u64, width: usize) -> Result<Header, Trouble> {
    let short = || Trouble("an object's header is cut short".into());
    let first = *raw.first().ok_or_else(short)?;
    let (kind, mut size) = (first >> 4 & 7, u64::from(first & 15));
    let (mut at, mut shift, mut more) = (1, 4, first & 0x80 != 0);
    while more {
        let byte = *raw.get(at).ok_or_else(short)?;
        if shift > 56 {
            return trouble("an object's size is out of range");
        }
        size |= u64::from(byte & 0x7f) << shift;
        (at, shift, more) = (at + 1, shift + 7, byte & 0x80 != 0);
    }
    let mut base_at = 0;
    match kind {
        COMMIT | TREE | BLOB | TAG => {}
        OFFSET_DELTA => {
            let mut distance = 0u64;
            loop {
                let byte = *raw.get(at).ok_or_else(short)?;
                at += 1;
                if distance >> 56 != 0 {
                    return trouble("a delta's base is out of range");
                }
                distance = distance << 7 | u64::from(byte & 0x7f);
                if byte & 0x80 == 0 {
                    break;
                }
                distance += 1;
            }
            base_at = start.checked_sub(distance).ok_or(Trouble("a delta's base is out of range".into()))?;
        }
        NAME_DELTA => at += width,
        _ => return trouble("an object of an unknown kind"),
    }
    if at > raw.len() {
        return Err(short());
    }
    Ok(Header { kind, size, base_at, length: at })
}

#[cfg(unix)]
pub fn read_at(file: &File, into: &mut [u8], at: u64) -> Result<(), Trouble> {
    use std::os::unix::fs::FileExt;
    Ok(file.read_exact_at(into, at)?)
}

#[cfg(windows)]
pub fn read_at(file: &File, into: &mut [u8], at: u64) -> Result<(), Trouble> {
    use std::os::windows::fs::FileExt;
    let mut done = 0;
    while done < into.len() {
        match file.seek_read(&mut into[done..], at + done as u64)? {
            0 => return trouble("a pack is cut short"),
            read => done += read,
        }
    }
    Ok(())
}
