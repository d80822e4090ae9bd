//! Finds for each entry of a new array or object the old entry whose place and layout it takes.
//!
//! Members are the same when their names are. Elements are the same when their values are, then
//! when they have the same `id`, then when they stand at the same place between such neighbours.
//! A wrong guess costs beauty, never truth: the text that is laid out is always the new one.

use super::outline::{Outline, Part, Parts};
use crate::{Kind, unquote};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Over this many old members a hash map is asked instead of each name.
const NAMES_COMPARED_MAX: usize = 16;

/// How many old elements an element without `id` is compared with, and how many of its parts.
const LOOK_AHEAD_MAX: usize = 8;
const PARTS_COMPARED_MAX: usize = 16;

/// How far a scalar may be from where it is expected: most are worth no more than their place.
const SCALAR_DISTANCE_MAX: usize = 64;

/// The entries of an array or object and the text they are in.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) outline: &'a Outline<'a>,
    pub(super) parts: &'a [Part],
}

impl<'a> Side<'a> {
    fn digest(&self, index: usize) -> u64 {
        self.parts[index].digest
    }

    fn entry(&self, index: usize) -> Value<'a> {
        Value {
            outline: self.outline,
            part: &self.parts[index],
        }
    }
}

/// How many entries at both ends are known to be the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    pub(super) left: usize,
    pub(super) right: usize,
}

/// The value of one entry.
#[derive(Clone, Copy)]
struct Value<'a> {
    outline: &'a Outline<'a>,
    part: &'a Part,
}

impl<'a> Value<'a> {
    fn kind(self) -> Kind {
        self.outline.kind(self.part)
    }

    fn is_container(self) -> bool {
        self.outline.is_container(self.part)
    }

    fn parts(self) -> Parts<'a> {
        self.outline.parts(self.part)
    }

    /// The digest of the member `id`, if it is a scalar.
    fn id(self) -> Option<u64> {
        if self.kind() != Kind::Object {
            return None;
        }
        self.parts()
            .find(|member| self.outline.name(member) == br#""id""#)
            .filter(|member| !self.outline.is_container(member))
            .map(|member| member.digest)
    }
}

/// For each new member the old one of the same name, or one in its place that it renames.
///
/// *Cost*: linear.
pub(super) fn align_members(old: Side<'_>, new: Side<'_>) -> Vec<Option<usize>> {
    let mut pairs = Pairs::new(old, new);
    let mut names = Names { old, map: None };
    let mut expected = 0;
    for index in 0..new.parts.len() {
        let name = new.outline.name(&new.parts[index]);
        if let Some(found) = names.find(name, expected) {
            pairs.join(found, index);
            expected = found + 1;
        }
    }
    pairs.fill(0..old.parts.len(), 0..new.parts.len());
    pairs.found
}

/// For each new element the old one whose place it takes.
///
/// *Cost*: linear.
pub(super) fn align_elements(old: Side<'_>, new: Side<'_>, kept: Kept) -> Vec<Option<usize>> {
    let mut pairs = Pairs::new(old, new);
    let shorter = old.parts.len().min(new.parts.len());
    let alike = (kept.left..shorter - kept.right)
        .take_while(|&index| old.digest(index) == new.digest(index))
        .count();
    let head = kept.left + alike;
    let (old_end, new_end) = (old.parts.len(), new.parts.len());
    let alike = (kept.right + 1..=shorter - head)
        .take_while(|back| old.digest(old_end - back) == new.digest(new_end - back))
        .count();
    let tail = kept.right + alike;
    (0..head).for_each(|index| pairs.join(index, index));
    (1..=tail).for_each(|back| pairs.join(old_end - back, new_end - back));
    let (old_middle, new_middle) = (head..old_end - tail, head..new_end - tail);
    let is_scalar = |index| !new.entry(index).is_container();
    if old_middle.len() != new_middle.len() || !new_middle.clone().all(is_scalar) {
        pairs.join_equal(old_middle.clone(), new_middle.clone());
        pairs.join_ids(old_middle.clone(), new_middle.clone());
    }
    pairs.fill(old_middle, new_middle);
    pairs.found
}

/// The old members by name.
struct Names<'a> {
    old: Side<'a>,
    map: Option<HashMap<Cow<'a, str>, usize>>,
}

impl Names<'_> {
    fn find(&mut self, name: &[u8], expected: usize) -> Option<usize> {
        let (outline, parts) = (self.old.outline, self.old.parts);
        let is_named = |part: &Part| is_same_name(outline.name(part), name);
        if parts.get(expected).is_some_and(is_named) {
            return Some(expected);
        }
        if parts.len() <= NAMES_COMPARED_MAX {
            return parts.iter().position(is_named);
        }
        let map = self.map.get_or_insert_with(|| {
            let entries = parts.iter().enumerate();
            entries
                .map(|(index, part)| (unquote(outline.name(part)), index))
                .collect()
        });
        map.get(&unquote(name)).copied()
    }
}

fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    let escaped = |name| memchr::memchr(b'\\', name).is_some();
    one == other || (escaped(one) || escaped(other)) && unquote(one) == unquote(other)
}

/// The pairs found so far; no old entry is in two of them.
struct Pairs<'a> {
    old: Side<'a>,
    new: Side<'a>,
    found: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'a> Pairs<'a> {
    fn new(old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            old,
            new,
            found: vec![None; new.parts.len()],
            taken: vec![false; old.parts.len()],
        }
    }

    fn join(&mut self, old: usize, new: usize) {
        self.found[new] = Some(old);
        self.taken[old] = true;
    }

    /// Joins equal elements; records wherever they are, scalars only near by and in order.
    fn join_equal(&mut self, old: Range<usize>, new: Range<usize>) {
        let mut chains = Chains::of(self.old, old.clone());
        let mut expected = old.start;
        for index in new {
            let reach = if self.new.entry(index).is_container() {
                old.clone()
            } else {
                expected..old.end.min(expected + SCALAR_DISTANCE_MAX)
            };
            if let Some(found) = chains.take(self.new.digest(index), reach) {
                self.join(found, index);
                expected = found + 1;
            }
        }
    }

    fn join_ids(&mut self, old: Range<usize>, new: Range<usize>) {
        let mut ids = HashMap::new();
        for index in old.filter(|&index| !self.taken[index]) {
            if let Some(id) = self.old.entry(index).id() {
                ids.entry(id).or_insert(index);
            }
        }
        if ids.is_empty() {
            return;
        }
        for index in new
            .filter(|&index| self.found[index].is_none())
            .collect::<Vec<_>>()
        {
            let found = self.new.entry(index).id().and_then(|id| ids.remove(&id));
            if let Some(found) = found {
                self.join(found, index);
            }
        }
    }

    /// Joins what is left between the same neighbours, in order.
    fn fill(&mut self, old: Range<usize>, new: Range<usize>) {
        let (mut at, mut next) = (new.start, old.start);
        while at < new.end {
            if let Some(found) = self.found[at] {
                next = found + 1;
                at += 1;
                continue;
            }
            let run_end = end_of(at..new.end, |index| self.found[index].is_none());
            let free_end = end_of(next..old.end, |index| !self.taken[index]);
            self.fill_run(next..free_end, at..run_end);
            at = run_end;
            next = free_end;
        }
    }

    fn fill_run(&mut self, mut old: Range<usize>, new: Range<usize>) {
        let mut surplus = old.len().saturating_sub(new.len());
        for index in new {
            if old.is_empty() {
                return;
            }
            let ahead = surplus.min(LOOK_AHEAD_MAX).min(old.len() - 1);
            let best = self.most_alike(old.start..old.start + ahead + 1, index);
            surplus -= best - old.start;
            old.start = best + 1;
            let (kind, entry) = (self.old.entry(best).kind(), self.new.entry(index));
            if kind == entry.kind() || !entry.is_container() {
                self.join(best, index);
            }
        }
    }

    /// The first of the old entries that has most in common with a new one.
    fn most_alike(&self, old: Range<usize>, new: usize) -> usize {
        if old.len() == 1 {
            return old.start;
        }
        let likeness = |index: &usize| (self.likeness(*index, new), std::cmp::Reverse(*index));
        old.clone().max_by_key(likeness).unwrap_or(old.start)
    }

    /// How many of the first parts of two records or arrays are the same.
    fn likeness(&self, old: usize, new: usize) -> usize {
        let (old, new) = (self.old.entry(old), self.new.entry(new));
        if old.kind() != new.kind() || !new.is_container() {
            return 0;
        }
        let pairs = old.parts().zip(new.parts()).take(PARTS_COMPARED_MAX);
        pairs
            .filter(|(one, other)| one.digest == other.digest)
            .filter(|(one, other)| old.outline.name(one) == new.outline.name(other))
            .count()
    }
}

/// The first index of the range that does not hold.
fn end_of(mut range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let end = range.end;
    range.find(|&index| !holds(index)).unwrap_or(end)
}

/// Old elements by digest, those of one digest in order.
struct Chains {
    first: usize,
    heads: HashMap<u64, usize>,
    /// The next element of the same digest, counted from `first`.
    next: Vec<Option<usize>>,
}

impl Chains {
    fn of(old: Side<'_>, range: Range<usize>) -> Self {
        let mut heads = HashMap::new();
        let mut next = vec![None; range.len()];
        for index in range.clone().rev() {
            next[index - range.start] = heads.insert(old.digest(index), index);
        }
        Self {
            first: range.start,
            heads,
            next,
        }
    }

    /// Takes the first element of a digest out of `reach`, and drops those before it.
    fn take(&mut self, digest: u64, reach: Range<usize>) -> Option<usize> {
        loop {
            let head = *self.heads.get(&digest)?;
            if head >= reach.end {
                return None;
            }
            match self.next[head - self.first] {
                Some(next) => self.heads.insert(digest, next),
                None => self.heads.remove(&digest),
            };
            if head >= reach.start {
                return Some(head);
            }
        }
    }
}
