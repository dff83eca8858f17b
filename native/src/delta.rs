//! A delta and its base -> the object, and which ranges of it are new. Format: gitformat-pack, "Deltified representation".

use crate::trouble::{trouble, Trouble};

/// A range of an object, end excluded. An empty one is a seam: two copied runs meet there that did not before.
pub type Range = (usize, usize);

fn number(delta: &[u8], at: &mut usize) -> Result<usize, Trouble> {
    let (mut value, mut shift) = (0u64, 0u32);
    loop {
        let byte = *delta.get(*at).ok_or(Trouble("a delta is cut short".into()))?;
        *at += 1;
        if shift > 56 {
            return trouble("a delta's size is out of range");
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return usize::try_from(value).map_err(|_| Trouble("a delta's size is out of range".into()));
        }
    }
}

/// Return (base's size, result's size, where the instructions begin).
pub fn sizes(delta: &[u8]) -> Result<(usize, usize, usize), Trouble> {
    let mut at = 0;
    let base = number(delta, &mut at)?;
    let result = number(delta, &mut at)?;
    Ok((base, result, at))
}

/// Put the object into `out` and the ranges that its base does not have into `new`, in rising order.
pub fn apply(base: &[u8], delta: &[u8], out: &mut Vec<u8>, new: &mut Vec<Range>) -> Result<(), Trouble> {
    let (from, size, mut at) = sizes(delta)?;
    out.clear();
    new.clear();
    if from != base.len() {
        return trouble("a delta is for another base");
    }
    out.reserve(size);
    // Where in the base the copied run before ended; at the beginning, a run of the base's own beginning is no seam.
    let mut run = Some(0);
    while at < delta.len() {
        let code = delta[at];
        at += 1;
        let start = out.len();
        if code & 0x80 != 0 {
            let (offset, length) = copy(delta, &mut at, code)?;
            let copied = offset.checked_add(length).and_then(|end| base.get(offset..end));
            let Some(copied) = copied else { return trouble("a delta copies from outside of its base") };
            if length > size - start {
                return trouble("a delta makes more than it says");
            }
            if run.is_some_and(|end| end != offset) {
                new.push((start, start));
            }
            run = Some(offset + length);
            out.extend_from_slice(copied);
        } else {
            let length = usize::from(code);
            let inserted = delta.get(at..at + length);
            let Some(inserted) = inserted.filter(|_| length > 0) else { return trouble("a delta is broken") };
            if length > size - start {
                return trouble("a delta makes more than it says");
            }
            at += length;
            match new.last_mut() {
                Some(last) if last.1 == start && run.is_none() => last.1 += length,
                _ => new.push((start, start + length)),
            }
            run = None;
            out.extend_from_slice(inserted);
        }
    }
    if out.len() != size {
        return trouble("a delta makes less than it says");
    }
    if run.is_some_and(|end| end != base.len()) {
        new.push((size, size));
    }
    Ok(())
}

fn copy(delta: &[u8], at: &mut usize, code: u8) -> Result<(usize, usize), Trouble> {
    let mut value = [0usize; 2];
    for bit in 0..7 {
        if code & (1 << bit) != 0 {
            let byte = *delta.get(*at).ok_or(Trouble("a delta is cut short".into()))?;
            *at += 1;
            let (part, shift) = if bit < 4 { (0, bit * 8) } else { (1, (bit - 4) * 8) };
            value[part] |= usize::from(byte) << shift;
        }
    }
    Ok((value[0], if value[1] == 0 { 0x10000 } else { value[1] }))
}

/// Bytes of a line before and behind a range that are kept with it: an encoded run reaches no further (decode/percent.py).
const LINE_BEFORE: usize = 16 << 10;
const LINE_BEHIND: usize = 4 << 10;

/// Widen each range by `margin` and to whole lines, cut to the content, and join what touches or nearly does.
pub fn widened(new: &[Range], margin: usize, content: &[u8]) -> Vec<Range> {
    let mut made: Vec<Range> = Vec::with_capacity(new.len().min(64));
    for (start, end) in new {
        let mut low = start.saturating_sub(margin);
        match made.last_mut() {
            Some(last) if low <= last.1 + margin / 4 => {
                if end + margin > last.1 {
                    last.1 = line_end(content, *end, margin);
                }
                continue;
            }
            Some(last) => low = line_start(content, *start, low).max(last.1),
            None => low = line_start(content, *start, low),
        }
        made.push((low, line_end(content, *end, margin)));
    }
    made
}

fn line_start(content: &[u8], start: usize, low: usize) -> usize {
    let floor = start.saturating_sub(LINE_BEFORE).min(low);
    memchr::memrchr(b'\n', &content[floor..low]).map_or(floor, |at| floor + at + 1)
}

fn line_end(content: &[u8], end: usize, margin: usize) -> usize {
    let high = (end + margin).min(content.len());
    let ceiling = (end + LINE_BEHIND).clamp(high, content.len());
    memchr::memchr(b'\n', &content[high..ceiling]).map_or(ceiling, |at| high + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inserted_is_new_and_what_is_copied_is_not() {
        let base = b"0123456789";
        // Copy 0..4, insert "xy", copy 4..10.
        let delta = [10, 12, 0x90, 4, 2, b'x', b'y', 0x91, 4, 6];
        let (mut out, mut new) = (Vec::new(), Vec::new());
        apply(base, &delta, &mut out, &mut new).unwrap();
        assert_eq!(out, b"0123xy456789");
        assert_eq!(new, vec![(4, 6)]);
    }

    #[test]
    fn two_runs_that_did_not_touch_before_make_a_seam() {
        let base = b"0123456789";
        let delta = [10, 6, 0x90, 3, 0x91, 7, 3];
        let (mut out, mut new) = (Vec::new(), Vec::new());
        apply(base, &delta, &mut out, &mut new).unwrap();
        assert_eq!(out, b"012789");
        assert_eq!(new, vec![(3, 3)]);
    }

    #[test]
    fn a_cut_beginning_or_end_is_a_seam() {
        let base = b"0123456789";
        let delta = [10, 4, 0x91, 3, 4];
        let (mut out, mut new) = (Vec::new(), Vec::new());
        apply(base, &delta, &mut out, &mut new).unwrap();
        assert_eq!(new, vec![(0, 0), (4, 4)]);
    }

    #[test]
    fn every_cut_of_a_delta_is_refused() {
        let base = b"0123456789";
        let delta = [10, 12, 0x90, 4, 2, b'x', b'y', 0x91, 4, 6];
        for end in 0..delta.len() {
            let (mut out, mut new) = (Vec::new(), Vec::new());
            assert!(apply(base, &delta[..end], &mut out, &mut new).is_err());
        }
    }

    #[test]
    fn widened_ranges_stay_inside_and_join() {
        let mut content = vec![b'x'; 97];
        content[0] = b'\n';
        content[14] = b'\n';
        content[80] = b'\n';
        assert_eq!(widened(&[(5, 5), (8, 9), (90, 95)], 4, &content), vec![(1, 14), (81, 97)]);
        assert_eq!(widened(&[], 4, &content), vec![]);
    }
}
