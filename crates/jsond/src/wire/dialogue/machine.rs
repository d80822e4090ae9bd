//! The state of one dialogue: a head, then perhaps an answer.
//!
//! It knows no time. That a client has been quiet for long enough for its answer to be complete,
//! or that no stray line end will come any more, the server says.

use bytes::{Buf as _, BytesMut};

use super::answer::{Word, parse_words};
use super::line::{Line, LineReader};
use super::reason::Reason;
use super::request::{Method, Request, check_field, parse_request_line};
use crate::wire::sniff::EMPTY_LINES_MAX;

/// The bounds of what a dialogue takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The request line, without its line end.
    pub request_line_bytes_max: usize,
    /// All header lines with their line ends.
    pub fields_bytes_max: usize,
    /// The answer, without its line end.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 8 * 1024,
            fields_bytes_max: 16 * 1024,
            answer_bytes_max: 8 * 1024,
        }
    }
}

/// How an answer that has no line end can be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerEnd {
    /// Not at all: more may come.
    LineEnd,
    /// The client has been quiet; what there is, if anything, is the answer.
    Quiet,
    /// The client closed its sending side; what there is, even nothing, is the answer.
    Closed,
}

/// One dialogue, from the first byte of its connection.
#[derive(Debug)]
pub struct Machine {
    limits: Limits,
    reader: LineReader,
    empty_lines: usize,
    request_line: Option<String>,
    asked: Option<(Method, String)>,
    fields_bytes: usize,
    last_line_is_crlf: bool,
    awaits_stray_line_end: bool,
}

impl Machine {
    /// A dialogue in which nothing was said.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            reader: LineReader::default(),
            empty_lines: 0,
            request_line: None,
            asked: None,
            fields_bytes: 0,
            last_line_is_crlf: false,
            awaits_stray_line_end: false,
        }
    }

    /// Eats the head, and answers the request when the head has ended: at its empty line, or after
    /// the request line where the client `closed` its sending side. `None` is: not yet, and where
    /// it is closed, never.
    ///
    /// Line ends that are already here directly after the head belong to it and are eaten.
    /// *Errors*: each line is judged as soon as it has ended, the first fault ends the dialogue.
    pub fn request(
        &mut self,
        input: &mut BytesMut,
        closed: bool,
    ) -> Result<Option<Request>, Reason> {
        while let Some(line) = self.take_line(input, closed)? {
            if self.asked.is_none() {
                self.read_request_line(&line)?;
            } else if line.content.is_empty() {
                return Ok(self.end_head(&line, input));
            } else {
                self.read_field(&line)?;
            }
        }
        if closed {
            Ok(self.finish(false))
        } else {
            Ok(None)
        }
    }

    fn take_line(&mut self, input: &mut BytesMut, closed: bool) -> Result<Option<Line>, Reason> {
        let (bytes_max, over) = if self.asked.is_none() {
            (
                self.limits.request_line_bytes_max + 2,
                Reason::RequestLineTooLong,
            )
        } else {
            (
                self.limits.fields_bytes_max - self.fields_bytes,
                Reason::FieldsTooLarge,
            )
        };
        let line = self.reader.take(input, bytes_max, over)?;
        let is_last = line.is_none() && closed && !input.is_empty();
        Ok(if is_last {
            Some(self.reader.take_rest(input))
        } else {
            line
        })
    }

    fn read_request_line(&mut self, line: &Line) -> Result<(), Reason> {
        if line.content.is_empty() {
            self.empty_lines += 1;
            let is_over = self.empty_lines > EMPTY_LINES_MAX;
            return if is_over {
                Err(Reason::TooManyEmptyLines)
            } else {
                Ok(())
            };
        }
        self.request_line = Some(String::from_utf8_lossy(&line.content).into_owned());
        self.last_line_is_crlf = line.is_crlf;
        self.asked = Some(parse_request_line(&line.content)?);
        Ok(())
    }

    fn read_field(&mut self, line: &Line) -> Result<(), Reason> {
        self.fields_bytes += line.bytes;
        self.last_line_is_crlf = line.is_crlf;
        check_field(&line.content)
    }

    /// The usual student client ends its lines with CRLF and its head with two bare LF: the first
    /// of them is the empty line, the second one must not be taken for an empty answer.
    fn end_head(&mut self, empty_line: &Line, input: &mut BytesMut) -> Option<Request> {
        let mut may_have_stray = self.last_line_is_crlf && !empty_line.is_crlf;
        loop {
            match &input[..] {
                [b'\r', b'\n', ..] => input.advance(2),
                [b'\n', ..] => input.advance(1),
                _ => break,
            }
            may_have_stray = false;
        }
        self.finish(may_have_stray)
    }

    fn finish(&mut self, may_have_stray_line_end: bool) -> Option<Request> {
        let (method, target) = self.asked.clone()?;
        self.awaits_stray_line_end = may_have_stray_line_end;
        Some(Request {
            method,
            target,
            may_have_stray_line_end,
        })
    }

    /// Eats the stray line end of the head if it is here, and answers whether the question of a
    /// stray line end is settled: it came, or something else did, or none was awaited.
    ///
    /// While it answers `false` the server holds its prompt back for a moment.
    pub fn swallow_stray_line_end(&mut self, input: &mut BytesMut) -> bool {
        if self.awaits_stray_line_end && !input.is_empty() {
            self.awaits_stray_line_end = false;
            if input[0] == b'\n' {
                input.advance(1);
            }
        }
        !self.awaits_stray_line_end
    }

    /// Says that no stray line end will come any more: an empty line is an answer from now on.
    pub fn end_stray_wait(&mut self) {
        self.awaits_stray_line_end = false;
    }

    /// Eats the answer, and gives its words when it is complete: at a line end, or as `end` says.
    ///
    /// *Errors*: the answer is too long, not UTF-8, or has a malformed quoted word.
    pub fn answer(
        &mut self,
        input: &mut BytesMut,
        end: AnswerEnd,
    ) -> Result<Option<Vec<Word>>, Reason> {
        self.swallow_stray_line_end(input);
        let bytes_max = self.limits.answer_bytes_max + 2;
        let line = match self.reader.take(input, bytes_max, Reason::AnswerTooLong)? {
            Some(line) => line,
            None if end == AnswerEnd::LineEnd => return Ok(None),
            None if end == AnswerEnd::Quiet && input.is_empty() => return Ok(None),
            None => self.reader.take_rest(input),
        };
        parse_words(&line.content).map(Some)
    }

    /// The request line as it was sent, for the log; nothing in it is escaped.
    #[must_use]
    pub fn request_line(&self) -> Option<&str> {
        self.request_line.as_deref()
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
