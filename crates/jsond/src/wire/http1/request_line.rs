//! The request line, judged strictly, and its target turned into a [`Uri`].
//!
//! Which methods there are is not known here: a token is a method. Single spaces only, versions
//! 1.0 and 1.1 only, and three forms of target: a path, an absolute `http:`, and `*` for OPTIONS.

use bytes::Bytes;
use http::Uri;

use super::authority::is_host_and_port;
use super::field::is_token;
use super::refusal::Refusal;

/// Judges a request line without its line end, and answers whether it is HTTP/1.0.
///
/// *Source* RFC 9112 §3
pub(super) fn check_request_line(line: &[u8]) -> Result<bool, Refusal> {
    let mut words = line.split(|&byte| byte == b' ');
    let method = words.next().unwrap_or_default();
    if !is_token(method) {
        return Err(Refusal::MalformedMethod);
    }
    let target = words.next().unwrap_or_default();
    if target.is_empty() {
        return Err(Refusal::MalformedRequestLine);
    }
    let version = words.next().ok_or(Refusal::MissingVersion)?;
    if words.next().is_some() {
        return Err(Refusal::MalformedRequestLine);
    }
    let is_http10 = check_version(version)?;
    check_target(target, method)?;
    parse_target(Bytes::copy_from_slice(target))?;
    Ok(is_http10)
}

fn check_version(version: &[u8]) -> Result<bool, Refusal> {
    match version {
        b"HTTP/1.1" => Ok(false),
        b"HTTP/1.0" => Ok(true),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Refusal::UnsupportedVersion)
        }
        _ => Err(Refusal::MalformedVersion),
    }
}

/// Judges the characters and the form of a target.
pub(in crate::wire) fn check_target(target: &[u8], method: &[u8]) -> Result<(), Refusal> {
    // All of it, without a stop: nearly always all of it is good.
    if !(target.iter()).fold(true, |all, byte| all & byte.is_ascii_graphic()) {
        return Err(Refusal::MalformedTarget);
    }
    if target.contains(&b'#') {
        return Err(Refusal::FragmentInTarget);
    }
    match target {
        [b'/', ..] => Ok(()),
        [b'*'] if method == b"OPTIONS" => Ok(()),
        _ => check_absolute(target),
    }
}

fn check_absolute(target: &[u8]) -> Result<(), Refusal> {
    let authority = find_authority(target).ok_or(Refusal::UnservedTargetForm)?;
    if is_host_and_port(authority) {
        Ok(())
    } else {
        Err(Refusal::MalformedTargetAuthority)
    }
}

/// The host and port of an absolute `http:` target.
pub(super) fn find_authority(target: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = target.split_at_checked(b"http://".len())?;
    let end = rest
        .iter()
        .position(|byte| b"/?".contains(byte))
        .unwrap_or(rest.len());
    scheme
        .eq_ignore_ascii_case(b"http://")
        .then(|| &rest[..end])
}

/// Turns a checked target into a [`Uri`], sharing its bytes.
pub(super) fn parse_target(target: Bytes) -> Result<Uri, Refusal> {
    let target = match memchr::memchr3(b'"', b'<', b'>', &target) {
        Some(_) => encode_in_query(&target),
        None => target,
    };
    Uri::from_maybe_shared(target).map_err(|_| Refusal::MalformedTarget)
}

/// LENIENT: `"`, `<` and `>` stand raw in a query typed by hand, such as `?jsonpath=$[?@.a>1]`;
/// they mean nothing else there. In a path they are refused.
fn encode_in_query(target: &[u8]) -> Bytes {
    let query = memchr::memchr(b'?', target).unwrap_or(target.len());
    let mut encoded = target[..query].to_vec();
    for &byte in &target[query..] {
        match byte {
            b'"' => encoded.extend_from_slice(b"%22"),
            b'<' => encoded.extend_from_slice(b"%3C"),
            b'>' => encoded.extend_from_slice(b"%3E"),
            other => encoded.push(other),
        }
    }
    Bytes::from(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<bool, Refusal>) {
        assert_eq!(check_request_line(line.as_bytes()), expected, "{line:?}");
    }

    #[test]
    fn the_three_forms_of_target_are_taken() {
        check("GET / HTTP/1.1", Ok(false));
        check("GET //double//slash?a=b?c HTTP/1.0", Ok(true));
        check("BREW /pot HTTP/1.1", Ok(false));
        check("OPTIONS * HTTP/1.1", Ok(false));
        check("GET http://localhost:12345/x?y HTTP/1.1", Ok(false));
        check("GET HTTP://[::1] HTTP/1.1", Ok(false));
        check("GET http://localhost?x HTTP/1.1", Ok(false));
        check("GET /x?jsonpath=$[?@.a==1]|{'a'} HTTP/1.1", Ok(false));
    }

    #[test]
    fn a_query_typed_by_hand_is_taken_and_such_a_path_is_not() {
        let parse = |target: &'static str| parse_target(Bytes::from_static(target.as_bytes()));
        let uri = parse("/x?jsonpath=$[?@.a>\"<\"]").unwrap();
        assert_eq!(uri.query(), Some("jsonpath=$[?@.a%3E%22%3C%22]"));
        assert_eq!(parse("/<x>?a"), Err(Refusal::MalformedTarget));
    }

    #[test]
    fn a_malformed_request_line_is_named() {
        for (line, refusal) in [
            ("", Refusal::MalformedMethod),
            (" GET / HTTP/1.1", Refusal::MalformedMethod),
            ("G@T / HTTP/1.1", Refusal::MalformedMethod),
            ("GET\t/ HTTP/1.1", Refusal::MalformedMethod),
            ("GET", Refusal::MalformedRequestLine),
            ("GET  / HTTP/1.1", Refusal::MalformedRequestLine),
            ("GET / HTTP/1.1 ", Refusal::MalformedRequestLine),
            ("GET /a b HTTP/1.1", Refusal::MalformedRequestLine),
            ("GET /", Refusal::MissingVersion),
            ("GET / ", Refusal::MalformedVersion),
            ("GET /  HTTP/1.1", Refusal::MalformedRequestLine),
            ("GET / HTTP/1", Refusal::MalformedVersion),
            ("GET / HTTP/1.1.1", Refusal::MalformedVersion),
            ("GET / HTTP/11.1", Refusal::MalformedVersion),
            ("GET / http/1.1", Refusal::MalformedVersion),
            ("GET / HTTX/1.1", Refusal::MalformedVersion),
            ("GET / HTTP/ 1.1", Refusal::MalformedRequestLine),
            ("GET /\tHTTP/1.1", Refusal::MissingVersion),
            ("GET / HTTP/2.0", Refusal::UnsupportedVersion),
            ("GET / HTTP/1.2", Refusal::UnsupportedVersion),
            ("GET / HTTP/0.9", Refusal::UnsupportedVersion),
            ("GET /김 HTTP/1.1", Refusal::MalformedTarget),
            ("GET /\t HTTP/1.1", Refusal::MalformedTarget),
            ("GET /a#b HTTP/1.1", Refusal::FragmentInTarget),
            ("GET * HTTP/1.1", Refusal::UnservedTargetForm),
            ("GET x HTTP/1.1", Refusal::UnservedTargetForm),
            ("GET https://h/ HTTP/1.1", Refusal::UnservedTargetForm),
            ("CONNECT h:443 HTTP/1.1", Refusal::UnservedTargetForm),
            ("OPTIONS ** HTTP/1.1", Refusal::UnservedTargetForm),
            ("GET http:/x HTTP/1.1", Refusal::UnservedTargetForm),
            ("GET http:// HTTP/1.1", Refusal::MalformedTargetAuthority),
            ("GET http:///x HTTP/1.1", Refusal::MalformedTargetAuthority),
            ("GET http://?x HTTP/1.1", Refusal::MalformedTargetAuthority),
            (
                "GET http://user@h/ HTTP/1.1",
                Refusal::MalformedTargetAuthority,
            ),
            (
                "GET http://h:99999/ HTTP/1.1",
                Refusal::MalformedTargetAuthority,
            ),
        ] {
            check(line, Err(refusal));
        }
    }
}
