//! A whole reply of the dialogue, in one buffer, so that it can be sent in one write.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::StatusCode;

use crate::wire::http1::{put_field, put_status_line};

/// Room for the status line and the fields of a reply.
const HEAD_BYTES: usize = 256;

/// The media type of a reply's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`.
    Json,
    /// `text/plain; charset=utf-8`.
    Text,
}

impl Media {
    /// The value of Content-Type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// A reply of the dialogue.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The status.
    pub status: StatusCode,
    /// The media type of the body.
    pub media: Media,
    /// The body, which for HEAD is only counted.
    pub body: &'a [u8],
    /// Whether the connection stays open for an answer.
    pub keep_alive: bool,
    /// Whether the body is left out.
    pub is_head: bool,
}

/// Writes a reply as a complete HTTP/1.1 response; `date` is an IMF-fixdate.
///
/// *Source* RFC 9112 §2.1
#[must_use]
pub fn encode_reply(reply: &Reply<'_>, date: &str) -> Bytes {
    let sent = if reply.is_head { &[] } else { reply.body };
    let mut out = BytesMut::with_capacity(HEAD_BYTES + sent.len());
    put_status_line(&mut out, reply.status);
    put_field(&mut out, b"Date", date.as_bytes());
    put_field(
        &mut out,
        b"Content-Type",
        reply.media.content_type().as_bytes(),
    );
    let length = itoa::Buffer::new().format(reply.body.len()).to_owned();
    put_field(&mut out, b"Content-Length", length.as_bytes());
    let connection: &[u8] = if reply.keep_alive {
        b"keep-alive"
    } else {
        b"close"
    };
    put_field(&mut out, b"Connection", connection);
    put_field(&mut out, b"X-Content-Type-Options", b"nosniff");
    out.put_slice(b"\r\n");
    out.put_slice(sent);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 22 Nov 2026 18:46:00 GMT";

    fn check(reply: &Reply<'_>, expected: &str) {
        let expected = expected.replace("NOW", NOW).replace('\n', "\r\n");
        assert_eq!(
            std::str::from_utf8(&encode_reply(reply, NOW)).unwrap(),
            expected
        );
    }

    #[test]
    fn a_prompt_keeps_the_connection_and_fits_a_small_buffer() {
        let body = b"Enter follow data : key student_number grade department";
        let reply = Reply {
            status: StatusCode::MULTIPLE_CHOICES,
            media: Media::Text,
            body,
            keep_alive: true,
            is_head: false,
        };
        check(
            &reply,
            "HTTP/1.1 300 Multiple Choices\nDate: NOW\nContent-Type: text/plain; charset=utf-8\nContent-Length: 55\n\
            Connection: keep-alive\nX-Content-Type-Options: nosniff\n\nEnter follow data : key student_number grade department",
        );
        let bytes = encode_reply(&reply, NOW);
        assert!(bytes.len() < 1024);
        assert_eq!(&bytes[9..12], b"300");
    }

    #[test]
    fn a_reply_to_head_counts_the_body_and_leaves_it_out() {
        let reply = Reply {
            status: StatusCode::OK,
            media: Media::Json,
            body: b"{}\n",
            keep_alive: false,
            is_head: true,
        };
        check(
            &reply,
            "HTTP/1.1 200 OK\nDate: NOW\nContent-Type: application/json\nContent-Length: 3\n\
            Connection: close\nX-Content-Type-Options: nosniff\n\n",
        );
    }
}
