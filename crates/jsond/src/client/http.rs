//! One exchange over the HTTP door, by hyper's connection API over the recording socket.
//!
//! Knows nothing of the dialogue: it sends one request, gives the head of the response, then the
//! body piece by piece. What hyper refuses is told apart: not HTTP, or broken.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection};

use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::head::Head;
use super::limit;
use super::request::Request;
use super::socket::Socket;

/// The name the client goes by.
pub(super) const USER_AGENT: &str = concat!("jsond/", env!("CARGO_PKG_VERSION"));

/// A response whose head has come and whose body is on the way.
pub(super) struct Exchange {
    pub(super) head: Head,
    body: Incoming,
    driver: Driver,
}

impl Exchange {
    /// Sends the request and waits for the head.
    ///
    /// Errors: `NotHttp` when the server answered with something else; the bytes are in the socket's
    /// transcript, and the connection is still open for another reader.
    pub(super) async fn open(
        socket: &Socket,
        request: &Request,
        authority: &str,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        let request = encode(request, authority)?;
        clock.limit_head(Self::send(socket.clone(), request)).await
    }

    async fn send(socket: Socket, request: http::Request<Full<Bytes>>) -> Result<Self, Failure> {
        let mut builder = Builder::new();
        builder
            .max_buf_size(limit::HEAD_BYTES_MAX)
            .max_headers(limit::HEADERS_MAX)
            .title_case_headers(true)
            .allow_spaces_after_header_name_in_responses(true);
        let (mut sender, connection) = builder.handshake(socket).await.map_err(|e| judge(&e))?;
        let mut driver = Driver(Some(Box::pin(connection)));
        let response = driver
            .drive(sender.send_request(request))
            .await
            .map_err(|error| judge(&error))?;
        let (parts, body) = response.into_parts();
        Ok(Self {
            head: decode(&parts),
            body,
            driver,
        })
    }

    /// The next piece of the body, or `None` at its end.
    pub(super) async fn next(&mut self, clock: &Clock) -> Result<Option<Bytes>, Failure> {
        let piece = async {
            loop {
                match self.driver.drive(self.body.frame()).await {
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

type HttpConnection = Connection<Socket, Full<Bytes>>;

impl Driver {
    /// Waits for a future that the connection has to feed.
    async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if let Some(connection) = &mut self.0
                && connection.as_mut().poll(context).is_ready()
            {
                // An error of the connection reaches the future too, which tells it better.
                self.0 = None;
            }
            future.as_mut().poll(context)
        })
        .await
    }
}

fn encode(request: &Request, authority: &str) -> Result<http::Request<Full<Bytes>>, Failure> {
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
    let own = [
        ("Host", Some(authority)),
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
