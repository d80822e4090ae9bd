//! Finds out how the white space of a text is arranged.
//!
//! The text may be broken or mixed: nothing here needs valid JSON, what is seen is put to the
//! vote, and what is not seen is taken from the layout of new files.

use super::{BOM, Indent, Layout, Newline, breaks_line, last_line};
use std::ops::Range;

/// No person indents by more for each level.
const UNIT_BYTES_MAX: usize = 16;

/// How much of a long text is looked at: the style of a file shows in its first pages.
pub(super) const SAMPLE_BYTES_MAX: usize = 256 * 1024;

pub(super) fn detect(text: &[u8]) -> Layout {
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut survey = Survey::new(&text[start..text.len().min(start + SAMPLE_BYTES_MAX)]);
    survey.walk();
    let mut layout = survey.layout();
    layout.bom = start > 0;
    if !text[start..].trim_ascii().is_empty() {
        let end = text.trim_ascii_end().len();
        layout.final_newline = breaks_line(&text[end..]);
    }
    layout
}

/// What the places seen so far say to one question.
#[derive(Default)]
struct Votes {
    yes: usize,
    no: usize,
    first: Option<bool>,
}

impl Votes {
    fn count(&mut self, vote: bool) {
        self.first.get_or_insert(vote);
        if vote {
            self.yes += 1;
        } else {
            self.no += 1;
        }
    }

    fn winner(&self, default: bool) -> bool {
        if self.yes == self.no {
            self.first.unwrap_or(default)
        } else {
            self.yes > self.no
        }
    }
}

/// An open array or object.
struct Frame {
    is_object: bool,
    /// It has entries on other lines than its brackets.
    broken: bool,
    padded: bool,
    nested: bool,
    /// The indentation of the line of its opening bracket.
    indent: Range<usize>,
}

struct Survey<'a> {
    text: &'a [u8],
    frames: Vec<Frame>,
    /// The indentation of the current line.
    line: Range<usize>,
    indent: Option<Indent>,
    filled: bool,
    before_colon: Votes,
    after_colon: Votes,
    after_comma: Votes,
    padded_objects: Votes,
    padded_arrays: Votes,
    padded_empty: Votes,
    inline_arrays: Votes,
    inline_records: Votes,
}

impl<'a> Survey<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            frames: Vec::new(),
            line: 0..0,
            indent: None,
            filled: false,
            before_colon: Votes::default(),
            after_colon: Votes::default(),
            after_comma: Votes::default(),
            padded_objects: Votes::default(),
            padded_arrays: Votes::default(),
            padded_empty: Votes::default(),
            inline_arrays: Votes::default(),
            inline_records: Votes::default(),
        }
    }

    fn walk(&mut self) {
        let (mut at, mut before) = (0, 0);
        loop {
            let gap = at..crate::scan::skip_space(self.text, at);
            let Some(&token) = self.text.get(gap.end) else {
                break;
            };
            self.gap(before, gap.clone(), token);
            match token {
                b'{' | b'[' => self.open(token),
                b'}' | b']' => self.close(before),
                _ => {}
            }
            at = token_end(self.text, gap.end);
            before = token;
        }
    }

    /// Takes note of the white space between two tokens, of which the first bytes are given.
    fn gap(&mut self, before: u8, gap: Range<usize>, token: u8) {
        let space = &self.text[gap.clone()];
        let breaks = last_line(space);
        if let Some(start) = breaks {
            self.line = gap.start + start..gap.end;
        }
        let (is_open, is_close) = (matches!(before, b'{' | b'['), matches!(token, b'}' | b']'));
        match (before, token) {
            _ if is_open && is_close => self.padded_empty.count(!gap.is_empty()),
            _ if is_open => self.first_gap(!gap.is_empty(), breaks.is_some()),
            _ if is_close || before == b',' && breaks.is_some() => self.broken(breaks.is_some()),
            _ if breaks.is_some() => {}
            (_, b':') => self.before_colon.count(!gap.is_empty()),
            (b':', _) => self.after_colon.count(!gap.is_empty()),
            (b',', _) => self.after_comma.count(!gap.is_empty()),
            _ => {}
        }
    }

    fn first_gap(&mut self, space: bool, breaks: bool) {
        self.filled = true;
        self.broken(breaks);
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        frame.padded = space;
        if !breaks || !matches!(self.indent, None | Some(Indent::Spaces(0))) {
            return;
        }
        let outer = &self.text[frame.indent.clone()];
        if let Some(unit) = self.text[self.line.clone()].strip_prefix(outer) {
            // What is printed afresh would be mostly white space in a file that indents by more.
            let length = unit.len().min(UNIT_BYTES_MAX);
            self.indent = Some(match unit.first() {
                Some(b'\t') => Indent::Tabs(length),
                _ => Indent::Spaces(length),
            });
        }
    }

    fn broken(&mut self, breaks: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.broken |= breaks;
        }
        if breaks {
            self.indent.get_or_insert(Indent::Spaces(0));
        }
    }

    fn open(&mut self, token: u8) {
        if let Some(frame) = self.frames.last_mut() {
            frame.nested = true;
        }
        self.frames.push(Frame {
            is_object: token == b'{',
            broken: false,
            padded: false,
            nested: false,
            indent: self.line.clone(),
        });
    }

    fn close(&mut self, before: u8) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if matches!(before, b'{' | b'[') {
            return;
        }
        if !frame.broken && frame.is_object {
            self.padded_objects.count(frame.padded);
        } else if !frame.broken {
            self.padded_arrays.count(frame.padded);
        }
        if self.frames.is_empty() {
            return;
        }
        if frame.is_object {
            self.inline_records.count(!frame.broken);
        } else if !frame.nested {
            self.inline_arrays.count(!frame.broken);
        }
    }

    fn layout(&self) -> Layout {
        let default = Layout::tabs();
        let is_one_line = self.filled && self.indent.is_none();
        let after_colon = self.after_colon.winner(default.space_after_colon);
        Layout {
            newline: newline(self.text),
            indent: match self.indent {
                None if is_one_line => Indent::OneLine,
                None => default.indent,
                Some(indent) => indent,
            },
            space_before_colon: self.before_colon.winner(default.space_before_colon),
            space_after_colon: after_colon,
            space_after_comma: self.after_comma.winner(after_colon),
            padded_objects: self.padded_objects.winner(default.padded_objects),
            padded_arrays: self.padded_arrays.winner(default.padded_arrays),
            padded_empty: self.padded_empty.winner(default.padded_empty),
            inline_arrays: self.inline_arrays.winner(default.inline_arrays),
            inline_records: self.inline_records.winner(default.inline_records),
            ..default
        }
    }
}

fn newline(text: &[u8]) -> Newline {
    match memchr::memchr2(b'\n', b'\r', text) {
        Some(at) if text[at..].starts_with(b"\r\n") => Newline::CrLf,
        Some(at) if text[at] == b'\r' => Newline::Cr,
        _ => Newline::Lf,
    }
}

/// Finds the end of the token at `at`, at the latest the end of the text.
fn token_end(text: &[u8], at: usize) -> usize {
    match text[at] {
        b'"' => quoted_end(text, at + 1),
        b'{' | b'}' | b'[' | b']' | b',' | b':' => at + 1,
        _ => {
            let ends = |byte: &u8| b"{}[],:\" \t\r\n".contains(byte);
            let length = text[at..].iter().position(ends);
            length.map_or(text.len(), |length| at + length)
        }
    }
}

fn quoted_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}
