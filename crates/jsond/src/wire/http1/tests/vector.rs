//! The request vectors of llhttp, as an outside opinion.
//!
//! They lie in a folder of conformance data beside the workspace, or where JSOND_SUITES says;
//! where that is absent the test says loudly that it was skipped. A vector without any Host field
//! is given one, because llhttp does not ask for it and we do.

use std::path::{Path, PathBuf};

use super::harness::{Bodies, Seen, feed_every_way};
use crate::wire::http1::Limits;

/// What llhttp says about a vector.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Strictly parsed; the number of messages that were completed.
    Taken { messages: usize },
    /// An error of the strict parser, or a vector that only a lenient one takes.
    Refused,
}

#[derive(Debug)]
struct Vector {
    name: String,
    bytes: Vec<u8>,
    verdict: Verdict,
}

/// Where we judge otherwise, and why. An entry that no longer differs fails the test.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "connection.md: No restart when keep-alive is off (1.0)",
        CLOSED,
    ),
    (
        "connection.md: CRLF between requests, explicit `close`",
        CLOSED,
    ),
    (
        "connection.md: CRLF between requests, explicit `close` followed by tab",
        CLOSED,
    ),
    (
        "connection.md: Resetting flags when keep-alive is off (1.0, lenient)",
        CLOSED,
    ),
    (
        "connection.md: CRLF between requests, explicit `close` (lenient)",
        CLOSED,
    ),
    (
        "content-length.md: Content-Length reset when no body is received",
        "a body is not left out at will",
    ),
    ("invalid.md: HTTP protocol and ANNOUNCE method", METHOD),
    ("invalid.md: Invalid method", METHOD),
    (
        "invalid.md: Invalid HTTP version",
        "its line has not ended; when it has, it is refused",
    ),
    ("method.md: CONNECT request", TARGET),
    ("method.md: CONNECT request with CAPS", TARGET),
    ("method.md: CONNECT with body", TARGET),
    ("uri.md: Underscore in hostname", TARGET),
    ("method.md: M-SEARCH request", ASTERISK),
    ("method.md: PRI request HTTP2", ASTERISK),
    ("method.md: SOURCE request with ICE", PROTOCOL),
    ("method.md: OPTIONS request with RTSP", PROTOCOL),
    ("method.md: ANNOUNCE request with RTSP", PROTOCOL),
    (
        "sample.md: No HTTP version",
        "a request without a version is not served",
    ),
    (
        "transfer-encoding.md: POST with `chunked` as last transfer-encoding",
        CODING,
    ),
    (
        "transfer-encoding.md: POST with `chunked` as last transfer-encoding (multiple headers)",
        CODING,
    ),
    (
        "uri.md: Fragment in URI",
        "a fragment never leaves a client. RFC 9112 §3.2",
    ),
    (
        "uri.md: `host:port` and basic auth",
        "user information in a target is an error. RFC 9110 §4.2.4",
    ),
];

const CLOSED: &str = "what follows a request that closes is left unread, not judged";
const METHOD: &str = "any token is a method here; the api answers 501";
const TARGET: &str = "the authority form is for proxies";
const ASTERISK: &str = "the asterisk form is for OPTIONS. RFC 9112 §3.2.4";
const PROTOCOL: &str = "only HTTP is spoken here";
const CODING: &str = "no transfer coding but chunked is served: 501 or 400";

fn suites() -> PathBuf {
    std::env::var_os("JSOND_SUITES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    )
}

fn read_vectors(folder: &Path) -> Vec<Vector> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| parse_vectors(path)).collect()
}

/// A vector is a heading, a comment with its type, a block `http` and a block `log`.
fn parse_vectors(path: &Path) -> Vec<Vector> {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut vectors = Vec::new();
    let (mut title, mut kind, mut request) = (String::new(), String::new(), None);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix('#') {
            heading
                .trim_start_matches('#')
                .trim()
                .clone_into(&mut title);
        } else if line.starts_with("<!-- meta=") {
            line.clone_into(&mut kind);
        } else if line == "```http" {
            request = Some(read_block(&mut lines));
        } else if line == "```log" {
            let log = read_block(&mut lines);
            let name = format!("{file}: {title}");
            let bytes = decode(&request.take().expect("a log follows its request"));
            vectors.push(Vector {
                name,
                bytes,
                verdict: judge(&kind, &log),
            });
        }
    }
    vectors
}

fn read_block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let block: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    block.join("\n")
}

/// Line ends are CRLF, a backslash at the end of a line joins it, escapes are as in C.
fn decode(block: &str) -> Vec<u8> {
    let text = block.replace("\\\n", "").replace('\n', "\r\n");
    let text = text
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\f", "\x0c");
    text.replace("\\xff", "\u{ff}").into_bytes()
}

fn judge(kind: &str, log: &str) -> Verdict {
    let is_lenient = kind.contains("request-lenient");
    let is_pause = log.contains("reason=\"Pause on");
    if is_lenient || (log.contains("error code=") && !is_pause) {
        return Verdict::Refused;
    }
    Verdict::Taken {
        messages: log.matches("message complete").count(),
    }
}

fn with_host(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    if text.to_ascii_lowercase().contains("host:") {
        return bytes.to_vec();
    }
    text.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nHost: a\r\n")
        .into_bytes()
}

/// What we make of a vector, in llhttp's terms; after an upgrade llhttp stops, and so do we.
fn outcome(bytes: &[u8]) -> Verdict {
    let seen = feed_every_way(bytes, Bodies::Read, Limits::default());
    if seen.iter().any(|seen| matches!(seen, Seen::Refused(_))) {
        return Verdict::Refused;
    }
    let heads = seen
        .iter()
        .filter(|seen| matches!(seen, Seen::Head(_)))
        .count();
    let waits_for_body = matches!(
        seen.last(),
        Some(Seen::Waiting(crate::wire::http1::Phase::Body))
    );
    Verdict::Taken {
        messages: heads - usize::from(waits_for_body),
    }
}

#[test]
fn llhttp_and_we_agree_but_for_the_listed_deviations() {
    let folder = suites().join("http1-llhttp/test/request");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: no llhttp vectors at {}; set JSOND_SUITES",
            folder.display()
        );
        return;
    }
    let vectors = read_vectors(&folder);
    let refused = vectors
        .iter()
        .filter(|vector| vector.verdict == Verdict::Refused)
        .count();
    eprintln!(
        "llhttp: {} vectors, {refused} of them to be refused",
        vectors.len()
    );
    let mut wrong = Vec::new();
    for vector in &vectors {
        let ours = outcome(&with_host(&vector.bytes));
        let deviation = DEVIATIONS.iter().find(|(name, _)| *name == vector.name);
        match (ours == vector.verdict, deviation) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => wrong.push(format!(
                "{}: {:?}, we {ours:?}",
                vector.name, vector.verdict
            )),
            (true, Some(_)) => wrong.push(format!("{}: no deviation any more", vector.name)),
        }
    }
    for (name, _) in DEVIATIONS {
        if !vectors.iter().any(|vector| vector.name == *name) {
            wrong.push(format!("{name}: no such vector"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
