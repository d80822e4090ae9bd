//! What waits to be sent on a connection: heads and small bodies as one buffer, large pieces as
//! they are, all of it in as few writes as the system takes.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use tokio::net::TcpStream;

/// Pieces from this size on are sent from where they lie.
const SHARED_BYTES_MIN: usize = 2048;

/// How many pieces one write takes.
const SLICES_MAX: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Output {
    pieces: VecDeque<Bytes>,
    open: BytesMut,
    bytes: usize,
}

impl Output {
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

    /// Writes what the socket takes now; says how much it was.
    fn write_some(&mut self, stream: &TcpStream) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = self.pieces.len().min(SLICES_MAX);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        let written = stream.try_write_vectored(&slices[..count])?;
        self.advance(written);
        Ok(written)
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
    pub(super) async fn flush(&mut self, stream: &TcpStream) -> io::Result<()> {
        self.close_open();
        while !self.pieces.is_empty() {
            match self.write_some(stream) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let writable = stream.writable();
                    tokio::time::timeout(crate::limits::PROGRESS_TIME, writable).await??;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
