//! Prints compact text afresh in a layout.
//!
//! One pass over the text with a stack of open brackets, no recursion. Whether an array or object
//! stands on one line is decided when it opens and holds for everything in it.

use super::writer::Writer;
use super::{Indent, Layout};
use crate::scan::{string_end, value_end};

/// Where a printed value will stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// How many arrays and objects are around it.
    pub(super) depth: usize,
    /// What is around it stands on one line, so it has to as well.
    pub(super) inline: bool,
    /// What is around it is an array.
    pub(super) in_array: bool,
}

/// Prints the compact `text` at `place`, whose line stands in by `base`.
pub(super) fn print(layout: &Layout, text: &[u8], place: Place, base: &[u8], out: &mut Writer<'_>) {
    let mut line = layout.newline.as_bytes().to_vec();
    line.extend_from_slice(base);
    let mut printer = Printer {
        layout,
        text,
        place,
        unit: layout.unit(),
        line,
        frames: Vec::new(),
        out,
    };
    printer.run();
}

/// An open array or object.
struct Frame {
    inline: bool,
    is_object: bool,
}

struct Printer<'a, 'w> {
    layout: &'a Layout,
    text: &'a [u8],
    place: Place,
    unit: Vec<u8>,
    /// A newline and the indentation of the entries of the innermost expanded frame.
    line: Vec<u8>,
    frames: Vec<Frame>,
    out: &'a mut Writer<'w>,
}

impl Printer<'_, '_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'{' | b'[' if matches!(self.text[at + 1], b'}' | b']') => {
                    self.empty(byte);
                    at += 1;
                }
                b'{' | b'[' => self.open(at),
                b'}' | b']' => self.close(byte),
                b',' => self.comma(),
                b':' => self.colon(),
                _ => {
                    let end = value_end(self.text, at);
                    self.out.write(&self.text[at..end]);
                    at = end;
                    continue;
                }
            }
            at += 1;
        }
    }

    fn empty(&mut self, byte: u8) {
        self.out.write(match (byte, self.layout.padded_empty) {
            (b'{', true) => b"{ }",
            (b'{', false) => b"{}",
            (_, true) => b"[ ]",
            (_, false) => b"[]",
        });
    }

    fn open(&mut self, at: usize) {
        let byte = self.text[at];
        let frame = Frame {
            inline: self.is_inline(at),
            is_object: byte == b'{',
        };
        self.out.write(&[byte]);
        if frame.inline {
            self.pad(&frame);
        } else {
            self.line.extend_from_slice(&self.unit);
            self.out.write(&self.line);
        }
        self.frames.push(frame);
    }

    fn close(&mut self, byte: u8) {
        let frame = self
            .frames
            .pop()
            .expect("INVARIANT: brackets of valid JSON match");
        if frame.inline {
            self.pad(&frame);
        } else {
            self.line.truncate(self.line.len() - self.unit.len());
            self.out.write(&self.line);
        }
        self.out.write(&[byte]);
    }

    fn pad(&mut self, frame: &Frame) {
        let padded = if frame.is_object {
            self.layout.padded_objects
        } else {
            self.layout.padded_arrays
        };
        self.out.write(if padded { b" " } else { b"" });
    }

    fn comma(&mut self) {
        self.out.write(b",");
        if self.frames.last().is_some_and(|frame| !frame.inline) {
            self.out.write(&self.line);
        } else if self.layout.space_after_comma {
            self.out.write(b" ");
        }
    }

    fn colon(&mut self) {
        let layout = self.layout;
        self.out.write(
            match (layout.space_before_colon, layout.space_after_colon) {
                (false, false) => b":",
                (false, true) => b": ",
                (true, false) => b" :",
                (true, true) => b" : ",
            },
        );
    }

    /// Decides whether the array or object that opens at `at` stands on one line.
    fn is_inline(&self, at: usize) -> bool {
        let frame = self.frames.last();
        if frame.map_or(self.place.inline, |frame| frame.inline)
            || self.layout.indent == Indent::OneLine
        {
            return true;
        }
        if self.place.depth + self.frames.len() == 0 {
            return false;
        }
        let in_array = frame.map_or(self.place.in_array, |frame| !frame.is_object);
        if self.text[at] == b'[' {
            self.layout.inline_arrays && is_flat(self.text, at, 1, false)
        } else {
            self.layout.inline_records && is_flat(self.text, at, 2, in_array)
        }
    }
}

/// Judges whether the value at `at` has at most `levels_max` levels, below the first only arrays
/// unless `objects`.
fn is_flat(text: &[u8], mut at: usize, levels_max: usize, objects: bool) -> bool {
    let mut levels = 0;
    loop {
        match text[at] {
            b'"' => {
                at = string_end(text, at);
                continue;
            }
            b'{' if levels > 0 && !objects => return false,
            b'{' | b'[' if levels == levels_max => return false,
            b'{' | b'[' => levels += 1,
            b'}' | b']' if levels == 1 => return true,
            b'}' | b']' => levels -= 1,
            _ => {}
        }
        at += 1;
    }
}
