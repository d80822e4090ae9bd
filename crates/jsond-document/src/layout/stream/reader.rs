//! Steps through the old text, which comes in chunks, and sends on what it stepped over.
//!
//! What is stepped over is copied to the new text, held for a window, both or neither; it is sent
//! when the direction changes or a chunk ends, never token by token. It knows tokens and values;
//! what they mean is known to the module `walk`.

use super::PiecesError;
use super::held::Held;
use super::sink::Sink;
use super::skim::Skim;
use bytes::Bytes;
use std::collections::VecDeque;

/// Where text goes that is stepped over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct To {
    /// To the new text.
    pub(super) copy: bool,
    /// To the text that is held.
    pub(super) hold: bool,
}

impl To {
    pub(super) const NOWHERE: Self = Self {
        copy: false,
        hold: false,
    };
    pub(super) const COPY: Self = Self {
        copy: true,
        hold: false,
    };
    pub(super) const HOLD: Self = Self {
        copy: false,
        hold: true,
    };
    pub(super) const BOTH: Self = Self {
        copy: true,
        hold: true,
    };
}

/// The old text, and where it goes.
pub(super) struct Reader<'a, E> {
    next_chunk: &'a mut dyn FnMut() -> Result<Option<Bytes>, E>,
    is_ended: bool,
    /// Chunks that come before the next one: read ahead or put back.
    waiting: VecDeque<Bytes>,
    chunk: Bytes,
    /// How much of the text stands before the chunk.
    before: usize,
    /// From here on the chunk was not sent.
    from: usize,
    at: usize,
    to: To,
    pub(super) held: Held,
    pub(super) sink: Sink<'a, E>,
}

impl<'a, E> Reader<'a, E> {
    pub(super) fn new(
        next_chunk: &'a mut dyn FnMut() -> Result<Option<Bytes>, E>,
        sink: Sink<'a, E>,
    ) -> Self {
        Self {
            next_chunk,
            is_ended: false,
            waiting: VecDeque::new(),
            chunk: Bytes::new(),
            before: 0,
            from: 0,
            at: 0,
            to: To::COPY,
            held: Held::default(),
            sink,
        }
    }

    /// Shows the beginning of the text, at least `bytes` of it if it has them.
    pub(super) fn sample(&mut self, bytes: usize) -> Result<Bytes, PiecesError<E>> {
        let mut chunks = Vec::new();
        let mut length = 0;
        while length < bytes
            && let Some(chunk) = self.next()?
        {
            length += chunk.len();
            chunks.push(chunk);
        }
        let sample = match &chunks[..] {
            [chunk] => chunk.clone(),
            _ => Bytes::from(chunks.concat()),
        };
        self.waiting.push_front(sample.clone());
        Ok(sample)
    }

    /// Where text goes now.
    pub(super) fn direction(&self) -> To {
        self.to
    }

    /// Sends what comes from now on another way.
    pub(super) fn send(&mut self, to: To) -> Result<(), PiecesError<E>> {
        if to != self.to {
            self.settle()?;
            self.to = to;
        }
        Ok(())
    }

    /// Sends what was stepped over.
    pub(super) fn settle(&mut self) -> Result<(), PiecesError<E>> {
        let text = &self.chunk[self.from..self.at];
        self.from = self.at;
        if self.to.hold {
            self.held.push(text);
        }
        if self.to.copy && !text.is_empty() {
            self.sink.write(text)?;
        }
        Ok(())
    }

    /// Puts text back that was stepped over, so that it comes once more.
    pub(super) fn put_back(&mut self, text: Vec<u8>) -> Result<(), PiecesError<E>> {
        self.settle()?;
        if !text.is_empty() {
            let before = self.position().saturating_sub(text.len());
            self.waiting.push_front(self.chunk.slice(self.at..));
            self.take(Bytes::from(text));
            self.before = before;
        }
        Ok(())
    }

    /// How much of the old text was stepped over.
    pub(super) fn position(&self) -> usize {
        self.before + self.at
    }

    /// Shows the text from a place on to which it was not stepped yet, at least `bytes` of it if it
    /// has them.
    pub(super) fn ahead(&mut self, from: usize, bytes: usize) -> Result<Bytes, PiecesError<E>> {
        let skipped = from.checked_sub(self.position());
        let mut skipped = skipped.ok_or(PiecesError::Mismatch)?;
        let mut chunk = self.chunk.slice(self.at..);
        let (mut shown, mut length, mut index) = (Vec::new(), 0, 0);
        loop {
            let mut part = chunk.slice(skipped.min(chunk.len())..);
            skipped = skipped.saturating_sub(chunk.len());
            if length > 0 {
                part.truncate(bytes - length);
            }
            length += part.len();
            shown.push(part);
            if length >= bytes || !self.has_waiting(index)? {
                break;
            }
            chunk = self.waiting[index].clone();
            index += 1;
        }
        shown.retain(|part| !part.is_empty());
        match &shown[..] {
            [part] => Ok(part.clone()),
            _ => Ok(Bytes::from(shown.concat())),
        }
    }

    /// Judges whether there is a chunk behind `index` others, and sees to it that it waits.
    fn has_waiting(&mut self, index: usize) -> Result<bool, PiecesError<E>> {
        if index == self.waiting.len() {
            let chunk = self.pull()?;
            self.waiting.extend(chunk);
        }
        Ok(index < self.waiting.len())
    }

    /// How much will be held when what was stepped over is sent.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len_bytes() + (self.at - self.from)
    }

    /// Judges whether the text begins with `prefix`, and steps over that without sending it.
    pub(super) fn skip_prefix(&mut self, prefix: &[u8]) -> Result<bool, PiecesError<E>> {
        self.fill()?;
        let is_there = self.chunk[self.at..].starts_with(prefix);
        if is_there {
            self.at += prefix.len();
            self.from = self.at;
        }
        Ok(is_there)
    }

    /// Looks at the next byte.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, PiecesError<E>> {
        Ok(self.fill()?.then(|| self.chunk[self.at]))
    }

    /// Steps over one byte, which has to be this one.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), PiecesError<E>> {
        if self.peek()? != Some(byte) {
            return Err(PiecesError::Mismatch);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over white space, and judges whether it goes on to another line.
    pub(super) fn space(&mut self) -> Result<bool, PiecesError<E>> {
        let mut breaks = false;
        while self.fill()? {
            let start = self.at;
            for byte in &self.chunk[start..] {
                match byte {
                    b' ' | b'\t' => {}
                    b'\n' | b'\r' => breaks = true,
                    _ => return Ok(breaks),
                }
                self.at += 1;
            }
        }
        Ok(breaks)
    }

    /// Steps over a member name and its colon, up to the value.
    pub(super) fn name(&mut self) -> Result<(), PiecesError<E>> {
        if self.peek()? != Some(b'"') {
            return Err(PiecesError::Mismatch);
        }
        self.value()?;
        self.space()?;
        self.expect(b':')?;
        self.space()?;
        Ok(())
    }

    /// Steps over a value that something follows.
    pub(super) fn value(&mut self) -> Result<(), PiecesError<E>> {
        let mut skim = Skim::default();
        while self.fill()? {
            match skim.find_end(&self.chunk[self.at..]) {
                Some(end) => {
                    self.at += end;
                    return Ok(());
                }
                None => self.at = self.chunk.len(),
            }
        }
        Err(PiecesError::Mismatch)
    }

    /// Steps over all that is left.
    pub(super) fn rest(&mut self) -> Result<(), PiecesError<E>> {
        while self.fill()? {
            self.at = self.chunk.len();
        }
        Ok(())
    }

    /// Judges whether there is a next byte, and sees to it that it is in the chunk.
    fn fill(&mut self) -> Result<bool, PiecesError<E>> {
        while self.at == self.chunk.len() {
            self.settle()?;
            match self.next()? {
                Some(chunk) => self.take(chunk),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn take(&mut self, chunk: Bytes) {
        self.before += self.chunk.len();
        (self.chunk, self.from, self.at) = (chunk, 0, 0);
    }

    fn next(&mut self) -> Result<Option<Bytes>, PiecesError<E>> {
        match self.waiting.pop_front() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.pull(),
        }
    }

    /// Has a chunk come that was not seen before.
    fn pull(&mut self) -> Result<Option<Bytes>, PiecesError<E>> {
        if self.is_ended {
            return Ok(None);
        }
        let chunk = (self.next_chunk)().map_err(PiecesError::Chunk)?;
        self.is_ended = chunk.is_none();
        Ok(chunk)
    }
}
