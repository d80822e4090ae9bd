//! Finds the end of a head as its bytes arrive, and the limits on the way.
//!
//! Every byte is looked at once, however the bytes are cut: the scan remembers how far it came. It
//! knows lines and their ends, not what stands in them.

use memchr::memchr;

use super::machine::Limits;
use super::refusal::Refusal;

/// How far the head that begins at the first byte of the buffer has been scanned.
#[derive(Debug, Default, Clone)]
pub(super) struct Scan {
    scanned: usize,
    line_start: usize,
    /// Where the header block begins, once the request line has ended.
    fields_start: Option<usize>,
    fields: usize,
    ended_in_crlf: bool,
    has_bare_line_feed: bool,
}

/// What a scan came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The head has not ended yet, and no limit is passed.
    Partial,
    /// The head ends after so many bytes.
    Complete(usize),
    /// A limit is passed; what lies before `at` may still hold an earlier fault.
    Over { refusal: Refusal, at: usize },
}

impl Scan {
    /// Scans what is new in `bytes`, which begins with the head's first byte.
    pub(super) fn advance(&mut self, bytes: &[u8], limits: &Limits) -> Found {
        while let Some(offset) = memchr(b'\n', &bytes[self.scanned..]) {
            let line_feed = self.scanned + offset;
            self.scanned = line_feed + 1;
            if let Some(over) = self.check_bytes(limits) {
                return over;
            }
            if let Some(found) = self.end_line(&bytes[self.line_start..line_feed], limits) {
                return found;
            }
            self.line_start = self.scanned;
        }
        self.scanned = bytes.len();
        self.check_bytes(limits).unwrap_or(Found::Partial)
    }

    fn check_bytes(&self, limits: &Limits) -> Option<Found> {
        let (at, refusal) = match self.fields_start {
            None => (
                limits.request_line_bytes_max + 2,
                Refusal::RequestLineTooLong,
            ),
            Some(start) => (start + limits.fields_bytes_max, Refusal::FieldsTooLarge),
        };
        (self.scanned > at).then_some(Found::Over { refusal, at })
    }

    fn end_line(&mut self, line: &[u8], limits: &Limits) -> Option<Found> {
        let is_crlf = line.last() == Some(&b'\r');
        if self.fields_start.is_none() {
            self.fields_start = Some(self.scanned);
            self.ended_in_crlf = is_crlf;
            return None;
        }
        if line.len() == usize::from(is_crlf) {
            return Some(Found::Complete(self.scanned));
        }
        self.fields += 1;
        self.has_bare_line_feed |= is_bare(is_crlf, self.ended_in_crlf);
        let over = Found::Over {
            refusal: Refusal::TooManyFields,
            at: self.scanned,
        };
        (self.fields > limits.fields_max).then_some(over)
    }

    /// How many field lines there were.
    pub(super) fn fields(&self) -> usize {
        self.fields
    }

    /// Whether a field line ended in a bare LF that it may not end in.
    pub(super) fn has_bare_line_feed(&self) -> bool {
        self.has_bare_line_feed
    }
}

/// Whether a field line ends in a bare LF that it may not end in.
///
/// LENIENT: a bare LF may end a head line, so that a head typed into a socket is served. But where
/// the request line ended in CRLF, as any proxy writes it, a bare LF after a field is how a second
/// field is smuggled past a proxy that takes it for a part of the value; that is refused.
/// *Source* RFC 9112 §2.2
pub(super) fn is_bare(is_crlf: bool, request_line_is_crlf: bool) -> bool {
    !is_crlf && request_line_is_crlf
}
