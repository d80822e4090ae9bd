//! The limits: what is just within is taken, what is just over is refused, and nothing is buffered
//! or looked at again and again on the way.

use std::time::Instant;

use bytes::BytesMut;

use super::harness::{BODY_BYTES_MAX, Bodies, Seen, feed_every_way, see};
use crate::wire::http1::{Event, Limits, Machine, Phase, Refusal};

fn outcome(transcript: &str) -> Seen {
    see(transcript.as_bytes())
        .pop()
        .expect("every transcript comes to something")
}

#[track_caller]
fn check(within: &str, over: &str, refusal: Refusal) {
    assert_eq!(
        outcome(within),
        Seen::Waiting(Phase::Idle),
        "{} bytes",
        within.len()
    );
    assert_eq!(
        outcome(over),
        Seen::Refused(refusal),
        "{} bytes",
        over.len()
    );
}

fn with_line_bytes(line_bytes: usize) -> String {
    let path = "a".repeat(line_bytes - "GET / HTTP/1.1".len());
    format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn with_fields_bytes(fields_bytes: usize) -> String {
    let value = "a".repeat(fields_bytes - "Host: a\r\nX: \r\n\r\n".len());
    format!("GET / HTTP/1.1\r\nHost: a\r\nX: {value}\r\n\r\n")
}

fn with_fields(fields: usize) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "X: y\r\n".repeat(fields - 1)
    )
}

fn with_chunks(chunks: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
}

#[test]
fn a_request_line_over_8_kib_is_414() {
    check(
        &with_line_bytes(8192),
        &with_line_bytes(8193),
        Refusal::RequestLineTooLong,
    );
    assert_eq!(Refusal::RequestLineTooLong.status(), 414);
}

#[test]
fn a_header_block_over_64_kib_is_431() {
    check(
        &with_fields_bytes(65536),
        &with_fields_bytes(65537),
        Refusal::FieldsTooLarge,
    );
    assert_eq!(Refusal::FieldsTooLarge.status(), 431);
}

#[test]
fn a_header_block_over_100_lines_is_431() {
    check(&with_fields(100), &with_fields(101), Refusal::TooManyFields);
    assert_eq!(Refusal::TooManyFields.status(), 431);
}

#[test]
fn a_fault_before_a_limit_is_named_before_it() {
    assert_eq!(
        outcome(&with_line_bytes(9000).replacen("aaa", "a\0a", 1)),
        Seen::Refused(Refusal::ControlCharacter)
    );
    assert_eq!(
        outcome(&with_fields_bytes(70000).replacen("Host", "Ho st", 1)),
        Seen::Refused(Refusal::MalformedFieldName)
    );
    assert_eq!(
        outcome(&with_fields(101).replacen("X: y", "X : y", 1)),
        Seen::Refused(Refusal::SpaceBeforeColon)
    );
}

#[test]
fn a_body_over_its_bound_is_413_before_it_is_read() {
    let declared =
        |length| format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(
        outcome(&declared(BODY_BYTES_MAX)),
        Seen::Waiting(Phase::Body)
    );
    assert_eq!(
        outcome(&declared(BODY_BYTES_MAX + 1)),
        Seen::Refused(Refusal::BodyTooLarge)
    );
    let chunked = |size: usize| with_chunks(&format!("3e0\r\n{}\r\n{size:x}\r\n", "b".repeat(992)));
    assert_eq!(outcome(&chunked(8)), Seen::Waiting(Phase::Body));
    assert_eq!(outcome(&chunked(9)), Seen::Refused(Refusal::BodyTooLarge));
    let skipped = feed_every_way(chunked(9).as_bytes(), Bodies::Skip, Limits::default());
    assert_eq!(skipped.last(), Some(&Seen::Refused(Refusal::BodyTooLarge)));
}

#[test]
fn chunk_extensions_are_bounded_over_the_whole_body() {
    let extended = |bytes: usize| {
        with_chunks(&format!(
            "1;{}\r\nb\r\n1;{}\r\nb\r\n0\r\n\r\n",
            "e".repeat(2000),
            "e".repeat(bytes - 2002)
        ))
    };
    check(
        &extended(4096),
        &extended(4097),
        Refusal::ChunkExtensionsTooLarge,
    );
}

#[test]
fn trailers_are_bounded_in_lines_and_bytes() {
    let lines = |count| with_chunks(&format!("0\r\n{}\r\n", "T: u\r\n".repeat(count)));
    check(&lines(100), &lines(101), Refusal::TrailersTooLarge);
    let bytes = |count: usize| with_chunks(&format!("0\r\nT: {}\r\n\r\n", "u".repeat(count - 7)));
    check(&bytes(65536), &bytes(65537), Refusal::TrailersTooLarge);
}

#[test]
fn empty_lines_without_end_are_refused() {
    assert_eq!(outcome(&"\r\n".repeat(4)), Seen::Waiting(Phase::Idle));
    assert_eq!(
        outcome(&"\r\n".repeat(5)),
        Seen::Refused(Refusal::TooManyEmptyLines)
    );
    assert_eq!(
        outcome(&"\n".repeat(5)),
        Seen::Refused(Refusal::TooManyEmptyLines)
    );
}

/// A declared length must not be believed: memory is given for what came, not for what is promised.
#[test]
fn a_declared_length_reserves_little() {
    let mut machine = Machine::new(Limits::default());
    let mut input =
        BytesMut::from("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\nx");
    assert!(matches!(machine.next(&mut input), Ok(Event::Head(_))));
    machine.read_body(16 << 20).unwrap();
    assert!(matches!(machine.next(&mut input), Ok(Event::NeedMore)));
    assert!(input.capacity() < 64 * 1024, "{} bytes", input.capacity());
}

/// The quadratic scan that this guards against takes 2·10⁹ steps on this head; a linear one takes
/// 7·10⁴. The bound lies a hundred times over the one and far below the other, on any machine.
#[test]
fn a_head_that_comes_byte_by_byte_is_scanned_once() {
    let transcript = with_fields_bytes(65536);
    let started = Instant::now();
    let mut machine = Machine::new(Limits::default());
    let mut input = BytesMut::with_capacity(transcript.len());
    let mut heads = 0;
    for byte in transcript.bytes() {
        input.extend_from_slice(&[byte]);
        heads += usize::from(matches!(machine.next(&mut input), Ok(Event::Head(_))));
    }
    assert_eq!(heads, 1);
    assert!(
        started.elapsed().as_millis() < 2000,
        "{:?}",
        started.elapsed()
    );
}
