//! The error conditions of HTTP/2 and of its header compression, one by one, by raw frames.
//!
//! Each rule is judged by the code that its section names, and what the standard has ignored must be
//! ignored. Where hyper does otherwise a list says so, and a rule of that list that begins to hold
//! fails. *Source*: RFC 9113 §3.4 to §8.5, RFC 7541 §2.3 to §6.3.

mod frame;
mod hpack;
mod request;
mod state;

use std::time::Duration;

use crate::support::Server;
use crate::support::frames::*;

const PRIORITY: u8 = 2;
const PUSH_PROMISE: u8 = 5;
const WINDOW_UPDATE: u8 = 8;
const UNKNOWN: u8 = 0xfa;

const ACK: u8 = 1;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;

const PROTOCOL: u8 = 1;
const FLOW_CONTROL: u8 = 3;
const STREAM_CLOSED: u8 = 5;
const FRAME_SIZE: u8 = 6;
const REFUSED: u8 = 7;
const COMPRESSION: u8 = 9;

const PATH: &str = "/students.json/Da_Eun/grade";
const WHOLE: u8 = END_STREAM | END_HEADERS;

/// What the server has to do.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// End the connection by a GOAWAY with this code.
    Connection(u8),
    /// Reset this stream by this code, or end the connection by it.
    Stream(u32, u8),
    /// Either of both, by one of two codes: the section leaves it open.
    StreamOr(u32, u8, u8),
    /// Answer this stream with 200.
    Answer(u32),
    /// Reset this stream by PROTOCOL_ERROR, or answer it with 400.
    Malformed(u32),
}

use Expected::{Answer, Connection, Malformed, Stream, StreamOr};

/// A section, what is done, the bytes after the greeting, and what has to come.
type Rule = (&'static str, &'static str, Vec<u8>, Expected);

/// What the server did first of all that ends something.
#[derive(Debug, PartialEq, Eq)]
enum Done {
    /// By GOAWAY with a code, or without any.
    Ended(Option<u8>),
    /// It does nothing at all.
    Silent,
    Reset(u32, u8),
    Answered(u32, u8),
}

/// The next frame that ends a stream or the connection.
fn next_end(frames: &mut Frames) -> Done {
    loop {
        let frame = match frames.try_next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Done::Ended(None),
            Err(_) => return Done::Silent,
        };
        match frame.kind {
            GOAWAY => return Done::Ended(Some(frame.payload[7])),
            RST_STREAM => return Done::Reset(frame.stream, frame.payload[3]),
            HEADERS => {
                // A change of the table may stand before it.
                let status = frame.payload.iter().find(|byte| **byte >= 0x80);
                return Done::Answered(frame.stream, *status.unwrap());
            }
            _ => {}
        }
    }
}

/// The answers 200 and 400 as the static table has them.
const OK: u8 = 0x88;
const BAD_REQUEST: u8 = 0x8c;

/// What hyper does otherwise. A connection that has gone wrong it ends, by a code of its own.
const DEVIATIONS: &[(&str, &str)] = &[
    ("DATA that is padded and empty", CODE),
    ("HEADERS with a priority that is cut off", CODE),
    ("PRIORITY of four bytes", CODE),
    ("RST_STREAM of three bytes", CODE),
    ("SETTINGS of five bytes", CODE),
    ("an acknowledgement with a payload", CODE),
    ("a window over 2^31-1", CODE),
    ("PING of seven bytes", CODE),
    ("PING of nine bytes", CODE),
    ("GOAWAY of seven bytes", CODE),
    ("WINDOW_UPDATE of three bytes", CODE),
    ("DATA after the end of a body", CODE),
    ("HEADERS after the end of a body", CODE),
    ("DATA after the end of a body in DATA", CODE),
    (
        "a pseudo-header in trailers",
        "trailers are thrown away unread",
    ),
];

const CODE: &str = "hyper says PROTOCOL_ERROR";

/// Does what a rule says; gives what came until it was decided, and whether it was right.
fn follow(expected: Expected, frames: &mut Frames) -> (bool, Vec<Done>) {
    let mut seen = Vec::new();
    loop {
        let done = next_end(frames);
        let is_right = match (expected, &done) {
            (Connection(code) | Stream(_, code), Done::Ended(Some(it))) => code == *it,
            (Stream(stream, code), Done::Reset(on, it)) => (stream, code) == (*on, *it),
            (StreamOr(_, one, other), Done::Ended(Some(it))) => [one, other].contains(it),
            (StreamOr(stream, one, other), Done::Reset(on, it)) => {
                stream == *on && [one, other].contains(it)
            }
            (Malformed(_), Done::Ended(Some(it))) => *it == PROTOCOL,
            (Malformed(stream), Done::Reset(on, it)) => (stream, PROTOCOL) == (*on, *it),
            (Malformed(stream), Done::Answered(on, it)) => (stream, BAD_REQUEST) == (*on, *it),
            (Answer(stream), Done::Answered(on, it)) => (stream, OK) == (*on, *it),
            _ => false,
        };
        // What was asked before the fault may be answered before it is found.
        let goes_on = matches!(done, Done::Answered(..)) && !matches!(expected, Malformed(_));
        seen.push(done);
        if is_right || !goes_on {
            return (is_right, seen);
        }
    }
}

/// Why a rule fails, if it does.
fn judge((section, name, bytes, expected): &Rule, server: &Server) -> Option<String> {
    let mut frames = Frames::greet(server);
    frames.wire.patience(Duration::from_secs(5));
    frames.wire.send_if_read(bytes);
    let (is_right, seen) = follow(*expected, &mut frames);
    let deviation = DEVIATIONS.iter().find(|(it, _)| it == name);
    let is_compression = matches!(expected, Connection(COMPRESSION));
    let why = deviation.map(|it| it.1).or(is_compression.then_some(CODE));
    let last = seen.last();
    match why {
        None if is_right => None,
        Some(why) if is_right => Some(format!("{section} {name}: no deviation any more ({why})")),
        Some(CODE) if last == Some(&Done::Ended(Some(PROTOCOL))) => None,
        Some(_) if matches!(last, Some(Done::Answered(..))) => None,
        _ => Some(format!(
            "{section} {name}: {expected:?} is right, came {seen:?}"
        )),
    }
}

#[track_caller]
fn check(rules: &[Rule]) {
    let server = Server::school();
    let faults: Vec<_> = rules
        .iter()
        .filter_map(|rule| judge(rule, &server))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    server.still_serves();
    eprintln!("{} rules of HTTP/2", rules.len());
}

fn headers(flags: u8, stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, flags, stream, block)
}

/// A request with more fields behind those that it needs.
fn asking(stream: u32, fields: &[u8]) -> Vec<u8> {
    headers(WHOLE, stream, &[&block(GET, PATH), fields].concat())
}

/// A field that is in no table, and gets into none.
fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let length = |text: &[u8]| u8::try_from(text.len()).unwrap();
    [&[0, length(name)], name, &[length(value)], value].concat()
}

fn settings(number: u16, value: u32) -> Vec<u8> {
    let payload = [&number.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &payload)
}

fn window(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

/// A PUT whose body is still to come.
fn open(stream: u32) -> Vec<u8> {
    headers(END_HEADERS, stream, &put(PATH))
}

/// A request whose body is over: the client has closed its side.
fn half_closed(stream: u32) -> Vec<u8> {
    get(stream, PATH)
}

fn then(parts: &[Vec<u8>]) -> Vec<u8> {
    parts.concat()
}
