//! The head of an answer, written without any formatting machinery.
//!
//! Field values are already valid by their type, so nothing from a client can break a line here.
//! Which fields stand in an answer is others' business, but for the four that frame it: Date,
//! Content-Length, Connection and Transfer-Encoding are written here or not at all.

use bytes::{BufMut as _, BytesMut};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderMap, HeaderName, TRANSFER_ENCODING};

/// The interim answer that lets a client send its body. *Source* RFC 9110 §15.2.1
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// So much is reserved for the status line and the fields that frame an answer.
const FRAME_BYTES: usize = 160;

/// Appends the head of an answer to `out`, its closing empty line included.
///
/// *Shape*: `date` is an IMF-fixdate. `content_length` is left out of 1xx and 204, which have no
/// body; for HEAD and 304 it is the length that a 200 to a GET would have had.
/// *Cost*: copies, nothing else.
pub fn encode_head(
    out: &mut BytesMut,
    status: StatusCode,
    fields: &HeaderMap,
    content_length: Option<u64>,
    date: &str,
    keep_alive: bool,
) {
    let fields_bytes: usize = fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    out.reserve(FRAME_BYTES + fields_bytes);
    put_status_line(out, status);
    put_field(out, b"Date", date.as_bytes());
    for (name, value) in fields {
        if !is_frame_field(name) {
            put_name(out, name.as_str());
            put_value(out, value.as_bytes());
        }
    }
    if let Some(length) = content_length
        && !status.is_informational()
        && status != StatusCode::NO_CONTENT
    {
        put_field(
            out,
            b"Content-Length",
            itoa::Buffer::new().format(length).as_bytes(),
        );
    }
    if !keep_alive {
        put_field(out, b"Connection", b"close");
    }
    out.put_slice(b"\r\n");
}

/// Appends the status line.
pub(in crate::wire) fn put_status_line(out: &mut BytesMut, status: StatusCode) {
    if status == StatusCode::OK {
        return out.put_slice(b"HTTP/1.1 200 OK\r\n");
    }
    out.put_slice(b"HTTP/1.1 ");
    out.put_slice(status.as_str().as_bytes());
    out.put_slice(b" ");
    out.put_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.put_slice(b"\r\n");
}

/// Appends one field line.
pub(in crate::wire) fn put_field(out: &mut BytesMut, name: &[u8], value: &[u8]) {
    out.put_slice(name);
    put_value(out, value);
}

fn put_value(out: &mut BytesMut, value: &[u8]) {
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_slice(b"\r\n");
}

fn is_frame_field(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || *name == CONNECTION || *name == DATE || *name == TRANSFER_ENCODING
}

/// Appends a field's name as people write it: the field's registered spelling, or every part
/// between hyphens with a capital.
fn put_name(out: &mut BytesMut, name: &str) {
    let spelled: &[u8] = match name {
        "content-type" => b"Content-Type",
        "etag" => b"ETag",
        "www-authenticate" => b"WWW-Authenticate",
        "x-content-type-options" => b"X-Content-Type-Options",
        "te" => b"TE",
        "dnt" => b"DNT",
        "x-request-id" => b"X-Request-ID",
        "last-event-id" => b"Last-Event-ID",
        _ => return put_capitalised(out, name),
    };
    out.put_slice(spelled);
}

fn put_capitalised(out: &mut BytesMut, name: &str) {
    let mut starts_part = true;
    for byte in name.bytes() {
        out.put_u8(if starts_part {
            byte.to_ascii_uppercase()
        } else {
            byte
        });
        starts_part = byte == b'-';
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: &str = "Sun, 22 Nov 2026 18:46:00 GMT";

    fn check(
        status: u16,
        fields: &[(&'static str, &'static str)],
        length: Option<u64>,
        keep_alive: bool,
        expected: &str,
    ) {
        let mut map = HeaderMap::new();
        for &(name, value) in fields {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let mut out = BytesMut::from("before");
        encode_head(
            &mut out,
            StatusCode::from_u16(status).unwrap(),
            &map,
            length,
            NOW,
            keep_alive,
        );
        let expected = expected.replace("NOW", NOW).replace('\n', "\r\n");
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            format!("before{expected}")
        );
    }

    #[test]
    fn an_answer_has_its_status_line_date_fields_and_length() {
        check(
            200,
            &[("content-type", "application/json"), ("etag", "\"a\"")],
            Some(239),
            true,
            "HTTP/1.1 200 OK\nDate: NOW\nContent-Type: application/json\nETag: \"a\"\nContent-Length: 239\n\n",
        );
        check(
            404,
            &[],
            Some(u64::MAX),
            false,
            "HTTP/1.1 404 Not Found\nDate: NOW\nContent-Length: 18446744073709551615\nConnection: close\n\n",
        );
    }

    #[test]
    fn an_answer_without_a_body_has_no_content_length() {
        check(
            204,
            &[("allow", "GET")],
            Some(0),
            true,
            "HTTP/1.1 204 No Content\nDate: NOW\nAllow: GET\n\n",
        );
        check(
            103,
            &[],
            Some(1),
            true,
            "HTTP/1.1 103 Early Hints\nDate: NOW\n\n",
        );
        check(
            304,
            &[],
            Some(9),
            true,
            "HTTP/1.1 304 Not Modified\nDate: NOW\nContent-Length: 9\n\n",
        );
        check(
            304,
            &[],
            None,
            true,
            "HTTP/1.1 304 Not Modified\nDate: NOW\n\n",
        );
    }

    #[test]
    fn names_are_spelled_as_people_write_them_and_doubled_fields_stay_doubled() {
        check(
            401,
            &[
                ("www-authenticate", "Bearer"),
                ("x-total-count", "3"),
                ("vary", "a"),
                ("vary", "b"),
            ],
            None,
            true,
            "HTTP/1.1 401 Unauthorized\nDate: NOW\nWWW-Authenticate: Bearer\nX-Total-Count: 3\nVary: a\nVary: b\n\n",
        );
    }

    #[test]
    fn the_fields_that_frame_an_answer_are_written_once_and_only_here() {
        check(
            200,
            &[
                ("content-length", "7"),
                ("transfer-encoding", "chunked"),
                ("connection", "x"),
                ("date", "y"),
            ],
            Some(2),
            true,
            "HTTP/1.1 200 OK\nDate: NOW\nContent-Length: 2\n\n",
        );
    }

    #[test]
    fn an_unregistered_status_has_an_empty_reason() {
        check(599, &[], None, true, "HTTP/1.1 599 \nDate: NOW\n\n");
    }
}
