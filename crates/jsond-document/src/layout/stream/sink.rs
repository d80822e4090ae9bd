//! Where the new text of a file goes: to its taker, seen through on its way.
//!
//! Judges that the text spells the value, and remembers how far its last line stands in, for what
//! is printed in the middle of it. Keeps nothing of the text but that indentation.

use super::PiecesError;
use super::spelling::Spelling;
use crate::layout::last_line;
use bytes::Bytes;

/// The taker of the new text.
pub(super) struct Sink<'a, E> {
    write: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
    spelling: Spelling,
    /// The white space at the start of the last line.
    indent: Vec<u8>,
    /// Something other than white space stands on the last line.
    is_indented: bool,
}

impl<'a, E> Sink<'a, E> {
    pub(super) fn new(
        write: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
        compact: Vec<Bytes>,
    ) -> Self {
        Self {
            write,
            spelling: Spelling::new(compact),
            indent: Vec::new(),
            is_indented: false,
        }
    }

    /// Writes a byte order mark, which is no part of the value.
    pub(super) fn mark(&mut self, mark: &[u8]) -> Result<(), PiecesError<E>> {
        self.is_indented = true;
        (self.write)(mark).map_err(PiecesError::Chunk)
    }

    /// Writes a piece of the text.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), PiecesError<E>> {
        if !self.spelling.accept(text) {
            return Err(PiecesError::Mismatch);
        }
        self.note_line(text);
        (self.write)(text).map_err(PiecesError::Chunk)
    }

    /// Judges that the whole value was written.
    pub(super) fn finish(&self) -> Result<(), PiecesError<E>> {
        if self.spelling.is_complete() {
            Ok(())
        } else {
            Err(PiecesError::Mismatch)
        }
    }

    /// A line that stands in as far as the last one, and goes on like it.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = self.indent.clone();
        if self.is_indented {
            line.push(b'-');
        }
        line
    }

    fn note_line(&mut self, text: &[u8]) {
        let mut line = text;
        if let Some(start) = last_line(text) {
            line = &text[start..];
            self.indent.clear();
            self.is_indented = false;
        }
        if !self.is_indented {
            let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
            let end = line.iter().position(|byte| !is_space(byte));
            self.is_indented = end.is_some();
            self.indent
                .extend_from_slice(&line[..end.unwrap_or(line.len())]);
        }
    }
}
