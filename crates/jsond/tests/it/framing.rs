//! The HTTP door is strict: what is framed in two ways, or in none, is 400 and close, and what
//! follows a refused request is never taken for one.

use serde_json::Value;

use crate::support::{STUDENTS, Server};

const GRADE: &str = "/students.json/Da_Eun/grade";
/// Stands behind every refused request; whoever obeys it has been smuggled.
const SMUGGLED: &str = "DELETE /students.json/Da_Eun HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Asserts that the bytes are answered with `status`, then the end, and that nothing was done.
#[track_caller]
fn check_refused(server: &Server, bytes: impl AsRef<[u8]>, statuses: &[u16]) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
    for byte_by_byte in [false, true] {
        if byte_by_byte && bytes.len() > 2_000 {
            continue;
        }
        let mut wire = server.connect();
        if byte_by_byte {
            for byte in bytes {
                if !wire.send_if_read([*byte]) {
                    break;
                }
            }
        } else {
            wire.send_if_read(bytes);
        }
        wire.send_if_read(SMUGGLED);
        let reply = wire.reply();
        assert!(
            statuses.contains(&reply.status),
            "{shown:?} gave {}",
            reply.status
        );
        assert_eq!(
            reply.need("Connection"),
            "close",
            "{shown:?}\n{}",
            reply.head
        );
        wire.closes();
        let status = reply.status;
        reply.problem(status);
    }
    let now = server.json("/students.json");
    assert_eq!(
        now,
        serde_json::from_str::<Value>(STUDENTS).unwrap(),
        "{shown:?} changed data"
    );
}

#[track_caller]
fn check_fields(fields: &[&str]) {
    let server = Server::school();
    for field in fields {
        let request = format!(
            "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{field}\r\n\r\n"
        );
        check_refused(&server, request, &[400]);
    }
    server.still_serves();
}

#[test]
fn a_length_and_chunks_together_are_refused() {
    check_fields(&[
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "content-length: 5\r\ntransfer-encoding: CHUNKED",
    ]);
}

#[test]
fn a_length_that_is_no_single_number_is_refused() {
    check_fields(&[
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5.0",
        "Content-Length: 5 5",
        "Content-Length: ",
        "Content-Length: five",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 18446744073709551616",
        "Content-Length: ٥",
        "Content-Length: 5\r\ncontent-length: 5",
        "Content-Length: 5, 5",
        "Content-Length: 5;q=1",
        "Content-Length: 5\u{b}",
        "Content-Length: \"5\"",
        "Content-Length: 1_0",
    ]);
}

#[test]
fn a_transfer_coding_that_does_not_end_in_one_chunked_is_refused() {
    let server = Server::school();
    for coding in [
        "gzip",
        "identity",
        "chunked, gzip",
        "chunked, chunked",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "xchunked",
        "\"chunked\"",
        "chunked;q=1",
        "",
    ] {
        let request = format!(
            "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: {coding}\r\n\r\n3\r\n4.0\r\n0\r\n\r\n"
        );
        check_refused(&server, request, &[400]);
    }
}

#[test]
fn a_transfer_coding_in_http_1_0_is_refused() {
    let server = Server::school();
    let request = format!(
        "PUT {GRADE} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\n4.0\r\n0\r\n\r\n"
    );
    check_refused(&server, request, &[400]);
}

#[test]
fn a_chunk_that_is_not_as_written_is_refused() {
    let server = Server::school();
    for chunks in [
        "+3\r\n4.0\r\n0\r\n\r\n",
        "-3\r\n4.0\r\n0\r\n\r\n",
        "0x3\r\n4.0\r\n0\r\n\r\n",
        " 3\r\n4.0\r\n0\r\n\r\n",
        "g\r\n4.0\r\n0\r\n\r\n",
        "\r\n4.0\r\n0\r\n\r\n",
        "3\n4.0\n0\n\n",
        "3\n4.0\r\n0\r\n\r\n",
        "3\r\n4.0\n0\r\n\r\n",
        "3\r\n4.0X0\r\n\r\n",
        "3\r\n4.0\r\r0\r\n\r\n",
        "2\r\n4.0\r\n0\r\n\r\n",
        "10000000000000000\r\n4.0\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n4.0\r\n0\r\n\r\n",
        "3;a\n4.0\r\n0\r\n\r\n",
        "3;a=\u{0}\r\n4.0\r\n0\r\n\r\n",
        "3\r\n4.0\r\n-0\r\n\r\n",
        "3\r\n4.0\r\n0\r\nnot a trailer\r\n\r\n",
    ] {
        let request = format!(
            "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{chunks}"
        );
        check_refused(&server, request, &[400]);
    }
}

#[test]
fn a_chunk_extension_without_end_is_refused() {
    let server = Server::school();
    let request = format!(
        "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n1;{}",
        "x".repeat(200_000)
    );
    check_refused(&server, request, &[400]);
}

#[test]
fn trailers_without_end_are_refused() {
    let server = Server::school();
    let request = format!(
        "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\n4.0\r\n0\r\n{}",
        "X: y\r\n".repeat(50_000)
    );
    check_refused(&server, request, &[431]);
}

#[test]
fn host_is_needed_once_and_well_formed() {
    let server = Server::school();
    for hosts in [
        "",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nhost: other\r\n",
        "Host: local host\r\n",
        "Host: localhost, other\r\n",
        "Host: user@localhost\r\n",
        "Host: localhost:port\r\n",
        "Host: localhost/path\r\n",
    ] {
        check_refused(
            &server,
            format!("GET {GRADE} HTTP/1.1\r\n{hosts}\r\n"),
            &[400],
        );
    }
}

#[test]
fn a_header_line_that_is_not_as_written_is_refused() {
    let server = Server::school();
    for line in [
        "X : y\r\n",
        "X\t: y\r\n",
        " X: y\r\n",
        "X: y\r\n continued\r\n",
        "X: y\r\n\tcontinued\r\n",
        "X: a\u{0}b\r\n",
        "X: a\rb\r\n",
        "X\r: y\r\n",
        "no colon\r\n",
        ": no name\r\n",
        "X(y): z\r\n",
        "X\u{e9}: z\r\n",
        "X: a\u{1}b\r\n",
        "X: a\u{7f}b\r\n",
        "X: a\r\r\n",
        "X: a\r\n\rY: b\r\n",
        "Host\u{0}: a\r\n",
        "Content-Length : 0\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\u{b}chunked\r\n",
        "Transfer-Encoding: chunked\u{0}\r\n",
        "Content-Length: 0\r\n \r\n",
    ] {
        let request = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n");
        check_refused(&server, request, &[400]);
    }
}

#[test]
fn a_request_line_that_is_not_as_written_is_refused() {
    let server = Server::school();
    for line in [
        "GET  /students.json HTTP/1.1",
        "GET /students.json  HTTP/1.1",
        "GET\t/students.json\tHTTP/1.1",
        " GET /students.json HTTP/1.1",
        "GET /students.json HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "GET /students.json HTTP/1.x",
        "GET /students.json HTTP/11",
        "GET /students.json http/1.1",
        "G(T /students.json HTTP/1.1",
        "GET /students.json\u{0} HTTP/1.1",
        "GET /stud\rents.json HTTP/1.1",
        "GET /students.json#part HTTP/1.1",
    ] {
        check_refused(
            &server,
            format!("{line}\r\nHost: localhost\r\n\r\n"),
            &[400],
        );
    }
    for line in [
        "GET /students.json HTTP/0.9",
        "GET /students.json HTTP/2.0",
        "GET /students.json HTTP/3.0",
    ] {
        check_refused(
            &server,
            format!("{line}\r\nHost: localhost\r\n\r\n"),
            &[505],
        );
    }
}

#[test]
fn a_request_line_over_8_kib_is_414_however_it_comes() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.send(format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(8_000)
    ));
    wire.reply().is(404);
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(8_300)
    );
    check_refused(&server, long, &[414]);
    check_refused(&server, format!("GET /{}", "a".repeat(1024 * 1024)), &[414]);
}

#[test]
fn headers_over_the_bound_are_431() {
    let server = Server::school();
    let request = |lines: String| format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
    let mut wire = server.connect();
    wire.send(request("X: y\r\n".repeat(99)));
    wire.reply().is(200);
    wire.send(request(format!("X: {}\r\n", "y".repeat(60_000))));
    wire.reply().is(200);
    check_refused(&server, request("X: y\r\n".repeat(101)), &[431]);
    check_refused(
        &server,
        request(format!("X: {}\r\n", "y".repeat(70_000))),
        &[431],
    );
    check_refused(
        &server,
        request(format!("X: {}\r\n", "y".repeat(990)).repeat(70)),
        &[431],
    );
    check_refused(
        &server,
        request(format!("X: {}", "y".repeat(1_000_000))),
        &[431],
    );
}

#[test]
fn answers_before_a_malformed_request_are_not_lost() {
    let server = Server::school();
    let good = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut wire = server.connect();
    wire.send(format!(
        "{}PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 5\r\n\r\n\"4.0\"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n{SMUGGLED}",
        good.repeat(5)
    ));
    for _ in 0..5 {
        assert_eq!(wire.reply().is(200).text(), "\"3.9\"\n");
    }
    wire.reply().is(200);
    wire.reply().problem(400);
    wire.closes();
    assert_eq!(server.body(GRADE), "\"4.0\"\n");
}

#[test]
fn after_the_first_request_a_dialogue_line_is_malformed_http() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.get(GRADE).is(200);
    wire.send("DELETE students.json\r\n\r\nDa_Eun\r\n");
    wire.reply().problem(400);
    wire.closes();
    server.get("/students.json/Da_Eun").is(200);
}

#[test]
fn the_body_of_a_refused_request_is_never_a_request() {
    let server = Server::school();
    for (line, field, statuses) in [
        (
            "BREW /students.json",
            "Content-Type: application/json",
            &[501][..],
        ),
        (
            "POST /students.json/Da_Eun/grade",
            "Content-Type: application/json",
            &[405],
        ),
        (
            "PUT /students.json/Da_Eun/grade",
            "Content-Type: application/xml",
            &[415],
        ),
        (
            "PUT /students.json/Nobody/grade",
            "Content-Type: application/json",
            &[400, 404],
        ),
        ("PUT /_/version", "Content-Type: application/json", &[405]),
        (
            "GET /missing.json",
            "Content-Type: application/json",
            &[400, 404],
        ),
    ] {
        let mut wire = server.connect();
        wire.send(format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\n{field}\r\nContent-Length: {}\r\n\r\n{SMUGGLED}",
            SMUGGLED.len()
        ));
        assert!(statuses.contains(&wire.reply().status), "{line}");
        server.get("/students.json/Da_Eun").is(200);
    }
}
