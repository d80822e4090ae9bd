//! The raw dialect: a request line, a status, and a line of words in answer to a question.
//!
//! For servers as the twenty-line ones of a course, and for the dialogue door of jsond. Reads
//! leniently what such servers write, within bounds of size and time.

use std::time::Duration;

use tokio::time::timeout;

use super::clock::Clock;
use super::failure::{Cause, Failure};
use super::head::{Head, Parsed};
use super::http::USER_AGENT;
use super::limit;
use super::request::Request;
use super::socket::Socket;
use super::transcript::Direction;

/// A connection that speaks the raw dialect.
#[derive(Debug)]
pub(super) struct RawLine {
    pub(super) socket: Socket,
    /// Received and not yet consumed.
    buffer: Vec<u8>,
    closed: bool,
}

impl RawLine {
    /// Takes over a connection on which a request has been sent: what was received is read again.
    ///
    /// Errors: `NotHttp` when so much was received that it is not all there any more.
    pub(super) fn take_over(socket: Socket) -> Result<Self, Failure> {
        let (buffer, whole) = {
            let transcript = socket.transcript();
            (transcript.bytes(Direction::Received), transcript.is_whole())
        };
        if !whole {
            return Err(not_http());
        }
        Ok(Self {
            socket,
            buffer,
            closed: false,
        })
    }

    /// Sends a request: no body, no version, the target as typed.
    pub(super) async fn open(
        socket: Socket,
        request: &Request,
        target: &str,
        authority: &str,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        let bytes = encode(request, target, authority);
        socket.begin_exchange();
        let line = Self {
            socket,
            buffer: Vec::new(),
            closed: false,
        };
        clock.limit_head(line.send(bytes.as_bytes())).await?;
        Ok(line)
    }

    /// Sends the answer to a question, as the original client does: without a line end.
    ///
    /// What is left of the question is forgotten.
    pub(super) async fn answer(&mut self, words: &str, clock: &Clock) -> Result<(), Failure> {
        self.buffer.clear();
        clock.limit_head(self.send(words.as_bytes())).await
    }

    async fn send(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.socket
            .write(bytes)
            .await
            .map_err(|error| broken(&error))
    }

    /// Whether the server has closed its side: no answer can be given any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Waits for a head.
    pub(super) async fn head(&mut self, clock: &Clock) -> Result<Head, Failure> {
        clock.limit_head(self.read_head()).await
    }

    async fn read_head(&mut self) -> Result<Head, Failure> {
        loop {
            match Head::parse(&self.buffer, self.closed) {
                Parsed::Complete(head, length) => {
                    self.buffer.drain(..length);
                    if !(100..200).contains(&head.status) {
                        return Ok(head);
                    }
                }
                Parsed::TooLarge => {
                    return Err(Failure::new(Cause::Other, "the response head is too large"));
                }
                Parsed::NotHttp => return Err(not_http()),
                Parsed::Partial if self.closed => {
                    return Err(Failure::broken(
                        "the connection was closed without an answer",
                    ));
                }
                Parsed::Partial => {
                    if let Some(head) = self.fill_or_settle().await? {
                        return Ok(head);
                    }
                }
            }
        }
    }

    /// Reads more, or takes a quiet 300 without an empty line for what it is.
    async fn fill_or_settle(&mut self) -> Result<Option<Head>, Failure> {
        if self.fill_within(limit::QUESTION_PATIENCE).await? {
            return Ok(None);
        }
        // LENIENT: a question whose head has no empty line; the server waits, and so would we.
        match Head::parse(&self.buffer, true) {
            Parsed::Complete(head, length) if head.status == 300 => {
                self.buffer.drain(..length);
                Ok(Some(head))
            }
            _ => Ok(None),
        }
    }

    /// Reads the rest of a final head's predecessor away: what stands before the next `HTTP/`.
    pub(super) async fn final_head(&mut self, clock: &Clock) -> Result<Head, Failure> {
        let skip = async {
            loop {
                if let Some(at) = memchr::memmem::find(&self.buffer, b"HTTP/") {
                    self.buffer.drain(..at);
                    return Ok(());
                }
                if self.closed && self.buffer.is_empty() {
                    return Err(Failure::broken(
                        "the connection was closed without an answer",
                    ));
                }
                if self.closed || self.buffer.len() > limit::HEAD_BYTES_MAX {
                    return Err(not_http());
                }
                self.fill().await?;
            }
        };
        clock.limit_head(skip).await?;
        self.head(clock).await
    }

    /// The body of a question: to its length, or until the server has gone quiet.
    pub(super) async fn question(
        &mut self,
        head: &Head,
        clock: &Clock,
    ) -> Result<Vec<u8>, Failure> {
        clock.limit_piece(self.held_body(head)).await
    }

    async fn held_body(&mut self, head: &Head) -> Result<Vec<u8>, Failure> {
        let declared = head
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        loop {
            if declared.is_some_and(|length| self.buffer.len() >= length) || self.closed {
                break;
            }
            if self.buffer.len() > limit::HELD_BODY_BYTES_MAX {
                return Err(Failure::new(Cause::Other, "the question is too long"));
            }
            let is_missing = declared.is_some() || self.buffer.trim_ascii().is_empty();
            let patience = if is_missing {
                limit::QUESTION_PATIENCE
            } else {
                limit::QUESTION_QUIET
            };
            if !self.fill_within(patience).await? {
                break;
            }
        }
        let length = declared.unwrap_or(usize::MAX).min(self.buffer.len());
        Ok(self.buffer.drain(..length).collect())
    }

    /// The next piece of a final body of which `remaining` bytes are declared to come.
    pub(super) async fn next(
        &mut self,
        remaining: &mut Option<u64>,
        clock: &Clock,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if *remaining == Some(0) {
            return Ok(None);
        }
        if self.buffer.is_empty() && !self.closed {
            clock.limit_piece(self.fill()).await?;
        }
        if self.buffer.is_empty() {
            return match remaining {
                Some(missing) => Err(Failure::broken(format!(
                    "the body is cut short: {missing} bytes missing"
                ))),
                None => Ok(None),
            };
        }
        let mut piece = std::mem::take(&mut self.buffer);
        if let Some(remaining) = remaining {
            piece.truncate(usize::try_from(*remaining).unwrap_or(usize::MAX));
            *remaining -= piece.len() as u64;
        }
        Ok(Some(piece))
    }

    /// Whether anything came, or the end, before the server had been quiet that long.
    async fn fill_within(&mut self, quiet: Duration) -> Result<bool, Failure> {
        match timeout(quiet, self.fill()).await {
            Ok(filled) => filled.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        let bytes = self.socket.read().await.map_err(|error| broken(&error))?;
        self.closed = bytes.is_empty();
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }
}

fn encode(request: &Request, target: &str, authority: &str) -> String {
    let mut text = format!("{} {target}\r\n", request.method);
    text.push_str(&format!(
        "Host: {authority}\r\nUser-Agent: {USER_AGENT}\r\n"
    ));
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text
}

fn not_http() -> Failure {
    Failure::new(Cause::NotHttp, "the answer is not HTTP")
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::broken(format!("the connection broke: {error}"))
}
