//! The host and port of a Host field or an absolute target, judged by form alone.
//!
//! Whether the host is one that this server answers for (421) is not decided here.

use std::net::Ipv6Addr;

/// Whether `authority` is a host and an optional port, without user information.
///
/// *Source* RFC 9110 §7.2, RFC 3986 §3.2.2
pub(in crate::wire) fn is_host_and_port(authority: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(authority) else {
        return false;
    };
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        let port = if port.is_empty() {
            Some("")
        } else {
            port.strip_prefix(':')
        };
        return address.parse::<Ipv6Addr>().is_ok() && port.is_some_and(is_port);
    }
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    is_registered_name(host.as_bytes()) && is_port(port)
}

/// A port may be empty after its colon, as RFC 3986 has it.
fn is_port(port: &str) -> bool {
    port.is_empty()
        || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

/// A comma is left out of the characters RFC 3986 allows: no host has one, and it is the trace of
/// two Host fields that something on the way joined.
fn is_registered_name(host: &[u8]) -> bool {
    let mut rest = host;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                after
            }
            (byte, _) if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(byte) => tail,
            _ => return false,
        };
    }
    !host.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_or_without_a_port_is_taken() {
        for good in [
            "localhost",
            "localhost:12345",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:12345",
            "a.b-c_d.example",
            "localhost:",
            "0.0.0.0=5000",
            "%41b",
            "LOCALHOST:0",
            "[::ffff:127.0.0.1]:65535",
        ] {
            assert!(is_host_and_port(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "a@b",
            "u:p@h",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:+80",
            "a,b",
            "a:-1",
            "[::1",
            "::1",
            "[::1]80",
            "[x]",
            "[]",
            "[::1]:x",
            "a?b",
            "a#b",
            "a\\b",
            "%4",
            "%zz",
            "호스트",
            "a\"",
            "[fe80::1%25eth0]",
            "<a>",
        ] {
            assert!(!is_host_and_port(bad.as_bytes()), "{bad}");
        }
    }
}
