//! The bytes of a connection, plain or within TLS: the doors need not know which.

use crate::limits;
use bytes::BytesMut;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

thread_local! {
    static ROOM: RefCell<Vec<u8>> = RefCell::new(vec![0; limits::READ_BYTES]);
}

/// A connection to a client.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    /// In a box, so that plain connections are none the larger.
    Secure(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether nobody on the way can read along.
    pub(super) fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    /// Reads what there is, and waits for it; 0 at the end.
    ///
    /// Bytes are read into room that all connections of a thread share, and copied into as much as
    /// they need: an idle connection holds no buffer, and leaves no hole of its size behind. What
    /// `eat` takes from the beginning, so many bytes, is not even copied.
    pub(super) fn poll_read_into(
        &mut self,
        input: &mut BytesMut,
        task: &mut Context<'_>,
        eat: impl FnOnce(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        ROOM.with_borrow_mut(|room| {
            let mut piece = ReadBuf::new(room);
            // After a read that leaves room tokio knows that nothing more is there, without
            // asking the system once more.
            ready!(self.inner().poll_read(task, &mut piece))?;
            let came = piece.filled();
            input.extend_from_slice(&came[eat(came)..]);
            Poll::Ready(Ok(came.len()))
        })
    }

    /// The same, for those who wait for nothing else.
    ///
    /// *Cancel*: nothing is lost.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        poll_fn(|task| self.poll_read_into(input, task, |_| 0)).await
    }

    fn inner(&mut self) -> Pin<&mut dyn Both> {
        Pin::new(match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => &mut **stream,
        })
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Both for S {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        piece: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_read(task, piece)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().inner().poll_write(task, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().inner().poll_write_vectored(task, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_shutdown(task)
    }
}
