//! The limits that have flags: each flag moves its limit, at every door where it counts.

use std::time::{Duration, Instant};

use crate::support::http2::{Http2, ask, full, run};
use crate::support::{Folder, JSON, JSON_PATCH, PATIENCE, Server, encoded, eventually};

const GRADE: &str = "/students.json/Da_Eun/grade";

fn server(flags: &[&str]) -> Server {
    Server::start(Folder::school(), flags)
}

#[test]
fn the_largest_body_is_what_the_flag_says_declared_chunked_and_over_http_2() {
    let server = server(&["--max-body", "1KiB"]);
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    server.put(GRADE, &text(1024)).is(200);
    server.put(GRADE, &text(1025)).problem(413);
    let chunked = format!("401\r\n{}\r\n0\r\n\r\n", text(1025));
    let mut wire = server.connect();
    wire.send(format!(
        "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"
    ));
    wire.reply().problem(413);
    run(async {
        let client = Http2::open(server.address()).await;
        for (bytes, status) in [(1024, 200), (1025, 413)] {
            let answer = client.send(ask("PUT", GRADE, full(text(bytes)))).await;
            assert_eq!(answer.status(), status, "{bytes}");
        }
    });
}

#[test]
fn a_head_may_be_as_large_as_the_flags_say() {
    let server = server(&[
        "--max-request-line",
        "256",
        "--max-header",
        "2KiB",
        "--max-header-lines",
        "3",
    ]);
    let long = |bytes: usize| format!("/{}.json", "a".repeat(bytes));
    server.get(&long(200)).is(404);
    server.get(&long(250)).problem(414);
    let ask = |fields: &str| {
        let mut wire = server.connect();
        wire.send(format!(
            "GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
        ));
        wire.reply()
    };
    ask("A: b\r\nC: d\r\n").is(200);
    ask("A: b\r\nC: d\r\nE: f\r\n").problem(431);
    ask(&format!("A: {}\r\n", "b".repeat(1_900))).is(200);
    ask(&format!("A: {}\r\n", "b".repeat(2_100))).problem(431);
}

#[test]
fn a_patch_and_a_jsonpath_may_do_as_much_as_the_flags_say() {
    let server = server(&[
        "--max-patch",
        "2",
        "--max-jsonpath-steps",
        "100",
        "--max-jsonpath-result",
        "100",
    ]);
    let patch = |count: usize| {
        let operation = r#"{"op":"test","path":"/Da_Eun/grade","value":"3.9"}"#;
        let operations = vec![operation; count].join(",");
        server.request(
            "PATCH",
            "/students.json",
            &[JSON_PATCH],
            &format!("[{operations}]"),
        )
    };
    patch(2).is(200);
    patch(3).problem(413);
    server.get("/students.json?jsonpath=$.Da_Eun.grade").is(200);
    // More than may be found, and then more steps than may be gone.
    server.get("/students.json?jsonpath=$.*").problem(422);
    let long = encoded("$..[?count(@..*)>100]");
    server
        .get(&format!("/students.json?jsonpath={long}"))
        .problem(422);
}

#[test]
fn connections_over_the_most_wait_until_one_leaves() {
    let server = server(&["--max-connections", "3"]);
    let mut held: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for wire in &mut held {
        wire.get(GRADE).is(200);
    }
    let mut late = server.connect();
    late.send(format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    for _ in 0..100 {
        held[0].get(GRADE).is(200);
    }
    late.has_nothing();
    held.pop();
    late.reply().is(200);
}

#[test]
fn dialogues_over_the_most_are_told_to_come_back() {
    let server = server(&["--max-dialogues", "1"]);
    let (mut first, reply) = server.ask("DELETE students.json\r\n\r\n");
    reply.is(300);
    let (_, refused) = server.ask("DELETE students.json\r\n\r\n");
    assert!(refused.is(503).text().contains("try again"));
    server.ask("GET students.json\r\n\r\n").1.is(200);
    first.send("Da_Eun\r\n");
    first.dialogue_reply().is(200);
    eventually("the first leaves its room", PATIENCE, || {
        let (_, reply) = server.ask("DELETE students.json\r\n\r\n");
        (reply.status == 300).then_some(())
    });
}

#[test]
fn waits_are_as_long_as_the_flags_say() {
    let flags = [
        "--head-timeout",
        "--progress-timeout",
        "--keep-alive",
        "--answer-timeout",
    ];
    let flags: Vec<_> = flags.iter().flat_map(|flag| [*flag, "1"]).collect();
    let server = server(&flags);
    let check = |name: &str, sends: &str, answers: usize, status: Option<u16>| {
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(sends);
        for _ in 0..answers {
            wire.reply();
        }
        if let Some(status) = status {
            assert_eq!(wire.reply().status, status, "{name}");
        }
        wire.closes();
        let waited = start.elapsed();
        assert!(waited > Duration::from_millis(900), "{name}: {waited:?}");
        assert!(waited < Duration::from_secs(6), "{name}: {waited:?}");
    };
    check("nothing", "", 0, None);
    check("a head", "GET / HTTP/1.1\r\nHo", 0, Some(408));
    let body =
        format!("PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: 9\r\n\r\n4");
    check("a body", &body, 0, Some(408));
    let get = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check("the next request", &get, 1, None);
    let (mut wire, reply) = server.ask("POST students.json\r\n\r\n");
    reply.is(300);
    wire.dialogue_reply().is(408);
    wire.closes();
}
