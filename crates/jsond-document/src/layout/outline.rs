//! The outline of a JSON text: where each array and object ends, and a digest of what it holds.
//!
//! Made in one pass, so that stepping over a large value and telling it from another costs nothing
//! afterwards, however deep it lies. The digest leaves white space out: a laid-out text and its
//! compact text have the same. Takes valid JSON only, without byte order mark.

use crate::Kind;
use crate::scan::{self, skip_space, string_end};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64_with_seed as digest_of;

/// An array or object of the text, in the order of their opening brackets.
struct Node {
    end: usize,
    /// The number of the first node that is not inside.
    next: usize,
    digest: u64,
}

/// A value of the text, with the name before it if it is a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Where the name starts, or the value if there is no name.
    pub(super) start: usize,
    /// Where the name ends; `start` if there is none.
    pub(super) name_end: usize,
    /// Where the value starts.
    pub(super) value: usize,
    /// Where the value ends.
    pub(super) end: usize,
    /// Tells values apart: equal values have equal digests.
    pub(super) digest: u64,
    /// The number of its node if it is an array or object, of the next one if not.
    node: usize,
}

impl Part {
    /// How long the text of the value is.
    pub(super) fn value_bytes(&self) -> usize {
        self.end - self.value
    }
}

/// A text and what is known about its arrays and objects.
pub(super) struct Outline<'a> {
    pub(super) text: &'a [u8],
    nodes: Vec<Node>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of the value that begins at or after `at`.
    ///
    /// *Cost*: linear.
    pub(super) fn of(text: &'a [u8], mut at: usize) -> Self {
        let mut sketch = Sketch::default();
        loop {
            at = skip_space(text, at);
            at = match text[at] {
                byte @ (b'{' | b'[') => sketch.open(byte, at + 1),
                b'}' | b']' => sketch.close(at + 1),
                b',' | b':' => at + 1,
                _ => sketch.scalar(text, at),
            };
            if sketch.open.is_empty() {
                break;
            }
        }
        Self {
            text,
            nodes: sketch.nodes,
        }
    }

    /// The value that begins at or after `at`, which the outline was made of.
    pub(super) fn root(&self, at: usize) -> Part {
        let value = skip_space(self.text, at);
        self.part(value..value, value, 0)
    }

    /// Steps through the entries of an array or object.
    pub(super) fn parts(&'a self, of: &Part) -> Parts<'a> {
        Parts {
            outline: self,
            at: of.value + 1,
            node: of.node + 1,
            named: self.text[of.value] == b'{',
        }
    }

    pub(super) fn kind(&self, of: &Part) -> Kind {
        Kind::of(self.text[of.value])
    }

    pub(super) fn is_container(&self, of: &Part) -> bool {
        matches!(self.text[of.value], b'{' | b'[')
    }

    /// Judges whether an array or object has arrays or objects in it.
    pub(super) fn is_nested(&self, of: &Part) -> bool {
        self.is_container(of) && self.nodes[of.node].next > of.node + 1
    }

    pub(super) fn is_empty(&self, of: &Part) -> bool {
        let first = self.text[skip_space(self.text, of.value + 1)];
        matches!(first, b'}' | b']')
    }

    pub(super) fn name(&self, of: &Part) -> &'a [u8] {
        &self.text[of.start..of.name_end]
    }

    pub(super) fn value(&self, of: &Part) -> &'a [u8] {
        &self.text[of.value..of.end]
    }

    fn part(&self, name: Range<usize>, value: usize, node: usize) -> Part {
        let (end, digest) = if matches!(self.text[value], b'{' | b'[') {
            (self.nodes[node].end, self.nodes[node].digest)
        } else {
            let end = scan::value_end(self.text, value);
            (end, digest_of(&self.text[value..end], 0))
        };
        Part {
            start: name.start,
            name_end: name.end,
            value,
            end,
            digest,
            node,
        }
    }
}

/// An outline in the making.
#[derive(Default)]
struct Sketch {
    nodes: Vec<Node>,
    /// The numbers of the nodes that are not closed yet.
    open: Vec<usize>,
}

impl Sketch {
    fn open(&mut self, byte: u8, after: usize) -> usize {
        self.open.push(self.nodes.len());
        self.nodes.push(Node {
            end: after,
            next: 0,
            digest: byte.into(),
        });
        after
    }

    fn close(&mut self, after: usize) -> usize {
        let number = self.open.pop().expect("INVARIANT: brackets match");
        let next = self.nodes.len();
        let node = &mut self.nodes[number];
        (node.end, node.next) = (after, next);
        let digest = node.digest;
        self.mix(&digest.to_le_bytes());
        after
    }

    /// Names are mixed in like values: they stand at every second place of an object.
    fn scalar(&mut self, text: &[u8], at: usize) -> usize {
        let end = scan::value_end(text, at);
        self.mix(&text[at..end]);
        end
    }

    fn mix(&mut self, token: &[u8]) {
        if let Some(&number) = self.open.last() {
            let node = &mut self.nodes[number];
            node.digest = digest_of(token, node.digest);
        }
    }
}

/// The entries of one array or object, in order.
///
/// *Cost*: linear in the text that is not inside inner arrays and objects.
#[derive(Clone)]
pub(super) struct Parts<'a> {
    outline: &'a Outline<'a>,
    at: usize,
    node: usize,
    named: bool,
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let text = self.outline.text;
        let mut at = skip_space(text, self.at);
        match text[at] {
            b'}' | b']' => return None,
            b',' => at = skip_space(text, at + 1),
            _ => {}
        }
        let (mut name, mut value) = (at..at, at);
        if self.named {
            name.end = string_end(text, at);
            let colon = skip_space(text, name.end);
            value = skip_space(text, colon + 1);
        }
        let part = self.outline.part(name, value, self.node);
        if self.outline.is_container(&part) {
            self.node = self.outline.nodes[self.node].next;
        }
        self.at = part.end;
        Some(part)
    }
}
