//! What waits to be sent on a connection: heads and small bodies as one buffer, large pieces as
//! they are, all of it in as few writes as the system takes.

use super::stream::Stream;
use bytes::{Buf, Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::timeout;

/// Pieces from this size on are sent from where they lie.
const SHARED_BYTES_MIN: usize = 2048;

/// How many pieces one write takes.
const SLICES_MAX: usize = 64;

/// A buffer of this size at the most is lent to the next connection that has something to say.
const SPARE_BYTES_MAX: usize = 64 << 10;

thread_local! {
    /// The buffer that the connections of a thread lend each other: one that waits for its next
    /// request holds none.
    static SPARE: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

#[derive(Debug)]
pub(super) struct Output {
    pieces: VecDeque<Bytes>,
    /// What comes after the pieces.
    open: BytesMut,
    bytes: usize,
    progress_time: Duration,
}

impl Output {
    /// Nothing yet, for a client that takes something of it at least each `progress_time`.
    pub(super) fn new(progress_time: Duration) -> Self {
        Self {
            pieces: VecDeque::new(),
            open: BytesMut::new(),
            bytes: 0,
            progress_time,
        }
    }

    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// The last bytes of what waits, if they are in one piece.
    pub(super) fn tail(&self, bytes: usize) -> Option<&[u8]> {
        let begin = self.open.len().checked_sub(bytes)?;
        Some(&self.open[begin..])
    }

    /// Lets `write` append to what waits.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut BytesMut)) {
        if self.open.capacity() == 0 {
            self.open = SPARE.take();
        }
        let before = self.open.len();
        write(&mut self.open);
        self.bytes += self.open.len() - before;
    }

    /// Adds a piece of a body.
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.len() < SHARED_BYTES_MIN {
            return self.append(|open| open.extend_from_slice(&piece));
        }
        self.bytes += piece.len();
        if !self.open.is_empty() {
            self.pieces.push_back(self.open.split().freeze());
        }
        self.pieces.push_back(piece);
    }

    /// Writes what the connection takes now; says how much it was.
    fn poll_write(&self, stream: &mut Stream, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(stream);
        if self.pieces.is_empty() {
            return stream.poll_write(task, &self.open);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let waiting = self.pieces.iter().map(|piece| &piece[..]);
        let waiting = waiting.chain([&self.open[..]]);
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(waiting) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        stream.poll_write_vectored(task, &slices[..count])
    }

    fn advance(&mut self, written: usize) {
        self.bytes -= written;
        let mut left = written;
        while let Some(piece) = self.pieces.front_mut() {
            if piece.len() > left {
                piece.advance(left);
                return;
            }
            left -= piece.len();
            self.pieces.pop_front();
        }
        match left == self.open.len() {
            // So that its room is there from the beginning again.
            true => self.open.clear(),
            false => self.open.advance(left),
        }
    }

    /// Sends everything.
    ///
    /// *Errors*: `TimedOut` when the client takes nothing for too long.
    pub(super) async fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        if self.bytes == 0 {
            return Ok(());
        }
        while self.bytes > 0 {
            match self.write(stream).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.lend();
        in_time(self.progress_time, |task| {
            Pin::new(&mut *stream).poll_flush(task)
        })
        .await
    }

    async fn write(&self, stream: &mut Stream) -> io::Result<usize> {
        in_time(self.progress_time, |task| self.poll_write(stream, task)).await
    }

    /// Leaves the buffer to others.
    fn lend(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        if open.capacity() <= SPARE_BYTES_MAX {
            SPARE.set(open);
        }
    }
}

/// Waits for what is mostly done at once, which then costs no timer.
async fn in_time<T>(
    time: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> io::Result<T> {
    match poll_fn(|task| Poll::Ready(poll(task))).await {
        Poll::Ready(done) => done,
        // In a box, so that a connection is none the larger.
        Poll::Pending => Box::pin(timeout(time, poll_fn(poll))).await?,
    }
}
