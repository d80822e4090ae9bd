//! How long the server waits for a client. Each case observes the server's own end of the wait; all
//! cases of a test wait side by side.

use std::time::{Duration, Instant};

use crate::support::{Server, Wire};

/// One client that stops, what it gets, and when.
struct Case {
    name: &'static str,
    sends: &'static str,
    status: Option<u16>,
    bound: Duration,
}

/// Runs all the cases at once, and asserts that each ended near its bound.
fn check(cases: &[Case]) {
    let server = Server::school();
    std::thread::scope(|scope| {
        let threads: Vec<_> = cases
            .iter()
            .map(|case| scope.spawn(|| check_case(&server, case)))
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    server.still_serves();
    server.get("/students.json/Da_Eun").is(200);
}

fn check_case(server: &Server, case: &Case) {
    let mut wire: Wire = server.connect();
    wire.patience(case.bound + Duration::from_secs(15));
    wire.send(case.sends);
    if case.sends.starts_with("POST students") {
        wire.dialogue_reply().is(300);
    }
    if case.sends.starts_with("GET /_/health/live") {
        wire.reply().is(200);
    }
    let start = Instant::now();
    if let Some(status) = case.status {
        assert_eq!(wire.reply().status, status, "{}", case.name);
    }
    wire.closes();
    let waited = start.elapsed();
    let name = case.name;
    assert!(
        waited + Duration::from_secs(1) >= case.bound,
        "{name}: closed after {waited:?}"
    );
    assert!(
        waited <= case.bound + Duration::from_secs(5),
        "{name}: closed after {waited:?}"
    );
}

#[test]
fn a_silent_client_is_closed_after_ten_seconds_and_a_slow_head_is_408() {
    let head = Duration::from_secs(10);
    check(&[
        Case {
            name: "silent",
            sends: "",
            status: None,
            bound: head,
        },
        Case {
            name: "slow head",
            sends: "GET /students.json HT",
            status: Some(408),
            bound: head,
        },
        Case {
            name: "slow fields",
            sends: "GET /students.json HTTP/1.1\r\nHost: localhost\r\n",
            status: Some(408),
            bound: head,
        },
    ]);
}

#[test]
#[ignore = "waits up to 75 s; the checks of the repository run it"]
fn a_slow_body_answer_or_next_request_is_ended_in_its_time() {
    check(&[
        Case {
            name: "slow body",
            sends: "PUT /students.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\
                    Content-Type: application/json\r\n\r\n{",
            status: Some(408),
            bound: Duration::from_secs(30),
        },
        Case {
            name: "no answer",
            sends: "POST students.json\r\n\r\n",
            status: Some(408),
            bound: Duration::from_secs(60),
        },
        Case {
            name: "keep-alive",
            sends: "GET /_/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
            status: None,
            bound: Duration::from_secs(75),
        },
    ]);
}
