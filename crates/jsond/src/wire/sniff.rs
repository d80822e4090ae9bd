//! Chooses the door of a connection from its first bytes, once and as early as it is certain.
//!
//! It is a pure function over the bytes so far: it eats nothing, remembers nothing, and decides the
//! same for every way the bytes are cut into pieces, because it reads from the left and stops at
//! the first byte that decides. Whether what follows is well-formed is the chosen door's business.

use http::StatusCode;

use super::lang::Lang;

/// The first bytes of an HTTP/2 connection with prior knowledge. *Source* RFC 9113 §3.4
pub const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Empty lines that may stand before the first line of a connection, or of a request.
pub const EMPTY_LINES_MAX: usize = 4;

/// What the first bytes of a connection say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Not certain yet.
    NeedMore,
    /// The strict HTTP/1.1 door.
    Http,
    /// The HTTP/2 preface came.
    Http2,
    /// The guided dialogue.
    Dialogue,
    /// Neither door takes this.
    Refused(Refusal),
}

/// Why neither door takes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are no text, a TLS handshake for instance.
    NotText,
    /// More empty lines than [`EMPTY_LINES_MAX`].
    TooManyEmptyLines,
    /// `CONNECT host:443`.
    Connect,
    /// An absolute target `https:`.
    HttpsTarget,
}

impl Refusal {
    /// The status of the answer: always 400.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    /// A sentence that says what to do.
    #[must_use]
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::NotText => lang.choose(
                "The first bytes are no request; this port speaks plain HTTP, not TLS.",
                "첫 바이트가 요청이 아닙니다. 이 포트는 TLS가 아니라 평문 HTTP를 사용합니다.",
            ),
            Self::TooManyEmptyLines => lang.choose(
                "Too many empty lines; begin with the request line.",
                "빈 줄이 너무 많습니다. 요청 줄부터 보내 주세요.",
            ),
            Self::Connect => lang.choose(
                "CONNECT is not served here; this server is no proxy.",
                "CONNECT는 지원하지 않습니다. 이 서버는 프록시가 아닙니다.",
            ),
            Self::HttpsTarget => lang.choose(
                "An https target is not served here; send the path alone, beginning with `/`.",
                "https 대상은 지원하지 않습니다. `/`로 시작하는 경로만 보내 주세요.",
            ),
        }
    }
}

/// Decides the door of a connection that began with `bytes`.
///
/// `first_line_bytes_max` bounds how far it looks: a first line that says nothing for so long is
/// left to the 400 of the door it would most likely have gone to.
/// *Cost*: looks at the first words only, whatever the length of `bytes`.
#[must_use]
pub fn sniff(bytes: &[u8], dialogue_open: bool, first_line_bytes_max: usize) -> Door {
    if bytes.starts_with(HTTP2_PREFACE) {
        return Door::Http2;
    }
    if HTTP2_PREFACE.starts_with(bytes) {
        return Door::NeedMore;
    }
    if !dialogue_open {
        return Door::Http;
    }
    let line = match skip_empty_lines(bytes) {
        Ok(line) => line,
        Err(door) => return door,
    };
    let seen = &line[..line.len().min(first_line_bytes_max)];
    match read_line(seen) {
        Door::NeedMore if seen.len() == first_line_bytes_max => Door::Dialogue,
        door => door,
    }
}

fn skip_empty_lines(mut bytes: &[u8]) -> Result<&[u8], Door> {
    for _ in 0..=EMPTY_LINES_MAX {
        bytes = match bytes {
            [] | [b'\r'] => return Err(Door::NeedMore),
            [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => rest,
            [b'\r', ..] => return Err(Door::Refused(Refusal::NotText)),
            line => return Ok(line),
        };
    }
    Err(Door::Refused(Refusal::TooManyEmptyLines))
}

fn read_line(line: &[u8]) -> Door {
    let word_bytes = line
        .iter()
        .position(|&byte| ends_word(byte))
        .unwrap_or(line.len());
    let (method, rest) = line.split_at(word_bytes);
    if method.iter().any(u8::is_ascii_control) {
        return Door::Refused(Refusal::NotText);
    }
    let target = &rest[rest.iter().take_while(|&&byte| is_blank(byte)).count()..];
    match target.first() {
        None => Door::NeedMore,
        Some(b'\r' | b'\n') => Door::Dialogue,
        Some(b'/') => Door::Http,
        Some(_) if method == b"CONNECT" => Door::Refused(Refusal::Connect),
        Some(b'*') => read_asterisk(target),
        Some(_) => read_scheme(target),
    }
}

fn read_asterisk(target: &[u8]) -> Door {
    match target.get(1) {
        None => Door::NeedMore,
        Some(&byte) if ends_word(byte) => Door::Http,
        Some(_) => Door::Dialogue,
    }
}

fn read_scheme(target: &[u8]) -> Door {
    if begins_with(target, b"http://") {
        Door::Http
    } else if begins_with(target, b"https:") {
        Door::Refused(Refusal::HttpsTarget)
    } else if begins_with(b"http://", target) || begins_with(b"https:", target) {
        Door::NeedMore
    } else {
        Door::Dialogue
    }
}

fn begins_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && text[..start.len()].eq_ignore_ascii_case(start)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn ends_word(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE_BYTES_MAX: usize = 8192;

    /// Feeds every prefix; once a door is chosen, no further byte may change it.
    fn check(bytes: &[u8], dialogue_open: bool, expected: Door) {
        let mut decided = Door::NeedMore;
        for length in 0..=bytes.len() {
            let door = sniff(&bytes[..length], dialogue_open, LINE_BYTES_MAX);
            if decided != Door::NeedMore {
                assert_eq!(door, decided, "changed its mind at {length}: {bytes:?}");
            }
            decided = door;
        }
        assert_eq!(decided, expected, "{:?}", String::from_utf8_lossy(bytes));
    }

    fn check_open(line: &str, expected: Door) {
        check(line.as_bytes(), true, expected);
    }

    #[test]
    fn a_target_that_begins_with_a_slash_is_the_http_door() {
        for line in [
            "GET /",
            "GET / HTTP/1.1\r\n",
            "GET /\r\n",
            "HELLO /x HTTP/1.1\r\n",
            "get /x",
            "CONNECT /x HTTP/1.1",
            "GET  /x HTTP/1.1",
            "GET\t/",
            "G@T /x",
            "POST /x\n",
            "\r\n\nGET / HTTP/1.1\r\n",
            "PRI /",
        ] {
            check_open(line, Door::Http);
        }
    }

    #[test]
    fn an_absolute_http_target_and_an_asterisk_are_the_http_door() {
        for line in [
            "GET http://localhost/x HTTP/1.1\r\n",
            "GET HTTP://h/",
            "GET hTTp://",
            "OPTIONS * HTTP/1.1",
            "OPTIONS *\r\n",
            "GET *\n",
            "PRI * HTTP/1.1\r\n",
            "PRI * HTTP/2.0\r\n\r\nSX",
        ] {
            check_open(line, Door::Http);
        }
    }

    #[test]
    fn any_other_target_is_the_dialogue() {
        for line in [
            "GET students.json\r\n",
            "GET students.json HTTP/1.1",
            "POST s",
            "HELLO s.json HTTP/1.1",
            "HELLO\r\n",
            "HELLO\n",
            "HELLO \r\n",
            " \r\n",
            " GET students.json\r\n",
            "GET *x",
            "GET http.json",
            "GET http:/x",
            "GET https",
            "GET http\r\n",
            "GET httpx://y",
            "connect host:443\r\n",
            "CONNECT\r\n",
            "안녕하세요\r\n",
            "GET 학생.json\r\n",
            "PRIX\r\n",
            "PUT students.json\n",
            "P a",
            "PRI x",
            "\nGET students.json",
            "GET \"my file\"",
        ] {
            let expected = if matches!(line, "GET https") {
                Door::NeedMore
            } else {
                Door::Dialogue
            };
            check_open(line, expected);
        }
    }

    #[test]
    fn the_preface_is_http2_and_its_beginnings_wait() {
        check(HTTP2_PREFACE, true, Door::Http2);
        check(HTTP2_PREFACE, false, Door::Http2);
        check(
            &[&HTTP2_PREFACE[..], b"\0\0\0\x04"].concat(),
            true,
            Door::Http2,
        );
        check(&HTTP2_PREFACE[..23], true, Door::NeedMore);
        check(&[b"\r\n", &HTTP2_PREFACE[..]].concat(), true, Door::Http);
    }

    #[test]
    fn what_neither_door_takes_is_refused() {
        for (bytes, refusal) in [
            (&b"CONNECT host:443 HTTP/1.1\r\n"[..], Refusal::Connect),
            (b"CONNECT *\r\n", Refusal::Connect),
            (b"GET https://host/x HTTP/1.1", Refusal::HttpsTarget),
            (b"GET HTTPS:x", Refusal::HttpsTarget),
            (b"\x16\x03\x01\x02\x00\x01\x00", Refusal::NotText),
            (b"\x80\x2e\x01\x00\x02", Refusal::NotText),
            (b"\0", Refusal::NotText),
            (b"GE\x07T x", Refusal::NotText),
            (b"\rGET /", Refusal::NotText),
            (b"\n\n\n\n\nGET /", Refusal::TooManyEmptyLines),
            (b"\r\n\r\n\r\n\r\n\r\n", Refusal::TooManyEmptyLines),
        ] {
            check(bytes, true, Door::Refused(refusal));
            assert_eq!(refusal.status(), 400);
            assert!(refusal.text(Lang::En).ends_with('.') && refusal.text(Lang::Ko).ends_with('.'));
        }
    }

    #[test]
    fn a_few_empty_lines_are_no_decision() {
        check(b"\r\n\r\n\n\n", true, Door::NeedMore);
        check(b"\r", true, Door::NeedMore);
        check(b"", true, Door::NeedMore);
    }

    #[test]
    fn with_the_dialogue_closed_everything_but_the_preface_is_http() {
        for bytes in [
            &b"GET students.json\r\n"[..],
            b"CONNECT h:1",
            b"\x16\x03",
            b"\r\n\r\n\r\n\r\n\r\n\r\n",
            b"HELLO\r\n",
            b"GET /",
            b"PRIX",
            b"PRI * HTTP/2.0\r\n\r\nSMX",
            b"Q",
            b"GET https:",
        ] {
            check(bytes, false, Door::Http);
        }
        check(b"P", false, Door::NeedMore);
    }

    #[test]
    fn a_first_line_that_never_decides_goes_to_the_dialogue() {
        check(&[b'A'; LINE_BYTES_MAX + 10], true, Door::Dialogue);
        check(&[b'A'; LINE_BYTES_MAX - 1], true, Door::NeedMore);
        let mut late = vec![b' '; LINE_BYTES_MAX];
        late.extend_from_slice(b"/x HTTP/1.1\r\n");
        check(&late, true, Door::Dialogue);
    }
}
