//! One side of what is compared: the entries of some leaves, of which those in front are in a queue.
//!
//! The entries of the new value are in its leaves, those of the old one are read from its text when
//! they are needed. Both look the same from outside.

use super::PiecesError;
use super::ahead::{Ahead, Lookout};
use crate::layout::skeleton::{Big, Bone, Skeleton};
use crate::leaf::Leaf;
use crate::tree::Tree;
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64;

/// No further entry is looked at when those before it are longer than this together.
pub(super) const LOOK_AHEAD_BYTES_MAX: usize = 1024 * 1024;

/// A tree of the new value and its skeleton.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fresh<'a> {
    pub(super) tree: &'a Tree,
    pub(super) skeleton: &'a Skeleton,
}

/// An entry of either side.
#[derive(Clone)]
pub(super) enum Entry<'a> {
    /// The compact text, without comma.
    Small(Bytes),
    /// One that is a tree, which is there on the new side.
    Big(&'a Big, Option<&'a Tree>),
}

impl<'a> Entry<'a> {
    /// Appends the compact text.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Small(text) => out.extend_from_slice(text),
            Self::Big(big, tree) => {
                if let Some(name) = &big.name {
                    out.extend_from_slice(name);
                    out.push(b':');
                }
                let mut parts = Vec::new();
                tree.iter().for_each(|tree| tree.push_text(&mut parts));
                parts.iter().for_each(|part| out.extend_from_slice(part));
            }
        }
    }

    fn len_bytes(&self) -> usize {
        match self {
            Self::Small(text) => text.len(),
            Self::Big(big, _) => big.bytes(),
        }
    }

    /// Entries that are alike have the same mark.
    pub(super) fn mark(&self) -> u64 {
        match self {
            Self::Small(text) => xxh3_64(text),
            Self::Big(big, _) => big.mark(),
        }
    }

    pub(super) fn is_small(&self) -> bool {
        matches!(self, Self::Small(_))
    }

    pub(super) fn is_same(&self, new: &Self) -> bool {
        match (self, new) {
            (Self::Small(old), Self::Small(new)) => old == new,
            (Self::Big(old, _), Self::Big(new, _)) => old.is_same(new),
            _ => false,
        }
    }

    /// Gives what is in both if they are large and of the same name and kind.
    pub(super) fn within(&self, new: &Self) -> Option<(&'a Skeleton, Fresh<'a>)> {
        match (self, new) {
            (Self::Big(old, _), Self::Big(new, Some(tree))) if old.is_namesake(new) => {
                let skeleton = &new.tree;
                Some((&old.tree, Fresh { tree, skeleton }))
            }
            _ => None,
        }
    }
}

/// The small entries of a leaf.
pub(super) struct Run<'a> {
    text: Bytes,
    starts: Cow<'a, [u32]>,
    /// The number of the next one.
    within: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(text: Bytes, starts: Cow<'a, [u32]>) -> Self {
        Self {
            text,
            starts,
            within: 0,
        }
    }

    fn entry(&self, within: usize) -> Option<Entry<'a>> {
        let start = *self.starts.get(within)? as usize;
        let end = self.starts.get(within + 1);
        let end = end.map_or(self.text.len(), |&next| next as usize - 1);
        Some(Entry::Small(self.text.slice(start..end)))
    }

    fn next(&mut self) -> Option<Entry<'a>> {
        let entry = self.entry(self.within)?;
        self.within += 1;
        Some(entry)
    }
}

/// Where entries come from.
enum Source<'a> {
    Leaves(&'a [&'a Leaf]),
    Text(Lookout<'a>),
}

/// What is left of one side.
pub(super) struct Side<'a> {
    source: Source<'a>,
    bones: &'a [Bone],
    /// The leaf after the one that is open.
    bone: usize,
    open: Option<Run<'a>>,
    /// How many entries are left, those in the queue among them.
    pub(super) remaining: usize,
    pub(super) queue: VecDeque<Entry<'a>>,
    queue_bytes: usize,
}

impl<'a> Side<'a> {
    /// The old entries from a number on.
    pub(super) fn old(bones: &'a [Bone], index: usize) -> Self {
        Self::of(Source::Text(Lookout::new(index)), bones)
    }

    pub(super) fn new(bones: &'a [Bone], leaves: &'a [&'a Leaf]) -> Self {
        Self::of(Source::Leaves(leaves), bones)
    }

    fn of(source: Source<'a>, bones: &'a [Bone]) -> Self {
        Self {
            source,
            bones,
            bone: 0,
            open: None,
            remaining: bones.iter().map(Bone::entries).sum(),
            queue: VecDeque::new(),
            queue_bytes: 0,
        }
    }

    pub(super) fn bones(&self) -> &'a [Bone] {
        self.bones
    }

    pub(super) fn front(&self) -> Option<&Entry<'a>> {
        self.queue.front()
    }

    pub(super) fn has_more(&self) -> bool {
        self.queue.len() < self.remaining
    }

    /// The length of all that is left, about.
    pub(super) fn len_bytes(&self) -> usize {
        let rest = self.bones[self.bone..].iter().map(Bone::bytes);
        self.queue_bytes + rest.sum::<usize>()
    }

    /// Sees to it that this number of entries is in the queue, if there are so many and they are
    /// not too long; that one is, unless others were taken to which the walk has not come.
    pub(super) fn fill<E>(
        &mut self,
        length: usize,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<(), PiecesError<E>> {
        while self.queue.len() < length.min(self.remaining)
            && (self.queue.is_empty() || self.queue_bytes < LOOK_AHEAD_BYTES_MAX)
        {
            let Some(entry) = self.read(ahead)? else {
                break;
            };
            self.queue_bytes += entry.len_bytes();
            self.queue.push_back(entry);
        }
        Ok(())
    }

    fn read<E>(
        &mut self,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<Entry<'a>>, PiecesError<E>> {
        loop {
            if let Some(entry) = self.open.as_mut().and_then(Run::next) {
                return Ok(Some(entry));
            }
            let Some(bone) = self.bones.get(self.bone) else {
                return Ok(None);
            };
            let run = match (bone, &mut self.source) {
                (Bone::Big(big), source) => {
                    if let Source::Text(lookout) = source {
                        lookout.pass(big);
                    }
                    self.bone += 1;
                    return Ok(Some(self.big(self.bone - 1, big)));
                }
                (Bone::Run { .. }, Source::Leaves(leaves)) => run_of(leaves[self.bone]),
                (Bone::Run { .. }, Source::Text(lookout)) => {
                    lookout.read(bone, !self.queue.is_empty(), ahead)?
                }
            };
            if run.is_none() {
                return Ok(None);
            }
            self.open = run;
            self.bone += 1;
        }
    }

    fn big(&self, bone: usize, big: &'a Big) -> Entry<'a> {
        let tree = match &self.source {
            Source::Leaves(leaves) => match leaves[bone] {
                Leaf::Big { tree, .. } => Some(&**tree),
                Leaf::Run { .. } => None,
            },
            Source::Text(_) => None,
        };
        Entry::Big(big, tree)
    }

    /// Takes entries from the front, and gives those of them that are in the queue. All that are
    /// left may be taken, or no more than are in the queue.
    pub(super) fn take(&mut self, length: usize) -> Vec<Entry<'a>> {
        let length = length.min(self.remaining);
        debug_assert!(length <= self.queue.len() || length == self.remaining);
        let queued = length.min(self.queue.len());
        let taken: Vec<_> = self.queue.drain(..queued).collect();
        self.queue_bytes -= taken.iter().map(Entry::len_bytes).sum::<usize>();
        self.remaining -= length;
        taken
    }

    /// Leaves out entries at the end.
    pub(super) fn cut(&mut self, length: usize) {
        self.remaining -= length;
        self.queue.truncate(self.remaining);
        self.queue_bytes = self.queue.iter().map(Entry::len_bytes).sum();
    }

    /// The entries of the new side from its last one on.
    pub(super) fn backwards(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        let leaves = match self.source {
            Source::Leaves(leaves) => leaves,
            Source::Text(_) => &[],
        };
        let numbered = leaves.iter().zip(self.bones).enumerate().rev();
        numbered.flat_map(move |(at, (leaf, bone))| {
            let big = match bone {
                Bone::Big(big) => Some(self.big(at, big)),
                Bone::Run { .. } => None,
            };
            let run = run_of(leaf);
            let small = (0..bone.entries()).rev();
            let small = small.filter_map(move |within| run.as_ref()?.entry(within));
            big.into_iter().chain(small)
        })
    }
}

fn run_of(leaf: &Leaf) -> Option<Run<'_>> {
    match leaf {
        Leaf::Run { text, starts, .. } => Some(Run::new(text.clone(), Cow::Borrowed(starts))),
        Leaf::Big { .. } => None,
    }
}
