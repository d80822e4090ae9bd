//! The dialogue door: what opens it and what does not, which head lines are ignored or refused, and
//! the bounds on what a client may send there.

use crate::support::{Folder, STUDENTS, Server};

fn students() -> serde_json::Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[test]
fn header_lines_are_read_and_ignored() {
    let server = Server::school();
    let lines = [
        "Host: a\r\nHost: b\r\n",
        "no colon here\r\n",
        ": no name\n",
        "Expect: 100-continue\r\n",
        "Content-Length: 0\r\n",
        "If-Match: \"nothing\"\r\nAccept: text/html\r\nConnection: keep-alive\r\n",
        "X: \u{1}\u{7f}\r\n",
    ];
    for line in lines {
        let (_, reply) = server.ask(format!("GET students.json\r\n{line}\r\n"));
        assert_eq!(reply.status, 200, "{line:?}");
    }
}

#[test]
fn a_body_belongs_to_the_other_door() {
    let server = Server::school();
    let tails = [
        "Content-Length: 5\r\n\r\nhello",
        "content-length:5\r\n\r\nhello",
        "CONTENT-LENGTH: 5\n\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "transfer-encoding: chunked\n\n0\r\n\r\n",
    ];
    for method in ["GET", "POST", "PUT", "DELETE"] {
        for tail in tails {
            for version in ["", " HTTP/1.1"] {
                let request = format!("{method} students.json{version}\r\n{tail}");
                let (_, reply) = server.ask(&request);
                assert_eq!(reply.status, 400, "{request:?}");
            }
        }
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn a_request_line_of_8_kib_is_read_and_a_longer_one_refused() {
    let server = Server::school();
    let name = "a".repeat(8_100);
    server.ask(format!("GET {name}\r\n\r\n")).1.is(404);
    let name = "a".repeat(8_200);
    server.ask(format!("GET {name}\r\n\r\n")).1.is(400);
    // The bound holds while the line is still coming.
    let mut wire = server.connect();
    wire.send_if_read(format!("GET {}", "a".repeat(40_000)));
    wire.dialogue_reply().is(400);
}

#[test]
fn headers_of_16_kib_are_read_and_longer_ones_refused() {
    let server = Server::school();
    let line = format!("X: {}\r\n", "a".repeat(995));
    server
        .ask(format!("GET students.json\r\n{}\r\n", line.repeat(16)))
        .1
        .is(200);
    server
        .ask(format!("GET students.json\r\n{}\r\n", line.repeat(17)))
        .1
        .is(400);
    let mut wire = server.connect();
    wire.send_if_read(format!("GET students.json\r\nX: {}", "a".repeat(100_000)));
    wire.dialogue_reply().is(400);
}

#[test]
fn an_answer_without_an_end_is_refused_and_the_rest_not_kept() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
    prompt.is(300);
    let piece = "word ".repeat(20_000);
    for _ in 0..200 {
        if !wire.send_if_read(&piece) {
            break;
        }
    }
    wire.send_if_read("\r\n");
    server.still_serves();
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn a_method_that_is_not_known_is_400() {
    let server = Server::school();
    for line in [
        "BREW students.json",
        "get students.json",
        "Post students.json",
        "GETT students.json",
        "GE students.json",
        "PATCH students.json",
        "OPTIONS students.json",
        "TRACE students.json",
        "QUERY students.json HTTP/1.1",
        "HELLO",
        "GET",
        "POST",
    ] {
        for end in ["\r\n\r\n", "\n\n", "\r\n\n\n"] {
            let (_, reply) = server.ask(format!("{line}{end}"));
            assert_eq!(reply.status, 400, "{line:?}{end:?}");
            assert!(!reply.text().trim().is_empty());
        }
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn with_the_dialogue_off_a_dialogue_line_is_400_and_http_is_served() {
    let server = Server::start(Folder::school(), &["--dialogue", "off"]);
    for line in [
        "GET students.json",
        "POST students.json",
        "DELETE students.json HTTP/1.1",
    ] {
        let mut wire = server.connect();
        wire.send(format!("{line}\r\n\r\n"));
        wire.reply().is(400);
        wire.closes();
    }
    assert_eq!(server.json("/students.json"), students());
    server.request("POST", "/students.json", &[], "").is(300);
}

#[test]
fn with_the_dialogue_on_it_is_open() {
    let server = Server::start(Folder::school(), &["--dialogue", "on"]);
    server.ask("GET students.json\r\n\r\n").1.is(200);
}

#[test]
fn a_slash_without_a_version_is_malformed_http_and_not_the_dialogue() {
    let server = Server::school();
    for line in [
        "GET /",
        "GET /students.json",
        "DELETE /students.json",
        "POST /students.json",
    ] {
        let mut wire = server.connect();
        wire.send(format!("{line}\r\n\r\n"));
        wire.reply().is(400);
        wire.closes();
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn what_a_proxy_or_a_secure_client_sends_is_no_dialogue() {
    let server = Server::school();
    for line in [
        "CONNECT localhost:443 HTTP/1.1",
        "CONNECT students.json HTTP/1.1",
        "GET https://localhost/students.json HTTP/1.1",
        "POST https://localhost/students.json",
    ] {
        let mut wire = server.connect();
        wire.send(format!("{line}\r\nHost: localhost\r\n\r\n"));
        assert_eq!(wire.reply().status, 400, "{line}");
        wire.closes();
    }
    // A TLS ClientHello on the plain port: a clear end, not a hang.
    let mut wire = server.connect();
    wire.send(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n");
    wire.reply().is(400);
    wire.closes();
}
