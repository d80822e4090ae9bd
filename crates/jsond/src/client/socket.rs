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
use std::time::SystemTime;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::address::Address;
use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::peer::Peer;
use super::transcript::{Direction, Link, Record, Transcript};

/// How much one read takes at most.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// A connection that records what it carries.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    stream: Rc<RefCell<Stream>>,
    transcript: Rc<RefCell<Transcript>>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Connects to the first of the host's addresses that answers.
    pub(super) async fn connect(
        peer: &Peer,
        record: &RefCell<Record>,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        clock.limit_head(Self::connect_now(peer, record)).await
    }

    async fn connect_now(peer: &Peer, record: &RefCell<Record>) -> Result<Self, Failure> {
        let stream = connect_to_any(&peer.address).await?;
        // Without it a request of two writes waits for an acknowledgement; failing is harmless.
        let _ = stream.set_nodelay(true);
        let ends = stream.local_addr().ok().zip(stream.peer_addr().ok());
        let opened = SystemTime::now();
        let stream = match peer.tls() {
            None => Stream::Plain(stream),
            Some(tls) => {
                let name = ServerName::try_from(peer.address.host.clone())
                    .map_err(|error| Failure::new(Cause::Tls, error.to_string()))?;
                let shaken = tls.connect(name, stream).await;
                Stream::Secure(Box::new(shaken.map_err(|error| no_tls(peer, &error))?))
            }
        };
        let link = ends.map(|(local, peer_address)| Link {
            local,
            peer: peer_address,
            is_secure: peer.tls().is_some(),
            opened,
        });
        Ok(Self {
            stream: Rc::new(RefCell::new(stream)),
            transcript: record.borrow_mut().open(link),
        })
    }

    pub(super) fn transcript(&self) -> Ref<'_, Transcript> {
        self.transcript.borrow()
    }

    /// A request is about to be sent.
    pub(super) fn begin_exchange(&self) {
        self.transcript.borrow_mut().begin_exchange();
    }

    /// Reads what is there; no bytes at the end of the stream.
    ///
    /// Cancel: nothing is lost.
    pub(super) async fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PIECE_BYTES_MAX];
        let length = poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(self.poll_receive(context, &mut buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().len()))
        })
        .await?;
        bytes.truncate(length);
        Ok(bytes)
    }

    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|context| self.poll_send(context, bytes)).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        poll_fn(|context| self.with_stream(|stream| stream.poll_flush(context))).await
    }

    fn with_stream<T>(&self, act: impl FnOnce(Pin<&mut dyn Both>) -> T) -> T {
        match &mut *self.stream.borrow_mut() {
            Stream::Plain(stream) => act(Pin::new(stream)),
            Stream::Secure(stream) => act(Pin::new(&mut **stream)),
        }
    }

    fn poll_receive(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.with_stream(|stream| stream.poll_read(context, buffer)))?;
        let mut transcript = self.transcript.borrow_mut();
        transcript.record(Direction::Received, buffer.filled());
        Poll::Ready(Ok(()))
    }

    fn poll_send(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.with_stream(|stream| stream.poll_write(context, bytes)))?;
        let mut transcript = self.transcript.borrow_mut();
        transcript.record(Direction::Sent, &bytes[..written]);
        Poll::Ready(Ok(written))
    }
}

/// A stream in both directions.
trait Both: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl hyper::rt::Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; PIECE_BYTES_MAX];
        let room = cursor.remaining().min(bytes.len());
        let mut buffer = ReadBuf::new(&mut bytes[..room]);
        ready!(self.poll_receive(context, &mut buffer))?;
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
        self.poll_send(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_stream(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_stream(|stream| stream.poll_shutdown(context))
    }
}

async fn connect_to_any(address: &Address) -> Result<TcpStream, Failure> {
    let mut trouble = None;
    for found in look_up(address).await? {
        match TcpStream::connect(found).await {
            Ok(stream) => return Ok(stream),
            Err(error) => trouble = Some(error),
        }
    }
    Err(cannot_connect(address, trouble))
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

/// rustls has no name of its own for this fault.
fn is_of_an_authority(fault: &rustls::CertificateError) -> bool {
    format!("{fault:?}").contains("CaUsedAsEndEntity")
}

/// Why no TLS came about, and what can be done.
fn no_tls(peer: &Peer, error: &io::Error) -> Failure {
    let authority = peer.authority();
    let cause = error.get_ref().and_then(|it| it.downcast_ref());
    let detail = match cause {
        Some(rustls::Error::InvalidCertificate(fault)) if is_of_an_authority(fault) => format!(
            "{authority} shows the certificate of an authority (CA:TRUE), which is for signing \
             others: let it show one that is none (CA:FALSE), or take any with -k"
        ),
        Some(rustls::Error::InvalidCertificate(fault)) => format!(
            "the certificate of {authority} is not trusted: {fault}; --cacert FILE trusts the one \
             in the file, -k any"
        ),
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("{authority} speaks no TLS; http:// instead of https:// speaks none either")
        }
        _ => format!("no TLS with {authority}: {error}"),
    };
    Failure::new(Cause::Tls, detail)
}
