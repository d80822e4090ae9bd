//! Compares two large arrays or objects, entry by entry, as steps from the first to the last.
//!
//! What both trees share is known by its leaves and not looked at; between shared leaves entries
//! are compared by their text, with a bounded look ahead for where the sides meet again. A wrong
//! guess makes a larger change than there was, never a wrong one.

use crate::layout::relay::MODELS_SEEN_MAX;
use crate::leaf::Leaf;
use crate::tree::Tree;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// How many entries are looked ahead, one number after the other until the sides meet.
const LOOK_AHEAD: [usize; 4] = [8, 64, 512, 4096];

/// No further entry is looked at when those before it are longer than this together.
const LOOK_AHEAD_BYTES_MAX: usize = 1024 * 1024;

/// Changes with fewer entries between them are made one: their windows would overlap.
const APART_MIN: usize = 2 * MODELS_SEEN_MAX;

/// No further change is made one with others when they have this many entries.
const TOGETHER_MAX: usize = 512;

/// One step through both sides.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// This number of entries is the same on both sides.
    Same { count: usize, is_last: bool },
    /// One large array or object of the same name and kind on both sides, to be compared itself.
    Within(&'a Tree, &'a Tree),
    /// Entries that came, went or changed.
    Changed(Change<'a>),
}

/// New entries that stand where old ones stood.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// How many old entries end here; may be none.
    pub(super) old_count: usize,
    /// The new ones; may be none.
    pub(super) new: Vec<Entry<'a>>,
    /// The new entry that comes next, if that is one more and no old entry.
    pub(super) next: Option<Entry<'a>>,
}

/// An entry of a leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    leaf: &'a Leaf,
    within: usize,
}

enum Likeness<'a> {
    Same,
    Within(&'a Tree, &'a Tree),
    Different,
}

impl<'a> Entry<'a> {
    /// The text in a run, without comma.
    fn text(self) -> Option<&'a [u8]> {
        let Leaf::Run { text, starts, .. } = self.leaf else {
            return None;
        };
        let end = starts.get(self.within + 1);
        let end = end.map_or(text.len(), |&next| next as usize - 1);
        Some(&text[starts[self.within] as usize..end])
    }

    /// Appends the compact text.
    pub(super) fn write_to(self, out: &mut Vec<u8>) {
        if let Some(text) = self.text() {
            out.extend_from_slice(text);
            return;
        }
        let mut parts = Vec::new();
        self.leaf.push_text(&mut parts);
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }

    fn len_bytes(self) -> usize {
        match self.text() {
            Some(text) => text.len(),
            None => self.leaf.sum().bytes,
        }
    }

    /// Entries that are alike have the same mark.
    fn mark(self) -> u64 {
        match (self.text(), self.leaf) {
            (Some(text), _) => xxh3_64(text),
            (None, Leaf::Big { name, tree }) => {
                xxh3_64_with_seed(name.as_deref().unwrap_or(b""), tree.kind() as u64 + 1)
            }
            (None, Leaf::Run { .. }) => 0,
        }
    }

    fn likeness(self, new: Entry<'a>) -> Likeness<'a> {
        match (self.leaf, new.leaf) {
            (
                Leaf::Big { name, tree },
                Leaf::Big {
                    name: other,
                    tree: new,
                },
            ) if name == other && tree.kind() == new.kind() => {
                if std::ptr::eq(&**tree, &**new) {
                    Likeness::Same
                } else {
                    Likeness::Within(tree, new)
                }
            }
            (Leaf::Run { .. }, Leaf::Run { .. }) if self.text() == new.text() => Likeness::Same,
            _ => Likeness::Different,
        }
    }

    fn is_same(self, new: Entry<'a>) -> bool {
        matches!(self.likeness(new), Likeness::Same)
    }
}

fn entries<'a>(leaf: &'a Leaf) -> impl DoubleEndedIterator<Item = Entry<'a>> {
    (0..leaf.sum().entries).map(move |within| Entry { leaf, within })
}

fn count(leaves: &[&Leaf]) -> usize {
    leaves.iter().map(|leaf| leaf.sum().entries).sum()
}

/// The leaves of a tree, to compare them.
pub(super) fn leaves_of(tree: &Tree) -> Vec<&Leaf> {
    tree.leaves().map(|leaf| &**leaf).collect()
}

/// The steps from one side to the other.
pub(super) struct Diff<'a> {
    old: &'a [&'a Leaf],
    new: &'a [&'a Leaf],
    /// The place on the old side of each leaf.
    places: HashMap<*const Leaf, usize>,
    old_at: usize,
    new_at: usize,
    /// The leaves between two that are shared, or after the last one.
    stretch: Option<Stretch<'a>>,
    waiting: Option<Step<'a>>,
}

impl<'a> Diff<'a> {
    pub(super) fn of(old: &'a [&'a Leaf], new: &'a [&'a Leaf]) -> Self {
        let leaves = old.iter().enumerate();
        Self {
            old,
            new,
            places: leaves
                .map(|(at, leaf)| (std::ptr::from_ref(*leaf), at))
                .collect(),
            old_at: 0,
            new_at: 0,
            stretch: None,
            waiting: None,
        }
    }

    /// The next step, which says how many entries are the same up to another kind of step.
    pub(super) fn next(&mut self) -> Option<Step<'a>> {
        let mut count = 0;
        loop {
            match self.waiting.take().or_else(|| self.advance()) {
                Some(Step::Same { count: more, .. }) => count += more,
                None if count == 0 => return None,
                Some(step) if count == 0 => return Some(step),
                step => {
                    let is_last = step.is_none();
                    self.waiting = step;
                    return Some(Step::Same { count, is_last });
                }
            }
        }
    }

    fn advance(&mut self) -> Option<Step<'a>> {
        if let Some(step) = self.stretch.as_mut().and_then(Stretch::next) {
            return Some(step);
        }
        let shared = self.shared_leaves();
        if shared > 0 {
            let leaves = &self.old[self.old_at..self.old_at + shared];
            self.old_at += shared;
            self.new_at += shared;
            return Some(same(count(leaves)));
        }
        let (old, new) = self.next_stretch();
        if old.is_empty() && new.is_empty() {
            return None;
        }
        (self.old_at, self.new_at) = (old.end, new.end);
        let mut stretch = Stretch::of(&self.old[old], &self.new[new]);
        let step = stretch.next();
        self.stretch = Some(stretch);
        step
    }

    fn shared_leaves(&self) -> usize {
        let pairs = self.old[self.old_at..].iter().zip(&self.new[self.new_at..]);
        pairs
            .take_while(|(old, new)| std::ptr::eq(**old, **new))
            .count()
    }

    /// The leaves up to the next one that both sides share, in the order of both.
    fn next_stretch(&self) -> (Range<usize>, Range<usize>) {
        for (at, leaf) in self.new.iter().enumerate().skip(self.new_at) {
            match self.places.get(&std::ptr::from_ref(*leaf)) {
                Some(&place) if place >= self.old_at => {
                    return (self.old_at..place, self.new_at..at);
                }
                _ => {}
            }
        }
        (self.old_at..self.old.len(), self.new_at..self.new.len())
    }
}

fn same<'a>(count: usize) -> Step<'a> {
    Step::Same {
        count,
        is_last: false,
    }
}

/// Some leaves of both sides that share none.
struct Stretch<'a> {
    old: Side<'a>,
    new: Side<'a>,
    /// How many entries at the end are the same, once that was looked at.
    tail: Option<usize>,
}

impl<'a> Stretch<'a> {
    fn of(old: &'a [&'a Leaf], new: &'a [&'a Leaf]) -> Self {
        Self {
            old: Side::of(old),
            new: Side::of(new),
            tail: None,
        }
    }

    fn next(&mut self) -> Option<Step<'a>> {
        let head = self.head();
        if head > 0 {
            return Some(same(head));
        }
        if self.tail.is_none() {
            self.cut_tail();
        }
        if let (Some(old), Some(new)) = (self.old.front(), self.new.front())
            && let Likeness::Within(old, new) = old.likeness(new)
        {
            self.old.take(1);
            self.new.take(1);
            return Some(Step::Within(old, new));
        }
        match (self.old.remaining, self.new.remaining) {
            (0, 0) => self.tail.replace(0).filter(|tail| *tail > 0).map(same),
            (_, 0) => Some(self.change(self.old.remaining, 0)),
            (0, _) => {
                self.new.fill(LOOK_AHEAD[3]);
                Some(self.change(0, self.new.queue.len()))
            }
            _ => Some(self.meet()),
        }
    }

    /// Takes entries from both fronts as long as they are the same.
    fn head(&mut self) -> usize {
        let mut count = 0;
        while let (Some(old), Some(new)) = (self.old.front(), self.new.front())
            && old.is_same(new)
        {
            self.old.take(1);
            self.new.take(1);
            count += 1;
        }
        count
    }

    /// Leaves out the entries at both ends that are the same.
    fn cut_tail(&mut self) {
        let shorter = self.old.remaining.min(self.new.remaining);
        let tail = self
            .old
            .backwards()
            .zip(self.new.backwards())
            .take(shorter)
            .take_while(|(old, new)| old.is_same(*new))
            .count();
        self.old.cut(tail);
        self.new.cut(tail);
        self.tail = Some(tail);
    }

    /// Makes a change of what is before the next entries that are alike again, and of what changed
    /// so near behind it that the neighbours of both would be the same.
    fn meet(&mut self) -> Step<'a> {
        let Some(mut met) = self.meeting((0, 0)) else {
            return self.part();
        };
        while met.1 < TOGETHER_MAX
            && let Some(run) = self.short_run(met)
            && let Some(next) = self.meeting((met.0 + run, met.1 + run))
        {
            met = next;
        }
        self.change(met.0, met.1)
    }

    /// The nearest places behind two others at which both sides are alike again.
    fn meeting(&mut self, (old, new): (usize, usize)) -> Option<(usize, usize)> {
        for look in LOOK_AHEAD {
            self.old.fill(old + look);
            self.new.fill(new + look);
            let fronts = (self.old.queue.iter(), self.new.queue.iter());
            if let Some(met) = meeting(fronts.0.skip(old), fronts.1.skip(new)) {
                return Some((old + met.0, new + met.1));
            }
            if !self.old.has_more() && !self.new.has_more() {
                break;
            }
        }
        None
    }

    /// Counts the small entries that are the same from two places on, if they are few and others
    /// come behind them.
    fn short_run(&mut self, (old, new): (usize, usize)) -> Option<usize> {
        self.old.fill(old + APART_MIN + 1);
        self.new.fill(new + APART_MIN + 1);
        let (old, new) = (
            self.old.queue.iter().skip(old),
            self.new.queue.iter().skip(new),
        );
        let mut pairs = old.zip(new);
        let run = pairs.position(|(old, new)| !old.is_same(*new) || old.text().is_none());
        run.filter(|run| *run < APART_MIN)
    }

    /// Makes a change of all that was looked at.
    fn part(&mut self) -> Step<'a> {
        let new = self.new.queue.len();
        let old = match self.new.has_more() {
            true => self.old.queue.len(),
            // What is left of the old side has to go with the last of the new one.
            false => self.old.remaining,
        };
        self.change(old, new)
    }

    fn change(&mut self, old_count: usize, new_count: usize) -> Step<'a> {
        self.old.take(old_count);
        let new = self.new.take(new_count);
        let is_over = self.old.remaining == 0;
        let next = self.new.front().filter(|_| is_over);
        Step::Changed(Change {
            old_count,
            new,
            next,
        })
    }
}

/// The places of the two entries nearest to both fronts that are alike.
fn meeting<'q, 'a: 'q>(
    old: impl Iterator<Item = &'q Entry<'a>>,
    new: impl Iterator<Item = &'q Entry<'a>>,
) -> Option<(usize, usize)> {
    let marks: Vec<_> = old.map(|entry| entry.mark()).collect();
    let mut places = HashMap::with_capacity(marks.len());
    for (place, mark) in marks.iter().enumerate() {
        places.entry(*mark).or_insert(place);
    }
    let mut best: Option<((usize, usize), (usize, usize))> = None;
    for (at, mark) in new.map(|entry| entry.mark()).enumerate() {
        let opposite = (marks.get(at) == Some(&mark)).then_some(at);
        let Some(place) = opposite.or_else(|| places.get(&mark).copied()) else {
            continue;
        };
        let cost = (at.max(place), at.abs_diff(place));
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, (place, at)));
        }
    }
    best.map(|(_, met)| met).filter(|met| *met != (0, 0))
}

/// What is left of one side.
struct Side<'a> {
    leaves: &'a [&'a Leaf],
    /// The entry after those in the queue.
    leaf: usize,
    within: usize,
    /// How many entries are left, those in the queue among them.
    remaining: usize,
    queue: VecDeque<Entry<'a>>,
    queue_bytes: usize,
}

impl<'a> Side<'a> {
    fn of(leaves: &'a [&'a Leaf]) -> Self {
        Self {
            leaves,
            leaf: 0,
            within: 0,
            remaining: count(leaves),
            queue: VecDeque::new(),
            queue_bytes: 0,
        }
    }

    fn front(&mut self) -> Option<Entry<'a>> {
        self.fill(1);
        self.queue.front().copied()
    }

    fn has_more(&self) -> bool {
        self.queue.len() < self.remaining
    }

    /// Sees to it that this number of entries is in the queue, if there are so many.
    fn fill(&mut self, length: usize) {
        while self.queue.len() < length.min(self.remaining)
            && (self.queue.is_empty() || self.queue_bytes < LOOK_AHEAD_BYTES_MAX)
        {
            let leaf = self.leaves[self.leaf];
            let entry = Entry {
                leaf,
                within: self.within,
            };
            self.queue_bytes += entry.len_bytes();
            self.queue.push_back(entry);
            self.step(1);
        }
    }

    /// Goes on by some entries.
    fn step(&mut self, mut length: usize) {
        while let Some(leaf) = self.leaves.get(self.leaf) {
            let left = leaf.sum().entries - self.within;
            if length < left {
                self.within += length;
                return;
            }
            length -= left;
            (self.leaf, self.within) = (self.leaf + 1, 0);
        }
    }

    /// Takes entries from the front, and gives those of them that are in the queue.
    fn take(&mut self, length: usize) -> Vec<Entry<'a>> {
        let length = length.min(self.remaining);
        let queued = length.min(self.queue.len());
        let taken: Vec<_> = self.queue.drain(..queued).collect();
        self.queue_bytes -= taken.iter().map(|entry| entry.len_bytes()).sum::<usize>();
        self.step(length - queued);
        self.remaining -= length;
        taken
    }

    /// Leaves out entries at the end.
    fn cut(&mut self, length: usize) {
        self.remaining -= length;
        self.queue.truncate(self.remaining);
        self.queue_bytes = self.queue.iter().map(|entry| entry.len_bytes()).sum();
    }

    fn backwards(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let leaves = self.leaves.iter().rev();
        leaves.flat_map(|leaf| entries(leaf).rev())
    }
}
