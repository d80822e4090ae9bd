//! Walks the old text and both trees together, from the root down.
//!
//! Entries that are the same are copied as they pass by, large ones that changed inside are entered,
//! and the others are laid out in a window: the old entries that end there, with as many on each
//! side as a new entry may follow. Those on the right are put back and come once more.

use super::PiecesError;
use super::ahead::Ahead;
use super::diff::{Change, Diff, Step, leaves_of};
use super::reader::{Reader, To};
use super::side::Fresh;
use crate::compact::compact_again;
use crate::layout::align::Kept;
use crate::layout::relay::{MODELS_SEEN_MAX, Window, lay_window};
use crate::layout::skeleton::{Bone, Skeleton};
use crate::layout::writer::Writer;
use crate::layout::{BOM, Layout, detect};
use crate::scan;

/// An old value with a longer compact text is not held for a window; brackets stand for it.
const HELD_VALUE_BYTES_MAX: usize = 64 * 1024;

/// Of old entries that go no more than this is held, and the last ones.
const HELD_BYTES_MAX: usize = 1024 * 1024;

/// A file that is being laid out anew.
pub(super) struct Walk<'a, E> {
    reader: Reader<'a, E>,
    layout: Layout,
}

/// An array or object of the old text, and how far it was walked.
struct Container<'t> {
    base: &'t Skeleton,
    /// The entries that are too large to be held, with their brackets, in order.
    large: Vec<(usize, [u8; 2])>,
    /// The number of the next old entry.
    index: usize,
    /// How many arrays and objects are around the entries.
    depth: usize,
    /// What stands before the next entry is written already, and was stepped over.
    is_begun: bool,
    /// A line break was seen between its entries.
    is_broken: bool,
}

impl<'t> Container<'t> {
    fn of(base: &'t Skeleton, depth: usize) -> Self {
        let (mut large, mut count) = (Vec::new(), 0);
        for bone in base.bones() {
            if let Bone::Big(big) = bone
                && big.tree.bytes() > HELD_VALUE_BYTES_MAX
            {
                large.push((count, big.tree.brackets()));
            }
            count += bone.entries();
        }
        Self {
            base,
            large,
            index: 0,
            depth,
            is_begun: false,
            is_broken: false,
        }
    }

    /// The brackets of an entry that is too large to be held.
    fn large_at(&self, index: usize) -> Option<[u8; 2]> {
        let found = self.large.binary_search_by_key(&index, |large| large.0);
        found.ok().map(|at| self.large[at].1)
    }
}

impl<'a, E> Walk<'a, E> {
    /// Lays out a whole file.
    pub(super) fn file(
        mut reader: Reader<'a, E>,
        base: &Skeleton,
        value: Fresh<'_>,
    ) -> Result<(), PiecesError<E>> {
        let sample = reader.sample(detect::SAMPLE_BYTES_MAX + BOM.len())?;
        let layout = Layout::detect(&sample);
        drop(sample);
        if reader.skip_prefix(BOM)? {
            reader.sink.mark(BOM)?;
        }
        reader.space()?;
        let mut walk = Self { reader, layout };
        walk.container(base, value, 1)?;
        walk.reader.rest()?;
        walk.reader.settle()?;
        walk.reader.sink.finish()
    }

    /// Lays out an array or object whose entries have `depth` arrays and objects around them.
    fn container(
        &mut self,
        base: &Skeleton,
        value: Fresh<'_>,
        depth: usize,
    ) -> Result<(), PiecesError<E>> {
        let [open, close] = base.brackets();
        if base.kind() != value.tree.kind() || base.entries() == 0 || value.tree.entries() == 0 {
            return Err(PiecesError::Mismatch);
        }
        self.reader.send(To::COPY)?;
        self.reader.expect(open)?;
        let outer = std::mem::take(&mut self.reader.held);
        let mut container = Container::of(base, depth);
        let leaves = leaves_of(value.tree);
        let mut steps = Diff::of(base, value.skeleton, &leaves);
        while let Some(step) = steps.next(&mut Ahead {
            reader: &mut self.reader,
            index: container.index,
            is_begun: container.is_begun,
        })? {
            match step {
                Step::Same(count) => self.same(&mut container, count)?,
                Step::Within(old, new) => self.within(&mut container, old, new)?,
                Step::Changed(change) => self.changed(&mut container, &change)?,
            }
        }
        self.reader.send(To::COPY)?;
        self.reader.held = outer;
        if !container.is_begun {
            self.reader.space()?;
        }
        self.reader.expect(close)
    }

    /// Copies entries, and holds the last ones, which others may follow.
    fn same(&mut self, container: &mut Container<'_>, count: usize) -> Result<(), PiecesError<E>> {
        self.reader.settle()?;
        self.reader.held.trim(MODELS_SEEN_MAX);
        let held = count.min(MODELS_SEEN_MAX);
        if held < count {
            self.reader.send(To::COPY)?;
            self.reader.held.clear();
            for _ in held..count {
                self.entry(container)?;
            }
        }
        if held > 0 {
            self.reader.send(To::BOTH)?;
            for _ in 0..held {
                self.entry(container)?;
            }
        }
        Ok(())
    }

    /// Goes into an entry that is large on both sides.
    fn within(
        &mut self,
        container: &mut Container<'_>,
        old: &Skeleton,
        new: Fresh<'_>,
    ) -> Result<(), PiecesError<E>> {
        self.reader.settle()?;
        self.reader.held.trim(MODELS_SEEN_MAX);
        self.reader.send(To::BOTH)?;
        self.head(container)?;
        self.reader.settle()?;
        self.reader.held.push(&old.brackets());
        self.container(old, new, container.depth + 1)?;
        self.reader.send(To::BOTH)?;
        self.reader.held.end();
        container.index += 1;
        Ok(())
    }

    /// Writes new entries in the place of old ones, and what stands before the next entry.
    fn changed(
        &mut self,
        container: &mut Container<'_>,
        change: &Change<'_>,
    ) -> Result<(), PiecesError<E>> {
        self.reader.settle()?;
        self.reader.held.trim(MODELS_SEEN_MAX);
        let left = self.reader.held.count();
        let is_begun = container.is_begun;
        self.reader.send(To::HOLD)?;
        for ended in 0..change.old_count {
            let is_near = change.old_count - ended <= MODELS_SEEN_MAX;
            let is_held = is_near || self.reader.held_bytes() < HELD_BYTES_MAX;
            self.reader
                .send(if is_held { To::HOLD } else { To::NOWHERE })?;
            self.entry(container)?;
        }
        let middle = self.reader.held.count();
        let end = self.look_right(container)?;
        let held = self.reader.held.count();
        let kept = Kept {
            left,
            right: held - middle,
        };
        let old = self.reader.held.enclosed(container.base.brackets());
        let new = new_text(&old, held, kept, change).ok_or(PiecesError::Mismatch)?;
        let window = Window {
            old: &old,
            new: &new,
            kept,
            is_begun,
            goes_on: change.next.is_some(),
            is_broken: container.is_broken,
            depth: container.depth,
        };
        self.write_window(&window)?;
        let again = self.reader.held.take_from(middle, end);
        self.reader.put_back(again)?;
        container.is_begun = true;
        Ok(())
    }

    /// Holds the entries after a change, or what stands before the closing bracket; tells where the
    /// text ends that is held of them.
    fn look_right(&mut self, container: &mut Container<'_>) -> Result<usize, PiecesError<E>> {
        let index = container.index;
        let last = container.base.entries().min(index + MODELS_SEEN_MAX);
        if index == last {
            self.reader.space()?;
        }
        let mut end = None;
        while container.index < last && end.is_none() {
            match container.large_at(container.index) {
                None => self.entry(container)?,
                Some(brackets) => {
                    self.head(container)?;
                    self.reader.settle()?;
                    end = Some(self.reader.held_bytes());
                    self.reader.held.push(&brackets);
                    self.reader.held.end();
                }
            }
        }
        self.reader.settle()?;
        container.index = index;
        Ok(end.unwrap_or(self.reader.held_bytes()))
    }

    fn write_window(&mut self, window: &Window<'_>) -> Result<(), PiecesError<E>> {
        let mut out = self.reader.sink.line();
        let begun = out.len();
        lay_window(window, &self.layout, Writer::new(&mut out));
        self.reader.sink.write(&out[begun..])
    }

    /// Steps over an entry and what stands before it.
    fn entry(&mut self, container: &mut Container<'_>) -> Result<(), PiecesError<E>> {
        self.head(container)?;
        let to = self.reader.direction();
        let large = to.hold.then(|| container.large_at(container.index));
        if let Some(brackets) = large.flatten() {
            self.reader.settle()?;
            self.reader.held.push(&brackets);
            self.reader.send(To { hold: false, ..to })?;
            self.reader.value()?;
            self.reader.send(to)?;
        } else {
            self.reader.value()?;
        }
        if to.hold {
            self.reader.held.end();
        }
        container.index += 1;
        Ok(())
    }

    /// Steps over what stands before the value of an entry: comma, white space and name.
    fn head(&mut self, container: &mut Container<'_>) -> Result<(), PiecesError<E>> {
        let is_held = self.reader.direction().hold;
        if !std::mem::take(&mut container.is_begun) {
            if container.index > 0 {
                self.reader.space()?;
                self.reader.expect(b',')?;
            }
            if is_held {
                let lead = self.reader.held_bytes();
                self.reader.held.lead(lead);
            }
            container.is_broken |= self.reader.space()?;
        }
        if is_held {
            let start = self.reader.held_bytes();
            self.reader.held.start(start);
        }
        if container.base.is_named() {
            self.reader.name()?;
        }
        Ok(())
    }
}

/// The compact text of a window's new entries between those that are kept; none if the old text is
/// not one of `count` entries.
fn new_text(old: &[u8], count: usize, kept: Kept, change: &Change<'_>) -> Option<Vec<u8>> {
    let text = &*compact_again(old)?;
    let spans: Vec<_> = scan::entries(text, 0).map(|entry| entry.span()).collect();
    if spans.len() != count {
        return None;
    }
    let mut out = vec![text[0]];
    let mut add = |write: &dyn Fn(&mut Vec<u8>)| {
        if out.len() > 1 {
            out.push(b',');
        }
        write(&mut out);
    };
    for span in &spans[..kept.left] {
        add(&|out| out.extend_from_slice(&text[span.clone()]));
    }
    for entry in change.new.iter().chain(&change.next) {
        add(&|out| entry.write_to(out));
    }
    for span in &spans[count - kept.right..] {
        add(&|out| out.extend_from_slice(&text[span.clone()]));
    }
    out.push(text[text.len() - 1]);
    Some(out)
}
