//! The HTTP door as a connection: keep-alive, pipelining, chunked bodies, HTTP/1.0, 100-continue,
//! requests in any pieces.

use serde_json::json;

use crate::support::Server;

const GRADE: &str = "/students.json/Da_Eun/grade";

fn put(target: &str, body: &str) -> String {
    format!(
        "PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn chunked(target: &str, chunks: &str) -> String {
    format!(
        "PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{chunks}"
    )
}

#[test]
fn a_connection_serves_many_requests() {
    let server = Server::school();
    let mut wire = server.connect();
    for number in 0..100 {
        wire.request(
            "PUT",
            GRADE,
            &["Content-Type: application/json"],
            &number.to_string(),
        )
        .is(200);
        assert_eq!(wire.get(GRADE).is(200).text(), format!("{number}\n"));
    }
}

#[test]
fn connection_close_is_honoured_in_any_case_and_list() {
    let server = Server::school();
    for field in [
        "Connection: close",
        "connection: Close",
        "Connection: x, close",
        "Connection: close, x",
    ] {
        let mut wire = server.connect();
        let reply = wire.request("GET", GRADE, &[field], "").is(200);
        assert_eq!(reply.need("Connection"), "close", "{field}");
        wire.closes();
        let mut wire = server.connect();
        let reply = wire.request("GET", "/missing.json", &[field], "").is(404);
        assert_eq!(reply.need("Connection"), "close", "{field}");
        wire.closes();
    }
}

#[test]
fn sixteen_pipelined_requests_are_answered_in_order_with_the_write_seen_by_those_after_it() {
    let server = Server::school();
    let get = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let burst = format!(
        "{}{}{}",
        get.repeat(7),
        put(GRADE, "\"4.0\""),
        get.repeat(8)
    );
    for _ in 0..5 {
        server.put(GRADE, "\"3.9\"").is(200);
        let mut wire = server.connect();
        wire.send(&burst);
        let bodies: Vec<_> = (0..16)
            .map(|_| wire.reply().is(200).text().to_owned())
            .collect();
        assert!(
            bodies[..7].iter().all(|body| body == "\"3.9\"\n"),
            "before the write: {bodies:?}"
        );
        assert!(
            bodies[7..].iter().all(|body| body == "\"4.0\"\n"),
            "from the write on: {bodies:?}"
        );
        wire.has_nothing();
        wire.get(GRADE).is(200);
    }
}

#[test]
fn pipelined_requests_of_every_kind_keep_their_order() {
    let server = Server::school();
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let burst = [
        get("/missing.json"),
        put(GRADE, "{"),
        put("/students.json/new", "{\"n\":1}"),
        "HEAD /students.json HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        chunked("/students.json/new/n", "1\r\n2\r\n0\r\n\r\n"),
        get("/students.json/new"),
        "DELETE /students.json/new HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "POST /students.json HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        get("/students.json/new"),
        "OPTIONS /students.json HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /students.json/Da_Eun HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            .to_owned(),
        get("/students.json"),
    ];
    let mut wire = server.connect();
    wire.send(burst.concat());
    for (number, expected) in [404, 400, 201, 200, 200, 200, 200, 300, 404, 204, 200]
        .iter()
        .enumerate()
    {
        let reply = if number == 3 {
            wire.reply_to_head()
        } else {
            wire.reply()
        };
        assert_eq!(reply.status, *expected, "reply {number}\n{}", reply.head);
    }
    wire.closes();
}

#[test]
fn a_thousand_pipelined_requests_are_all_answered() {
    let server = Server::school();
    let mut wire = server.connect();
    let get = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let stream = wire.stream.try_clone().unwrap();
    let thread = std::thread::spawn(move || {
        let mut stream = stream;
        std::io::Write::write_all(&mut stream, get.repeat(1_000).as_bytes()).unwrap();
    });
    for _ in 0..1_000 {
        assert_eq!(wire.reply().is(200).text(), "\"3.9\"\n");
    }
    thread.join().unwrap();
}

#[test]
fn a_request_may_arrive_byte_by_byte_or_split_anywhere() {
    let server = Server::school();
    let request = put(GRADE, "\"4.0\"");
    let mut wire = server.connect();
    wire.send_byte_by_byte(&request);
    wire.reply().is(200);
    wire.send_byte_by_byte(chunked(
        GRADE,
        "2;x=y\r\n\"4\r\n2\r\n.1\r\n1\r\n\"\r\n0\r\nX: y\r\n\r\n",
    ));
    assert_eq!(wire.reply().is(200).text(), "\"4.1\"\n");
    for place in 1..request.len() {
        wire.send(&request[..place]);
        std::thread::sleep(std::time::Duration::from_millis(1));
        wire.send(&request[place..]);
        assert_eq!(wire.reply().status, 200, "split at {place}");
    }
}

#[test]
fn an_empty_line_before_a_request_is_skipped() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.send(format!(
        "\r\nGET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ));
    wire.reply().is(200);
    wire.send(format!(
        "\r\nGET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ));
    wire.reply().is(200);
}

#[test]
fn a_bare_line_feed_may_end_a_head_line() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.send(format!("GET {GRADE} HTTP/1.1\nHost: localhost\n\n"));
    wire.reply().is(200);
}

#[test]
fn a_chunked_body_is_read_whole() {
    let server = Server::school();
    let text = format!("\"{}\"", "x".repeat(3_000));
    let cut = |size: usize| {
        let mut chunks = String::new();
        for piece in text.as_bytes().chunks(size) {
            chunks += &format!(
                "{:x}\r\n{}\r\n",
                piece.len(),
                std::str::from_utf8(piece).unwrap()
            );
        }
        chunks + "0\r\n\r\n"
    };
    let mut wire = server.connect();
    for chunks in [
        cut(1),
        cut(7),
        cut(4_096),
        cut(1_000).replace("3e8", "3E8"),
        cut(1_000).replace("3e8", "00003e8"),
        cut(1_000).replace("3e8", "3e8;name=\"a value\""),
        cut(1_000).replace(
            "0\r\n\r\n",
            "0\r\nIf-Match: \"x\"\r\nContent-Length: 5\r\n\r\n",
        ),
        cut(1_000).replace("\r\n0\r\n\r\n", "\r\n000\r\n\r\n"),
    ] {
        wire.send(chunked(GRADE, &chunks));
        assert_eq!(wire.reply().is(200).text(), format!("{text}\n"));
    }
}

#[test]
fn http_1_0_is_served_with_and_without_host_and_closed() {
    let server = Server::school();
    for fields in ["", "Host: localhost\r\n", "Connection: keep-alive\r\n"] {
        let mut wire = server.connect();
        wire.send(format!("GET {GRADE} HTTP/1.0\r\n{fields}\r\n"));
        let reply = wire.reply().is(200);
        assert_eq!(reply.need("Connection"), "close", "{fields:?}");
        wire.closes();
    }
    let mut wire = server.connect();
    wire.send(format!(
        "PUT {GRADE} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n4.0"
    ));
    wire.reply().is(200);
    wire.closes();
}

#[test]
fn a_hundred_is_sent_when_the_body_will_be_read() {
    let server = Server::school();
    let head = |target: &str, length: usize, media_type: &str| {
        format!(
            "PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut wire = server.connect();
    wire.send(head(GRADE, 5, "application/json"));
    assert_eq!(wire.interim(), 100);
    wire.send("\"4.0\"");
    assert_eq!(wire.reply().is(200).text(), "\"4.0\"\n");
    // The body may follow without waiting; the 100 may then be left out.
    wire.send(head(GRADE, 5, "application/json") + "\"4.1\"");
    assert_eq!(wire.final_reply().is(200).text(), "\"4.1\"\n");
    for (request, status) in [
        (head(GRADE, 20_000_000, "application/json"), 413),
        (head(GRADE, 5, "application/xml"), 415),
        (head("/", 5, "application/json"), 405),
        (
            head(GRADE, 5, "application/json").replace("PUT", "BREW"),
            501,
        ),
        (
            head(GRADE, 5, "application/json").replace("100-continue", "miracles"),
            417,
        ),
    ] {
        let mut wire = server.connect();
        wire.send(&request);
        wire.reply().problem(status);
    }
    assert_eq!(server.body(GRADE), "\"4.1\"\n");
}

#[test]
fn a_client_that_half_closes_after_its_request_gets_its_answer() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.send(put(GRADE, "\"4.0\""));
    wire.half_close();
    wire.reply().is(200);
    wire.closes();
    assert_eq!(server.json(GRADE), json!("4.0"));
}

#[test]
fn a_write_of_a_client_that_hangs_up_is_whole_or_absent() {
    let server = Server::school();
    for number in 0..50 {
        let mut wire = server.connect();
        wire.send(put(
            &format!("/students.json/k{number}"),
            "{\"a\":1,\"b\":2}",
        ));
        if number % 2 == 0 {
            wire.reset();
        } else {
            drop(wire);
        }
    }
    server.still_serves();
    for (key, record) in server.json("/students.json").as_object().unwrap() {
        assert!(
            !key.starts_with('k') || *record == json!({"a": 1, "b": 2}),
            "{key}: {record}"
        );
    }
}

#[test]
fn a_large_reply_to_a_slow_reader_is_whole() {
    let server = Server::school();
    let text = format!("[{}0]", "1234567,".repeat(250_000));
    server.put("/large.json", &text).is(201);
    let mut slow = server.connect();
    slow.send("GET /large.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3));
    // While it does not read, others are served and the file changes.
    server.still_serves();
    server.put("/large.json", "[]").is(200);
    for number in 0..3 {
        let body = slow.reply().is(200).body;
        let whole = body.len() == text.len() + 1 || (number > 0 && body == b"[]\n");
        assert!(whole, "one version, whole: {} bytes", body.len());
    }
}
