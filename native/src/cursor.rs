//! One thread's walk through a plan: objects are made from their bases, which stay in memory only while they are needed.

use std::sync::Arc;

use crate::delta::{widened, Range};
use crate::loose;
use crate::pack::{Pack, Tools, BLOB, COMMIT, NONE, TAG};
use crate::plan::{children, Plan, Take};
use crate::trouble::Trouble;

/// Bytes of bases that one walk keeps; what would take more is left to git.
const MOST_KEPT: usize = 48 << 20;
const MOST_SPARE: usize = 8;

struct Frame {
    /// The next of what is made from it.
    child: u32,
    data: Vec<u8>,
    kind: u8,
    /// Whether this pass took it: only then does what is made from it repeat something that was looked at.
    taken: bool,
}

/// What a walk gives: a piece of one buffer for each region, or whole objects.
#[derive(Default)]
pub struct Output {
    /// Regions, a line break before, between and behind them.
    pub buffer: Vec<u8>,
    /// Where each region begins in `buffer`, and the object that it is of.
    pub starts: Vec<u32>,
    pub owners: Vec<u32>,
    /// (ordinal, kind, content), for a plan that takes whole objects.
    pub objects: Vec<(u32, u8, Vec<u8>)>,
    /// Objects that are no plain text: to be looked at whole.
    pub odd: Vec<u32>,
    /// Objects that could not be made here.
    pub left: Vec<u32>,
    /// (ordinal, size) of blobs over the limit.
    pub refused: Vec<(u32, u64)>,
    /// What was taken: all but what is left or refused.
    pub taken: Vec<u32>,
    /// Contents that were not empty, and their bytes.
    pub blobs: u64,
    pub bytes: u64,
    pub empty: u64,
}

/// A walk; it takes roots from its plan as long as there are any.
pub struct Cursor {
    plan: Arc<Plan>,
    tools: Tools,
    pack: usize,
    stack: Vec<Frame>,
    kept: usize,
    spare: Vec<Vec<u8>>,
    new: Vec<Range>,
}

impl Cursor {
    pub fn new(plan: Arc<Plan>) -> Cursor {
        let tools = Tools::default();
        Cursor { plan, tools, pack: 0, stack: Vec::new(), kept: 0, spare: Vec::new(), new: Vec::new() }
    }

    /// Go on until about `size` bytes are there; None when nothing is left.
    pub fn next(&mut self, size: usize) -> Option<Output> {
        let mut output = Output { buffer: vec![b'\n'], ..Output::default() };
        let mut walked = false;
        let mut held = 0;
        while output.buffer.len() < size && held < size {
            let before = output.objects.len();
            if !self.step(&mut output) {
                break;
            }
            walked = true;
            held += output.objects[before..].iter().map(|(_, _, content)| content.len() + 64).sum::<usize>();
        }
        walked.then_some(output)
    }

    fn step(&mut self, output: &mut Output) -> bool {
        let Some(top) = self.stack.last_mut() else {
            let Some(root) = self.plan.next_root() else { return false };
            self.begin(root, output);
            return true;
        };
        let child = top.child;
        if child == NONE {
            if let Some(done) = self.stack.pop() {
                self.kept -= done.data.len();
                self.recycle(done.data);
            }
            return true;
        }
        let plan = Arc::clone(&self.plan);
        let (pack, first) = (&plan.store.packs[self.pack], plan.store.firsts[self.pack]);
        top.child = pack.next_child(child);
        if plan.needed(first + child) {
            let mut data = self.spare.pop().unwrap_or_default();
            match self.derive(pack, child, &mut data) {
                Ok(()) => self.enter(pack, first, child, data, output),
                Err(_) => self.leave(pack, first, child, output),
            }
        }
        true
    }

    fn derive(&mut self, pack: &Pack, child: u32, data: &mut Vec<u8>) -> Result<(), Trouble> {
        let size = pack.open_delta(child, &mut self.tools)?;
        if self.kept + size > MOST_KEPT {
            return Err(Trouble("too much to keep".into()));
        }
        let base = self.stack.last().map(|frame| frame.data.as_slice()).unwrap_or(&[]);
        Pack::apply(&self.tools, base, data, &mut self.new)
    }

    fn begin(&mut self, root: u32, output: &mut Output) {
        let plan = Arc::clone(&self.plan);
        let mut data = self.spare.pop().unwrap_or_default();
        let Some((number, place)) = plan.store.place(root) else {
            let row = (root - plan.store.firsts.last().copied().unwrap_or(0)) as usize;
            match plan.store.loose.get(row).map(|(_, path)| loose::read(path, &mut self.tools, &mut data)) {
                Some(Ok(kind)) => {
                    self.take(root, kind, &data, None, output);
                    self.recycle(data);
                }
                _ => output.left.push(root),
            }
            return;
        };
        self.pack = number;
        let (pack, first) = (&plan.store.packs[number], plan.store.firsts[number]);
        match pack.read_whole(place, &mut self.tools, &mut data) {
            Ok(()) => self.enter(pack, first, place, data, output),
            Err(_) => self.leave(pack, first, place, output),
        }
    }

    /// Take an object, and keep it where others are made from it.
    fn enter(&mut self, pack: &Pack, first: u32, place: u32, data: Vec<u8>, output: &mut Output) {
        let from = self.stack.last().map(|frame| (frame.kind, frame.taken));
        let kind = from.map_or(pack.kind(place), |(kind, _)| kind);
        let mut taken = self.plan.wanted(first + place);
        if taken {
            let new = from.filter(|(_, taken)| *taken).map(|_| std::mem::take(&mut self.new));
            taken = self.take(first + place, kind, &data, new.as_deref(), output);
            if let Some(new) = new {
                self.new = new;
            }
        }
        let child = pack.first_child(place);
        if child == NONE {
            self.recycle(data);
        } else {
            self.kept += data.len();
            self.stack.push(Frame { child, data, kind, taken });
        }
    }

    /// Leave an object, and all that are made from it, to git.
    fn leave(&mut self, pack: &Pack, first: u32, place: u32, output: &mut Output) {
        let mut pending = vec![place];
        while let Some(place) = pending.pop() {
            if self.plan.wanted(first + place) {
                output.left.push(first + place);
            }
            pending.extend(children(pack, place));
        }
    }

    /// Return whether it was taken.
    fn take(&mut self, ordinal: u32, kind: u8, data: &[u8], new: Option<&[Range]>, output: &mut Output) -> bool {
        let content = match kind {
            BLOB => data,
            COMMIT | TAG => message(data),
            _ => return false,
        };
        if self.plan.limit > 0 && kind == BLOB && content.len() > self.plan.limit {
            output.refused.push((ordinal, content.len() as u64));
            return false;
        }
        output.taken.push(ordinal);
        if content.is_empty() {
            output.empty += u64::from(kind == BLOB);
            return true;
        }
        output.blobs += 1;
        output.bytes += content.len() as u64;
        match &self.plan.take {
            Take::Whole => output.objects.push((ordinal, kind, data.to_vec())),
            Take::New { odd, .. } if odd.is(content) => output.odd.push(ordinal),
            Take::New { margin, .. } => {
                let whole = [(0, content.len())];
                match new.filter(|_| kind == BLOB) {
                    None => output.add(ordinal, content, &whole),
                    Some(new) => output.add(ordinal, content, &widened(new, *margin, content)),
                }
            }
        }
        true
    }

    fn recycle(&mut self, mut data: Vec<u8>) {
        if self.spare.len() < MOST_SPARE {
            data.clear();
            self.spare.push(data);
        }
    }
}

impl Output {
    fn add(&mut self, ordinal: u32, content: &[u8], regions: &[Range]) {
        for (start, end) in regions {
            self.starts.push(self.buffer.len() as u32);
            self.owners.push(ordinal);
            self.buffer.extend_from_slice(&content[*start..*end]);
            self.buffer.push(b'\n');
        }
    }
}

/// What stands behind the header of a commit or tag.
fn message(data: &[u8]) -> &[u8] {
    match memchr::memmem::find(data, b"\n\n") {
        Some(at) => &data[at + 2..],
        None => &[],
    }
}
