//! Which objects a pass reads, and the order: from each object that is no delta down to all that are made from it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use crate::pack::{Pack, NONE, TREE};
use crate::store::Store;

/// This object is asked for.
pub const WANTED: u8 = 1;
/// It is asked for, or something made from it is.
pub const NEEDED: u8 = 2;

/// What to take from the objects that are asked for.
pub enum Take {
    /// What their bases don't have, `margin` bytes around it.
    New { margin: usize, odd: Odd },
    Whole,
}

/// Contents that are not plain text from their beginning: they have to be looked at whole.
pub struct Odd {
    /// How they begin.
    pub heads: Vec<Vec<u8>>,
    /// A NUL among this many first bytes.
    pub peek: usize,
    /// So many bytes before their end they have this.
    pub tail: (usize, Vec<u8>),
}

impl Odd {
    pub fn is(&self, content: &[u8]) -> bool {
        let (before, mark) = &self.tail;
        let ends = content.len().checked_sub(*before).is_some_and(|at| content[at..].starts_with(mark));
        ends || self.heads.iter().any(|head| content.starts_with(head)) || memchr::memchr(0, &content[..self.peek.min(content.len())]).is_some()
    }
}

/// One pass over a store, shared by its cursors.
pub struct Plan {
    pub store: Arc<Store>,
    pub take: Take,
    /// The largest blob in bytes; 0: any.
    pub limit: usize,
    /// Known objects that are here, so not taken.
    pub skipped: usize,
    marks: Vec<u8>,
    /// Objects that are no deltas, and loose ones: where a walk begins.
    roots: Vec<u32>,
    next: AtomicUsize,
    /// Wanted objects that no walk reaches: their bases are not here.
    pub unreached: Vec<u32>,
}

impl Plan {
    /// Plan to take every blob, commit and tag but those of `known` names (each of the store's width).
    pub fn new(store: Arc<Store>, known: &[u8], limit: usize, take: Take) -> Plan {
        let mut marks = vec![WANTED; store.len()];
        let mut skipped = 0;
        for name in known.chunks_exact(store.width) {
            if let Some(ordinal) = store.find(name) {
                skipped += usize::from(marks[ordinal as usize] & WANTED);
                marks[ordinal as usize] &= !WANTED;
            }
        }
        for (number, pack) in store.packs.iter().enumerate().skip(1) {
            for place in 0..pack.len() as u32 {
                if store.repeated(number, pack.name(place)) {
                    marks[(store.firsts[number] + place) as usize] &= !WANTED;
                }
            }
        }
        for (number, pack) in store.packs.iter().enumerate() {
            for place in 0..pack.len() as u32 {
                if marks[(store.firsts[number] + place) as usize] & WANTED != 0 {
                    need(&mut marks, pack, store.firsts[number], place);
                }
            }
        }
        Plan { skipped, limit, ..Plan::with(store, marks, take) }
    }

    /// Plan to take `asked` objects and all that are made from them, whole.
    pub fn closure(store: Arc<Store>, asked: &[u32], limit: usize) -> Plan {
        let mut marks = vec![0u8; store.len()];
        let mut pending: Vec<u32> = asked.iter().copied().filter(|one| (*one as usize) < marks.len()).collect();
        while let Some(ordinal) = pending.pop() {
            if marks[ordinal as usize] & WANTED != 0 {
                continue;
            }
            marks[ordinal as usize] |= WANTED;
            if let Some((number, place)) = store.place(ordinal) {
                let (pack, first) = (&store.packs[number], store.firsts[number]);
                pending.extend(children(pack, place).map(|child| first + child));
                need(&mut marks, pack, first, place);
            }
        }
        Plan { limit, ..Plan::with(store, marks, Take::Whole) }
    }

    fn with(store: Arc<Store>, marks: Vec<u8>, take: Take) -> Plan {
        let (roots, unreached, next) = (Vec::new(), Vec::new(), AtomicUsize::new(0));
        let mut plan = Plan { store, take, limit: 0, skipped: 0, marks, roots, next, unreached };
        let store = Arc::clone(&plan.store);
        let mut reached = vec![false; store.len()];
        for (number, pack) in store.packs.iter().enumerate() {
            let first = store.firsts[number];
            for place in 0..pack.len() as u32 {
                if pack.base(place) != NONE || pack.kind(place) == 0 {
                    continue;
                }
                if pack.kind(place) != TREE && plan.needed(first + place) {
                    plan.roots.push(first + place);
                }
                let mut pending = vec![place];
                while let Some(place) = pending.pop() {
                    reached[(first + place) as usize] = true;
                    pending.extend(children(pack, place));
                }
            }
        }
        let packed = store.firsts.last().copied().unwrap_or(0);
        for ordinal in 0..packed {
            if plan.wanted(ordinal) && !reached[ordinal as usize] {
                plan.unreached.push(ordinal);
            }
        }
        for ordinal in packed..store.len() as u32 {
            if plan.wanted(ordinal) {
                plan.roots.push(ordinal);
            }
        }
        plan
    }

    pub fn wanted(&self, ordinal: u32) -> bool {
        self.marks[ordinal as usize] & WANTED != 0
    }

    pub fn needed(&self, ordinal: u32) -> bool {
        self.marks[ordinal as usize] & NEEDED != 0
    }

    /// Return the next root for a cursor to walk from.
    pub fn next_root(&self) -> Option<u32> {
        self.roots.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }
}

/// Mark an object as needed, and what it is made from.
fn need(marks: &mut [u8], pack: &Pack, first: u32, place: u32) {
    let mut place = place;
    while place != NONE && marks[(first + place) as usize] & NEEDED == 0 {
        marks[(first + place) as usize] |= NEEDED;
        place = pack.base(place);
    }
}

/// Yield the places of what is made from an object.
pub fn children(pack: &Pack, place: u32) -> impl Iterator<Item = u32> + '_ {
    std::iter::successors(Some(pack.first_child(place)), |child| (*child != NONE).then(|| pack.next_child(*child)))
        .take_while(|child| *child != NONE)
}
