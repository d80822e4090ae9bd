//! One response as it crossed the socket, judged while it is parsed: no test has to remember to
//! look at the framing, because nothing that is badly framed becomes a [`Reply`].

use std::time::SystemTime;

/// A response whose framing has been checked.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Bytes on the wire, head and body.
    pub(crate) size: usize,
}

impl Reply {
    /// Parses and judges a head, up to and including its empty line.
    pub(crate) fn parse_head(head: &[u8]) -> Self {
        let text = std::str::from_utf8(head)
            .expect("a response head is UTF-8")
            .to_owned();
        check_line_ends(&text);
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let status = parse_status_line(lines.next().unwrap_or_default());
        let fields = lines.map(parse_field).collect();
        let reply = Self {
            status,
            fields,
            body: Vec::new(),
            size: head.len(),
            head: text,
        };
        reply.check_fields();
        reply
    }

    /// The field's value; a field given twice is a fault in all we look at.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self
            .fields
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice in\n{}", self.head);
        first
    }

    pub(crate) fn need(&self, name: &str) -> &str {
        self.field(name)
            .unwrap_or_else(|| panic!("no {name} in\n{}", self.head))
    }

    pub(crate) fn etag(&self) -> String {
        let tag = self.need("ETag");
        assert!(
            tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'),
            "a strong entity tag is quoted: {tag}"
        );
        tag.to_owned()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body of\n{}{}", self.head, self.text()))
    }

    /// Asserts the status, and hands the reply on.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "\n{}{body}", self.head);
        self
    }

    #[track_caller]
    pub(crate) fn one_of(self, statuses: &[u16]) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        assert!(
            statuses.contains(&self.status),
            "not of {statuses:?}\n{}{body}",
            self.head
        );
        self
    }

    /// Asserts that this is a complete problem answer.
    ///
    /// *Source*: RFC 9457 §3.1.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> serde_json::Value {
        let reply = self.is(status);
        assert_eq!(
            reply.need("Content-Type"),
            "application/problem+json",
            "{}",
            reply.head
        );
        let problem = reply.json();
        assert_eq!(problem["status"], status, "{problem}");
        for name in ["type", "title", "detail"] {
            let text = problem[name].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "a problem says {name}: {problem}");
        }
        assert!(
            !reply.text().contains("/tmp/"),
            "no path of the machine: {problem}"
        );
        assert!(
            reply.body.ends_with(b"\n"),
            "every JSON body ends in a newline: {problem}"
        );
        problem
    }

    /// The fields without those that time changes, for comparing two replies.
    pub(crate) fn lasting_fields(&self) -> Vec<(String, String)> {
        let lasting = |name: &str| !name.eq_ignore_ascii_case("Date");
        let mut fields: Vec<_> = self
            .fields
            .iter()
            .filter(|(name, _)| lasting(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        fields.sort();
        fields
    }

    /// The declared length of the body, judged by status.
    ///
    /// *Source*: RFC 9110 §8.6.
    pub(crate) fn content_length(&self) -> usize {
        assert!(
            self.field("Transfer-Encoding").is_none(),
            "no chunks expected\n{}",
            self.head
        );
        if self.status == 204 || self.status < 200 {
            assert!(
                self.field("Content-Length").is_none(),
                "204 has no length\n{}",
                self.head
            );
            return 0;
        }
        match self.field("Content-Length") {
            None if self.status == 304 => 0,
            None => panic!("no Content-Length in\n{}", self.head),
            Some(digits) => {
                assert!(
                    digits.bytes().all(|byte| byte.is_ascii_digit()),
                    "{}",
                    self.head
                );
                digits.parse().expect("Content-Length is a number")
            }
        }
    }

    fn check_fields(&self) {
        if self.status < 200 {
            return;
        }
        check_date(self.need("Date"));
        assert_eq!(
            self.need("X-Content-Type-Options"),
            "nosniff",
            "\n{}",
            self.head
        );
        if let Some(connection) = self.field("Connection") {
            assert!(
                matches!(connection, "close" | "keep-alive"),
                "\n{}",
                self.head
            );
        }
        if self.content_length() > 0 && self.status != 304 {
            self.need("Content-Type");
        }
        if self.status == 405 || self.status == 204 && self.field("Accept-Patch").is_some() {
            self.need("Allow");
        }
    }
}

fn check_line_ends(head: &str) {
    let bytes = head.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => assert!(
                place > 0 && bytes[place - 1] == b'\r',
                "bare LF in\n{head:?}"
            ),
            b'\r' => assert_eq!(bytes.get(place + 1), Some(&b'\n'), "bare CR in\n{head:?}"),
            b'\t' => {}
            other => assert!(*other >= b' ' && *other != 127, "control byte in\n{head:?}"),
        }
    }
}

/// `HTTP/1.1 200 OK`: bytes 9 to 12 are the status, for clients that know no more.
fn parse_status_line(line: &str) -> u16 {
    assert!(line.starts_with("HTTP/1.1 "), "status line {line:?}");
    let status = &line[9..12];
    assert!(
        status.bytes().all(|byte| byte.is_ascii_digit()),
        "status line {line:?}"
    );
    assert_eq!(
        line.as_bytes().get(12),
        Some(&b' '),
        "a space after the status in {line:?}"
    );
    assert!(line.len() > 13, "a reason phrase, for people, in {line:?}");
    status.parse().expect("three digits")
}

fn parse_field(line: &str) -> (String, String) {
    let (name, value) = line
        .split_once(':')
        .unwrap_or_else(|| panic!("no colon in {line:?}"));
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    assert!(
        !name.is_empty() && name.bytes().all(token),
        "field name in {line:?}"
    );
    (name.to_owned(), value.trim_matches([' ', '\t']).to_owned())
}

/// *Source*: RFC 9110 §5.6.7.
fn check_date(date: &str) {
    let time = httpdate::parse_http_date(date).unwrap_or_else(|_| panic!("Date: {date}"));
    assert_eq!(
        httpdate::fmt_http_date(time),
        date,
        "Date is an IMF-fixdate"
    );
    let now = SystemTime::now();
    let off = now
        .duration_since(time)
        .unwrap_or_else(|early| early.duration());
    assert!(off.as_secs() < 60, "Date is now, not {date}");
}

#[test]
fn a_badly_framed_head_is_never_taken_for_a_reply() {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let good = format!(
        "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n"
    );
    assert_eq!(Reply::parse_head(good.as_bytes()).status, 200);
    let doctored = [
        good.replace("200 OK", "200"),
        good.replace("HTTP/1.1 ", "HTTP/1.1"),
        good.replace("Content-Type: a/b\r\n", ""),
        good.replace("Content-Length: 2\r\n", ""),
        good.replace("Content-Length: 2", "Content-Length: +2"),
        good.replace(
            "Content-Length: 2",
            "Content-Length: 2\r\ncontent-length: 2",
        ),
        good.replace("Content-Length: 2", "Content-Length : 2"),
        good.replace("nosniff\r\n", "nosniff\n"),
        good.replace("nosniff", "maybe"),
        good.replace(&date, "2026-11-22 10:00:00"),
        good.replace(&date, "Sunday, 06-Nov-94 08:49:37 GMT"),
        good.replace(&date, "Sun, 06 Nov 1994 08:49:37 GMT"),
        good.replace("a/b", "a/b\u{1b}[31m"),
    ];
    for head in doctored {
        let bytes = head.clone().into_bytes();
        let judged = std::panic::catch_unwind(move || Reply::parse_head(&bytes));
        assert!(judged.is_err(), "this head went through:\n{head}");
    }
}
