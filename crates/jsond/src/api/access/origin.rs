//! The origin of a page: scheme, host and port, as browsers compare them.
//!
//! *Source*: RFC 6454 §4, RFC 6454 §7.

use std::str::FromStr;

/// Where a page comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// A text is not the origin of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is an origin such as http://localhost:5173, or * for any")]
pub struct OriginError;

impl Origin {
    /// The host, in lower case; an address of version 6 in brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = text.split_once("://").ok_or(OriginError)?;
        let is_scheme = |text: &str| !text.is_empty() && text.bytes().all(is_of_scheme);
        if !is_scheme(scheme) || !is_authority(authority) {
            return Err(OriginError);
        }
        let scheme = scheme.to_ascii_lowercase();
        let host_bytes = match authority.find(']') {
            Some(end) => end + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at(host_bytes);
        let port = match port.strip_prefix(':') {
            None | Some("") => None,
            Some(digits) => Some(digits.parse().map_err(|_| OriginError)?),
        };
        let default = match &*scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port: port.or(default),
            scheme,
        })
    }
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

fn is_authority(text: &str) -> bool {
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(is_of_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_origin_is_refused() {
        for good in [
            "http://a",
            "https://[::1]:1",
            "chrome-extension://abc",
            "HTTP://A:80",
        ] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "http://",
            "://a",
            "http://a/",
            "http://a:x",
            "http://a b",
            "http:a",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
        let equal = |one: &str, other: &str| one.parse::<Origin>() == other.parse::<Origin>();
        assert!(equal("http://A", "http://a:80"));
        assert!(!equal("http://a", "https://a"));
    }
}
