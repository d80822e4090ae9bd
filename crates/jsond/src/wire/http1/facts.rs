//! What the fields of a head say about its message: Host, body framing, persistence, expectation.
//!
//! Fields are noted one by one, in order, so that the first one that is wrong is the one that is
//! named. Two readers of one message must never disagree about where it ends, so everything here
//! that RFC 9112 leaves to taste is refused.

use super::authority::is_host_and_port;
use super::field::trim_blanks;
use super::head::BodyFraming;
use super::refusal::Refusal;

/// The facts noted so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Facts {
    has_host: bool,
    length: Option<u64>,
    is_chunked: bool,
    asks_to_close: bool,
    expects_continue: bool,
}

impl Facts {
    /// Notes one field; of most fields nothing is noted.
    pub(super) fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        // The length first: it spares most fields every comparison.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.note_host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.note_expectation(value);
                Ok(())
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.asks_to_close |= has_member(value, b"close");
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.note_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.note_coding(value),
            _ => Ok(()),
        }
    }

    fn note_host(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.has_host {
            return Err(Refusal::DoubledHost);
        }
        self.has_host = true;
        if is_host_and_port(value) {
            Ok(())
        } else {
            Err(Refusal::MalformedHost)
        }
    }

    fn note_expectation(&mut self, value: &[u8]) {
        // Any other expectation is for whoever knows what can be met.
        self.expects_continue |= expects_continue(value);
    }

    /// A second Content-Length is refused even when it says the same: RFC 9110 §8.6 leaves the
    /// choice, and something on the way may have chosen otherwise.
    fn note_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.is_chunked {
            return Err(Refusal::LengthAndTransferEncoding);
        }
        if self.length.is_some() || value.contains(&b',') {
            return Err(Refusal::DoubledContentLength);
        }
        self.length = Some(parse_length(value).ok_or(Refusal::MalformedContentLength)?);
        Ok(())
    }

    fn note_coding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_some() {
            return Err(Refusal::LengthAndTransferEncoding);
        }
        if self.is_chunked {
            return Err(Refusal::MalformedTransferEncoding);
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(name_coding(value));
        }
        self.is_chunked = true;
        Ok(())
    }

    /// Judges what only the whole head shows.
    pub(super) fn check_end(&self, is_http10: bool) -> Result<(), Refusal> {
        if is_http10 && self.is_chunked {
            return Err(Refusal::TransferEncodingInHttp10);
        }
        if !is_http10 && !self.has_host {
            return Err(Refusal::MissingHost);
        }
        Ok(())
    }

    /// How the body is framed. A length of zero is no body.
    pub(super) fn framing(&self) -> BodyFraming {
        match self.length {
            _ if self.is_chunked => BodyFraming::Chunked,
            Some(length) if length > 0 => BodyFraming::Length(length),
            _ => BodyFraming::None,
        }
    }

    /// Whether the client asked for the connection to be closed after the answer.
    pub(super) fn asks_to_close(&self) -> bool {
        self.asks_to_close
    }

    /// Whether the client waits for a 100 before it sends the body.
    pub(super) fn expects_continue(&self) -> bool {
        self.expects_continue
    }
}

fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |length, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        length.checked_mul(10)?.checked_add(digit)
    })
}

/// Known codings under a final `chunked` are merely not served; everything else is malformed.
fn name_coding(value: &[u8]) -> Refusal {
    let mut codings: Vec<&[u8]> = value.split(|&byte| byte == b',').map(trim_blanks).collect();
    let ends_chunked = codings
        .pop()
        .is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
    if ends_chunked && codings.iter().all(|coding| is_known_coding(coding)) {
        Refusal::UnsupportedTransferCoding
    } else {
        Refusal::MalformedTransferEncoding
    }
}

fn is_known_coding(coding: &[u8]) -> bool {
    [
        &b"gzip"[..],
        b"x-gzip",
        b"deflate",
        b"compress",
        b"x-compress",
    ]
    .iter()
    .any(|known| coding.eq_ignore_ascii_case(known))
}

fn has_member(list: &[u8], member: &[u8]) -> bool {
    list.split(|&byte| byte == b',')
        .any(|item| trim_blanks(item).eq_ignore_ascii_case(member))
}

/// Whether a value of Expect has `100-continue` among its members: its client may wait for a 100.
///
/// *Source*: RFC 9110 §10.1.1
#[must_use]
pub fn expects_continue(value: &[u8]) -> bool {
    has_member(value, b"100-continue")
}
