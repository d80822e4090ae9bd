//! The HTTP/2 door: lets hyper speak the protocol, gives each stream's request to the api.
//!
//! Heads are judged by our own rules before anything is done for them, bodies are read within
//! bounds. hyper waits for a peer as long as the peer likes; the [`Load`] of the connection says
//! when it has waited enough. It takes any stream of bytes, so that TLS can stand in front of it.

mod answer;
mod load;
mod socket;

use super::Context;
use super::console::Peer;
use super::date::with_date;
use super::http1::{limits_of_head, poll_shielded, shielded};
use crate::api::{self, Body, Caller, Running};
use crate::limits::{self, Limits};
use crate::wire::http1::Refusal;
use crate::wire::http2::check_head;
use answer::Answer;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use load::{Load, Tasks, Verdict};
use socket::Socket;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Serves a connection whose first bytes, `input`, were the preface, until one side closes.
pub(super) async fn drive<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    input: Bytes,
    (peer, is_secure): (Peer, bool),
    context: &Arc<Context>,
    mut stopping: watch::Receiver<bool>,
) {
    let limits = &context.settings.limits;
    let load = Arc::new(Load::new(limits));
    let door = Arc::new(Door {
        context: Arc::clone(context),
        load: Arc::clone(&load),
        peer: peer.clone(),
        is_secure,
    });
    let service = service_fn(move |request| Arc::clone(&door).answer(request));
    let socket = Socket::new(stream, input, Arc::clone(&load));
    let builder = builder(Tasks(Arc::clone(&load)), limits);
    let mut connection = pin!(builder.serve_connection(socket, service));
    let mut stop = pin!(stopping.wait_for(|stop| *stop));
    let mut alarm = pin!(sleep_until(Instant::now() + limits.head_time));
    let mut left = None;
    let end = poll_fn(|task| {
        loop {
            let is_stopping = left.is_none() && stop.as_mut().poll(task).is_ready();
            if let Poll::Ready(end) = connection.as_mut().poll(task) {
                return Poll::Ready(end.map_err(io::Error::other));
            }
            let now = Instant::now();
            match load.judge(now, left) {
                Verdict::End(why) => return Poll::Ready(Err(io::Error::other(why))),
                Verdict::Leave => {}
                Verdict::Wait(_) if is_stopping => {}
                Verdict::Wait(until) => {
                    if until < alarm.deadline() || alarm.is_elapsed() {
                        alarm.as_mut().reset(until);
                    }
                    match alarm.as_mut().poll(task) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(()) => continue,
                    }
                }
            }
            connection.as_mut().graceful_shutdown();
            left = Some(now);
        }
    });
    if let Err(error) = end.await {
        tracing::debug!(%peer, %error, "the connection ended early");
    }
}

fn builder(tasks: Tasks, limits: &Limits) -> Builder<Tasks> {
    let list_bytes_max = limits.fields_bytes_max + limits::HTTP2_HEADER_LIST_BYTES_MORE;
    let mut builder = Builder::new(tasks);
    builder
        .auto_date_header(false)
        .max_concurrent_streams(limits::HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(list_bytes_max).unwrap_or(u32::MAX))
        .max_frame_size(limits::HTTP2_FRAME_BYTES_MAX)
        .initial_stream_window_size(limits::HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::HTTP2_CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(limits::HTTP2_SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(limits::HTTP2_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(limits::HTTP2_LOCAL_RESETS_MAX);
    builder
}

/// What the streams of a connection share.
struct Door {
    context: Arc<Context>,
    load: Arc<Load>,
    peer: Peer,
    is_secure: bool,
}

/// Why a body was not read to its end.
enum Fault {
    /// It is over its limit.
    TooLarge,
    /// Nothing of it came for too long.
    Late,
    /// The client has taken the request back.
    Gone,
}

impl Door {
    fn limits(&self) -> &Limits {
        &self.context.settings.limits
    }

    fn caller(&self) -> Caller {
        Caller {
            address: self.peer.address.ip(),
            is_secure: self.is_secure,
        }
    }

    /// Answers the request of one stream.
    ///
    /// *Errors*: the client has taken the request back.
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Answer>> {
        let since = Instant::now();
        let (head, body) = request.into_parts();
        let (console, peer) = (&self.context.console, &self.peer);
        console.requested(peer, head.method.as_str());
        let method = head.method.clone();
        let line = request_line(&head);
        let response = self.respond(head, body).await?;
        let (status, bytes) = (response.status(), response.body().len());
        let time = since.elapsed();
        console.answered(peer, &console.words(&line, status, bytes), time);
        let metrics = self.context.api.metrics();
        metrics.answered(method.as_str(), status, bytes, time);
        Ok(self.frame(response, method == Method::HEAD))
    }

    async fn respond(&self, mut head: Parts, body: Incoming) -> io::Result<Response<Body>> {
        let facts = match check_head(&mut head, &limits_of_head(self.limits())) {
            Ok(facts) => facts,
            Err(refusal) => {
                skip(body, None).await;
                return Ok(refuse(refusal));
            }
        };
        if body.is_end_stream() {
            return Ok(self.handle(head, Bytes::new()).await);
        }
        if let Err(response) = self.context.api.check_head(&head, &self.caller()).await {
            if facts.expects_continue {
                // The client may never send the body that would have to be skipped.
                leave(body);
            } else {
                skip(body, facts.length).await;
            }
            return Ok(*response);
        }
        self.read_and_handle(head, body, facts.length).await
    }

    async fn read_and_handle(
        &self,
        head: Parts,
        mut body: Incoming,
        length: Option<u64>,
    ) -> io::Result<Response<Body>> {
        let is_too_large =
            length.is_some_and(|length| length > self.limits().body_bytes_max as u64);
        let read = if is_too_large {
            Err(Fault::TooLarge)
        } else {
            let is_coded = head.headers.contains_key(CONTENT_ENCODING);
            self.read(&mut body, length, is_coded).await
        };
        let response = match read {
            // The room that the body takes is given back when it is answered.
            Ok((bytes, _room)) => {
                self.context.api.metrics().received(bytes.len());
                return Ok(self.handle(head, bytes).await);
            }
            Err(Fault::TooLarge) => self.refuse_body(&head, Refusal::BodyTooLarge),
            Err(Fault::Late) => {
                let detail = "The request did not come in time.";
                api::refuse(StatusCode::REQUEST_TIMEOUT, detail)
            }
            Err(Fault::Gone) => return Err(io::ErrorKind::ConnectionReset.into()),
        };
        leave(body);
        Ok(response)
    }

    fn refuse_body(&self, head: &Parts, refusal: Refusal) -> Response<Body> {
        let (api, caller) = (&self.context.api, self.caller());
        api.refuse_body(head, &caller, refusal.status(), refusal.detail())
    }

    async fn handle(&self, head: Parts, body: Bytes) -> Response<Body> {
        let is_read = head.method.is_safe() || head.method == "QUERY";
        let _turn = if is_read {
            Some(self.load.turn().await)
        } else {
            None
        };
        self.load.wait_for_room().await;
        let request = Request::from_parts(head, body);
        match shielded(|| self.context.api.handle(request, &self.caller())) {
            Running::Done(response) => response,
            Running::Waiting(mut response) => {
                poll_fn(|task| poll_shielded(response.as_mut(), task)).await
            }
        }
    }

    /// Reads a body; a large one waits until there is room for it.
    async fn read(
        &self,
        body: &mut Incoming,
        length: Option<u64>,
        is_coded: bool,
    ) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Fault> {
        let mut whole = BytesMut::new();
        let mut room = None;
        if is_coded {
            // A small coded body may become one of the largest.
            room = Some(self.load.room_for_body(None).await);
        }
        let mut deadline = Instant::now() + self.limits().progress_time;
        loop {
            let frame = timeout_at(deadline, body.frame()).await;
            let Some(frame) = frame.map_err(|_| Fault::Late)? else {
                return Ok((whole.freeze(), room));
            };
            // Trailers are never obeyed.
            let Ok(piece) = frame.map_err(|_| Fault::Gone)?.into_data() else {
                continue;
            };
            if whole.len() + piece.len() > self.limits().body_bytes_max {
                return Err(Fault::TooLarge);
            }
            if room.is_none() && whole.len() + piece.len() > limits::SKIPPED_BODY_BYTES_MAX {
                room = Some(self.load.room_for_body(length).await);
            }
            if !piece.is_empty() {
                deadline = Instant::now() + self.limits().progress_time;
            }
            whole.extend_from_slice(&piece);
        }
    }

    /// Gives a response the fields that the HTTP/1.1 door writes itself.
    fn frame(&self, response: Response<Body>, is_head: bool) -> Response<Answer> {
        let (mut parts, mut body) = response.into_parts();
        let date = with_date(std::time::Instant::now(), HeaderValue::from_str);
        let date = date.expect("INVARIANT: a date is visible ASCII");
        parts.headers.insert(DATE, date);
        let status = parts.status;
        if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
            let length = HeaderValue::from(body.len());
            parts.headers.insert(CONTENT_LENGTH, length);
        }
        if is_head {
            body.leave_out();
        }
        let answer = Answer::new(body.into_pieces(), Arc::clone(&self.load));
        Response::from_parts(parts, answer)
    }
}

fn refuse(refusal: Refusal) -> Response<Body> {
    api::refuse(refusal.status(), refusal.detail())
}

/// What the log says of a request.
fn request_line(head: &Parts) -> String {
    let target = head.uri.path_and_query();
    let target = target.map_or("*", http::uri::PathAndQuery::as_str);
    format!("{} {target} HTTP/2", head.method)
}

/// Reads a short body to no end, so that a client that sends it all before it reads is not cut off.
async fn skip(mut body: Incoming, length: Option<u64>) {
    let is_short = length.is_none_or(|length| length <= limits::SKIPPED_BODY_BYTES_MAX as u64);
    let deadline = Instant::now() + limits::LINGER_TIME;
    if !is_short || !throw_away(&mut body, deadline).await {
        leave(body);
    }
}

/// Leaves the rest of a body. The stream is not reset at once: there are clients that would take
/// the answer for lost.
fn leave(mut body: Incoming) {
    tokio::spawn(async move {
        let deadline = Instant::now() + limits::LINGER_TIME;
        if !throw_away(&mut body, deadline).await {
            sleep_until(deadline).await;
        }
    });
}

/// Throws away what comes of a body, up to a bound; says whether it has ended.
async fn throw_away(body: &mut Incoming, deadline: Instant) -> bool {
    let mut bytes = 0;
    while bytes <= limits::SKIPPED_BODY_BYTES_MAX {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes += frame.data_ref().map_or(0, Bytes::len),
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
    false
}
