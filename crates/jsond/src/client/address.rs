//! Where the server is, as typed and as meant.
//!
//! `HOST`, `HOST:PORT`, `:PORT`, `[::1]:PORT`, `http://HOST:PORT/`, `https://HOST:PORT/`. Also tells an
//! address from a method in the first word of a command line. Nothing is looked up here.

use super::failure::Failure;

/// The port of the project, and of the course it comes from.
pub(super) const PORT: u16 = 12345;

/// The methods that are never taken for the name of a host, in any case.
pub(super) const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE",
];

/// The host and port of a server, and whether TLS is spoken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_secure: bool,
}

impl Default for Address {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: PORT,
            is_secure: false,
        }
    }
}

impl Address {
    /// Parses an address as people type it.
    ///
    /// A URL without a port means that of its scheme; what is no URL means the port of the project.
    ///
    /// Errors: `Usage` for a port or host that cannot be.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::usage(format!("not an address: {text:?} (HOST:PORT is)"));
        let (rest, is_secure, default) = match text {
            _ if starts_with_ignoring_case(text, "https://") => (&text[8..], true, 443),
            _ if starts_with_ignoring_case(text, "http://") => (&text[7..], false, 80),
            _ => (text, false, PORT),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_port(rest).ok_or_else(wrong)?;
        let port = match port {
            None => default,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(wrong)?,
        };
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        if rest.is_empty() || !host.bytes().all(is_host) {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            is_secure,
        })
    }

    /// The URL of a target in origin form.
    pub(super) fn url(&self, target: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{target}", self.authority())
    }

    /// The address as it stands in a `Host` field and in messages.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Splits at the port; an IPv6 address has one only behind brackets.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((host, None)),
            _ => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        None => Some((text, None)),
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((host, port)) => Some((host, Some(port))),
    }
}

/// Takes the address off the front of the words, if the first word is one.
///
/// A word that is not made of letters and hyphens alone (`localhost:80`, `10.0.0.1`, `::1`) is an
/// address. A known method in any case never is. A plain name (`localhost`, `HELLO`) is an address
/// when it stands alone or a known method follows, else an unknown method.
pub(super) fn take_address(words: &[String]) -> Result<(Address, &[String]), Failure> {
    let Some((first, rest)) = words.split_first() else {
        return Ok((Address::default(), words));
    };
    let is_name = first
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let names_host =
        !is_known_method(first) && (!is_name || rest.is_empty() || is_known_method(&rest[0]));
    if names_host {
        Ok((Address::parse(first)?, rest))
    } else {
        Ok((Address::default(), words))
    }
}

fn is_known_method(word: &str) -> bool {
    METHODS
        .iter()
        .any(|method| method.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::failure::Cause;
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(
            Address::parse(text).unwrap().authority(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn an_address_is_read_as_people_type_it() {
        check("127.0.0.1:8080", "127.0.0.1:8080");
        check("localhost", "localhost:12345");
        check(":80", "127.0.0.1:80");
        check("[::1]:80", "[::1]:80");
        check("::1", "[::1]:12345");
        check("HTTP://example.org:81/", "example.org:81");
        check("http://example.org", "example.org:80");
        check("https://example.org", "example.org:443");
    }

    #[test]
    fn what_cannot_be_an_address_is_a_usage_error() {
        for text in [
            "",
            "host:",
            "host:0",
            "host:65536",
            "host:a",
            "[::1",
            "a/b",
            "[::1]80",
        ] {
            assert_eq!(
                Address::parse(text).unwrap_err().cause,
                Cause::Usage,
                "{text}"
            );
        }
        assert!(Address::parse("https://a:1").unwrap().is_secure);
        assert!(!Address::parse("a:1").unwrap().is_secure);
    }

    fn check_split(words: &str, address: &str, rest: usize) {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let (found, left) = take_address(&words).unwrap();
        assert_eq!(
            (found.authority().as_str(), left.len()),
            (address, rest),
            "{words:?}"
        );
    }

    #[test]
    fn the_first_word_is_an_address_unless_it_is_a_method() {
        check_split("", "127.0.0.1:12345", 0);
        check_split("get students.json", "127.0.0.1:12345", 2);
        check_split("10.0.0.1 get students.json", "10.0.0.1:12345", 2);
        check_split("localhost", "localhost:12345", 0);
        check_split("localhost GET a.json", "localhost:12345", 2);
        check_split("HELLO a.json", "127.0.0.1:12345", 2);
        check_split("GET", "127.0.0.1:12345", 1);
        check_split("::1 HELLO a.json", "[::1]:12345", 2);
    }
}
