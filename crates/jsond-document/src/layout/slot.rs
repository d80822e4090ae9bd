//! An array or object of the old text as slots: each entry with the white space that goes with it.
//!
//! After the bracket or comma before an entry comes its *lead*, after it up to the comma its
//! *tail*. White space between a comma and the end of the line is the *rest* of the entry before.
//! An entry that goes takes all of these with it, one that comes borrows its neighbours'.

use super::outline::{Outline, Part};
use super::{breaks_line, last_line};
use crate::scan::skip_space;
use std::borrow::Cow;

/// The entries of an array or object that is not empty, and the text around them.
pub(super) struct Slots<'a> {
    pub(super) text: &'a [u8],
    pub(super) parts: Vec<Part>,
    of: Part,
}

impl<'a> Slots<'a> {
    pub(super) fn of(outline: &Outline<'a>, of: &Part) -> Self {
        Self {
            text: outline.text,
            parts: outline.parts(of).collect(),
            of: *of,
        }
    }

    /// The white space before the entry `index`, after the rest of the entry before it.
    pub(super) fn lead(&self, index: usize) -> &'a [u8] {
        let start = match index.checked_sub(1) {
            None => self.of.value + 1,
            Some(before) => self.comma(before) + 1 + self.rest(before).len(),
        };
        &self.text[start..self.parts[index].start]
    }

    /// The white space between the entry `index`, not the last, and its comma.
    fn tail(&self, index: usize) -> &'a [u8] {
        &self.text[self.parts[index].end..self.comma(index)]
    }

    /// The white space between the comma of the entry `index`, not the last, and its line's end.
    fn rest(&self, index: usize) -> &'a [u8] {
        let space = &self.text[self.comma(index) + 1..self.parts[index + 1].start];
        &space[..memchr::memchr2(b'\n', b'\r', space).unwrap_or(0)]
    }

    fn comma(&self, index: usize) -> usize {
        skip_space(self.text, self.parts[index].end)
    }

    /// The white space before the closing bracket.
    pub(super) fn closing(&self) -> &'a [u8] {
        let last = self.parts[self.parts.len() - 1];
        &self.text[last.end..self.of.end - 1]
    }

    /// Judges whether all entries stand on the line of their brackets.
    pub(super) fn is_inline(&self) -> bool {
        let breaks = |index| breaks_line(self.lead(index));
        !breaks_line(self.closing()) && !(0..self.parts.len()).any(breaks)
    }

    /// The white space after the entry `index` (or a new one), a comma, and the rest of its line.
    pub(super) fn separator(&self, index: Option<usize>) -> (&'a [u8], &'a [u8]) {
        match index {
            Some(index) if index + 1 < self.parts.len() => (self.tail(index), self.rest(index)),
            _ if self.parts.len() > 1 => (self.tail(0), b""),
            _ => (b"", b""),
        }
    }

    /// The lead of the entry that comes first, which was the entry `index` or is new.
    ///
    /// It keeps its own indentation, but not a blank line that stood between it and another.
    pub(super) fn first_lead(&self, index: Option<usize>) -> Cow<'a, [u8]> {
        let lead = self.lead(0);
        let own = index.map_or(lead, |index| self.lead(index));
        match (last_line(lead), last_line(own)) {
            (Some(line), Some(own_line)) if lead[line..] != own[own_line..] => {
                Cow::Owned([&lead[..line], &own[own_line..]].concat())
            }
            _ => Cow::Borrowed(lead),
        }
    }

    /// The lead of the entry `index`, not the first, of which those in `gone` before it go.
    ///
    /// If it shared a line with them and the line began with one of them, it begins the line now.
    pub(super) fn inherited_lead(&self, index: usize, is_gone: impl Fn(usize) -> bool) -> &'a [u8] {
        let own = self.lead(index);
        if breaks_line(own) {
            return own;
        }
        (1..index)
            .rev()
            .take_while(|&before| is_gone(before))
            .map(|before| self.lead(before))
            .find(|lead| breaks_line(lead))
            .unwrap_or(own)
    }

    /// The lead of a second entry, if the only one is on another line than the bracket.
    ///
    /// A blank line before the only entry is taken for a rule if there is one after it as well.
    fn only_lead(&self) -> Option<&'a [u8]> {
        let lead = self.lead(0);
        let has_rule = lines(lead) > 1 && lines(self.closing()) > 1;
        if has_rule {
            Some(lead)
        } else {
            last_break(lead)
        }
    }

    /// The lead of an entry that comes after the entry `near`; `inline` is used between entries of
    /// one line when none shows it.
    pub(super) fn sibling_lead(&self, near: usize, inline: &'static [u8]) -> &'a [u8] {
        let count = self.parts.len();
        let candidates = [near, near + 1]
            .into_iter()
            .filter(|index| (1..count).contains(index));
        let nearest = candidates
            .map(|index| self.lead(index))
            .min_by_key(|lead| lines(lead));
        match nearest {
            Some(lead) => lead,
            None if count > 1 => self.lead(1),
            None => self.only_lead().unwrap_or(inline),
        }
    }
}

/// Counts the line breaks in white space.
fn lines(space: &[u8]) -> usize {
    let feeds = memchr::memchr_iter(b'\n', space).count();
    feeds.max(memchr::memchr_iter(b'\r', space).count())
}

/// Cuts white space down to its last line break and what follows it.
fn last_break(space: &[u8]) -> Option<&[u8]> {
    let line = last_line(space)?;
    let length = if space[..line].ends_with(b"\r\n") {
        2
    } else {
        1
    };
    Some(&space[line - length..])
}
