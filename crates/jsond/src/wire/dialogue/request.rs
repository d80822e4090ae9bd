//! The request line and the header lines of a dialogue.
//!
//! LENIENT: any run of blanks separates words, the HTTP version may be missing, and header lines
//! are read and ignored. But a body is not: bodies belong to the HTTP door, and a client that
//! sends one here is told so before its body could be taken for an answer.

use std::fmt;

use super::reason::Reason;

/// The methods that the dialogue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads a file.
    Get,
    /// Reads the head of a reply.
    Head,
    /// Adds a record.
    Post,
    /// Changes a member of a record.
    Put,
    /// Removes a record.
    Delete,
}

impl Method {
    /// The method as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the server asks back before it acts.
    #[must_use]
    pub fn needs_answer(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Delete)
    }

    /// Methods are case-sensitive.
    fn parse(word: &str) -> Option<Self> {
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == word)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The file, as it was sent; it never begins with a slash.
    pub target: String,
    /// Whether one more line end of the head may still be on its way, which is no answer.
    pub may_have_stray_line_end: bool,
}

/// Parses a request line without its line end.
pub(super) fn parse_request_line(line: &[u8]) -> Result<(Method, String), Reason> {
    let text = std::str::from_utf8(line).map_err(|_| Reason::NotUtf8)?;
    if text
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return Err(Reason::ControlCharacter);
    }
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let method = words.next().ok_or(Reason::MissingTarget)?;
    let target = words.next().ok_or(Reason::MissingTarget)?;
    let method = Method::parse(method).ok_or(Reason::UnknownMethod)?;
    if target.starts_with('/') {
        return Err(Reason::SlashTarget);
    }
    let version = words.next();
    if words.next().is_some() {
        return Err(Reason::TooManyWords);
    }
    if version.is_some_and(|version| !is_version(version)) {
        return Err(Reason::MalformedVersion);
    }
    Ok((method, target.to_owned()))
}

fn is_version(word: &str) -> bool {
    matches!(word.as_bytes(), [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Judges a header line without its line end: it may say anything but that a body follows.
pub(super) fn check_field(line: &[u8]) -> Result<(), Reason> {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return Ok(());
    };
    let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
    let is_zero = !value.is_empty() && value.iter().all(|&byte| byte == b'0');
    let announces_body = name.eq_ignore_ascii_case(b"transfer-encoding")
        || (name.eq_ignore_ascii_case(b"content-length") && !is_zero);
    if announces_body {
        Err(Reason::BodyNotTaken)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_a_method_a_file_and_perhaps_a_version() {
        for (line, method, target) in [
            ("GET students.json", Method::Get, "students.json"),
            ("HEAD students.json HTTP/1.1", Method::Head, "students.json"),
            ("POST  students \t HTTP/1.0 ", Method::Post, "students"),
            (
                " PUT students.json/Da_Eun",
                Method::Put,
                "students.json/Da_Eun",
            ),
            ("DELETE 학생.json HTTP/2.0", Method::Delete, "학생.json"),
            ("GET \"x\"", Method::Get, "\"x\""),
        ] {
            assert_eq!(
                parse_request_line(line.as_bytes()),
                Ok((method, target.to_owned())),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_malformed_request_line_has_a_reason() {
        for (line, reason) in [
            (&b"HELLO"[..], Reason::MissingTarget),
            (b"GET", Reason::MissingTarget),
            (b"  ", Reason::MissingTarget),
            (b"HELLO students.json", Reason::UnknownMethod),
            (b"get students.json", Reason::UnknownMethod),
            (b"PATCH students.json HTTP/1.1", Reason::UnknownMethod),
            (b" GET /students.json HTTP/1.1", Reason::SlashTarget),
            (b"GET students.json HTTP/1", Reason::MalformedVersion),
            (b"GET students.json now", Reason::MalformedVersion),
            (b"GET my students.json HTTP/1.1", Reason::TooManyWords),
            (b"GET a\0b", Reason::ControlCharacter),
            (b"GET a\rb", Reason::ControlCharacter),
            (b"GET \xff", Reason::NotUtf8),
        ] {
            assert_eq!(parse_request_line(line), Err(reason), "{line:?}");
        }
    }

    #[test]
    fn header_lines_are_ignored_unless_they_announce_a_body() {
        for line in [
            "Host: x",
            "nonsense",
            ": x",
            "",
            "Content-Length: 0",
            "content-length:000 ",
            "X-Content-Length: 5",
            "\x01\u{ff}",
        ] {
            assert_eq!(check_field(line.as_bytes()), Ok(()), "{line:?}");
        }
        for line in [
            "Content-Length: 5",
            "content-length : 5",
            " Content-Length:05",
            "Content-Length:",
            "Content-Length: -0",
            "Transfer-Encoding: chunked",
            "TRANSFER-ENCODING:",
        ] {
            assert_eq!(
                check_field(line.as_bytes()),
                Err(Reason::BodyNotTaken),
                "{line:?}"
            );
        }
    }
}
