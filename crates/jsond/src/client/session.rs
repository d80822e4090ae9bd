//! Requests to one server, in the dialect it speaks.
//!
//! `auto` begins at the HTTP door. It goes on raw, on the same connection, when the 300 has no
//! framing or the answer is not what hyper calls HTTP; and it asks once more in the raw form after
//! a 404 or 400 without framing. What it learned holds for the session.

use std::time::Duration;

use std::cell::RefCell;
use std::rc::Rc;

use super::choices::Choices;
use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::guide::Answer;
use super::head::Head;
use super::http::{Connection, Exchange};
use super::limit;
use super::peer::Peer;
use super::raw::RawLine;
use super::request::Request;
use super::socket::Socket;
use super::transcript::{Direction, Record, Transcript};

/// The dialect a person asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Dialect {
    /// Begin with HTTP, go on raw where the server does
    #[default]
    Auto,
    /// HTTP and nothing else
    Http,
    /// A request line and raw answer lines, as twenty-line servers speak
    Raw,
}

/// Who is told what came.
pub(super) trait Audience {
    /// A final response begins.
    fn head(&mut self, head: &Head, transcript: &Transcript) -> Result<(), Failure>;
    /// A question came instead.
    fn question(&mut self, head: &Head, body: &[u8], transcript: &Transcript);
    /// A piece of a final response's body.
    fn body(&mut self, piece: &[u8]) -> Result<(), Failure>;
    /// It is complete.
    fn end(&mut self) -> Result<(), Failure>;
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// The final response, of which the audience has been told.
    Final(Head),
    Question(Box<Question>),
}

/// A 300 that waits for an answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) head: Head,
    pub(super) choices: Choices,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    /// The answer is a second request, as this one was.
    Http(Request),
    /// The answer is a line on the connection that asked.
    Raw(RawLine),
}

/// Requests to one server.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) peer: Peer,
    /// What crossed the wire.
    pub(super) record: Rc<RefCell<Record>>,
    dialect: Dialect,
    timeout: Option<Duration>,
    /// The server was found to speak the raw dialect only.
    speaks_raw: bool,
    /// A connection on which nothing has been sent yet, for the next raw request.
    fresh: Option<Socket>,
    /// A connection that waits for the next request over HTTP.
    idle: Option<Connection>,
}

impl Session {
    pub(super) fn new(
        peer: Peer,
        dialect: Dialect,
        timeout: Option<Duration>,
        record: Record,
    ) -> Self {
        Self {
            peer,
            record: Rc::new(RefCell::new(record)),
            dialect,
            timeout,
            speaks_raw: false,
            fresh: None,
            idle: None,
        }
    }

    /// Keeps a connection for the first request: a twenty-line server may not survive one on which
    /// nothing is said.
    pub(super) fn keep(&mut self, socket: Socket) {
        self.fresh = Some(socket);
    }

    /// Keeps a connection for the next request over HTTP.
    pub(super) fn keep_idle(&mut self, connection: Connection) {
        self.idle = Some(connection);
    }

    /// Connects.
    pub(super) async fn connect(&self, clock: &Clock) -> Result<Socket, Failure> {
        Socket::connect(&self.peer, &self.record, clock).await
    }

    /// Sends a request over HTTP, on the connection of the one before if it is still there. The
    /// socket is that of the exchange, also where nothing came of it.
    pub(super) async fn open_http(
        &mut self,
        request: &Request,
        clock: &Clock,
    ) -> Result<Result<Exchange, (Failure, Socket)>, Failure> {
        if let Some(mut connection) = self.idle.take()
            && connection.is_usable(may_be_repeated(request)).await
        {
            let socket = connection.socket.clone();
            match Exchange::open(connection, request, &self.peer, clock).await {
                Ok(exchange) => return Ok(Ok(exchange)),
                // The server closed it at that very moment.
                Err(failure) if is_stale(&failure, &socket) && may_be_repeated(request) => {}
                Err(failure) => return Ok(Err((failure, socket))),
            }
        }
        let socket = self.connect(clock).await?;
        let connection = Connection::over(socket.clone()).await?;
        let opened = Exchange::open(connection, request, &self.peer, clock).await;
        Ok(opened.map_err(|failure| (failure, socket)))
    }

    /// The time for a whole exchange, if a person set one.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Sends a request and tells the audience of a final response.
    ///
    /// Cancel: the connection is dropped; the server may have acted all the same.
    pub(super) async fn ask(
        &mut self,
        request: &Request,
        audience: &mut dyn Audience,
    ) -> Result<Reply, Failure> {
        let clock = Clock::start(self.timeout);
        let fits_raw = fits_raw(request);
        if self.dialect == Dialect::Raw && !fits_raw {
            return Err(Failure::usage(
                "the raw dialect carries neither a body nor parameters",
            ));
        }
        if self.dialect == Dialect::Raw || self.speaks_raw && fits_raw {
            let (line, head) = self.open_raw(request, &clock).await?;
            return finish_raw(line, head, request, &clock, audience).await;
        }
        match self.open_http(request, &clock).await? {
            Ok(exchange) => self.take_http(exchange, request, &clock, audience).await,
            Err((failure, socket))
                if self.dialect == Dialect::Auto && is_readable(&failure, &socket) =>
            {
                self.take_over(socket, failure, request, &clock, audience)
                    .await
            }
            Err((failure, _)) => Err(failure),
        }
    }

    /// Sends the answer to a question; what comes back is final.
    pub(super) async fn answer(
        &mut self,
        question: Question,
        answer: Answer,
        audience: &mut dyn Audience,
    ) -> Result<Head, Failure> {
        let clock = Clock::start(self.timeout);
        match question.origin {
            Origin::Raw(mut line) => {
                line.answer(&answer.line(), &clock).await?;
                let head = line.final_head(&clock).await?;
                emit_raw(line, &head, true, &clock, audience).await?;
                Ok(head)
            }
            Origin::Http(asked) => {
                let mut request = answer.into_request(&asked, &question.choices);
                // A dialogue meets the state of its own moment.
                request.headers.retain(|(name, _)| name != "If-Match");
                let exchange = self.open_http(&request, &clock).await?;
                let exchange = exchange.map_err(|(failure, _)| failure)?;
                let head = exchange.head.clone();
                self.emit_http(exchange, Vec::new(), &clock, audience)
                    .await?;
                Ok(head)
            }
        }
    }

    /// Judges the head that hyper read.
    async fn take_http(
        &mut self,
        mut exchange: Exchange,
        request: &Request,
        clock: &Clock,
        audience: &mut dyn Audience,
    ) -> Result<Reply, Failure> {
        let head = exchange.head.clone();
        let socket = exchange.socket().clone();
        let is_loose = self.dialect == Dialect::Auto && !head.is_framed();
        let mut held = Vec::new();
        if head.status == 300 && request.method != "HEAD" {
            if is_loose {
                drop(exchange);
                self.speaks_raw = true;
                let mut line = RawLine::take_over(socket)?;
                let head = line.head(clock).await?;
                return finish_raw(line, head, request, clock, audience).await;
            }
            held = hold(&mut exchange, clock).await?;
            if let Some(choices) = Choices::parse(&held) {
                audience.question(&head, &held, &socket.transcript());
                self.keep_idle(exchange.into_connection());
                let origin = Origin::Http(request.clone());
                return Ok(Reply::Question(Box::new(Question {
                    head,
                    choices,
                    origin,
                })));
            }
        } else if is_loose && is_refusal(&head) && fits_raw(request) {
            held = match hold(&mut exchange, clock).await {
                Err(failure) if failure.cause == Cause::TimedOut => return Err(failure),
                held => held.unwrap_or_default(),
            };
            if let Some((line, head)) = self.second_attempt(request, head.status, clock).await {
                return finish_raw(line, head, request, clock, audience).await;
            }
        }
        self.emit_http(exchange, held, clock, audience).await?;
        Ok(Reply::Final(head))
    }

    /// Tells the audience of a response over the HTTP door, beginning with what was held back.
    async fn emit_http(
        &mut self,
        mut exchange: Exchange,
        held: Vec<u8>,
        clock: &Clock,
        audience: &mut dyn Audience,
    ) -> Result<(), Failure> {
        audience.head(&exchange.head, &exchange.socket().transcript())?;
        if !held.is_empty() {
            audience.body(&held)?;
        }
        while let Some(piece) = exchange.next(clock).await? {
            audience.body(&piece)?;
        }
        self.keep_idle(exchange.into_connection());
        audience.end()
    }

    /// Reads again, leniently, what hyper could not read; else asks again in the raw form.
    async fn take_over(
        &mut self,
        socket: Socket,
        failure: Failure,
        request: &Request,
        clock: &Clock,
        audience: &mut dyn Audience,
    ) -> Result<Reply, Failure> {
        let received = socket.transcript().bytes(Direction::Received);
        let mut line = RawLine::take_over(socket)?;
        let refused = match line.head(clock).await {
            Ok(head) if !(is_refusal(&head) && fits_raw(request)) => {
                self.speaks_raw = head.status == 300;
                return finish_raw(line, head, request, clock, audience).await;
            }
            Ok(head) => Some(head),
            Err(trouble) if !matches!(trouble.cause, Cause::NotHttp | Cause::Broken) => {
                return Err(trouble);
            }
            // What may have been done is not sent again, in whatever form.
            Err(_) if is_mute(&failure, &received) && fits_raw(request) && is_safe(request) => None,
            Err(_) => return Err(failure),
        };
        let status = refused.as_ref().map_or(0, |head| head.status);
        if let Some((line, head)) = self.second_attempt(request, status, clock).await {
            return finish_raw(line, head, request, clock, audience).await;
        }
        match refused {
            Some(head) => finish_raw(line, head, request, clock, audience).await,
            None => Err(failure),
        }
    }

    /// Asks again in the raw form, unless what comes is no better than the status there is.
    async fn second_attempt(
        &mut self,
        request: &Request,
        status: u16,
        clock: &Clock,
    ) -> Option<(RawLine, Head)> {
        let left = clock.left().unwrap_or(limit::SECOND_ATTEMPT_PATIENCE);
        let clock = Clock::start(Some(left.min(limit::SECOND_ATTEMPT_PATIENCE)));
        let (line, head) = self.open_raw(request, &clock).await.ok()?;
        if head.status == 400 && status != 0 {
            return None;
        }
        self.speaks_raw = head.status < 400;
        Some((line, head))
    }

    async fn open_raw(
        &mut self,
        request: &Request,
        clock: &Clock,
    ) -> Result<(RawLine, Head), Failure> {
        if let Some(socket) = self.fresh.take() {
            match self.open_raw_on(socket, request, clock).await {
                // It was kept too long for the server, which closed it without a word.
                Err(failure) if failure.cause == Cause::Broken => {}
                opened => return opened,
            }
        }
        let socket = self.connect(clock).await?;
        self.open_raw_on(socket, request, clock).await
    }

    async fn open_raw_on(
        &self,
        socket: Socket,
        request: &Request,
        clock: &Clock,
    ) -> Result<(RawLine, Head), Failure> {
        let target = request.raw_target();
        let target = match target.strip_prefix('/') {
            Some(bare) if self.dialect == Dialect::Auto && !bare.is_empty() => bare,
            _ => target,
        };
        let authority = self.peer.authority();
        let mut line = RawLine::open(socket, request, target, &authority, clock).await?;
        let head = line.head(clock).await?;
        Ok((line, head))
    }
}

/// Whether a connection that was kept turned out to be gone: nothing came back on it.
fn is_stale(failure: &Failure, socket: &Socket) -> bool {
    let received = socket.transcript().bytes(Direction::Received);
    failure.cause == Cause::Broken && received.is_empty()
}

/// Whether a request changes nothing.
fn is_safe(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

/// Whether a request that may have been done can be sent once more, and the second answer says what
/// the first would have said: that of a DELETE would be 404, that of a condition 412.
///
/// *Source*: RFC 9110 §9.2.2
fn may_be_repeated(request: &Request) -> bool {
    let is_conditional = || {
        let mut names = request.headers.iter().map(|(name, _)| name);
        names.any(|name| name.to_ascii_lowercase().starts_with("if-"))
    };
    match request.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "QUERY" => true,
        "PUT" => !is_conditional(),
        _ => false,
    }
}

/// Whether the raw form can say all of the request.
fn fits_raw(request: &Request) -> bool {
    request.body.is_none() && request.query.is_empty() && !request.target.contains(' ')
}

/// Whether the raw dialect may make sense of what hyper refused: something that is not its HTTP, a
/// head with bare line feeds whose empty line was forgotten, or nothing at all, as from a server
/// that fell over a request line of three words.
fn is_readable(failure: &Failure, socket: &Socket) -> bool {
    let received = socket.transcript().bytes(Direction::Received);
    match failure.cause {
        Cause::NotHttp => true,
        Cause::Broken => !received.contains(&b'\r'),
        _ => false,
    }
}

/// Whether the server said nothing of HTTP at all, so that the raw form may be worth an attempt.
fn is_mute(failure: &Failure, received: &[u8]) -> bool {
    failure.cause == Cause::NotHttp || received.is_empty()
}

/// The statuses of a server that did not understand the target, or the request at all.
fn is_refusal(head: &Head) -> bool {
    matches!(head.status, 400 | 404)
}

/// Holds back a body, as much of it as may be held.
async fn hold(exchange: &mut Exchange, clock: &Clock) -> Result<Vec<u8>, Failure> {
    let mut held = Vec::new();
    while held.len() <= limit::HELD_BODY_BYTES_MAX {
        match exchange.next(clock).await? {
            Some(piece) => held.extend_from_slice(&piece),
            None => return Ok(held),
        }
    }
    if exchange.head.status == 300 {
        return Err(Failure::new(Cause::Other, "the question is too long"));
    }
    Ok(held)
}

/// Goes on after the head of a raw reply: a question, or a final response.
async fn finish_raw(
    mut line: RawLine,
    head: Head,
    request: &Request,
    clock: &Clock,
    audience: &mut dyn Audience,
) -> Result<Reply, Failure> {
    let has_body = request.method != "HEAD";
    if head.status == 300 && has_body {
        let body = line.question(&head, clock).await?;
        if let Some(choices) = Choices::parse(&body) {
            audience.question(&head, &body, &line.socket.transcript());
            let origin = match line.is_closed() {
                true => Origin::Http(request.clone()),
                false => Origin::Raw(line),
            };
            return Ok(Reply::Question(Box::new(Question {
                head,
                choices,
                origin,
            })));
        }
        audience.head(&head, &line.socket.transcript())?;
        audience.body(&body)?;
        audience.end()?;
        return Ok(Reply::Final(head));
    }
    emit_raw(line, &head, has_body, clock, audience).await?;
    Ok(Reply::Final(head))
}

/// Tells the audience of a final response in the raw dialect.
async fn emit_raw(
    mut line: RawLine,
    head: &Head,
    has_body: bool,
    clock: &Clock,
    audience: &mut dyn Audience,
) -> Result<(), Failure> {
    audience.head(head, &line.socket.transcript())?;
    let bodyless = !has_body || matches!(head.status, 204 | 304);
    let mut remaining = if bodyless {
        Some(0)
    } else {
        head.content_length()
    };
    if head.status == 300 {
        let body = line.question(head, clock).await?;
        audience.body(&body)?;
        remaining = Some(0);
    }
    while let Some(piece) = line.next(&mut remaining, clock).await? {
        audience.body(&piece)?;
    }
    audience.end()
}
