//! The server's side of HTTP/2, as far as it is ours: what a head must satisfy beyond the protocol.
//!
//! Frames, header compression and flow control are hyper's. It takes heads that our HTTP/1.1 door
//! would refuse, so they are judged here by the same rules and with the same words, and are then
//! shaped as a head of HTTP/1.1 is, so that nothing behind the doors knows which one it was.
//! [`Frames`] follows the frames of a peer, for what hyper does not tell.

mod frame;

pub use frame::Frames;

use super::http1::{Limits, Refusal, check_target, expects_continue, is_host_and_port};
use http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Uri};

/// The field line of HTTP/1.1 has so many bytes beside name and value: a colon, a space, CRLF.
const FIELD_LINE_BYTES: usize = 4;

/// What a head says about its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The declared length.
    pub length: Option<u64>,
    /// Whether the client may wait for a 100 before it sends the content.
    pub expects_continue: bool,
}

/// Judges a head, and gives it the form of HTTP/1.1: the target is the path alone, Host is there.
///
/// *Errors*: the first fault, in the order of the HTTP/1.1 door.
/// *Source*: RFC 9113 §8.3.1
pub fn check_head(head: &mut Parts, limits: &Limits) -> Result<Facts, Refusal> {
    let target = target_of(head, limits)?;
    check_size(&head.headers, limits)?;
    check_values(&head.headers)?;
    let host = host_of(head)?;
    let facts = facts_of(&head.headers)?;
    head.headers.insert(HOST, host);
    head.uri = Uri::from(target);
    Ok(facts)
}

fn target_of(head: &Parts, limits: &Limits) -> Result<PathAndQuery, Refusal> {
    // A CONNECT has no path, and one that is missing reads as `/` but for here.
    let has_path = !head.uri.path().is_empty();
    let target = head.uri.path_and_query().filter(|_| has_path);
    let target = target.ok_or(Refusal::UnservedTargetForm)?;
    let line_bytes = head.method.as_str().len() + target.as_str().len() + " ".len();
    if line_bytes + " HTTP/1.1".len() > limits.request_line_bytes_max {
        return Err(Refusal::RequestLineTooLong);
    }
    check_target(target.as_str().as_bytes(), head.method.as_str().as_bytes())?;
    let is_path = target.as_str().starts_with('/');
    let is_asterisk = target.as_str() == "*" && head.method == Method::OPTIONS;
    let is_web = matches!(head.uri.scheme_str(), None | Some("http" | "https"));
    if (is_path || is_asterisk) && is_web {
        Ok(target.clone())
    } else {
        Err(Refusal::UnservedTargetForm)
    }
}

fn check_size(fields: &HeaderMap, limits: &Limits) -> Result<(), Refusal> {
    if fields.len() > limits.fields_max {
        return Err(Refusal::TooManyFields);
    }
    let line = |(name, value): (&http::HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + FIELD_LINE_BYTES
    };
    if fields.iter().map(line).sum::<usize>() > limits.fields_bytes_max {
        return Err(Refusal::FieldsTooLarge);
    }
    Ok(())
}

/// A value has no white space around it: HTTP/1.1 would take it for no part of the value.
///
/// *Source*: RFC 9113 §8.2.1
fn check_values(fields: &HeaderMap) -> Result<(), Refusal> {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let is_padded = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        is_blank(bytes.first()) || is_blank(bytes.last())
    };
    if fields.values().any(is_padded) {
        return Err(Refusal::PaddedValue);
    }
    Ok(())
}

/// The one host that a head names: `:authority`, a Host field, or both in agreement.
fn host_of(head: &Parts) -> Result<HeaderValue, Refusal> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Refusal::DoubledHost);
    }
    if host.is_some_and(|host| !is_host_and_port(host.as_bytes())) {
        return Err(Refusal::MalformedHost);
    }
    let Some(authority) = head.uri.authority().map(http::uri::Authority::as_str) else {
        return host.cloned().ok_or(Refusal::MissingHost);
    };
    if !is_host_and_port(authority.as_bytes()) {
        return Err(Refusal::MalformedTargetAuthority);
    }
    if host.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())) {
        return Err(Refusal::DoubledHost);
    }
    HeaderValue::from_str(authority).map_err(|_| Refusal::MalformedTargetAuthority)
}

fn facts_of(fields: &HeaderMap) -> Result<Facts, Refusal> {
    let mut lengths = fields.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next().map(parse_length).transpose()?;
    if lengths.next().is_some() {
        return Err(Refusal::DoubledContentLength);
    }
    let is_continue = |value: &HeaderValue| expects_continue(value.as_bytes());
    Ok(Facts {
        length,
        expects_continue: fields.get_all(EXPECT).iter().any(is_continue),
    })
}

fn parse_length(value: &HeaderValue) -> Result<u64, Refusal> {
    let digits = value.to_str().unwrap_or_default();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let length = digits.parse().ok().filter(|_| is_number);
    length.ok_or(Refusal::MalformedContentLength)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn head(method: &str, uri: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn check(method: &str, uri: &str, fields: &[(&str, &str)], expected: Result<&str, Refusal>) {
        let mut parts = head(method, uri, fields);
        let judged = check_head(&mut parts, &Limits::default());
        let shaped = judged.map(|_| format!("{} {:?}", parts.uri, parts.headers[HOST]));
        let expected = expected.map(str::to_owned);
        assert_eq!(shaped, expected, "{method} {uri} {fields:?}");
    }

    #[test]
    fn a_head_gets_the_form_of_http_1() {
        check(
            "GET",
            "http://localhost:1/a?b",
            &[],
            Ok("/a?b \"localhost:1\""),
        );
        check("GET", "https://[::1]/", &[], Ok("/ \"[::1]\""));
        check("GET", "/a", &[("host", "h")], Ok("/a \"h\""));
        check("GET", "http://h/a", &[("host", "H")], Ok("/a \"h\""));
        check("OPTIONS", "*", &[("host", "h")], Ok("* \"h\""));
    }

    #[test]
    fn a_target_is_a_path_or_the_asterisk_of_options() {
        let host = [("host", "h")];
        check("GET", "*", &host, Err(Refusal::UnservedTargetForm));
        check("CONNECT", "h:443", &[], Err(Refusal::UnservedTargetForm));
        check("GET", "ftp://h/a", &[], Err(Refusal::UnservedTargetForm));
        check("GET", "http://h/한", &[], Err(Refusal::MalformedTarget));
        let long = format!("http://h/{}", "a".repeat(8200));
        check("GET", &long, &[], Err(Refusal::RequestLineTooLong));
    }

    #[test]
    fn one_host_is_named_and_well_formed() {
        check("GET", "/a", &[], Err(Refusal::MissingHost));
        check("GET", "/a", &[("host", "a b")], Err(Refusal::MalformedHost));
        let two = [("host", "h"), ("host", "h")];
        check("GET", "/a", &two, Err(Refusal::DoubledHost));
        check(
            "GET",
            "http://h/",
            &[("host", "g")],
            Err(Refusal::DoubledHost),
        );
        let user = Err(Refusal::MalformedTargetAuthority);
        check("GET", "http://me@h/", &[], user);
    }

    #[test]
    fn a_head_is_bounded_in_bytes_and_in_lines() {
        let many: Vec<_> = (0..101).map(|_| ("x", "y")).collect();
        check("GET", "http://h/", &many, Err(Refusal::TooManyFields));
        check("GET", "http://h/", &many[..100], Ok("/ \"h\""));
        let large = "x".repeat(65_536 - 5);
        check("GET", "http://h/", &[("a", &large)], Ok("/ \"h\""));
        let larger = "x".repeat(65_536 - 4);
        check(
            "GET",
            "http://h/",
            &[("a", &larger)],
            Err(Refusal::FieldsTooLarge),
        );
    }

    #[test]
    fn a_value_has_no_white_space_around_it() {
        check("GET", "http://h/", &[("a", "b c")], Ok("/ \"h\""));
        check("GET", "http://h/", &[("a", "")], Ok("/ \"h\""));
        for value in [" b", "b ", "\tb", "b\t", " "] {
            check(
                "GET",
                "http://h/",
                &[("a", value)],
                Err(Refusal::PaddedValue),
            );
        }
    }

    #[test]
    fn length_and_expectation_are_told() {
        let facts = |fields: &[(&str, &str)]| {
            let mut parts = head("PUT", "http://h/", fields);
            check_head(&mut parts, &Limits::default())
        };
        let told = |length, expects_continue| {
            Ok(Facts {
                length,
                expects_continue,
            })
        };
        assert_eq!(facts(&[]), told(None, false));
        assert_eq!(facts(&[("content-length", "17")]), told(Some(17), false));
        assert_eq!(facts(&[("expect", "100-Continue")]), told(None, true));
        assert_eq!(facts(&[("expect", "tea")]), told(None, false));
        let two = [("content-length", "1"), ("content-length", "1")];
        assert_eq!(facts(&two), Err(Refusal::DoubledContentLength));
        for malformed in ["x", "+1", "", "1,1", "99999999999999999999"] {
            let judged = facts(&[("content-length", malformed)]);
            assert_eq!(judged, Err(Refusal::MalformedContentLength));
        }
    }
}
