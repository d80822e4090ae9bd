//! What is taken: good requests, alone and in pipelines, with their bodies.

use bytes::BytesMut;

use super::harness::{Bodies, Seen, feed_every_way, head, see};
use crate::wire::http1::{Event, Limits, Machine, Phase, Refusal};

const IDLE: Seen = Seen::Waiting(Phase::Idle);

fn body(text: &str) -> Seen {
    Seen::Body(text.as_bytes().to_vec())
}

#[track_caller]
fn check(transcript: &str, expected: &[Seen]) {
    assert_eq!(see(transcript.as_bytes()), expected, "{transcript:?}");
}

#[test]
fn a_get_is_one_head() {
    check(
        "GET /students.json?a=b HTTP/1.1\r\nHost: localhost:12345\r\nAccept: \t*/* \r\nX:\r\n\r\n",
        &[
            head(
                "GET /students.json?a=b HTTP/1.1\nhost: localhost:12345\naccept: */*\nx: \n[keep]",
            ),
            IDLE,
        ],
    );
}

#[test]
fn pipelined_requests_come_one_after_the_other() {
    check(
        "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n\
         POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\\\"\"\r\nabc\r\n002\r\nde\r\n0\r\nT: 1\r\n\r\n\
         \r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
        &[
            head("PUT /a HTTP/1.1\nhost: a\ncontent-length: 3\n[3 bytes][keep]"),
            body("abc"),
            head("GET /b HTTP/1.1\nhost: a\n[keep]"),
            head("POST /c HTTP/1.1\nhost: a\ntransfer-encoding: Chunked\n[chunked][keep]"),
            body("abcde"),
            head("GET /d HTTP/1.1\nhost: a\n[keep]"),
            IDLE,
        ],
    );
}

#[test]
fn a_bare_line_feed_may_end_a_head_line() {
    let seen = [head("GET / HTTP/1.1\nhost: a\nx: y\n[keep]"), IDLE];
    check("GET / HTTP/1.1\nHost: a\nX: y\n\n", &seen);
    check("GET / HTTP/1.1\nHost: a\r\nX: y\n\r\n", &seen);
    check("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\n", &seen);
}

#[test]
fn a_few_empty_lines_before_a_request_line_are_passed_over() {
    check(
        "\r\n\n\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        &[head("GET / HTTP/1.1\nhost: a\n[keep]"), IDLE],
    );
    check("\r\n\r\n", &[IDLE]);
    check("\r", &[IDLE]);
}

#[test]
fn http_1_0_needs_no_host_and_closes() {
    check(
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nxGET /b HTTP/1.0\r\n\r\n",
        &[
            head(
                "GET / HTTP/1.0\nconnection: keep-alive\nexpect: 100-continue\ncontent-length: 1\n[1 bytes][close]",
            ),
            body("x"),
            Seen::Closed,
        ],
    );
    check(
        "GET / HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
        &[head("GET / HTTP/1.0\n[close]"), Seen::Closed],
    );
}

#[test]
fn connection_close_is_read_from_a_list_in_any_case() {
    for (value, keeps) in [
        ("close", false),
        ("CLOSE", false),
        ("keep-alive, Close", false),
        ("a ,\tclose\t, b", false),
        (",close", false),
        ("closed", true),
        ("keep-alive", true),
        ("not close", true),
        ("", true),
        ("\"close\"", true),
    ] {
        let transcript = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: {value}\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        let heads = see(transcript.as_bytes())
            .iter()
            .filter(|seen| matches!(seen, Seen::Head(_)))
            .count();
        assert_eq!(heads, if keeps { 2 } else { 1 }, "{value:?}");
    }
    check(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n",
        &[
            head("GET / HTTP/1.1\nhost: a\nconnection: x\nconnection: close\n[close]"),
            Seen::Closed,
        ],
    );
}

#[test]
fn an_expectation_of_100_is_flagged_where_a_body_follows() {
    check(
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
        &[
            head(
                "PUT / HTTP/1.1\nhost: a\nexpect: 100-Continue\ncontent-length: 1\n[1 bytes][keep][continue]",
            ),
            Seen::Waiting(Phase::Body),
        ],
    );
    check(
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        &[
            head("PUT / HTTP/1.1\nhost: a\nexpect: 100-continue\n[keep]"),
            IDLE,
        ],
    );
}

#[test]
fn a_length_of_zero_is_no_body() {
    check(
        "DELETE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n",
        &[
            head("DELETE /a HTTP/1.1\nhost: a\ncontent-length: 00\n[keep]"),
            IDLE,
        ],
    );
}

#[test]
fn the_authority_of_an_absolute_target_wins_over_the_host_field() {
    check(
        "GET HTTP://here:1/x?y HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
        &[
            head("GET http://here:1/x?y HTTP/1.1\nhost: here:1\n[keep]"),
            IDLE,
        ],
    );
    check(
        "GET http://here HTTP/1.0\r\n\r\n",
        &[
            head("GET http://here/ HTTP/1.0\nhost: here\n[close]"),
            Seen::Closed,
        ],
    );
}

#[test]
fn text_beyond_ascii_stays_in_a_field_value() {
    check(
        "GET / HTTP/1.1\r\nHost: a\r\nX: é\r\n\r\n",
        &[head("GET / HTTP/1.1\nhost: a\nx: \\xc3\\xa9\n[keep]"), IDLE],
    );
}

#[test]
fn a_skipped_body_leaves_the_connection_usable() {
    let transcript = b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /POST /b HTTP/1.1\r\nHost: a\r\n\
        Transfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n";
    let seen = feed_every_way(transcript, Bodies::Skip, Limits::default());
    assert_eq!(
        seen,
        [
            head("PUT /a HTTP/1.1\nhost: a\ncontent-length: 5\n[5 bytes][keep]"),
            head("POST /b HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n[chunked][keep]"),
            head("GET /c HTTP/1.1\nhost: a\n[keep]"),
            IDLE,
        ]
    );
}

#[test]
fn a_body_that_nobody_decided_on_is_never_read_as_a_request() {
    let mut machine = Machine::new(Limits::default());
    let mut input = BytesMut::from(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert!(matches!(machine.next(&mut input), Ok(Event::Head(_))));
    assert_eq!(machine.phase(), Phase::Undecided);
    assert!(matches!(machine.next(&mut input), Ok(Event::Closed)));
    assert_eq!(machine.phase(), Phase::Closed);
}

#[test]
fn a_machine_that_the_server_closed_takes_nothing_more() {
    let mut machine = Machine::new(Limits::default());
    machine.close();
    let mut input = BytesMut::from("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(matches!(machine.next(&mut input), Ok(Event::Closed)));
}

#[test]
fn the_end_of_input_within_a_message_is_named() {
    for (transcript, expected) in [
        ("", Ok(())),
        ("\r\n", Ok(())),
        ("G", Err(Refusal::TruncatedHead)),
        ("GET / HTTP/1.1\r\nHost: a\r\n", Err(Refusal::TruncatedHead)),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(())),
        (
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx",
            Err(Refusal::TruncatedBody),
        ),
    ] {
        let mut machine = Machine::new(Limits::default());
        let mut input = BytesMut::from(transcript);
        while let Ok(Event::Head(_)) = machine.next(&mut input) {
            machine.read_body(10).unwrap();
        }
        assert_eq!(machine.end_input(), expected, "{transcript:?}");
        assert_eq!(machine.phase(), Phase::Closed);
    }
}

#[test]
fn a_body_that_is_wholly_here_is_not_copied() {
    for head in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let text = if head.starts_with('T') {
            "a\r\n0123456789\r\n0\r\n\r\n"
        } else {
            "0123456789"
        };
        let mut input = BytesMut::from(&*format!(
            "PUT / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{text}"
        ));
        let place = input.as_ptr() as usize
            + input
                .windows(10)
                .position(|part| part == b"0123456789")
                .unwrap();
        let mut machine = Machine::new(Limits::default());
        assert!(matches!(machine.next(&mut input), Ok(Event::Head(_))));
        machine.read_body(10).unwrap();
        let Ok(Event::Body(body)) = machine.next(&mut input) else {
            panic!("no body")
        };
        assert_eq!(body.as_ptr() as usize, place, "{head}");
    }
}

#[test]
fn field_values_share_the_bytes_of_their_head() {
    let mut input =
        BytesMut::from("GET / HTTP/1.1\r\nHost: a\r\nX: a-long-value-of-its-own\r\n\r\n");
    let bytes = input.as_ptr_range();
    let Ok(Event::Head(head)) = Machine::new(Limits::default()).next(&mut input) else {
        panic!("no head")
    };
    assert!(bytes.contains(&head.parts.headers["x"].as_bytes().as_ptr()));
}
