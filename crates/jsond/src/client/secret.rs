//! Hides secrets in what crossed the wire: the values of the fields that carry them.
//!
//! Follows one direction of a connection piece by piece, since a field may come in several. A byte of
//! a secret becomes an asterisk, so that sizes stay as they were. Only heads are looked at: a body
//! is shown as it is.

use std::borrow::Cow;

/// The fields whose values are secrets.
const SECRETS: [&[u8]; 4] = [
    b"authorization",
    b"proxy-authorization",
    b"cookie",
    b"set-cookie",
];

/// Whether the value of a field is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.contains(&name.as_bytes())
}

/// As much of a line is looked at: no name of a secret is longer.
const NAME_BYTES_MAX: usize = 32;

/// Where one direction stands.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    place: Place,
    /// The beginning of the line.
    line: Vec<u8>,
    /// The first line of the head said that another head follows: a status of 1xx.
    is_interim: bool,
    is_first_line: bool,
    /// The line before was that of a secret, which a folded line goes on with.
    was_secret: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    /// In the value of a secret, which has begun if this is true.
    Secret(bool),
    /// In a line of which no more is looked at.
    Rest,
    Body,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            place: Place::Line,
            line: Vec::new(),
            is_interim: false,
            is_first_line: true,
            was_secret: false,
        }
    }
}

impl Secrets {
    /// The next bytes without their secrets.
    pub(super) fn hide<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut hidden = Cow::Borrowed(bytes);
        for (at, byte) in bytes.iter().enumerate() {
            if self.place == Place::Body {
                break;
            }
            if self.follow(*byte) {
                hidden.to_mut()[at] = b'*';
            }
        }
        hidden
    }

    /// Goes on by a byte; whether it belongs to a secret.
    fn follow(&mut self, byte: u8) -> bool {
        if byte == b'\n' {
            self.end_line();
            return false;
        }
        match self.place {
            Place::Secret(false) if byte == b' ' || byte == b'\t' => false,
            Place::Secret(_) => {
                self.place = Place::Secret(true);
                byte != b'\r'
            }
            Place::Line
                if self.line.is_empty() && self.was_secret && matches!(byte, b' ' | b'\t') =>
            {
                self.place = Place::Secret(false);
                false
            }
            Place::Line if byte == b':' => {
                let name = self.line.to_ascii_lowercase();
                let is_secret = SECRETS.contains(&name.trim_ascii_end());
                self.place = if is_secret {
                    Place::Secret(false)
                } else {
                    Place::Rest
                };
                false
            }
            Place::Line => {
                self.line.push(byte);
                if self.line.len() == NAME_BYTES_MAX {
                    self.place = Place::Rest;
                }
                false
            }
            Place::Rest | Place::Body => false,
        }
    }

    fn end_line(&mut self) {
        self.was_secret = matches!(self.place, Place::Secret(_));
        let is_empty = self.place == Place::Line && matches!(&self.line[..], b"" | b"\r");
        if self.is_first_line && !is_empty {
            self.is_first_line = false;
            self.is_interim = self.line.starts_with(b"HTTP/1.1 1");
        } else if is_empty && !self.is_interim && !self.is_first_line {
            self.place = Place::Body;
            return;
        } else if is_empty {
            self.is_first_line = true;
        }
        self.line.clear();
        self.place = Place::Line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hides whole, byte by byte and split at each place; all must come to the same.
    fn check(text: &str, expected: &str) {
        let hide = |pieces: &[&[u8]]| {
            let mut secrets = Secrets::default();
            let hidden = pieces.iter().map(|piece| secrets.hide(piece).into_owned());
            String::from_utf8(hidden.collect::<Vec<_>>().concat()).unwrap()
        };
        let bytes = text.as_bytes();
        assert_eq!(hide(&[bytes]), expected);
        assert_eq!(hide(&bytes.chunks(1).collect::<Vec<_>>()), expected);
        for at in 0..bytes.len() {
            assert_eq!(
                hide(&[&bytes[..at], &bytes[at..]]),
                expected,
                "split at {at}"
            );
        }
    }

    #[test]
    fn values_of_secrets_are_hidden_and_nothing_else() {
        check(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\nX: y\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: **********\r\nX: y\r\n\r\n",
        );
        check(
            "GET / HTTP/1.1\ncookie:a=b\n\n",
            "GET / HTTP/1.1\ncookie:***\n\n",
        );
        check(
            "GET / HTTP/1.1\r\nCookie: a\r\n b\r\n\tc\r\nX: y\r\n z\r\n\r\n",
            "GET / HTTP/1.1\r\nCookie: *\r\n *\r\n\t*\r\nX: y\r\n z\r\n\r\n",
        );
        let none =
            "GET /cookie: HTTP/1.1\r\nX-Cookie: a\r\nLast-Modified-By-Somebody-Or-Other: b\r\n\r\n";
        check(none, none);
    }

    #[test]
    fn a_body_is_shown_as_it_is() {
        let body = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nCookie: c\r\n\r\nAuthorization: d";
        check(body, body);
    }

    #[test]
    fn an_interim_head_is_no_end() {
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nSet-Cookie: c",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: ***\r\n\r\nSet-Cookie: c",
        );
    }
}
