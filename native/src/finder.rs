//! A buffer -> where a run of an alphabet begins with one of some shapes: fixed sequences of classes of bytes.
//!
//! As a pattern: `(?:[^alphabet]|\\[nrt])` and then the shape. Most runs are short, so most bytes are never looked at.

use crate::trouble::{trouble, Trouble};

type Class = [bool; 256];

/// Shapes of one alphabet.
pub struct Finder {
    alphabet: Class,
    shapes: Vec<Vec<Class>>,
    shortest: usize,
}

fn class(members: &[u8]) -> Class {
    let mut made = [false; 256];
    for member in members {
        made[usize::from(*member)] = true;
    }
    made
}

impl Finder {
    /// `shapes` are sequences of classes, each given by its members, all of them of the `alphabet`.
    pub fn new(alphabet: &[u8], shapes: &[Vec<Vec<u8>>]) -> Result<Finder, Trouble> {
        let alphabet = class(alphabet);
        let inside = |members: &Vec<u8>| members.iter().all(|member| alphabet[usize::from(*member)]);
        let shortest = shapes.iter().map(Vec::len).min().unwrap_or(0);
        if shortest == 0 || !shapes.iter().flatten().all(inside) || alphabet[usize::from(b'\\')] {
            return trouble("a shape is empty, or not of the alphabet");
        }
        let shapes = shapes.iter().map(|shape| shape.iter().map(|members| class(members)).collect()).collect();
        Ok(Finder { alphabet, shapes, shortest })
    }

    /// Return (number of the shape, where it ends) for each that is found.
    pub fn find(&self, buffer: &[u8]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        // A run needs something before it.
        let mut start = 1;
        if buffer.first().is_some_and(|first| self.member(*first)) {
            start = self.end_of_run(buffer, 0) + 1;
        }
        while start + self.shortest <= buffer.len() {
            // From behind: what breaks a run there breaks every run that begins before it.
            match (start..start + self.shortest).rev().find(|at| !self.member(buffer[*at])) {
                Some(at) => start = at + 1,
                None => {
                    self.check(buffer, start, &mut found);
                    if buffer[start - 1] == b'\\' && matches!(buffer[start], b'n' | b'r' | b't') {
                        self.check(buffer, start + 1, &mut found);
                    }
                    start = self.end_of_run(buffer, start + self.shortest) + 1;
                }
            }
        }
        found
    }

    fn member(&self, byte: u8) -> bool {
        self.alphabet[usize::from(byte)]
    }

    fn end_of_run(&self, buffer: &[u8], from: usize) -> usize {
        buffer[from..].iter().position(|byte| !self.member(*byte)).map_or(buffer.len(), |length| from + length)
    }

    fn check(&self, buffer: &[u8], start: usize, found: &mut Vec<(u32, u32)>) {
        for (number, shape) in self.shapes.iter().enumerate() {
            let Some(run) = buffer.get(start..start + shape.len()) else { continue };
            if run.iter().zip(shape).all(|(byte, class)| class[usize::from(*byte)]) {
                found.push((number as u32, (start + shape.len()) as u32));
            }
        }
    }
}
