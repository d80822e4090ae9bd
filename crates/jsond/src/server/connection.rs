//! One connection: which door it takes, and reading from it.

use super::console::Peer;
use super::date::with_date;
use super::output::Output;
use super::stream::Stream;
use super::wait::Wait;
use super::{Context, dialogue, h2, http1};
use crate::api::Caller;
use crate::wire::Lang;
use crate::wire::dialogue::{Media, Reason, Reply, encode_reply};
use crate::wire::sniff::{Door, Refusal, sniff};
use crate::{api, limits};
use bytes::BytesMut;
use http::StatusCode;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

/// A client's connection with what was read from it and not eaten yet.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    pub(super) input: BytesMut,
    pub(super) output: Output,
    wait: Wait,
}

/// What reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// More bytes.
    Bytes,
    /// The client has closed its sending side.
    End,
    /// Nothing in time.
    Nothing,
    /// The server is to stop.
    Stop,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    context: Arc<Context>,
    stopping: watch::Receiver<bool>,
) {
    let limits = &context.settings.limits;
    let peer = Peer::from(peer);
    context.console.connected(&peer);
    stream.set_nodelay(true).ok();
    let stream = match &context.settings.tls {
        None => Stream::Plain(stream),
        // In a box, so that plain connections are none the larger.
        Some(tls) => match Box::pin(tls.accept(stream, limits.head_time)).await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%peer, %error, "no TLS came about");
                return;
            }
        },
    };
    let input = BytesMut::new();
    let mut connection = Connection {
        stream,
        peer,
        input,
        output: Output::new(limits.progress_time),
        wait: Wait::new(stopping),
    };
    // A client that is gone has no use for an answer; what it had written is kept.
    if let Err(error) = connection.choose_door(&context).await {
        tracing::debug!(peer = %connection.peer, %error, "the connection broke");
        return;
    }
    connection.linger().await;
}

impl Connection {
    async fn choose_door(&mut self, context: &Arc<Context>) -> io::Result<()> {
        let limits = &context.settings.limits;
        let deadline = Instant::now() + limits.head_time;
        if context.settings.tls.is_some() && !self.stream.is_secure() {
            return Box::pin(self.refuse_plain()).await;
        }
        let is_open = context.settings.dialogue;
        let mut since = None;
        loop {
            match sniff(&self.input, is_open, limits.request_line_bytes_max) {
                Door::Http => {
                    let _open = context.open(api::Door::Http1);
                    return Box::pin(http1::drive(self, context, since)).await;
                }
                Door::Dialogue => {
                    let _open = context.open(api::Door::Dialogue);
                    return Box::pin(dialogue::drive(self, context)).await;
                }
                Door::Http2 => {
                    let _open = context.open(api::Door::Http2);
                    let input = self.input.split().freeze();
                    let stopping = self.wait.stopping().clone();
                    let peer = (self.peer.clone(), self.stream.is_secure());
                    let drive = h2::drive(&mut self.stream, input, peer, context, stopping);
                    // In a box, so that the connections of the other doors are none the larger.
                    Box::pin(drive).await;
                    return Ok(());
                }
                Door::Refused(refusal @ (Refusal::Connect | Refusal::HttpsTarget)) => {
                    let text = refusal.text(Lang::En);
                    return Box::pin(http1::refuse(self, refusal.status(), text)).await;
                }
                Door::Refused(refusal) if !is_open => {
                    let text = refusal.text(Lang::En);
                    return Box::pin(http1::refuse(self, refusal.status(), text)).await;
                }
                Door::Refused(refusal) => {
                    let text = refusal.text(context.settings.lang);
                    return Box::pin(self.reply(refusal.status(), text)).await;
                }
                Door::NeedMore => {}
            }
            match self.read(deadline).await? {
                // Empty lines begin no request.
                Came::Bytes if self.input.iter().all(|byte| b"\r\n".contains(byte)) => {}
                Came::Bytes => _ = since.get_or_insert_with(Instant::now),
                Came::End if !self.input.is_empty() => {
                    // A first line that ends with the connection is judged as it stands.
                    return Box::pin(dialogue::drive(self, context)).await;
                }
                Came::Nothing if !self.input.is_empty() && !is_open => {
                    let status = StatusCode::REQUEST_TIMEOUT;
                    let text = Reason::NoRequestInTime.text(Lang::En);
                    return Box::pin(http1::refuse(self, status, text)).await;
                }
                Came::Nothing if !self.input.is_empty() => {
                    let text = Reason::NoRequestInTime.text(context.settings.lang);
                    return Box::pin(self.reply(StatusCode::REQUEST_TIMEOUT, text)).await;
                }
                Came::End | Came::Nothing | Came::Stop => return Ok(()),
            }
        }
    }

    /// Answers a client that does not speak TLS where it has to, so that a person sees why.
    async fn refuse_plain(&mut self) -> io::Result<()> {
        let detail = "This port speaks TLS: ask with https:// instead of http://.";
        http1::refuse(self, StatusCode::BAD_REQUEST, detail).await
    }

    /// Sends one plain reply to a connection that gets no further.
    async fn reply(&mut self, status: StatusCode, text: &str) -> io::Result<()> {
        let body = format!("{text}\n");
        let (media, body) = (Media::Text, body.as_bytes());
        let reply = Reply {
            status,
            media,
            body,
            keep_alive: false,
            is_head: false,
        };
        self.send(&reply).await
    }

    /// Sends one reply of the dialogue, in one write.
    pub(super) async fn send(&mut self, reply: &Reply<'_>) -> io::Result<()> {
        let now = std::time::Instant::now();
        self.output
            .push(with_date(now, |date| encode_reply(reply, date)));
        self.output.flush(&mut self.stream).await
    }

    /// Reads what there is, waiting for it until `deadline`.
    ///
    /// An idle connection holds no buffer: room is made only when there is something to read.
    pub(super) async fn read(&mut self, deadline: Instant) -> io::Result<Came> {
        self.read_behind(deadline, |_, _, _| 0).await
    }

    /// Does what [`Self::read`] does, behind what `eat` takes from the beginning of a first piece, so
    /// many bytes, unless the server is to stop.
    pub(super) async fn read_behind(
        &mut self,
        deadline: Instant,
        mut eat: impl FnMut(&mut Output, &Peer, &[u8]) -> usize,
    ) -> io::Result<Came> {
        let is_first = self.input.is_empty();
        if is_first {
            self.input = BytesMut::new();
        }
        let Self {
            stream,
            peer,
            input,
            output,
            wait,
        } = self;
        poll_fn(|task| {
            let is_stopping = wait.is_stopping();
            let eat = |came: &[u8]| match is_first && !is_stopping {
                true => eat(output, peer, came),
                false => 0,
            };
            match stream.poll_read_into(input, task, eat) {
                Poll::Ready(read) => Poll::Ready(read.map(|count| match count {
                    0 => Came::End,
                    _ => Came::Bytes,
                })),
                Poll::Pending => wait.poll_end(deadline, task).map(Ok),
            }
        })
        .await
    }

    /// Whom requests come from.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            address: self.peer.address.ip(),
            is_secure: self.stream.is_secure(),
        }
    }

    /// Whether the server is to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.wait.is_stopping()
    }

    /// Closes so that the client can still read the last answer: a close with unread bytes would
    /// make its system throw the answer away.
    async fn linger(&mut self) {
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let deadline = Instant::now() + limits::LINGER_TIME;
        loop {
            self.input.clear();
            match self.read(deadline).await {
                Ok(Came::Bytes) if Instant::now() < deadline => {}
                _ => return,
            }
        }
    }
}
