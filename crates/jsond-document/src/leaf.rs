//! The leaves of a tree: a run of small entries as one piece of text, or one big entry.
//!
//! A leaf never changes; an edit packs its entries into new leaves. The text of a run is the very
//! text of the whole value's compact form, so that reading the whole is joining leaves by commas.

#[cfg(test)]
mod tests;

use crate::json::{Json, Kind};
use crate::tree::Tree;
use crate::value::{Member, Value};
use crate::{collection, scan, string};
use bytes::Bytes;
use std::borrow::{Borrow, Cow};
use std::sync::Arc;

/// A run is closed when its text has reached this size, about one page.
const RUN_BYTES_TARGET: usize = 4096;

/// A run that an edit makes longer than this is split.
const RUN_BYTES_MAX: usize = 6144;

/// What a part of a tree holds.
///
/// *Shape*: `bytes` counts one separator for each leaf; `objects` the entries that are objects;
/// `integers` the entries that have an integer as their id, of which `largest` is the largest, or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    pub(crate) objects: usize,
    pub(crate) integers: usize,
    pub(crate) largest: u64,
}

impl std::ops::Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
            objects: self.objects + other.objects,
            integers: self.integers + other.integers,
            largest: self.largest.max(other.largest),
        }
    }
}

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), std::ops::Add::add)
    }
}

/// A member (with its spelled name) or an element (without one) of a large value.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) name: Option<Bytes>,
    pub(crate) value: Value,
}

impl Piece {
    /// The length of the text in a run, with a separator; a tree has a leaf of its own.
    fn bytes(&self) -> usize {
        match self.value.as_tree() {
            Some(_) => 0,
            None => {
                self.name.as_ref().map_or(0, |name| name.len() + 1) + self.value.len_bytes() + 1
            }
        }
    }

    /// Appends the entry as it stands in a run; trees have leaves of their own.
    fn write_to(&self, out: &mut Vec<u8>) {
        if let Some(name) = &self.name {
            out.extend_from_slice(name);
            out.push(b':');
        }
        self.value.write_to(out);
    }

    /// The key by which a record is found: the member's name, or the element's id.
    pub(crate) fn key(&self, id_name: &str) -> Option<Cow<'_, str>> {
        match &self.name {
            Some(name) => Some(string::unquote(name)),
            None => collection::id_of_value(&self.value, id_name).map(Cow::Owned),
        }
    }
}

impl From<Member> for Piece {
    fn from(member: Member) -> Self {
        Self {
            name: member.spelled_name,
            value: member.value,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Leaf {
    Run {
        text: Bytes,
        starts: Box<[u32]>,
        objects: usize,
    },
    Big {
        name: Option<Bytes>,
        tree: Arc<Tree>,
    },
}

impl Leaf {
    /// What the leaf holds, with the integers among the ids if the member that is the id is named.
    ///
    /// *Cost*: constant without a name, else linear.
    pub(crate) fn sum_by(&self, id_name: Option<&str>) -> Sum {
        let sum = self.sum();
        let Some(id_name) = id_name.filter(|_| sum.objects > 0) else {
            return sum;
        };
        let ids = (0..sum.entries).filter_map(|within| self.integer_id(within, id_name));
        ids.fold(sum, |sum, id| Sum {
            integers: sum.integers + 1,
            largest: sum.largest.max(id),
            ..sum
        })
    }

    fn integer_id(&self, within: usize, id_name: &str) -> Option<u64> {
        match self {
            Self::Run { text, starts, .. } => {
                collection::integer_id_in(&text[starts[within] as usize..], id_name)
            }
            Self::Big { tree, .. } => {
                collection::integer_id(&Value::large(Arc::clone(tree)), id_name)
            }
        }
    }

    /// What the leaf holds, without its ids.
    pub(crate) fn sum(&self) -> Sum {
        match self {
            Self::Run {
                text,
                starts,
                objects,
            } => Sum {
                entries: starts.len(),
                bytes: text.len() + 1,
                objects: *objects,
                ..Sum::default()
            },
            Self::Big { name, tree } => Sum {
                entries: 1,
                bytes: name.as_ref().map_or(0, |name| name.len() + 1) + tree.bytes() + 1,
                objects: usize::from(tree.kind() == Kind::Object),
                ..Sum::default()
            },
        }
    }

    pub(crate) fn piece(&self, within: usize, named: bool) -> Piece {
        match self {
            Self::Run { text, starts, .. } => {
                let start = starts[within] as usize;
                // Behind each entry but the last stands a comma.
                let end = starts
                    .get(within + 1)
                    .map_or(text.len(), |&next| next as usize - 1);
                let name = named.then(|| start..scan::string_end(text, start));
                let value = name.as_ref().map_or(start, |name| name.end + 1);
                Piece {
                    name: name.map(|name| text.slice(name)),
                    value: Value::small(Json::part_of(text, value..end)),
                }
            }
            Self::Big { name, tree } => Piece {
                name: name.clone(),
                value: Value::large(Arc::clone(tree)),
            },
        }
    }

    pub(crate) fn pieces(&self, named: bool) -> Vec<Piece> {
        (0..self.sum().entries)
            .map(|within| self.piece(within, named))
            .collect()
    }

    /// Finds the entry of a leaf by its key; of more than one the nearest to the one that is `near`.
    pub(crate) fn find(&self, key: &str, near: usize, named: bool, id_name: &str) -> Option<usize> {
        let mut outward = outward(near, self.sum().entries);
        match self {
            Self::Run { text, starts, .. } if named => {
                let name_at = |within: usize| starts[within] as usize;
                // Nearly all names stand as they read.
                let is_plain = string::needs_no_escape(key);
                let stands_at =
                    |&within: &usize| is_plain && string::starts_as(&text[name_at(within)..], key);
                let reads_at = |within: &usize| {
                    let name = name_at(*within)..scan::string_end(text, name_at(*within));
                    string::reads_as(&text[name], key)
                };
                let found = outward.clone().find(stands_at);
                found.or_else(|| outward.find(reads_at))
            }
            _ => outward.find(|&within| {
                self.piece(within, named)
                    .key(id_name)
                    .is_some_and(|found| found == key)
            }),
        }
    }

    /// Makes the one run of no more than so many bytes that an edit makes of this one, if it does.
    ///
    /// *Cost*: that of copying the text once, into a buffer of its size.
    pub(crate) fn spliced(&self, edit: &LeafEdit<'_>, bytes_max: usize) -> Option<Self> {
        let Self::Run {
            text,
            starts,
            objects,
        } = self
        else {
            return None;
        };
        let is_tree = edit
            .came
            .is_some_and(|piece| piece.value.as_tree().is_some());
        let [gone, came] = [edit.gone, edit.came].map(|piece| piece.map_or(0, Piece::bytes));
        // Each entry has a separator behind it, but the last one.
        let bytes = text.len() + 1 - gone + came;
        if is_tree || bytes == 0 || bytes > bytes_max {
            return None;
        }
        let start = starts
            .get(edit.within)
            .map_or(text.len() + 1, |&at| at as usize);
        // Just as long as the text will be: so the buffer becomes the text as it is.
        let mut new = Vec::with_capacity(bytes - 1);
        new.extend_from_slice(&text[..start.min(text.len()).min(bytes - 1)]);
        let behind = text.get(start + gone..).unwrap_or_default();
        if let Some(piece) = edit.came {
            if start > text.len() {
                new.push(b',');
            }
            piece.write_to(&mut new);
            if !behind.is_empty() {
                new.push(b',');
            }
        }
        new.extend_from_slice(behind);
        let narrow = |at: usize| u32::try_from(at).expect("INVARIANT: a run is small");
        let (before, after) = starts.split_at(edit.within);
        let after = &after[usize::from(edit.gone.is_some())..];
        let mut starts = Vec::with_capacity(before.len() + 1 + after.len());
        starts.extend_from_slice(before);
        starts.extend(edit.came.map(|_| narrow(start)));
        let moved = narrow(came).wrapping_sub(narrow(gone));
        starts.extend(after.iter().map(|at| at.wrapping_add(moved)));
        let count = |piece: &Piece| usize::from(piece.value.kind() == Kind::Object);
        Some(Self::Run {
            text: Bytes::from(new),
            starts: starts.into_boxed_slice(),
            objects: objects - edit.gone.map_or(0, count) + edit.came.map_or(0, count),
        })
    }

    pub(crate) fn push_text(&self, out: &mut Vec<Bytes>) {
        match self {
            Self::Run { text, .. } => out.push(text.clone()),
            Self::Big { name, tree } => {
                if let Some(name) = name {
                    out.push(name.clone());
                    out.push(Bytes::from_static(b":"));
                }
                tree.push_text(out);
            }
        }
    }
}

/// The numbers below `count`, from one of them to those farther and farther away.
fn outward(from: usize, count: usize) -> impl Iterator<Item = usize> + Clone {
    let from = from.min(count.saturating_sub(1));
    let behind = move |away: usize| Some(from + away).filter(|it| *it < count);
    let before = move |away: usize| from.checked_sub(away).filter(|_| away > 0);
    (0..count).flat_map(move |away| [behind(away), before(away)].into_iter().flatten())
}

/// What an edit does to a leaf: an entry goes, comes, or is another from then on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafEdit<'a> {
    /// The number of the entry.
    pub(crate) within: usize,
    /// The one that is there.
    pub(crate) gone: Option<&'a Piece>,
    /// The one that will be there.
    pub(crate) came: Option<&'a Piece>,
}

impl LeafEdit<'_> {
    /// Makes the one leaf that it makes of one, or all of them where there is not one; `is_last` where
    /// entries come in their order, and fill one leaf after the other.
    pub(crate) fn leaf_of(
        &self,
        leaf: &Leaf,
        named: bool,
        is_last: bool,
    ) -> Result<Leaf, Vec<Leaf>> {
        match self.splice(leaf, is_last) {
            Some(leaf) => Ok(leaf),
            None => {
                let leaves = self.packed(leaf, named, is_last);
                <[Leaf; 1]>::try_from(leaves).map(|[leaf]| leaf)
            }
        }
    }

    fn splice(&self, leaf: &Leaf, is_last: bool) -> Option<Leaf> {
        let bytes_max = match is_last {
            true => RUN_BYTES_TARGET,
            false => RUN_BYTES_MAX,
        };
        leaf.spliced(self, bytes_max)
    }

    /// Packs the entries that it leaves anew.
    fn packed(&self, leaf: &Leaf, named: bool, is_last: bool) -> Vec<Leaf> {
        let mut pieces = leaf.pieces(named);
        let end = self.within + usize::from(self.gone.is_some());
        pieces.splice(self.within..end, self.came.cloned());
        match is_last {
            true => pack(pieces),
            false => pack_evenly(&pieces),
        }
    }
}

/// Packs entries into as few leaves as their sizes allow.
pub(crate) fn pack(pieces: impl IntoIterator<Item: Borrow<Piece>>) -> Vec<Leaf> {
    pack_to(pieces, RUN_BYTES_TARGET)
}

/// Packs the entries of one leaf again after an edit: one leaf that may be somewhat large, or
/// leaves of equal size, so that the next edits at the same place split nothing.
fn pack_evenly(pieces: &[Piece]) -> Vec<Leaf> {
    let bytes: usize = pieces.iter().map(Piece::bytes).sum();
    let parts = match bytes {
        ..=RUN_BYTES_MAX => 1,
        _ => bytes.div_ceil(RUN_BYTES_TARGET),
    };
    pack_to(pieces, bytes.div_ceil(parts))
}

fn pack_to(pieces: impl IntoIterator<Item: Borrow<Piece>>, target: usize) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut run = OpenRun::default();
    for piece in pieces {
        let piece = piece.borrow();
        match piece.value.as_tree() {
            Some(tree) => {
                leaves.extend(run.close());
                leaves.push(Leaf::Big {
                    name: piece.name.clone(),
                    tree: Arc::clone(tree),
                });
            }
            None => {
                run.push(piece);
                if run.text.len() >= target {
                    leaves.extend(run.close());
                }
            }
        }
    }
    leaves.extend(run.close());
    leaves
}

#[derive(Default)]
struct OpenRun {
    text: Vec<u8>,
    starts: Vec<u32>,
    objects: usize,
}

impl OpenRun {
    fn push(&mut self, piece: &Piece) {
        if !self.starts.is_empty() {
            self.text.push(b',');
        }
        self.starts
            .push(u32::try_from(self.text.len()).expect("INVARIANT: a run is small"));
        piece.write_to(&mut self.text);
        self.objects += usize::from(piece.value.kind() == Kind::Object);
    }

    fn close(&mut self) -> Option<Leaf> {
        let Self {
            text,
            starts,
            objects,
        } = std::mem::take(self);
        let starts = starts.into_boxed_slice();
        // The text is copied to its exact size: a million half-empty buffers would cost memory.
        (!starts.is_empty()).then(|| Leaf::Run {
            text: Bytes::from(text.into_boxed_slice()),
            starts,
            objects,
        })
    }
}
