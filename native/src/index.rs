//! An index file -> names and where they lie. Formats: git's Documentation/gitformat-pack ("pack-*.idx", "multi-pack-index").

use crate::trouble::{trouble, Trouble};

const MAGIC: [u8; 4] = [0xff, b't', b'O', b'c'];
const FANOUT: usize = 256 * 4;

/// Names of objects in rising order, `width` bytes each, and the offset of each in its pack.
#[derive(Debug)]
pub struct Index {
    pub width: usize,
    pub names: Vec<u8>,
    pub offsets: Vec<u64>,
}

/// Read a big-endian number at `at`.
pub fn u32_at(data: &[u8], at: usize) -> Result<u32, Trouble> {
    match at.checked_add(4).and_then(|end| data.get(at..end)) {
        Some(four) => Ok(u32::from_be_bytes([four[0], four[1], four[2], four[3]])),
        None => trouble("an index is cut short"),
    }
}

fn u64_at(data: &[u8], at: usize) -> Result<u64, Trouble> {
    Ok(u64::from(u32_at(data, at)?) << 32 | u64::from(u32_at(data, at + 4)?))
}

fn part(data: &[u8], at: usize, length: usize) -> Result<&[u8], Trouble> {
    match at.checked_add(length).and_then(|end| data.get(at..end)) {
        Some(found) => Ok(found),
        None => trouble("an index is cut short"),
    }
}

impl Index {
    /// Read `pack-*.idx`, version 1 or 2.
    pub fn parse(data: &[u8], width: usize) -> Result<Index, Trouble> {
        if data.get(..4) == Some(&MAGIC) {
            match u32_at(data, 4)? {
                2 => Index::second(data, width),
                version => trouble(format!("an index of version {version} is not known")),
            }
        } else {
            Index::first(data, width)
        }
    }

    fn first(data: &[u8], width: usize) -> Result<Index, Trouble> {
        let count = u32_at(data, FANOUT - 4)? as usize;
        let rows = part(data, FANOUT, count.saturating_mul(width + 4))?;
        let mut index = Index { width, names: Vec::with_capacity(count * width), offsets: Vec::with_capacity(count) };
        for row in rows.chunks_exact(width + 4) {
            index.offsets.push(u64::from(u32_at(row, 0)?));
            index.names.extend_from_slice(&row[4..]);
        }
        index.checked()
    }

    fn second(data: &[u8], width: usize) -> Result<Index, Trouble> {
        let count = u32_at(data, 8 + FANOUT - 4)? as usize;
        let names_at = 8 + FANOUT;
        let names = part(data, names_at, count.saturating_mul(width))?;
        let small_at = names_at + count * (width + 4);
        let small = part(data, small_at, count * 4)?;
        let large_at = small_at + count * 4;
        let mut offsets = Vec::with_capacity(count);
        for at in 0..count {
            offsets.push(offset(u32_at(small, at * 4)?, data, large_at)?);
        }
        Index { width, names: names.to_vec(), offsets }.checked()
    }

    /// Names must rise: a search relies on it.
    fn checked(self) -> Result<Index, Trouble> {
        let mut before: &[u8] = &[];
        for name in self.names.chunks_exact(self.width) {
            if name < before {
                return trouble("an index is not in order");
            }
            before = name;
        }
        Ok(self)
    }
}

fn offset(number: u32, data: &[u8], large_at: usize) -> Result<u64, Trouble> {
    if number & 0x8000_0000 == 0 {
        return Ok(u64::from(number));
    }
    let row = (number & 0x7fff_ffff) as usize;
    u64_at(data, large_at.saturating_add(row.saturating_mul(8)))
}

/// The packs of a multi-pack index by file name (without its ending), each with the objects that it serves from there.
pub fn multi_pack(data: &[u8], width: usize) -> Result<Vec<(String, Index)>, Trouble> {
    if data.get(..5) != Some(b"MIDX\x01") {
        return trouble("a multi-pack index of another version");
    }
    let chunks = usize::from(*data.get(6).unwrap_or(&0));
    let packs = u32_at(data, 8)? as usize;
    let find = |id: &[u8]| -> Result<Option<&[u8]>, Trouble> {
        for row in 0..chunks {
            if part(data, 12 + row * 12, 4)? == id {
                let (from, to) = (u64_at(data, 16 + row * 12)?, u64_at(data, 28 + row * 12)?);
                let length = to.checked_sub(from).ok_or(Trouble("a multi-pack index is not in order".into()))?;
                return part(data, from as usize, length as usize).map(Some);
            }
        }
        Ok(None)
    };
    let missing = || Trouble("a multi-pack index lacks a part".into());
    let titles = find(b"PNAM")?.ok_or_else(missing)?;
    let names = find(b"OIDL")?.ok_or_else(missing)?;
    let places = find(b"OOFF")?.ok_or_else(missing)?;
    let large = find(b"LOFF")?.unwrap_or(&[]);
    let mut made: Vec<(String, Index)> = titles
        .split(|byte| *byte == 0)
        .take(packs)
        .map(|title| {
            let title = String::from_utf8_lossy(title);
            let stem = title.strip_suffix(".idx").or(title.strip_suffix(".pack")).unwrap_or(&title);
            (stem.to_string(), Index { width, names: Vec::new(), offsets: Vec::new() })
        })
        .collect();
    for (row, name) in names.chunks_exact(width).enumerate() {
        let pack = u32_at(places, row * 8)? as usize;
        let at = offset(u32_at(places, row * 8 + 4)?, large, 0)?;
        match made.get_mut(pack) {
            Some((_, index)) => {
                index.names.extend_from_slice(name);
                index.offsets.push(at);
            }
            None => return trouble("a multi-pack index names a pack that it does not list"),
        }
    }
    made.into_iter().map(|(title, index)| Ok((title, index.checked()?))).collect()
}
