//! The HTTP/1.1 door: drives the wire's machine, gives requests to the api and sends the answers.

use super::Context;
use super::connection::{Came, Connection};
use super::console::Peer;
use super::date::with_date;
use super::output::Output;
use super::recall::{self, Again};
use crate::api::{self, Body, Running};
use crate::limits::{self, Limits};
use crate::wire::http1::{self as wire, BodyFraming, CONTINUE, Event, Head, Machine};
use crate::wire::http1::{Phase, encode_head};
use bytes::{Buf as _, Bytes};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// A request whose body is being read.
struct Pending {
    parts: Parts,
    keep_alive: bool,
    since: Instant,
}

/// A request that could not be answered at once.
struct Waiting<'a> {
    response: Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>,
    method: Method,
    keep_alive: bool,
}

/// What the driver does next.
enum Next {
    Go,
    Close,
}

/// Serves requests until one side closes; the first began to come at `since`.
pub(super) async fn drive(
    connection: &mut Connection,
    context: &Context,
    since: Option<Instant>,
) -> io::Result<()> {
    let mut driver = Driver {
        connection,
        context,
        machine: Machine::new(limits_of_head(&context.settings.limits)),
        pending: None,
        since,
        request: None,
        again: None,
        is_looked_for: false,
        now: Instant::now(),
    };
    while let Next::Go = driver.step().await? {}
    driver.flush().await
}

/// Sends the one answer to a connection that gets no further.
pub(super) async fn refuse(
    connection: &mut Connection,
    status: StatusCode,
    detail: &str,
) -> io::Result<()> {
    append(
        connection,
        api::refuse(status, detail),
        Instant::now(),
        false,
    );
    connection.output.flush(&mut connection.stream).await
}

/// Appends a response to what waits to be sent.
fn append(connection: &mut Connection, response: Response<Body>, now: Instant, keep_alive: bool) {
    let (parts, body) = response.into_parts();
    let length = (parts.status != StatusCode::NOT_MODIFIED).then_some(body.len() as u64);
    connection.output.append(|out| {
        with_date(now.into_std(), |date| {
            encode_head(out, parts.status, &parts.headers, length, date, keep_alive);
        });
    });
    for piece in body.into_pieces() {
        connection.output.push(piece);
    }
}

/// The bounds of a head, as the wire wants them.
pub(super) fn limits_of_head(limits: &Limits) -> wire::Limits {
    wire::Limits {
        request_line_bytes_max: limits.request_line_bytes_max,
        fields_bytes_max: limits.fields_bytes_max,
        fields_max: limits.fields_max,
        chunk_extensions_bytes_max: limits::CHUNK_EXTENSIONS_BYTES_MAX,
    }
}

struct Driver<'a> {
    connection: &'a mut Connection,
    context: &'a Context,
    machine: Machine,
    pending: Option<Pending>,
    /// When the first byte of the request came that is being read.
    since: Option<Instant>,
    /// The request that is being answered, for the log.
    request: Option<String>,
    /// The request that is being answered is to be remembered with its answer.
    again: Option<Again>,
    /// The answer to the next request has been looked for already, and is not remembered.
    is_looked_for: bool,
    /// The last time that the clock was asked.
    now: Instant,
}

impl<'a> Driver<'a> {
    async fn step(&mut self) -> io::Result<Next> {
        if self.connection.output.len() > limits::OUTPUT_BYTES_MAX {
            self.flush().await?;
        }
        if !std::mem::take(&mut self.is_looked_for) {
            self.answer_again();
        }
        let input_bytes = self.connection.input.len();
        let event = self.machine.next(&mut self.connection.input);
        let eaten_bytes = input_bytes - self.connection.input.len();
        if matches!(&self.again, Some(again) if again.head.len() != eaten_bytes) {
            self.again = None;
        }
        match event {
            Ok(Event::NeedMore) => self.read_more().await,
            Ok(Event::Head(head)) => {
                let (pending, decision) = self.begin(head);
                match decision {
                    None => self.handle_or_wait(pending, Bytes::new()).await,
                    Some(_) if self.has_body() => Ok(self.read_body(pending)),
                    // In a box, so that a connection that waits for its next request takes no room
                    // for it.
                    Some(expects_continue) => {
                        Box::pin(self.decide_on_body(pending, expects_continue)).await
                    }
                }
            }
            Ok(Event::Body(body)) => match self.pending.take() {
                Some(pending) => self.handle_or_wait(pending, body).await,
                None => Ok(Next::Close),
            },
            Ok(Event::Closed) => Ok(Next::Close),
            Err(refusal) => {
                if !self.machine.has_refused_skipped() {
                    self.refuse(refusal.status(), refusal.detail());
                }
                Ok(Next::Close)
            }
        }
    }

    /// Answers what is being read, of which no more is wanted; it is logged as the request that it is
    /// if its head has come.
    fn refuse(&mut self, status: StatusCode, detail: &str) {
        let Some(pending) = self.pending.take() else {
            return self.answer(api::refuse(status, detail), &Method::GET, false);
        };
        let (api, caller) = (&self.context.api, self.connection.caller());
        let response = api.refuse_body(&pending.parts, &caller, status, detail);
        self.log_request(&pending);
        self.answer(response, &pending.parts.method, false);
    }

    /// Answers the next requests as long as their answers are remembered.
    fn answer_again(&mut self) {
        self.again = None;
        let Self {
            connection,
            machine,
            since,
            ..
        } = self;
        if machine.phase() != Phase::Idle || connection.is_stopping() {
            return;
        }
        let to = (&mut connection.output, &connection.peer);
        let answered = recall::answer_all(&connection.input, self.context, to, since);
        connection.input.advance(answered.bytes);
        if let Some(at) = answered.at {
            self.now = at;
            machine.pass_heads();
        }
        self.again = answered.next.flatten();
    }

    /// Reads the beginning of a request, and answers in the same way where the requests lie.
    async fn read_first(&mut self, deadline: Instant) -> io::Result<Came> {
        let Self {
            connection,
            context,
            machine,
            since,
            again,
            is_looked_for,
            now,
            ..
        } = self;
        let answer = |output: &mut Output, peer: &Peer, came: &[u8]| {
            let answered = recall::answer_all(came, context, (output, peer), since);
            if let Some(at) = answered.at {
                *now = at;
                machine.pass_heads();
            }
            *is_looked_for = answered.next.is_some();
            *again = answered.next.flatten();
            answered.bytes
        };
        connection.read_behind(deadline, answer).await
    }

    async fn read_more(&mut self) -> io::Result<Next> {
        self.flush().await?;
        let phase = self.machine.phase();
        match phase {
            Phase::Idle if self.connection.is_stopping() => return Ok(Next::Close),
            // What came last was no beginning of a request: an empty line, the end of a body.
            Phase::Idle => self.since = None,
            // It may have begun behind another one, which has been answered.
            Phase::Head => _ = self.since.get_or_insert_with(Instant::now),
            _ => {}
        }
        let limits = &self.context.settings.limits;
        let time = match phase {
            Phase::Idle => limits.keep_alive_time,
            Phase::Head => limits.head_time,
            _ => limits.progress_time,
        };
        let deadline = match (self.since, phase) {
            // A head is bounded as a whole, not from one byte to the next.
            (Some(since), Phase::Head) => since + time,
            (_, Phase::Idle) => self.now + time,
            _ => Instant::now() + time,
        };
        let came = match phase {
            Phase::Idle => self.read_first(deadline).await?,
            _ => self.connection.read(deadline).await?,
        };
        match came {
            // All of it is answered.
            Came::Bytes if self.connection.input.is_empty() => Ok(Next::Go),
            Came::Bytes => {
                self.now = Instant::now();
                // With the end of a body that is skipped the next request may begin.
                self.since = self.since.filter(|_| phase != Phase::Skipping);
                self.since.get_or_insert(self.now);
                Ok(Next::Go)
            }
            Came::Stop if phase == Phase::Idle => Ok(Next::Close),
            Came::Stop => self.read_while_stopping(deadline).await,
            Came::End => {
                if let Err(refusal) = self.machine.end_input() {
                    self.refuse(refusal.status(), refusal.detail());
                }
                Ok(Next::Close)
            }
            Came::Nothing => {
                if matches!(phase, Phase::Head | Phase::Body) {
                    let detail = "The request did not come in time.";
                    self.refuse(StatusCode::REQUEST_TIMEOUT, detail);
                }
                Ok(Next::Close)
            }
        }
    }

    /// A request that has begun may still come, as long as the drain lasts.
    async fn read_while_stopping(&mut self, deadline: Instant) -> io::Result<Next> {
        let connection = &mut *self.connection;
        let read = connection.stream.read(&mut connection.input);
        match tokio::time::timeout_at(deadline, read).await {
            Ok(Ok(0)) | Err(_) => Ok(Next::Close),
            Ok(read) => read.map(|_| Next::Go),
        }
    }

    /// Begins with a request; says whether a body follows, and then whether the client waits for
    /// leave to send it.
    fn begin(&mut self, head: Head) -> (Pending, Option<bool>) {
        let Head {
            parts,
            framing,
            keep_alive,
            expects_continue,
        } = head;
        let since = self.since.take().unwrap_or_else(Instant::now);
        let pending = Pending {
            parts,
            keep_alive,
            since,
        };
        self.context
            .console
            .requested(&self.connection.peer, pending.parts.method.as_str());
        let has_body = framing != BodyFraming::None;
        (pending, has_body.then_some(expects_continue))
    }

    async fn handle_or_wait(&mut self, pending: Pending, body: Bytes) -> io::Result<Next> {
        match self.handle(pending, body) {
            Ok(next) => Ok(next),
            // In a box for the same reason.
            Err(waiting) => Box::pin(self.wait(waiting)).await,
        }
    }

    /// Whether the body is here already, and not too long: the client need not be spared the sending.
    fn has_body(&self) -> bool {
        let here = self.machine.whole_body_bytes(&self.connection.input);
        here.is_some_and(|bytes| bytes <= self.context.settings.limits.body_bytes_max)
    }

    async fn decide_on_body(
        &mut self,
        pending: Pending,
        expects_continue: bool,
    ) -> io::Result<Next> {
        let (api, caller) = (&self.context.api, self.connection.caller());
        if let Err(response) = api.check_head(&pending.parts, &caller).await {
            // A client that waits for a 100 may never send the body that would have to be skipped.
            let may_skip = !expects_continue;
            return Ok(self.refuse_body(&pending, *response, may_skip));
        }
        let next = self.read_body(pending);
        if matches!(next, Next::Go) && expects_continue && self.connection.input.is_empty() {
            self.connection
                .output
                .append(|out| out.extend_from_slice(CONTINUE));
            self.flush().await?;
        }
        Ok(next)
    }

    /// Begins to read a body, unless it is too long.
    fn read_body(&mut self, pending: Pending) -> Next {
        let body_bytes_max = self.context.settings.limits.body_bytes_max;
        self.pending = Some(pending);
        if let Err(refusal) = self.machine.read_body(body_bytes_max) {
            self.refuse(refusal.status(), refusal.detail());
            return Next::Close;
        }
        Next::Go
    }

    /// Answers before the body; a short one is skipped so that the connection can be kept.
    fn refuse_body(&mut self, pending: &Pending, response: Response<Body>, may_skip: bool) -> Next {
        let is_kept = may_skip
            && pending.keep_alive
            && self
                .machine
                .skip_body(limits::SKIPPED_BODY_BYTES_MAX)
                .is_ok();
        self.log_request(pending);
        self.answer(response, &pending.parts.method, is_kept);
        if is_kept { Next::Go } else { Next::Close }
    }

    fn log_request(&mut self, pending: &Pending) {
        let target = pending
            .parts
            .uri
            .path_and_query()
            .map_or("*", |it| it.as_str());
        let method = pending.parts.method.as_str();
        let mut request = String::with_capacity(method.len() + 1 + target.len());
        request.push_str(method);
        request.push(' ');
        request.push_str(target);
        self.request = Some(request);
        self.since = Some(pending.since);
    }

    /// Handles a request; gives what has to be waited for, if it could not be answered at once.
    fn handle(&mut self, pending: Pending, body: Bytes) -> Result<Next, Waiting<'a>> {
        self.log_request(&pending);
        self.context.api.metrics().received(body.len());
        let Pending {
            parts, keep_alive, ..
        } = pending;
        let method = parts.method.clone();
        let (context, caller) = (self.context, self.connection.caller());
        let request = Request::from_parts(parts, body);
        match shielded(|| context.api.handle(request, &caller)) {
            Running::Done(response) => Ok(self.respond(response, &method, keep_alive)),
            Running::Waiting(response) => Err(Waiting {
                response,
                method,
                keep_alive,
            }),
        }
    }

    async fn wait(&mut self, waiting: Waiting<'_>) -> io::Result<Next> {
        // Answers that wait need not wait for the disk.
        self.flush().await?;
        let Waiting {
            mut response,
            method,
            keep_alive,
        } = waiting;
        let response = poll_fn(|task| poll_shielded(response.as_mut(), task)).await;
        Ok(self.respond(response, &method, keep_alive))
    }

    fn respond(&mut self, response: Response<Body>, method: &Method, keep_alive: bool) -> Next {
        let keep_alive = keep_alive && !self.connection.is_stopping();
        self.answer(response, method, keep_alive);
        if keep_alive {
            return Next::Go;
        }
        self.machine.close();
        Next::Close
    }

    /// Answers the request of the log line, and prints that line.
    fn answer(&mut self, mut response: Response<Body>, method: &Method, keep_alive: bool) {
        let (status, length) = (response.status(), response.body().len());
        if *method == Method::HEAD {
            response.body_mut().leave_out();
        }
        let again = self.again.take();
        let again = again.filter(|_| response.body().holds() && keep_alive);
        self.now = Instant::now();
        let waited_bytes = self.connection.output.len();
        append(self.connection, response, self.now, keep_alive);
        let request = self.request.take();
        let request = request.as_deref().unwrap_or("-");
        let time = self.since.take().map_or(Duration::ZERO, |it| self.now - it);
        let console = &self.context.console;
        let words = console.words(request, status, length);
        console.answered(&self.connection.peer, &words, time);
        let output = &self.connection.output;
        if let Some(again) = again
            && let Some(answer) = output.tail(output.len() - waited_bytes)
        {
            let facts = recall::Facts {
                method: method.clone(),
                status,
                body_bytes: length,
                words: &words,
            };
            recall::keep(again, answer, facts);
        }
        // What was no request has no method.
        let method = if request == "-" { "-" } else { method.as_str() };
        let metrics = self.context.api.metrics();
        metrics.answered(method, status, length, time);
    }

    /// Sends everything.
    async fn flush(&mut self) -> io::Result<()> {
        let connection = &mut *self.connection;
        let mut flush = pin!(connection.output.flush(&mut connection.stream));
        let mut has_waited = false;
        poll_fn(|task| {
            let polled = flush.as_mut().poll(task);
            has_waited |= polled.is_pending();
            polled
        })
        .await?;
        if has_waited {
            self.now = Instant::now();
        }
        Ok(())
    }
}

/// Begins to answer a request. A panic in one request is a 500 for that one.
pub(super) fn shielded<'a>(
    begin: impl FnOnce() -> Running<'a, Response<Body>>,
) -> Running<'a, Response<Body>> {
    catch_unwind(AssertUnwindSafe(begin)).unwrap_or_else(|_| Running::Done(broken()))
}

/// Goes on with a request that has begun.
pub(super) fn poll_shielded(
    response: Pin<&mut (impl Future<Output = Response<Body>> + ?Sized)>,
    task: &mut std::task::Context<'_>,
) -> Poll<Response<Body>> {
    let polled = catch_unwind(AssertUnwindSafe(|| response.poll(task)));
    polled.unwrap_or_else(|_| Poll::Ready(broken()))
}

fn broken() -> Response<Body> {
    let detail = "Something is wrong in jsond itself; the write may not have happened.";
    api::refuse(StatusCode::INTERNAL_SERVER_ERROR, detail)
}
