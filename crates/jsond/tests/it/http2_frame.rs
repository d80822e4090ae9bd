//! HTTP/2 frame by frame, from peers that no client library would be: cut in pieces, malformed,
//! wasteful. The connection may end, the server lives.

use std::time::{Duration, Instant};

use crate::support::Server;
use crate::support::frames::*;

#[test]
fn a_preface_and_a_request_may_come_byte_by_byte() {
    let server = Server::school();
    let bytes = [greeting(), get(1, "/students.json/Da_Eun/grade")].concat();
    let mut frames = Frames::open(&server);
    frames.wire.send_byte_by_byte(&bytes);
    assert_eq!(frames.answer(1), "\"3.9\"\n");
    for at in 1..bytes.len() {
        let mut frames = Frames::open(&server);
        frames.send(&bytes[..at]);
        frames.send(&bytes[at..]);
        assert_eq!(frames.answer(1), "\"3.9\"\n", "split at {at}");
    }
}

#[test]
fn a_preface_that_goes_wrong_is_no_http_2() {
    let server = Server::school();
    for bytes in [
        &b"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\nA: b\r\n\r\n",
    ] {
        let mut wire = server.connect();
        wire.send(bytes);
        wire.reply().one_of(&[400, 505]);
        wire.closes();
    }
    // The preface is right, and what follows is no SETTINGS.
    let mut frames = Frames::open(&server);
    frames.send([PREFACE, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"].concat());
    frames.ends();
    server.still_serves();
}

#[test]
fn malformed_frames_end_the_connection_and_nothing_else() {
    let server = Server::school();
    let path = "/students.json";
    let protocol = 1;
    // hyper calls nearly everything a PROTOCOL_ERROR, where the standard has more names.
    for (name, bytes, error) in [
        ("HEADERS on stream 0", get(0, path), protocol),
        ("an even stream", get(2, path), protocol),
        ("DATA on stream 0", frame(DATA, 0, 0, b"x"), protocol),
        ("DATA on an idle stream", frame(DATA, 0, 5, b"x"), protocol),
        (
            "a frame that is too large",
            frame(DATA, 0, 1, &[0; 16_385]),
            6,
        ),
        (
            "a PING of seven bytes",
            frame(PING, 0, 0, &[0; 7]),
            protocol,
        ),
        (
            "SETTINGS of five bytes",
            frame(SETTINGS, 0, 0, &[0; 5]),
            protocol,
        ),
        (
            "a lone CONTINUATION",
            frame(CONTINUATION, END_HEADERS, 1, &[]),
            protocol,
        ),
        (
            "a block that is no HPACK",
            frame(HEADERS, 5, 1, &[0xff; 40]),
            protocol,
        ),
    ] {
        let mut frames = Frames::greet(&server);
        frames.send(bytes);
        assert_eq!(frames.ends(), Some(error), "{name}");
    }
    server.still_serves();
}

#[test]
fn malformed_requests_are_answered_by_nothing_but_an_error() {
    let server = Server::school();
    let fields: [&[u8]; 5] = [
        &[GET],
        b"\x00\x01A\x01b",
        b"\x00\x11transfer-encoding\x07chunked",
        b"\x00\x0aconnection\x05close",
        b"\x00\x01a\x03x\r\n",
    ];
    for field in fields {
        let mut frames = Frames::greet(&server);
        let malformed = [&block(GET, "/"), field].concat();
        frames.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, &malformed));
        // Whether the stream or the connection is at fault is hyper's to say.
        let refused = loop {
            match frames.next().expect("an error before the end") {
                Frame { kind: HEADERS, .. } => break false,
                Frame { kind, .. } if kind == RST_STREAM || kind == GOAWAY => break true,
                _ => {}
            }
        };
        assert!(refused, "{field:?}");
    }
    server.still_serves();
}

#[test]
fn a_stop_lets_open_streams_end_and_takes_no_new_ones() {
    let server = Server::school();
    let mut frames = Frames::greet(&server);
    frames.send(frame(HEADERS, END_HEADERS, 1, &put("/late.json")));
    frames.send(frame(DATA, 0, 1, b"{\"a\":"));
    frames.send(get(3, "/students.json/Da_Eun/grade"));
    assert_eq!(frames.answer(3), "\"3.9\"\n");
    let stopped = std::thread::spawn(move || server.stop());
    assert_eq!(frames.wait_for(GOAWAY).payload[7], 0, "NO_ERROR");
    frames.send(frame(DATA, END_STREAM, 1, b"{}}"));
    assert_eq!(frames.wait_for(HEADERS).stream, 1);
    assert_eq!(frames.wait_for(DATA).payload, b"{\"a\":{}}\n");
    frames.ends();
    let exit = stopped.join().unwrap();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let late = serde_json::json!({"a": {}});
    exit.folder.holds("late.json", &late);
}

#[test]
fn a_length_that_the_body_contradicts_is_no_request() {
    let server = Server::school();
    for body in [&b"4"[..], b"\"4.5\" "] {
        let mut frames = Frames::greet(&server);
        let mut head = put("/students.json");
        head.extend_from_slice(b"\x0f\x0d\x015");
        frames.send(frame(HEADERS, END_HEADERS, 1, &head));
        frames.send(frame(DATA, END_STREAM, 1, body));
        let reset = frames.wait_for(RST_STREAM);
        assert_eq!((reset.stream, reset.payload[3]), (1, 1), "{body:?}");
    }
    server.still_serves();
}

#[test]
fn a_ping_is_answered() {
    let server = Server::school();
    let mut frames = Frames::greet(&server);
    frames.send(frame(PING, 0, 0, b"8 bytes."));
    assert_eq!(frames.wait_for(PING).payload, b"8 bytes.");
}

#[test]
fn what_a_peer_does_wrong_fills_no_log() {
    let server = Server::school();
    let mut frames = Frames::greet(&server);
    for _ in 0..100 {
        frames.send(frame(PING, 1, 0, b"unasked."));
    }
    frames.send(get(1, "/students.json/Da_Eun/grade"));
    assert_eq!(frames.answer(1), "\"3.9\"\n");
    server.prints("of the request", |line| line.contains("HTTP/2 200"));
    assert!(!server.stderr().contains("PING"), "{}", server.stderr());
}

#[test]
fn a_flood_of_resets_ends_the_connection() {
    let server = Server::school();
    let mut frames = Frames::greet(&server);
    for n in 0..20_000 {
        let stream = 2 * n + 1;
        let mut bytes = get(stream, "/students.json?pretty");
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        if !frames.wire.send_if_read(bytes) {
            break;
        }
    }
    frames.ends();
    server.still_serves();
}

#[test]
fn a_block_without_end_ends_the_connection() {
    let server = Server::school();
    let mut frames = Frames::greet(&server);
    let mut literal = vec![0x00, 0x01, b'x', 0x7f, 0xa1, 0x7e];
    literal.resize(literal.len() + 16_288, b'y');
    let mut is_read = frames
        .wire
        .send_if_read(frame(HEADERS, 0, 1, &block(GET, "/")));
    for _ in 0..2_000 {
        is_read = is_read
            && frames
                .wire
                .send_if_read(frame(CONTINUATION, 0, 1, &literal));
    }
    let start = Instant::now();
    frames.ends();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    server.still_serves();
}

#[test]
fn answers_that_nobody_takes_hold_up_nobody() {
    let server = Server::school();
    server
        .put("/big.json", &format!("\"{}\"", "x".repeat(4 << 20)))
        .is(201);
    let mut idle: Vec<_> = (0..4)
        .map(|_| {
            let mut frames = Frames::open(&server);
            let no_window = [0, 4, 0, 0, 0, 0];
            frames.send([PREFACE, &frame(SETTINGS, 0, 0, &no_window)].concat());
            for n in 0..100 {
                frames.send(get(2 * n + 1, "/big.json?pretty"));
            }
            frames
        })
        .collect();
    for frames in &mut idle {
        frames.wait_for(HEADERS);
    }
    let start = Instant::now();
    server.still_serves();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_head_that_stops_is_waited_for_ten_seconds() {
    let server = Server::school();
    let bound = Duration::from_secs(10);
    let unended = frame(HEADERS, END_STREAM, 1, &block(GET, "/"));
    std::thread::scope(|scope| {
        for rest in [&b""[..], &get(1, "/students.json")[..15], &unended] {
            let server = &server;
            let bytes = [greeting(), rest.to_vec()].concat();
            let bytes = if rest.is_empty() {
                PREFACE.to_vec()
            } else {
                bytes
            };
            scope.spawn(move || {
                let mut frames = Frames::open(server);
                frames.wire.patience(2 * bound);
                frames.send(bytes);
                let start = Instant::now();
                frames.ends();
                let waited = start.elapsed();
                assert!(waited + Duration::from_secs(1) > bound, "{waited:?}");
                assert!(waited < bound + Duration::from_secs(5), "{waited:?}");
            });
        }
    });
    server.still_serves();
}

/// The long waits; the checks of the repository run them beside those of HTTP/1.1.
mod patience {
    use super::*;

    /// Sends bytes, reads until the server closes; gives what came and how long it took.
    fn wait(server: &Server, bytes: &[u8]) -> (Vec<Frame>, Duration) {
        let mut frames = Frames::open(server);
        frames.wire.patience(Duration::from_secs(120));
        frames.send(bytes);
        let start = Instant::now();
        let came = std::iter::from_fn(|| frames.next()).collect();
        (came, start.elapsed())
    }

    #[track_caller]
    fn check(waited: Duration, seconds: u64) {
        let bound = Duration::from_secs(seconds);
        let late = Duration::from_secs(8);
        assert!(waited + Duration::from_secs(1) > bound, "{waited:?}");
        assert!(waited < bound + late, "{waited:?}");
    }

    #[test]
    #[ignore = "waits 75 s; the checks of the repository run it"]
    fn an_idle_connection_is_told_to_go_after_its_time() {
        let server = Server::school();
        let bytes = [greeting(), get(1, "/students.json")].concat();
        let (came, waited) = wait(&server, &bytes);
        check(waited, 75);
        let goodbye = came.iter().find(|frame| frame.kind == GOAWAY);
        assert_eq!(goodbye.expect("a goodbye").payload[7], 0, "NO_ERROR");
    }

    #[test]
    #[ignore = "waits 30 s; the checks of the repository run it"]
    fn a_body_without_progress_is_408_and_its_connection_stays() {
        let server = Server::school();
        let mut frames = Frames::greet(&server);
        frames.wire.patience(Duration::from_secs(60));
        frames.send(frame(HEADERS, END_HEADERS, 1, &put("/late.json")));
        frames.send(frame(DATA, 0, 1, b"{"));
        let start = Instant::now();
        frames.wait_for(HEADERS);
        let problem = frames.wait_for(DATA).payload;
        check(start.elapsed(), 30);
        let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!(problem["status"], 408);
        frames.send(get(3, "/students.json/Da_Eun/grade"));
        assert_eq!(frames.answer(3), "\"3.9\"\n");
    }

    #[test]
    #[ignore = "waits 30 s; the checks of the repository run it"]
    fn an_answer_that_is_not_taken_ends_its_connection() {
        let server = Server::school();
        server
            .put("/big.json", &format!("\"{}\"", "x".repeat(1 << 20)))
            .is(201);
        // The window of the protocol is 64 KiB, and is never opened any further.
        let (came, waited) = wait(&server, &[greeting(), get(1, "/big.json")].concat());
        check(waited, 30);
        let data = came.iter().filter(|frame| frame.kind == DATA);
        assert_eq!(data.map(|frame| frame.payload.len()).sum::<usize>(), 65_535);
    }
}
