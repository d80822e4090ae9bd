//! Entries of the old text that are kept for a while, with the white space around them.
//!
//! They are the last ones that passed by in one array or object, without a gap between them; so
//! their text is what a window shows of it. A value that is too large to be kept is stood in for.

use std::collections::VecDeque;

/// Where an entry is in the text that is held.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Behind the comma or bracket before the entry.
    lead: usize,
    /// Where the name starts, or the value if there is no name.
    start: usize,
}

/// A run of old entries.
#[derive(Debug, Default)]
pub(super) struct Held {
    text: Vec<u8>,
    entries: VecDeque<Span>,
    /// The entry that is not complete yet, of which one part or both may be known.
    next: Option<Span>,
}

impl Held {
    /// How many entries are held.
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn len_bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Notes that the text before an entry begins at `lead`.
    pub(super) fn lead(&mut self, lead: usize) {
        self.next = Some(Span { lead, start: lead });
    }

    /// Notes that an entry begins at `start`; what stands before it may have been held before.
    pub(super) fn start(&mut self, start: usize) {
        let lead = self.next.map_or(start, |span| span.lead);
        self.next = Some(Span { lead, start });
    }

    /// Notes that the entry is complete.
    pub(super) fn end(&mut self) {
        self.entries.extend(self.next.take());
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Lets go of all entries but the last ones.
    pub(super) fn trim(&mut self, count: usize) {
        let surplus = self.entries.len().saturating_sub(count);
        if surplus == 0 {
            return;
        }
        self.entries.drain(..surplus);
        let first = self.entries.front().or(self.next.as_ref());
        let gone = first.map_or(self.text.len(), |span| span.lead);
        self.text.drain(..gone);
        for span in self.entries.iter_mut().chain(&mut self.next) {
            span.lead -= gone;
            span.start -= gone;
        }
    }

    /// The entries in brackets, as an array or object of their own.
    pub(super) fn enclosed(&self, [open, close]: [u8; 2]) -> Vec<u8> {
        let first = self
            .entries
            .front()
            .map_or(self.text.len(), |span| span.lead);
        [&[open], &self.text[first..], &[close]].concat()
    }

    /// Lets go of the entry `index` and those after it, but not of what stands before it; gives
    /// their text up to `end`.
    pub(super) fn take_from(&mut self, index: usize, end: usize) -> Vec<u8> {
        let Some(span) = self.entries.get(index).copied() else {
            return Vec::new();
        };
        let text = self.text[span.start..end].to_vec();
        self.text.truncate(span.start);
        self.entries.truncate(index);
        self.next = Some(span);
        text
    }
}
