//! Where laid-out text goes: a buffer that remembers how far its last line stands in.
//!
//! A value printed in the middle of a line has to know that line's indentation. It is read from
//! what was written, never from the text before the line; so what is full can be handed over.

use super::last_line;

/// Text that grows at its end.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    line: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let line = last_line(out).unwrap_or(0);
        Self { out, line }
    }

    pub(super) fn write(&mut self, text: &[u8]) {
        if let Some(start) = last_line(text) {
            self.line = self.out.len() + start;
        }
        self.out.extend_from_slice(text);
    }

    /// Gives away what was written when it is `bytes_min` long, with the line it ends in: what is
    /// written after it knows its indentation from its next line on only.
    pub(super) fn hand_over<E>(
        &mut self,
        bytes_min: usize,
        write: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.out.len() >= bytes_min {
            write(self.out)?;
            self.out.clear();
            self.line = 0;
        }
        Ok(())
    }

    /// The white space at the start of the line that is being written.
    pub(super) fn indent(&self) -> &[u8] {
        let line = &self.out[self.line..];
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let length = line.iter().position(|byte| !is_space(byte));
        &line[..length.unwrap_or(line.len())]
    }
}
