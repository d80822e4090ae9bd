//! Compares two large arrays or objects, entry by entry, as steps from the first to the last.
//!
//! What both sides share is known by the digests of their leaves and not looked at; what lies
//! between is compared in the module `stretch`. A wrong guess makes a larger change than there was,
//! never a wrong one.

use super::PiecesError;
use super::ahead::Ahead;
use super::side::{Entry, Fresh, Side};
use super::stretch::Stretch;
use crate::layout::skeleton::{Bone, Skeleton};
use crate::leaf::Leaf;
use crate::tree::Tree;
use std::ops::Range;

/// One step through both sides.
pub(super) enum Step<'a> {
    /// This number of entries is the same on both sides.
    Same(usize),
    /// One large array or object of the same name and kind on both sides, to be compared itself.
    Within(&'a Skeleton, Fresh<'a>),
    /// Entries that came, went or changed.
    Changed(Change<'a>),
}

/// New entries that stand where old ones stood.
pub(super) struct Change<'a> {
    /// How many old entries end here; may be none.
    pub(super) old_count: usize,
    /// The new ones; may be none.
    pub(super) new: Vec<Entry<'a>>,
    /// The new entry that comes next, if that is one more and no old entry.
    pub(super) next: Option<Entry<'a>>,
}

/// The leaves of a tree, to compare them.
pub(super) fn leaves_of(tree: &Tree) -> Vec<&Leaf> {
    tree.leaves().map(|leaf| &**leaf).collect()
}

/// The steps from one side to the other.
pub(super) struct Diff<'a> {
    old: &'a [Bone],
    new: &'a [Bone],
    new_leaves: &'a [&'a Leaf],
    /// The digest and the place of each old leaf, in this order.
    places: Vec<(u64, usize)>,
    old_at: usize,
    new_at: usize,
    /// The leaves between two that are shared, or after the last one.
    stretch: Option<Stretch<'a>>,
}

impl<'a> Diff<'a> {
    /// Compares what is remembered with new leaves, of which both the skeleton and themselves are
    /// given.
    pub(super) fn of(old: &'a Skeleton, new: &'a Skeleton, new_leaves: &'a [&'a Leaf]) -> Self {
        let old = old.bones();
        let digests = old.iter().map(Bone::digest);
        let mut places: Vec<_> = digests.zip(0..).collect();
        places.sort_unstable();
        Self {
            old,
            new: new.bones(),
            new_leaves,
            places,
            old_at: 0,
            new_at: 0,
            stretch: None,
        }
    }

    /// The next step, when the walk has made the one before it.
    pub(super) fn next<E>(
        &mut self,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<Step<'a>>, PiecesError<E>> {
        if let Some(stretch) = &mut self.stretch
            && let Some(step) = stretch.next(ahead)?
        {
            return Ok(Some(step));
        }
        self.stretch = None;
        let shared = self.shared_leaves();
        if shared > 0 {
            let leaves = &self.old[self.old_at..self.old_at + shared];
            self.old_at += shared;
            self.new_at += shared;
            return Ok(Some(Step::Same(leaves.iter().map(Bone::entries).sum())));
        }
        let (old, new) = self.next_stretch();
        if old.is_empty() && new.is_empty() {
            return Ok(None);
        }
        (self.old_at, self.new_at) = (old.end, new.end);
        let old = Side::old(&self.old[old], ahead.index);
        let new = Side::new(&self.new[new.clone()], &self.new_leaves[new]);
        self.stretch.insert(Stretch::of(old, new)).next(ahead)
    }

    fn shared_leaves(&self) -> usize {
        let pairs = self.old[self.old_at..].iter().zip(&self.new[self.new_at..]);
        pairs
            .take_while(|(old, new)| old.digest() == new.digest())
            .count()
    }

    /// The leaves up to the next one that both sides share, in the order of both.
    fn next_stretch(&self) -> (Range<usize>, Range<usize>) {
        for (at, bone) in self.new.iter().enumerate().skip(self.new_at) {
            let from = (bone.digest(), self.old_at);
            let found = self.places.partition_point(|place| *place < from);
            match self.places.get(found) {
                Some(&(digest, place)) if digest == bone.digest() => {
                    return (self.old_at..place, self.new_at..at);
                }
                _ => {}
            }
        }
        (self.old_at..self.old.len(), self.new_at..self.new.len())
    }
}
