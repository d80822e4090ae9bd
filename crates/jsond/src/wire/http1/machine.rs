//! The machine: a connection's bytes in, heads and bodies out, one request after the other.
//!
//! It holds no buffer of its own and no clock. Its one promise: what follows a request that was
//! refused, that closes, or whose body was not decided on is never taken as a request.

use bytes::{Buf as _, Bytes, BytesMut};

use super::check::Checker;
use super::chunked::Decoder;
use super::head::{BodyFraming, Head, parse_head};
use super::refusal::Refusal;
use super::scan::{Found, Scan};
use crate::wire::sniff::EMPTY_LINES_MAX;

/// How far a buffer grows at least when more of a body is awaited.
const BODY_STEP_BYTES: usize = 8 * 1024;

/// The bounds of what a machine takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The request line, without its line end; over it 414.
    pub request_line_bytes_max: usize,
    /// The header block with its line ends, and a trailer section; over it 431.
    pub fields_bytes_max: usize,
    /// The lines of a header block, and of a trailer section; over it 431.
    pub fields_max: usize,
    /// All chunk extensions of one body together; over it 400.
    pub chunk_extensions_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 8 * 1024,
            fields_bytes_max: 64 * 1024,
            fields_max: 100,
            chunk_extensions_bytes_max: 4 * 1024,
        }
    }
}

/// What the machine has to say.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a head is the common event and lives for one turn"
)]
pub enum Event {
    /// Nothing more without more bytes.
    NeedMore,
    /// A head. If its framing says that a body follows, the server answers with
    /// [`Machine::read_body`] or [`Machine::skip_body`] before it asks again.
    Head(Head),
    /// The whole, decoded body that [`Machine::read_body`] asked for.
    Body(Bytes),
    /// No further request is taken from this connection.
    Closed,
}

/// Where a machine stands, for the decision what a silent peer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Between requests: a silent peer is simply let go.
    Idle,
    /// Within a head: a silent peer is told 408.
    Head,
    /// After a head whose body is not decided on.
    Undecided,
    /// Within a body that is read: a silent peer is told 408.
    Body,
    /// Within a body that is thrown away, its request being answered: a silent peer is let go.
    Skipping,
    /// Nothing more is taken.
    Closed,
}

#[derive(Debug)]
enum State {
    Head,
    Undecided(BodyFraming),
    Length(usize),
    Chunked(Box<Decoder>),
    SkipLength(usize),
    SkipChunked(Box<Decoder>),
    Closed,
}

/// The server's side of one HTTP/1.1 connection.
#[derive(Debug)]
pub struct Machine {
    limits: Limits,
    state: State,
    scan: Scan,
    checker: Checker,
    empty_lines: usize,
    head_has_begun: bool,
    closes: bool,
    has_refused_skipped: bool,
}

impl Machine {
    /// A machine at the beginning of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Head,
            scan: Scan::default(),
            checker: Checker::default(),
            empty_lines: 0,
            head_has_begun: false,
            closes: false,
            has_refused_skipped: false,
        }
    }

    /// Eats what it can of `input` and answers what that came to.
    ///
    /// Bytes that are not eaten yet stay in `input`, which the caller only ever appends to. While
    /// a body is awaited, `input` is given room for more of it, never for much more than came.
    /// *Cost*: every byte is looked at a bounded number of times, however they are cut.
    /// *Errors*: the first fault; after it the answer is always [`Event::Closed`].
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Event, Refusal> {
        let event = self.step(input);
        if event.is_err() {
            self.state = State::Closed;
        }
        event
    }

    fn step(&mut self, input: &mut BytesMut) -> Result<Event, Refusal> {
        if matches!(self.state, State::SkipLength(_) | State::SkipChunked(_)) {
            match self.skip(input) {
                Ok(true) => {}
                Ok(false) => return Ok(Event::NeedMore),
                Err(refusal) => {
                    self.has_refused_skipped = true;
                    return Err(refusal);
                }
            }
        }
        match &mut self.state {
            State::Head => self.next_head(input),
            State::Length(length) if input.len() < *length => {
                let missing_bytes = *length - input.len();
                input.reserve(missing_bytes.min(input.len().max(BODY_STEP_BYTES)));
                Ok(Event::NeedMore)
            }
            State::Length(length) => {
                let body = input.split_to(*length).freeze();
                self.end_request();
                Ok(Event::Body(body))
            }
            State::Chunked(decoder) => {
                let Some(body) = decoder.decode(input)? else {
                    return Ok(Event::NeedMore);
                };
                self.end_request();
                Ok(Event::Body(body))
            }
            // An undecided body is never read as a request.
            _ => {
                self.state = State::Closed;
                Ok(Event::Closed)
            }
        }
    }

    fn next_head(&mut self, input: &mut BytesMut) -> Result<Event, Refusal> {
        if !self.head_has_begun && !self.skip_empty_lines(input)? {
            return Ok(Event::NeedMore);
        }
        match self.scan.advance(input, &self.limits) {
            Found::Partial => self.checker.advance(input).map(|()| Event::NeedMore),
            Found::Over { refusal, at } => {
                Err(self.checker.advance(&input[..at]).err().unwrap_or(refusal))
            }
            Found::Complete(head_bytes) => {
                let head = self.take_head(&input.split_to(head_bytes).freeze())?;
                self.closes = !head.keep_alive;
                match head.framing {
                    BodyFraming::None => self.end_request(),
                    framing => self.state = State::Undecided(framing),
                }
                Ok(Event::Head(head))
            }
        }
    }

    fn take_head(&mut self, bytes: &Bytes) -> Result<Head, Refusal> {
        let head = if self.scan.has_bare_line_feed() {
            Err(Refusal::BareLineFeed)
        } else {
            parse_head(bytes, self.scan.fields())
        };
        let mut checker = std::mem::take(&mut self.checker);
        self.scan = Scan::default();
        self.head_has_begun = false;
        self.empty_lines = 0;
        head.map_err(|refusal| checker.advance(bytes).err().unwrap_or(refusal))
    }

    /// LENIENT: a few empty lines before a request line are passed over, as RFC 9112 §2.2 asks.
    fn skip_empty_lines(&mut self, input: &mut BytesMut) -> Result<bool, Refusal> {
        loop {
            let line_end_bytes = match &input[..] {
                [] | [b'\r'] => return Ok(false),
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                [b'\r', ..] => return Err(Refusal::BareCarriageReturn),
                _ => break,
            };
            self.empty_lines += 1;
            if self.empty_lines > EMPTY_LINES_MAX {
                return Err(Refusal::TooManyEmptyLines);
            }
            input.advance(line_end_bytes);
        }
        self.head_has_begun = true;
        Ok(true)
    }

    /// Says that heads without a body went by that the machine did not see, between two requests:
    /// the empty lines before them do not count any more.
    pub fn pass_heads(&mut self) {
        self.empty_lines = 0;
    }

    /// Whether the fault that ended the machine is in a body that was skipped: its request has had
    /// its answer, and gets no other.
    #[must_use]
    pub fn has_refused_skipped(&self) -> bool {
        self.has_refused_skipped
    }

    /// The length of the body of the head just yielded, if it is in `input` whole and not chunked.
    #[must_use]
    pub fn whole_body_bytes(&self, input: &[u8]) -> Option<usize> {
        let State::Undecided(BodyFraming::Length(length)) = self.state else {
            return None;
        };
        let length = usize::try_from(length).ok()?;
        (length <= input.len()).then_some(length)
    }

    /// Says that the body of the head just yielded is to be read, up to `bytes_max`.
    ///
    /// *Errors*: [`Refusal::BodyTooLarge`] where the declared length is over it; nothing was read.
    pub fn read_body(&mut self, bytes_max: usize) -> Result<(), Refusal> {
        self.decide(bytes_max, true)
    }

    /// Says that the body of the head just yielded is to be thrown away, up to `bytes_max`, so that
    /// the connection can be kept although the body is of no use.
    ///
    /// *Errors*: [`Refusal::BodyTooLarge`] where the declared length is over it; the machine is
    /// closed then. A chunked body shows only later that it is over; see [`Machine::has_refused_skipped`].
    pub fn skip_body(&mut self, bytes_max: usize) -> Result<(), Refusal> {
        self.decide(bytes_max, false)
    }

    fn decide(&mut self, bytes_max: usize, keeps: bool) -> Result<(), Refusal> {
        let State::Undecided(framing) = self.state else {
            return Ok(());
        };
        self.state = State::Closed;
        let length = match framing {
            BodyFraming::None => 0,
            BodyFraming::Length(length) => usize::try_from(length)
                .ok()
                .filter(|&length| length <= bytes_max)
                .ok_or(Refusal::BodyTooLarge)?,
            BodyFraming::Chunked => {
                let decoder = Box::new(Decoder::new(self.limits, bytes_max, keeps));
                let state = if keeps {
                    State::Chunked
                } else {
                    State::SkipChunked
                };
                self.state = state(decoder);
                return Ok(());
            }
        };
        self.state = if keeps {
            State::Length(length)
        } else {
            State::SkipLength(length)
        };
        Ok(())
    }

    /// Throws away what is here of a skipped body, and answers whether that was all of it.
    fn skip(&mut self, input: &mut BytesMut) -> Result<bool, Refusal> {
        let ended = match &mut self.state {
            State::SkipLength(left) => {
                let here = input.len().min(*left);
                input.advance(here);
                *left -= here;
                *left == 0
            }
            State::SkipChunked(decoder) => decoder.decode(input)?.is_some(),
            _ => true,
        };
        if ended {
            self.end_request();
        }
        Ok(ended)
    }

    fn end_request(&mut self) {
        self.state = if self.closes {
            State::Closed
        } else {
            State::Head
        };
    }

    /// Takes no further request; for the server, when it has decided to close.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Where the machine stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Head if self.head_has_begun => Phase::Head,
            State::Head => Phase::Idle,
            State::Undecided(_) => Phase::Undecided,
            State::Length(_) | State::Chunked(_) => Phase::Body,
            State::SkipLength(_) | State::SkipChunked(_) => Phase::Skipping,
            State::Closed => Phase::Closed,
        }
    }

    /// Judges the end of the connection's input, after [`Machine::next`] said that it needs more.
    ///
    /// *Errors*: a head or a body that is read was cut short.
    pub fn end_input(&mut self) -> Result<(), Refusal> {
        let refusal = match self.phase() {
            Phase::Head => Err(Refusal::TruncatedHead),
            Phase::Body => Err(Refusal::TruncatedBody),
            _ => Ok(()),
        };
        self.state = State::Closed;
        refusal
    }
}
