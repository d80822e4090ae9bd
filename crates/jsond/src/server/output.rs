//! What waits to be sent on a connection: heads and small bodies as one buffer, large pieces as
//! they are, all of it in as few writes as the system takes.

use super::stream::Stream;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Pieces from this size on are sent from where they lie.
const SHARED_BYTES_MIN: usize = 2048;

/// How many pieces one write takes.
const SLICES_MAX: usize = 128;

#[derive(Debug)]
pub(super) struct Output {
    pieces: VecDeque<Bytes>,
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

    /// Lets `write` append to what waits.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let before = self.open.len();
        write(&mut self.open);
        self.bytes += self.open.len() - before;
    }

    /// Adds a piece of a body.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        if piece.len() < SHARED_BYTES_MIN {
            self.open.extend_from_slice(&piece);
            return;
        }
        self.close_open();
        self.pieces.push_back(piece);
    }

    fn close_open(&mut self) {
        if !self.open.is_empty() {
            self.pieces
                .push_back(std::mem::take(&mut self.open).freeze());
        }
    }

    /// Writes what the connection takes now; says how much it was.
    fn poll_write(&self, stream: &mut Stream, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = self.pieces.len().min(SLICES_MAX);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        Pin::new(stream).poll_write_vectored(task, &slices[..count])
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
    }

    /// Sends everything.
    ///
    /// *Errors*: `TimedOut` when the client takes nothing for too long.
    pub(super) async fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        self.close_open();
        if self.pieces.is_empty() {
            return Ok(());
        }
        while !self.pieces.is_empty() {
            let write = poll_fn(|task| self.poll_write(stream, task));
            match timeout(self.progress_time, write).await? {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        timeout(self.progress_time, stream.flush()).await?
    }
}
