//! Lays a new value over the old text of a file.
//!
//! Old text and new value are walked together from the root down; only arrays and objects that
//! changed are entered. What is the same is copied from the old text, what is new is laid over a
//! sibling of its kind, and printed afresh only where there is none.

use super::align::{Kept, Side, align_elements, align_members};
use super::column::{Column, columns};
use super::outline::{Outline, Part};
use super::print::{Place, print};
use super::slot::Slots;
use super::writer::Writer;
use super::{BOM, Layout};
use crate::scan::{skip_space, string_end};
use crate::{Bounds, Json, Kind};
use std::cell::OnceCell;
use std::ops::Range;

/// Prints `value` as the new text of a file whose text was `template`.
///
/// Every byte of the template stays for what did not change; what changed, came or went is laid out
/// like its siblings. A template that is not valid JSON, or whose root is an array and becomes an
/// object, lends its [`Layout`] only. The compact text of the answer is the text of `value`, and laying the
/// template's own value over it gives the template.
///
/// *Cost*: linear in both texts.
#[must_use]
pub fn relayout(template: &[u8], value: &Json) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len() + value.as_bytes().len() / 8);
    relayout_into(template, value, &mut out);
    out
}

fn relayout_into(template: &[u8], value: &Json, out: &mut Vec<u8>) {
    let layout = Layout::detect(template);
    let root = match Json::parse_within(template, Bounds::NONE) {
        Ok(old) if old == *value => return out.extend_from_slice(template),
        old => old.ok().map(|old| old.kind()),
    };
    if root.is_some_and(|kind| are_alike(kind, value.kind())) {
        lay_over(template, value, &layout, out);
        // INVARIANT: digests decide what is the same, so they are not trusted with the truth.
        if spells(out, value.as_bytes()) {
            return;
        }
        debug_assert!(
            false,
            "laid out {value} over a template and got another value"
        );
        out.clear();
    }
    layout.render_file_into(value, out);
}

/// Judges whether a root of one kind can stand where one of the other kind stood.
fn are_alike(one: Kind, other: Kind) -> bool {
    let is_scalar = |kind| !matches!(kind, Kind::Array | Kind::Object);
    one == other || is_scalar(one) && is_scalar(other)
}

fn lay_over(template: &[u8], value: &Json, layout: &Layout, out: &mut Vec<u8>) {
    let start = if template.starts_with(BOM) {
        BOM.len()
    } else {
        0
    };
    let old = Outline::of(template, start);
    let new = Outline::of(value.as_bytes(), 0);
    let root = old.root(start);
    let mut relay = Relay {
        old: &old,
        new: &new,
        layout,
        out: Writer::new(out),
    };
    relay.out.write(&template[..root.value]);
    relay.value(&root, &new.root(0), Place::ROOT);
    relay.out.write(&template[root.end..]);
}

/// Entries of an array or object that change, between old ones that their layout may follow.
pub(super) struct Window<'a> {
    /// The old entries with those beside them, in brackets.
    pub(super) old: &'a [u8],
    /// The new entries between the same ones, in brackets.
    pub(super) new: &'a [u8],
    /// How many entries on both sides are not to be written.
    pub(super) kept: Kept,
    /// What stands before the first of the new entries is written already.
    pub(super) is_begun: bool,
    /// The last of the new entries is not to be written yet, but what stands before it.
    pub(super) goes_on: bool,
    /// The entries of the whole array or object are known not to stand on one line.
    pub(super) is_broken: bool,
    /// How many arrays and objects are around the entries.
    pub(super) depth: usize,
}

/// Writes the new entries of a window, from the end of the entry before them to the start of the
/// one after them, or to the closing bracket.
pub(super) fn lay_window(window: &Window<'_>, layout: &Layout, out: Writer<'_>) {
    let old = Outline::of(window.old, 0);
    let new = Outline::of(window.new, 0);
    let (before, after) = (old.root(0), new.root(0));
    let mut relay = Relay {
        old: &old,
        new: &new,
        layout,
        out,
    };
    let (kind, parts) = (new.kind(&after), new.parts(&after).collect::<Vec<_>>());
    let plan = relay.plan(&before, &parts, kind, window.kept);
    let place = Place {
        depth: window.depth,
        inline: !window.is_broken && plan.slots.is_inline(),
        in_array: kind == Kind::Array,
    };
    let end = parts.len() - window.kept.right - usize::from(window.goes_on);
    let range = window.kept.left..end;
    if window.is_begun && range.is_empty() {
        return;
    }
    let near = relay.entries(&plan, &parts, range, window.is_begun, place);
    if end < parts.len() {
        relay.gap(&plan, end, near);
    } else {
        relay.out.write(plan.slots.closing());
    }
}

/// Judges whether a laid-out text is `compact` with white space between its tokens.
fn spells(laid: &[u8], compact: &[u8]) -> bool {
    let (mut at, mut index) = (if laid.starts_with(BOM) { BOM.len() } else { 0 }, 0);
    loop {
        at = skip_space(laid, at);
        let (Some(byte), Some(expected)) = (laid.get(at), compact.get(index)) else {
            return at == laid.len() && index == compact.len();
        };
        let length = if byte == expected && *byte == b'"' {
            string_end(laid, at) - at
        } else {
            1
        };
        if compact.get(index..index + length) != Some(&laid[at..at + length]) {
            return false;
        }
        at += length;
        index += length;
    }
}

/// Below this level values are printed afresh, so that recursion has an end; documents end before.
const DEPTH_MAX: usize = 160;

/// How many siblings on each side are asked to be the model of a new value.
pub(super) const MODELS_SEEN_MAX: usize = 8;

/// A model may be this much longer than the value that is laid over it, so that its cost is bounded.
const MODEL_TIMES_MAX: usize = 16;
const MODEL_BYTES_MAX: usize = 256;

struct Relay<'a, 'w> {
    old: &'a Outline<'a>,
    new: &'a Outline<'a>,
    layout: &'a Layout,
    out: Writer<'w>,
}

/// An old array or object, and what becomes of its entries.
struct Plan<'a> {
    slots: Slots<'a>,
    /// For each new entry the old one whose place it takes.
    pairs: Vec<Option<usize>>,
    /// For each old entry whether it goes.
    gone: Vec<bool>,
    column: OnceCell<Option<Column>>,
}

impl<'a> Relay<'a, '_> {
    /// Writes a new value where an old one was.
    fn value(&mut self, old: &Part, new: &Part, place: Place) {
        let kind = self.new.kind(new);
        if kind == self.old.kind(old) && old.digest == new.digest {
            self.out.write(self.old.value(old));
        } else if self.can_follow(old, new) && place.depth < DEPTH_MAX {
            self.container(old, new, kind, place.depth + 1);
        } else {
            self.fresh(new, place);
        }
    }

    /// Judges whether both are arrays or both objects, and neither is empty.
    fn can_follow(&self, old: &Part, new: &Part) -> bool {
        self.new.is_container(new)
            && self.new.kind(new) == self.old.kind(old)
            && !self.old.is_empty(old)
            && !self.new.is_empty(new)
    }

    /// Writes a value that has no old text to follow.
    fn fresh(&mut self, new: &Part, place: Place) {
        let text = self.new.value(new);
        if !self.new.is_container(new) {
            self.out.write(text);
            return;
        }
        let base = self.out.indent().to_vec();
        print(self.layout, text, place, &base, &mut self.out);
    }

    fn container(&mut self, old: &Part, new: &Part, kind: Kind, depth: usize) {
        let parts: Vec<Part> = self.new.parts(new).collect();
        let plan = self.plan(old, &parts, kind, Kept::default());
        let inner = Place {
            depth,
            inline: plan.slots.is_inline(),
            in_array: kind == Kind::Array,
        };
        self.out.write(&self.old.text[old.value..=old.value]);
        self.entries(&plan, &parts, 0..parts.len(), false, inner);
        self.out.write(plan.slots.closing());
        self.out.write(&self.old.text[old.end - 1..old.end]);
    }

    /// Writes some of the new entries, each with what stands before it, but for the first if that
    /// is written already; tells beside which old entry the next one comes to stand.
    fn entries(
        &mut self,
        plan: &Plan<'a>,
        parts: &[Part],
        range: Range<usize>,
        is_begun: bool,
        place: Place,
    ) -> usize {
        // The last entry that was there before, beside which new ones come to stand.
        let before = plan.pairs[..range.start].iter().rev();
        let mut near = before.flatten().next().copied().unwrap_or(0);
        for index in range.clone() {
            if !(is_begun && index == range.start) {
                self.gap(plan, index, near);
            }
            match plan.pairs[index] {
                Some(old) => {
                    self.kept(plan, old, &parts[index], place);
                    near = old;
                }
                None => self.added(plan, near, &parts[index], place),
            }
        }
        near
    }

    fn plan(&self, old: &Part, parts: &[Part], kind: Kind, kept: Kept) -> Plan<'a> {
        let slots = Slots::of(self.old, old);
        let before = Side {
            outline: self.old,
            parts: &slots.parts,
        };
        let after = Side {
            outline: self.new,
            parts,
        };
        let pairs = match kind {
            Kind::Object => align_members(before, after),
            _ => align_elements(before, after, kept),
        };
        let mut gone = vec![true; slots.parts.len()];
        pairs.iter().flatten().for_each(|&old| gone[old] = false);
        Plan {
            slots,
            pairs,
            gone,
            column: OnceCell::new(),
        }
    }

    /// Writes what stands before the entry `index`: a comma, unless it is the first, and its lead.
    fn gap(&mut self, plan: &Plan<'a>, index: usize, near: usize) {
        let (slots, pair) = (&plan.slots, plan.pairs[index]);
        let Some(before) = index.checked_sub(1) else {
            self.out.write(&slots.first_lead(pair));
            return;
        };
        let (tail, rest) = slots.separator(plan.pairs[before]);
        self.out.write(tail);
        self.out.write(b",");
        self.out.write(rest);
        let inline: &[u8] = if self.layout.space_after_comma {
            b" "
        } else {
            b""
        };
        self.out.write(match pair {
            Some(old @ 1..) => slots.inherited_lead(old, |index| plan.gone[index]),
            _ => slots.sibling_lead(near, inline),
        });
    }

    fn kept(&mut self, plan: &Plan<'a>, old: usize, new: &Part, place: Place) {
        let part = &plan.slots.parts[old];
        let name = self.new.name(new);
        if name == self.old.name(part) {
            self.out.write(&self.old.text[part.start..part.value]);
        } else {
            self.out.write(name);
            self.colon(plan, old, name);
        }
        self.value(part, new, place);
    }

    fn added(&mut self, plan: &Plan<'a>, near: usize, new: &Part, place: Place) {
        let name = self.new.name(new);
        if !name.is_empty() {
            self.out.write(name);
            self.colon(plan, near, name);
        }
        match self.model(plan, near, new, place) {
            Some(model) => self.value(&model, new, place),
            None => self.fresh(new, place),
        }
    }

    /// Writes what stands between a name and its value, like that of the old member `near`.
    fn colon(&mut self, plan: &Plan<'a>, near: usize, name: &[u8]) {
        let old = &plan.slots.parts[near];
        let gap = &self.old.text[old.name_end..old.value];
        let column = plan.column.get_or_init(|| Column::find(&plan.slots));
        match column {
            Some(column) if columns(self.old.name(old)) != columns(name) => {
                self.out.write(&column.gap(name));
            }
            _ => self.out.write(gap),
        }
    }

    /// Finds an old sibling that a new array or object may be laid over.
    fn model(&self, plan: &Plan<'a>, near: usize, new: &Part, place: Place) -> Option<Part> {
        let parts = &plan.slots.parts;
        let before = parts[..=near].iter().rev().take(MODELS_SEEN_MAX);
        let after = parts[near + 1..].iter().take(MODELS_SEEN_MAX);
        before
            .chain(after)
            .find(|old| self.is_model(old, new, place))
            .copied()
    }

    /// Records of an array are like each other; other neighbours only if both or none are nested.
    fn is_model(&self, old: &Part, new: &Part, place: Place) -> bool {
        let bytes_max = MODEL_BYTES_MAX + MODEL_TIMES_MAX * new.value_bytes();
        let is_record = self.new.kind(new) == Kind::Object && place.in_array;
        self.can_follow(old, new)
            && old.value_bytes() <= bytes_max
            && (is_record || self.old.is_nested(old) == self.new.is_nested(new))
    }
}
