//! The one connection under both dialects: it records every byte it moves.
//!
//! A handle that can be shared, so that hyper can drive an exchange and, when the server turns out
//! to speak the raw dialect, the same connection is carried on by the raw reader. Single-threaded.

use std::cell::{Ref, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::address::Address;
use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::transcript::{Direction, Transcript};

/// How much one read takes at most.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// A connection that records what it carries.
#[derive(Debug, Clone)]
pub(super) struct Socket(Rc<RefCell<Line>>);

#[derive(Debug)]
struct Line {
    stream: TcpStream,
    transcript: Transcript,
}

impl Socket {
    /// Connects to the first of the host's addresses that answers.
    pub(super) async fn connect(address: &Address, clock: &Clock) -> Result<Self, Failure> {
        let connecting = async {
            let mut trouble = None;
            for address in look_up(address).await? {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(Self::over(stream)),
                    Err(error) => trouble = Some(error),
                }
            }
            Err(cannot_connect(address, trouble))
        };
        clock.limit_head(connecting).await
    }

    fn over(stream: TcpStream) -> Self {
        // Without it a request of two writes waits for an acknowledgement; failing is harmless.
        let _ = stream.set_nodelay(true);
        Self(Rc::new(RefCell::new(Line {
            stream,
            transcript: Transcript::start(),
        })))
    }

    pub(super) fn transcript(&self) -> Ref<'_, Transcript> {
        Ref::map(self.0.borrow(), |line| &line.transcript)
    }

    /// Reads what is there; no bytes at the end of the stream.
    ///
    /// Cancel: nothing is lost.
    pub(super) async fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PIECE_BYTES_MAX];
        let length = poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(self.0.borrow_mut().poll_read(context, &mut buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().len()))
        })
        .await?;
        bytes.truncate(length);
        Ok(bytes)
    }

    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|context| self.0.borrow_mut().poll_write(context, bytes)).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

impl Line {
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.transcript.record(Direction::Received, buffer.filled());
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.transcript.record(Direction::Sent, &bytes[..written]);
        Poll::Ready(Ok(written))
    }
}

impl hyper::rt::Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; PIECE_BYTES_MAX];
        let room = cursor.remaining().min(bytes.len());
        let mut buffer = ReadBuf::new(&mut bytes[..room]);
        ready!(self.0.borrow_mut().poll_read(context, &mut buffer))?;
        cursor.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_shutdown(context)
    }
}

/// The addresses of a host. A literal address needs no look-up and costs no thread.
async fn look_up(address: &Address) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(literal) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal, address.port)]);
    }
    let not_found = |detail: String| Failure::new(Cause::NameNotFound, detail);
    match tokio::net::lookup_host((address.host.as_str(), address.port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(not_found(format!("{}: {error}", address.host))),
    }
}

fn cannot_connect(address: &Address, trouble: Option<io::Error>) -> Failure {
    let authority = address.authority();
    match trouble {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => Failure::new(
            Cause::CannotConnect,
            format!("nobody listens at {authority}; `jsond serve` starts a server"),
        ),
        Some(error) => Failure::new(Cause::CannotConnect, format!("{authority}: {error}")),
        None => Failure::new(Cause::NameNotFound, format!("{authority}: no address")),
    }
}
