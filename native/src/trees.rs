//! Commits and their first parents -> which of some blobs each brought to a path, or took away: trees compared in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::pack::{Pack, Tools, COMMIT, NONE, TREE};
use crate::store::Store;
use crate::trouble::{trouble, Trouble};

/// Bytes of trees that one pass keeps.
const MOST_KEPT: usize = 48 << 20;
/// What an entry of the store of kept trees takes besides its content.
const SPARE: usize = 96;
const MOST_AHEAD: usize = 100_000;
/// Folders in folders.
const DEEPEST: usize = 512;
const LONGEST_CHAIN: usize = 10_000;
const LINK: &[u8] = b"160000";

/// A commit put `new` in place of `old` at `path`; one that is not there is empty.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Change {
    pub commit: Vec<u8>,
    pub path: Vec<u8>,
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

/// A tree's content, and where its entries begin.
struct Tree {
    data: Arc<Vec<u8>>,
    entries: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry<'a> {
    mode: &'a [u8],
    title: &'a [u8],
    name: &'a [u8],
}

impl Entry<'_> {
    fn is_tree(&self) -> bool {
        self.mode == b"40000" || self.mode == b"040000"
    }

    /// Git's order: a folder sorts as if a slash stood behind its title.
    fn key(&self) -> impl Iterator<Item = u8> + '_ {
        self.title.iter().copied().chain(self.is_tree().then_some(b'/'))
    }
}

/// One thread's pass.
pub struct Comparer<'a> {
    store: &'a Store,
    guilty: &'a HashSet<Vec<u8>>,
    tools: Tools,
    kept: Kept,
    path: Vec<u8>,
    commit: Vec<u8>,
    /// Trees of commits that were read as a parent, and come themselves later.
    ahead: HashMap<u32, Vec<u8>>,
    pub changes: Vec<Change>,
    /// Blobs that the history names and the store lacks.
    pub missing: HashSet<Vec<u8>>,
}

impl<'a> Comparer<'a> {
    pub fn new(store: &'a Store, guilty: &'a HashSet<Vec<u8>>) -> Comparer<'a> {
        Comparer {
            store,
            guilty,
            tools: Tools::default(),
            kept: Kept::default(),
            path: Vec::new(),
            commit: Vec::new(),
            ahead: HashMap::new(),
            changes: Vec::new(),
            missing: HashSet::new(),
        }
    }

    /// Compare a commit with its first parent, or with nothing.
    pub fn compare(&mut self, commit: &[u8], parent: Option<&[u8]>) -> Result<(), Trouble> {
        self.commit = commit.to_vec();
        let new = self.tree_of(commit, false)?;
        let old = parent.map(|parent| self.tree_of(parent, true)).transpose()?;
        self.path.clear();
        self.trees(old.as_deref(), Some(&new), 0)
    }

    fn tree_of(&mut self, commit: &[u8], keep: bool) -> Result<Vec<u8>, Trouble> {
        let missing = || Trouble("a commit is not here".into());
        let ordinal = self.store.find(commit).ok_or_else(missing)?;
        let known = if keep { self.ahead.get(&ordinal).cloned() } else { self.ahead.remove(&ordinal) };
        if let Some(tree) = known {
            return Ok(tree);
        }
        let mut data = Vec::new();
        if self.store.read(ordinal, &mut self.tools, &mut data)? != COMMIT {
            return trouble("a commit is none");
        }
        let width = self.store.width;
        let name = data.strip_prefix(b"tree ").and_then(|rest| rest.get(..width * 2));
        let tree = name.and_then(from_hex).ok_or(Trouble("a commit names no tree".into()))?;
        if keep && self.ahead.len() < MOST_AHEAD {
            self.ahead.insert(ordinal, tree.clone());
        }
        Ok(tree)
    }

    fn trees(&mut self, old: Option<&[u8]>, new: Option<&[u8]>, depth: usize) -> Result<(), Trouble> {
        if old == new {
            return Ok(());
        }
        if depth > DEEPEST {
            return trouble("folders in folders without end");
        }
        let old = old.map(|name| self.tree(name)).transpose()?;
        let new = new.map(|name| self.tree(name)).transpose()?;
        let (none_old, none_new) = (Tree::empty(), Tree::empty());
        let (old, new) = (old.as_ref().unwrap_or(&none_old), new.as_ref().unwrap_or(&none_new));
        let (same, left_end, right_end) = old.common(new);
        let (mut left, mut right) = (same, same);
        loop {
            let one = if left < left_end { old.entry(left, self.store.width)? } else { None };
            let other = if right < right_end { new.entry(right, self.store.width)? } else { None };
            let order = match (&one, &other) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => one.key().cmp(other.key()),
            };
            left += usize::from(order.is_le());
            right += usize::from(order.is_ge());
            let (before, after) = (one.filter(|_| order.is_le()), other.filter(|_| order.is_ge()));
            if before != after {
                self.entries(before, after, depth)?;
            }
        }
    }

    fn entries(&mut self, before: Option<Entry>, after: Option<Entry>, depth: usize) -> Result<(), Trouble> {
        let Some(any) = before.or(after) else { return Ok(()) };
        let length = self.path.len();
        self.path.extend_from_slice(any.title);
        let done = if any.is_tree() {
            self.path.push(b'/');
            let (before, after) = (before.map(|one| one.name.to_vec()), after.map(|one| one.name.to_vec()));
            self.trees(before.as_deref(), after.as_deref(), depth + 1)
        } else {
            self.blobs(before, after);
            Ok(())
        };
        self.path.truncate(length);
        done
    }

    fn blobs(&mut self, before: Option<Entry>, after: Option<Entry>) {
        let (old, new) = (before.map_or(&[][..], |one| one.name), after.map_or(&[][..], |one| one.name));
        if self.guilty.contains(new) || self.guilty.contains(old) {
            self.changes.push(Change {
                commit: self.commit.clone(),
                path: self.path.clone(),
                old: old.to_vec(),
                new: new.to_vec(),
            });
        } else if after.is_some_and(|one| one.mode != LINK) && self.store.find(new).is_none() {
            self.missing.insert(new.to_vec());
        }
    }

    fn tree(&mut self, name: &[u8]) -> Result<Tree, Trouble> {
        let ordinal = self.store.find(name).ok_or(Trouble("a tree is not here".into()))?;
        Tree::parse(self.content(ordinal)?, self.store.width)
    }

    /// A tree's content, made from the nearest of its bases that is kept; all on the way are kept, too.
    fn content(&mut self, ordinal: u32) -> Result<Arc<Vec<u8>>, Trouble> {
        let Some((number, place)) = self.store.place(ordinal) else {
            let mut data = Vec::new();
            return match self.store.read(ordinal, &mut self.tools, &mut data)? {
                TREE => Ok(Arc::new(data)),
                _ => trouble("a tree is none"),
            };
        };
        let (pack, first) = (&self.store.packs[number], self.store.firsts[number]);
        let (mut chain, mut at) = (Vec::new(), place);
        let mut data = loop {
            if let Some(kept) = self.kept.get(first + at) {
                break kept;
            }
            if pack.kind(at) == TREE {
                let mut whole = Vec::new();
                pack.read_whole(at, &mut self.tools, &mut whole)?;
                break self.kept.put(first + at, whole);
            }
            chain.push(at);
            at = pack.base(at);
            if at == NONE || chain.len() > LONGEST_CHAIN {
                return trouble("a tree's base is not here");
            }
        };
        let mut new = Vec::new();
        for delta in chain.iter().rev() {
            let mut made = Vec::new();
            pack.open_delta(*delta, &mut self.tools)?;
            Pack::apply(&self.tools, &data, &mut made, &mut new)?;
            data = self.kept.put(first + delta, made);
        }
        Ok(data)
    }
}

/// Contents of trees, those that were asked for last.
#[derive(Default)]
struct Kept {
    trees: HashMap<u32, (Arc<Vec<u8>>, u64)>,
    bytes: usize,
    clock: u64,
}

impl Kept {
    fn get(&mut self, ordinal: u32) -> Option<Arc<Vec<u8>>> {
        self.clock += 1;
        let (data, used) = self.trees.get_mut(&ordinal)?;
        *used = self.clock;
        Some(Arc::clone(data))
    }

    fn put(&mut self, ordinal: u32, data: Vec<u8>) -> Arc<Vec<u8>> {
        let data = Arc::new(data);
        self.bytes += data.len() + SPARE;
        self.trees.insert(ordinal, (Arc::clone(&data), self.clock));
        if self.bytes > MOST_KEPT {
            let mut used: Vec<u64> = self.trees.values().map(|(_, used)| *used).collect();
            let (_, middle, _) = used.select_nth_unstable(self.trees.len() / 2);
            self.trees.retain(|_, (_, used)| *used > *middle);
            self.bytes = self.trees.values().map(|(data, _)| data.len() + SPARE).sum();
        }
        data
    }
}

impl Tree {
    fn empty() -> Tree {
        Tree { data: Arc::new(Vec::new()), entries: Vec::new() }
    }

    fn parse(data: Arc<Vec<u8>>, width: usize) -> Result<Tree, Trouble> {
        let mut entries = Vec::with_capacity(data.len() / (width + 12));
        let mut at = 0;
        while at < data.len() {
            entries.push(at as u32);
            let Some(end) = memchr::memchr(0, &data[at..]) else { return trouble("a tree is broken") };
            at += end + 1 + width;
        }
        if at != data.len() {
            return trouble("a tree is cut short");
        }
        Ok(Tree { data, entries })
    }

    fn entry(&self, row: usize, width: usize) -> Result<Option<Entry<'_>>, Trouble> {
        let Some(start) = self.entries.get(row) else { return Ok(None) };
        let end = self.entries.get(row + 1).map_or(self.data.len(), |end| *end as usize);
        let (head, name) = self.data[*start as usize..end].split_at(end - *start as usize - width);
        let Some(space) = memchr::memchr(b' ', head) else { return trouble("a tree is broken") };
        Ok(Some(Entry { mode: &head[..space], title: &head[space + 1..head.len() - 1], name }))
    }

    /// How many entries at the beginning are the same in both, and where in either the ones begin that end both.
    fn common(&self, other: &Tree) -> (usize, usize, usize) {
        let (one, two) = (self.data.as_slice(), other.data.as_slice());
        let front = same(one, two, |data, range| &data[range]);
        // The last entry that begins at or before the first difference may hold it.
        let low = self.entries.partition_point(|start| *start as usize <= front).saturating_sub(1);
        let low = if front == one.len() { self.entries.len() } else { low };
        let floor = self.entries.get(low).map_or(one.len(), |start| *start as usize);
        let back = same(&one[floor..], &two[floor.min(two.len())..], |data, range| {
            &data[data.len() - range.end..data.len() - range.start]
        });
        let high = self.entries.partition_point(|start| (*start as usize) < one.len() - back);
        let Some(start) = self.entries.get(high) else { return (low, self.entries.len(), other.entries.len()) };
        // Only where an entry of the other begins at the same distance from the end do both go on alike.
        match other.entries.binary_search(&((two.len() - (one.len() - *start as usize)) as u32)) {
            Ok(row) => (low, high, row),
            Err(_) => (low, self.entries.len(), other.entries.len()),
        }
    }
}

/// How many bytes are the same, in steps; `part` takes a range as counted from the end to compare from.
fn same(one: &[u8], two: &[u8], part: impl Fn(&[u8], std::ops::Range<usize>) -> &[u8]) -> usize {
    let most = one.len().min(two.len());
    let mut at = 0;
    for step in [1024, 32, 1] {
        while at < most {
            let end = (at + step).min(most);
            if part(one, at..end) != part(two, at..end) {
                break;
            }
            at = end;
        }
    }
    at
}

/// Return the changes to or from `guilty` blobs, and blobs that are not here; names in hex on both sides.
///
/// `lines` are `commit` or `commit parent`.
pub fn compare(store: &Store, lines: &[u8], guilty: &[Vec<u8>]) -> Result<(Vec<Change>, Vec<Vec<u8>>), Trouble> {
    let bad = || Trouble("a name is not hex".into());
    let guilty = guilty.iter().map(|name| from_hex(name)).collect::<Option<HashSet<_>>>().ok_or_else(bad)?;
    let mut comparer = Comparer::new(store, &guilty);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut words = line.split(|byte| *byte == b' ');
        let commit = words.next().and_then(from_hex).ok_or_else(bad)?;
        let parent = words.next().map(|word| from_hex(word).ok_or_else(bad)).transpose()?;
        comparer.compare(&commit, parent.as_deref())?;
    }
    let hex = |name: &[u8]| if name.is_empty() { vec![b'0'; store.width * 2] } else { to_hex(name) };
    let made = comparer.changes.iter().map(|one| Change {
        commit: hex(&one.commit),
        path: one.path.clone(),
        old: hex(&one.old),
        new: hex(&one.new),
    });
    Ok((made.collect(), comparer.missing.iter().map(|name| hex(name)).collect()))
}

fn to_hex(name: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    name.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
