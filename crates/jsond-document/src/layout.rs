//! Layout: how the white space of a JSON file is arranged, and how to arrange new text like it.
//!
//! The image keeps compact text only. When a file is written, [`relayout`] lays the new value over
//! the old text of the file, so that what did not change keeps its very bytes; what is new and has
//! no sibling to follow is printed in the [`Layout`] that [`Layout::detect`] found in the file.
//! Nothing here changes a value: the compact text of what is printed is the text that was given.

mod align;
mod column;
mod detect;
#[cfg(test)]
mod large;
mod outline;
mod print;
mod print_tree;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod random;
mod relay;
mod skeleton;
mod slot;
mod stream;
#[cfg(test)]
mod style_tests;
#[cfg(test)]
mod tests;
mod writer;

pub use relay::relayout;
pub use skeleton::Skeleton;
pub use stream::{PiecesError, relayout_pieces};

use crate::{Json, Value};
use print::{Place, print};
use writer::Writer;

/// How a file begins a new line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
    /// A carriage return alone.
    Cr,
}

impl Newline {
    /// The bytes that begin a new line.
    #[must_use]
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
        }
    }
}

/// How far the entries of an array or object stand from the line of its bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indent {
    /// Everything stands on one line.
    OneLine,
    /// Each level takes this many tabs, mostly one.
    Tabs(usize),
    /// Each level takes this many spaces; none means lines without indentation.
    Spaces(usize),
}

/// How the white space of a JSON file is arranged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The file begins with a byte order mark.
    pub bom: bool,
    /// How lines begin.
    pub newline: Newline,
    /// How far a level stands in.
    pub indent: Indent,
    /// A space stands before a colon.
    pub space_before_colon: bool,
    /// A space stands after a colon.
    pub space_after_colon: bool,
    /// A space stands after a comma when the next entry is on the same line.
    pub space_after_comma: bool,
    /// Spaces stand inside the braces of an object on one line.
    pub padded_objects: bool,
    /// Spaces stand inside the brackets of an array on one line.
    pub padded_arrays: bool,
    /// A space stands inside the brackets of an empty array or object.
    pub padded_empty: bool,
    /// Arrays of scalars stand on one line.
    pub inline_arrays: bool,
    /// Records stand on one line each.
    pub inline_records: bool,
    /// The file ends in a newline.
    pub final_newline: bool,
}

impl Layout {
    /// The layout of a new file whose body came on one line: one tab, line feeds, a final newline.
    #[must_use]
    pub fn tabs() -> Self {
        Self {
            bom: false,
            newline: Newline::Lf,
            indent: Indent::Tabs(1),
            space_before_colon: false,
            space_after_colon: true,
            space_after_comma: true,
            padded_objects: false,
            padded_arrays: false,
            padded_empty: false,
            inline_arrays: false,
            inline_records: false,
            final_newline: true,
        }
    }

    /// Finds the layout of a text, which need not be valid JSON.
    ///
    /// What the text does not show is taken from [`Layout::tabs`]. Where it is mixed, the first
    /// indentation and the more frequent spacing count.
    ///
    /// *Cost*: linear in the first quarter of a megabyte, constant after it.
    #[must_use]
    pub fn detect(text: &[u8]) -> Self {
        detect::detect(text)
    }

    /// Prints a value that stands `depth` levels deep, without byte order mark or final newline.
    ///
    /// *Cost*: linear in the printed text.
    #[must_use]
    pub fn render(&self, value: &Json, depth: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(value.as_bytes().len() * 2);
        self.render_into(value, depth, &mut out);
        out
    }

    /// Prints a whole file: byte order mark, value and final newline as the layout has them.
    ///
    /// *Cost*: linear in the printed text.
    #[must_use]
    pub fn render_file(&self, value: &Json) -> Vec<u8> {
        let mut out = Vec::with_capacity(value.as_bytes().len() * 2);
        self.render_file_into(value, &mut out);
        out
    }

    /// Prints a whole file as [`Layout::render_file`] does, and hands it on a piece at a time.
    ///
    /// *Cost*: linear in the printed text; the memory of one piece. *Errors*: those of `write`.
    pub fn render_file_pieces<E>(
        &self,
        value: &Value,
        write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        print_tree::print_file(self, value, write)
    }

    fn render_file_into(&self, value: &Json, out: &mut Vec<u8>) {
        if self.bom {
            out.extend_from_slice(BOM);
        }
        self.render_into(value, 0, out);
        if self.final_newline {
            out.extend_from_slice(self.newline.as_bytes());
        }
    }

    fn render_into(&self, value: &Json, depth: usize, out: &mut Vec<u8>) {
        let base = self.unit().repeat(depth);
        let place = Place {
            depth,
            ..Place::ROOT
        };
        print(self, value.as_bytes(), place, &base, &mut Writer::new(out));
    }

    /// The white space of one level.
    fn unit(&self) -> Vec<u8> {
        match self.indent {
            Indent::OneLine => Vec::new(),
            Indent::Tabs(count) => vec![b'\t'; count],
            Indent::Spaces(count) => vec![b' '; count],
        }
    }
}

/// Prints a value for `?pretty`: in the layout, without byte order mark, ending in a newline.
///
/// A layout that has everything on one line gives way to [`Layout::tabs`].
///
/// *Cost*: linear in the printed text.
#[must_use]
pub fn pretty(value: &Json, layout: &Layout) -> Vec<u8> {
    let shown = match layout.indent {
        Indent::OneLine => Layout::tabs(),
        Indent::Tabs(_) | Indent::Spaces(_) => layout.clone(),
    };
    let mut out = shown.render(value, 0);
    out.extend_from_slice(shown.newline.as_bytes());
    out
}

/// The byte order mark, as UTF-8 spells it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Judges whether white space goes on to another line.
fn breaks_line(space: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', space).is_some()
}

/// Finds where the last line of a piece of text starts, if it starts in it.
fn last_line(text: &[u8]) -> Option<usize> {
    memchr::memrchr2(b'\n', b'\r', text).map(|at| at + 1)
}
