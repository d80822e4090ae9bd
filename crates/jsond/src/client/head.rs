//! A response head, and the lenient reading of one that a student's server wrote.
//!
//! Bare line feeds, a `Date` in any form, a missing reason, even a missing empty line are put up
//! with; what does not begin with `HTTP/` and a status is not HTTP. Answers of the HTTP door are
//! read by hyper and only end up in the same type.

use super::limit;

/// The status line and header fields of a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<(String, String)>,
}

/// What the bytes so far amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A head, and how many bytes it takes.
    Complete(Head, usize),
    Partial,
    TooLarge,
    NotHttp,
}

impl Head {
    /// The value of the first field with this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The length the head declares, if it declares one that can be read.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// Whether the head says by itself where the message ends.
    pub(super) fn is_framed(&self) -> bool {
        self.header("content-length").is_some()
            || self.header("transfer-encoding").is_some()
            || matches!(self.status, 204 | 304)
    }

    /// Parses a head leniently. With `at_end`, no more bytes are expected.
    pub(super) fn parse(bytes: &[u8], at_end: bool) -> Parsed {
        const START: &[u8] = b"HTTP/";
        let compared = bytes.len().min(START.len());
        if !bytes[..compared].eq_ignore_ascii_case(&START[..compared]) {
            return Parsed::NotHttp;
        }
        match parse_lines(bytes, at_end) {
            Parsed::Partial if bytes.len() > limit::HEAD_BYTES_MAX => Parsed::TooLarge,
            Parsed::Complete(_, length) if length > limit::HEAD_BYTES_MAX => Parsed::TooLarge,
            parsed => parsed,
        }
    }
}

fn parse_lines(bytes: &[u8], at_end: bool) -> Parsed {
    let Some((line, mut at)) = next_line(bytes, 0, at_end) else {
        return Parsed::Partial;
    };
    let Some(mut head) = parse_status_line(line) else {
        return Parsed::NotHttp;
    };
    if line.len() == bytes.len() && head.status < 400 {
        // Cut within the status line: nothing good may be concluded from it.
        return Parsed::Partial;
    }
    while let Some((line, next)) = next_line(bytes, at, at_end) {
        if line.is_empty() {
            return Parsed::Complete(head, next);
        }
        // LENIENT: a line that is no header field begins the body; the empty line was forgotten.
        let Some(field) = parse_field(line) else {
            return Parsed::Complete(head, at);
        };
        if head.headers.len() == limit::HEADERS_MAX {
            return Parsed::TooLarge;
        }
        head.headers.push(field);
        at = next;
    }
    if at_end {
        Parsed::Complete(head, bytes.len())
    } else {
        Parsed::Partial
    }
}

/// The line that begins at `at`, without its end, and where the next begins.
fn next_line(bytes: &[u8], at: usize, at_end: bool) -> Option<(&[u8], usize)> {
    let rest = &bytes[at..];
    let (line, next) = match memchr::memchr(b'\n', rest) {
        Some(end) => (&rest[..end], at + end + 1),
        None if at_end && !rest.is_empty() => (rest, bytes.len()),
        None => return None,
    };
    Some((line.strip_suffix(b"\r").unwrap_or(line), next))
}

fn parse_status_line(line: &[u8]) -> Option<Head> {
    let text = String::from_utf8_lossy(line);
    let (_, rest) = text.split_once(' ')?;
    let rest = rest.trim_start();
    let digits = rest
        .get(..3)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let status = digits
        .parse()
        .ok()
        .filter(|status| (100..=999).contains(status))?;
    let reason = rest[3..].trim().to_owned();
    Some(Head {
        status,
        reason,
        headers: Vec::new(),
    })
}

fn parse_field(line: &[u8]) -> Option<(String, String)> {
    let colon = memchr::memchr(b':', line)?;
    let name = http::HeaderName::try_from(&line[..colon]).ok()?;
    let value = String::from_utf8_lossy(&line[colon + 1..])
        .trim()
        .to_owned();
    Some((name.as_str().to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDENT: &[u8] =
        b"HTTP/1.1 300 Multiple Choices\nDate: 2021-12-01 10:11:12.5\nServer: x\n\nEnter : key";

    fn check(bytes: &[u8], at_end: bool, status: u16, fields: usize, length: usize) {
        match Head::parse(bytes, at_end) {
            Parsed::Complete(head, taken) => {
                assert_eq!(
                    (head.status, head.headers.len(), taken),
                    (status, fields, length)
                );
            }
            parsed => panic!("{parsed:?}"),
        }
    }

    #[test]
    fn bare_line_feeds_and_any_date_are_read() {
        check(STUDENT, false, 300, 2, STUDENT.len() - 11);
        check(b"HTTP/1.0 200\r\n\r\n", false, 200, 0, 16);
    }

    #[test]
    fn a_forgotten_empty_line_costs_nothing() {
        check(
            b"HTTP/1.1 300 Multiple Choices\nEnter follow data : key\n",
            false,
            300,
            0,
            30,
        );
        check(
            b"HTTP/1.1 300 Multiple Choices\nEnter follow data : key",
            true,
            300,
            0,
            30,
        );
        check(b"HTTP/1.1 404 Not Found", true, 404, 0, 22);
    }

    #[test]
    fn a_status_line_without_its_end_promises_nothing() {
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK", true), Parsed::Partial);
        assert_eq!(Head::parse(b"HTTP/1.1 300 Mul", true), Parsed::Partial);
    }

    #[test]
    fn every_prefix_of_a_head_is_partial() {
        for length in 0..STUDENT.len() - 11 {
            assert_eq!(
                Head::parse(&STUDENT[..length], false),
                Parsed::Partial,
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_not_http_or_endless_is_refused() {
        assert_eq!(Head::parse(b"{\"a\":1}", false), Parsed::NotHttp);
        assert_eq!(Head::parse(b"HTTP/1.1 abc\n\n", false), Parsed::NotHttp);
        let endless = [b"HTTP/1.1 200 OK\n".to_vec(), b"A: b\n".repeat(100_000)].concat();
        assert_eq!(Head::parse(&endless, false), Parsed::TooLarge);
        let long = [
            b"HTTP/1.1 200 OK\nA: ".to_vec(),
            vec![b'a'; limit::HEAD_BYTES_MAX],
        ]
        .concat();
        assert_eq!(Head::parse(&long, false), Parsed::TooLarge);
    }
}
