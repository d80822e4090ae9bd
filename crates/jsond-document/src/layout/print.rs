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

impl Place {
    /// The place of a whole document.
    pub(super) const ROOT: Self = Self {
        depth: 0,
        inline: false,
        in_array: false,
    };
}

/// Prints the compact `text` at `place`, whose line stands in by `base`.
pub(super) fn print(layout: &Layout, text: &[u8], place: Place, base: &[u8], out: &mut Writer<'_>) {
    Printer::new(layout, place, base, out).run(text);
}

/// An open array or object.
struct Frame {
    inline: bool,
    is_object: bool,
}

/// Prints compact text that comes whole or in pieces of whole tokens.
pub(super) struct Printer<'a, 'w> {
    layout: &'a Layout,
    place: Place,
    unit: Vec<u8>,
    /// A newline and the indentation of the entries of the innermost expanded frame.
    line: Vec<u8>,
    frames: Vec<Frame>,
    pub(super) out: &'a mut Writer<'w>,
}

impl<'a, 'w> Printer<'a, 'w> {
    pub(super) fn new(
        layout: &'a Layout,
        place: Place,
        base: &[u8],
        out: &'a mut Writer<'w>,
    ) -> Self {
        Self {
            layout,
            place,
            unit: layout.unit(),
            line: [layout.newline.as_bytes(), base].concat(),
            frames: Vec::new(),
            out,
        }
    }

    /// Prints text in which every array or object that opens closes as well.
    pub(super) fn run(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            match byte {
                b'{' | b'[' if matches!(text[at + 1], b'}' | b']') => {
                    self.empty(byte);
                    at += 1;
                }
                b'{' | b'[' => self.open(byte, |levels_max, objects| {
                    is_flat(&text[at..], 0, levels_max, objects)
                }),
                b'}' | b']' => self.close(byte),
                b',' => self.comma(),
                b':' => self.colon(),
                _ => {
                    let end = value_end(text, at);
                    self.out.write(&text[at..end]);
                    at = end;
                    continue;
                }
            }
            at += 1;
        }
    }

    pub(super) fn empty(&mut self, byte: u8) {
        self.out.write(match (byte, self.layout.padded_empty) {
            (b'{', true) => b"{ }",
            (b'{', false) => b"{}",
            (_, true) => b"[ ]",
            (_, false) => b"[]",
        });
    }

    /// Opens an array or object, which is asked whether it is flat as [`is_flat`] means it.
    pub(super) fn open(&mut self, byte: u8, is_flat: impl Fn(usize, bool) -> bool) {
        let frame = Frame {
            inline: self.is_inline(byte, is_flat),
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

    pub(super) fn close(&mut self, byte: u8) {
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

    pub(super) fn comma(&mut self) {
        self.out.write(b",");
        if self.frames.last().is_some_and(|frame| !frame.inline) {
            self.out.write(&self.line);
        } else if self.layout.space_after_comma {
            self.out.write(b" ");
        }
    }

    pub(super) fn colon(&mut self) {
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

    /// Decides whether the array or object that opens stands on one line.
    fn is_inline(&self, byte: u8, is_flat: impl Fn(usize, bool) -> bool) -> bool {
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
        if byte == b'[' {
            self.layout.inline_arrays && is_flat(1, false)
        } else {
            self.layout.inline_records && is_flat(2, in_array)
        }
    }
}

/// Judges whether text that stands `levels` deep in an array or object goes no deeper than
/// `levels_max`, below the first level only by arrays unless `objects`.
pub(super) fn is_flat(text: &[u8], mut levels: usize, levels_max: usize, objects: bool) -> bool {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
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
    true
}
