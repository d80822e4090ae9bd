//! One exchange over the HTTP door, by hyper's connection API over the recording socket.
//!
//! Knows nothing of the dialogue: it sends one request, gives the head of the response, then the
//! body piece by piece. What hyper refuses is told apart: not HTTP, or broken.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Builder, SendRequest};

use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::head::Head;
use super::limit;
use super::peer::Peer;
use super::request::Request;
use super::socket::Socket;

/// The name the client goes by.
pub(super) const USER_AGENT: &str = concat!("jsond/", env!("CARGO_PKG_VERSION"));

/// A connection on which one exchange after another can take place.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    /// How many exchanges there were.
    exchanges: usize,
}

impl Connection {
    /// Begins to speak HTTP on a socket; nothing is sent yet.
    pub(super) async fn over(socket: Socket) -> Result<Self, Failure> {
        let mut builder = Builder::new();
        builder
            .max_buf_size(limit::HEAD_BYTES_MAX)
            .max_headers(limit::HEADERS_MAX)
            .title_case_headers(true)
            .allow_spaces_after_header_name_in_responses(true);
        let shaken = builder.handshake(socket.clone()).await;
        let (sender, connection) = shaken.map_err(|error| judge(&error))?;
        Ok(Self {
            socket,
            sender,
            driver: Driver(Some(Box::pin(connection))),
            exchanges: 0,
        })
    }

    /// Whether another request can be sent: the server has not closed it meanwhile. What must not
    /// be sent twice is sent only where the server was seen to keep a connection: one that closes
    /// without a word may be about to.
    pub(super) async fn is_usable(&mut self, may_repeat: bool) -> bool {
        if !may_repeat && self.exchanges == 1 {
            return false;
        }
        self.driver.turn().await;
        self.driver.0.is_some() && self.sender.is_ready()
    }
}

/// A response whose head has come and whose body is on the way.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) head: Head,
    body: Incoming,
    connection: Connection,
}

impl Exchange {
    /// Sends the request and waits for the head.
    ///
    /// Errors: `NotHttp` when the server answered with something else; the bytes are in the socket's
    /// transcript, and the connection is still open for another reader.
    pub(super) async fn open(
        connection: Connection,
        request: &Request,
        peer: &Peer,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        let request = encode(request, peer)?;
        clock.limit_head(Self::send(connection, request)).await
    }

    async fn send(
        mut connection: Connection,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Self, Failure> {
        connection.socket.begin_exchange();
        connection.exchanges += 1;
        let sending = connection.sender.send_request(request);
        let response = connection.driver.drive(sending).await;
        let (parts, body) = response.map_err(|error| judge(&error))?.into_parts();
        Ok(Self {
            head: decode(&parts),
            body,
            connection,
        })
    }

    /// The bytes that crossed, and the other end.
    pub(super) fn socket(&self) -> &Socket {
        &self.connection.socket
    }

    /// Gives the connection back, after the end of the body.
    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }

    /// The next piece of the body, or `None` at its end.
    pub(super) async fn next(&mut self, clock: &Clock) -> Result<Option<Bytes>, Failure> {
        let piece = async {
            loop {
                match self.connection.driver.drive(self.body.frame()).await {
                    None => return Ok(None),
                    Some(Err(error)) => {
                        return Err(Failure::broken(format!("the body is cut short: {error}")));
                    }
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            }
        };
        clock.limit_piece(piece).await
    }
}

/// hyper's connection, which moves bytes only while somebody polls it.
struct Driver(Option<Pin<Box<HttpConnection>>>);

type HttpConnection = http1::Connection<Socket, Full<Bytes>>;

impl std::fmt::Debug for Driver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Driver")
    }
}

impl Driver {
    /// Lets the connection do what it can without waiting.
    async fn turn(&mut self) {
        poll_fn(|context| {
            self.poll(context);
            Poll::Ready(())
        })
        .await;
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && connection.as_mut().poll(context).is_ready()
        {
            // An error of the connection reaches who waits too, which tells it better.
            self.0 = None;
        }
    }

    /// Waits for a future that the connection has to feed.
    async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            self.poll(context);
            future.as_mut().poll(context)
        })
        .await
    }
}

fn encode(request: &Request, peer: &Peer) -> Result<http::Request<Full<Bytes>>, Failure> {
    let has = |name: &str| {
        request
            .headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.http_target());
    let body = request.body.as_ref();
    let (authority, authorization) = (peer.authority(), peer.authorization());
    let own = [
        ("Host", Some(authority.as_str())),
        ("Authorization", authorization.as_deref()),
        ("User-Agent", Some(USER_AGENT)),
        ("Accept", Some("application/json, */*;q=0.5")),
        ("Content-Type", body.map(|body| body.media_type.as_str())),
    ];
    for (name, value) in own {
        if let Some(value) = value.filter(|_| !has(name)) {
            builder = builder.header(name, value);
        }
    }
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let bytes = body
        .map(|body| Bytes::from(body.bytes.clone()))
        .unwrap_or_default();
    builder
        .body(Full::new(bytes))
        .map_err(|error| Failure::usage(error.to_string()))
}

fn decode(parts: &http::response::Parts) -> Head {
    let reason = match parts.extensions.get::<hyper::ext::ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => parts
            .status
            .canonical_reason()
            .unwrap_or_default()
            .to_owned(),
    };
    let headers = parts.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    Head {
        status: parts.status.as_u16(),
        reason,
        headers: headers.collect(),
    }
}

/// Judges what hyper says: an answer that is not HTTP, or a connection that broke.
fn judge(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        return Failure::new(Cause::NotHttp, "the answer is not HTTP");
    }
    if error.is_user() {
        return Failure::usage(error.to_string());
    }
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    Failure::broken(format!(
        "the connection broke: {error}{}",
        source.unwrap_or_default()
    ))
}
