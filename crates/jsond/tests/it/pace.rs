//! The times that a client has: from where on each of them is counted, and what the log says of one
//! that took longer.

use crate::support::{Folder, Reply, Server, Wire};
use std::time::{Duration, Instant};

const GET: &str = "GET /a.json/m HTTP/1.1\r\nHost: localhost\r\n\r\n";
const PUT: &str = "PUT /a.json/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

fn server(flags: &[&str]) -> Server {
    Server::start(Folder::empty().with("a.json", "{\"m\":1}\n"), flags)
}

/// Sends each piece so many milliseconds after the first; gives so many replies.
fn exchange(wire: &mut Wire, pieces: &[(u64, &str)], replies: usize) -> Vec<Reply> {
    let begin = Instant::now();
    for (at, piece) in pieces {
        let left = Duration::from_millis(*at).checked_sub(begin.elapsed());
        std::thread::sleep(left.unwrap_or_default());
        wire.send(piece);
    }
    (0..replies).map(|_| wire.reply()).collect()
}

/// The time of a head ran from its second piece on where its first came behind another request, and
/// where the door was not chosen by the first alone.
#[test]
fn a_head_has_its_time_from_its_first_byte_on() {
    let server = server(&["--head-timeout", "3"]);
    // Until it is answered from memory.
    for _ in 0..8 {
        exchange(&mut server.connect(), &[(0, GET)], 1)
            .remove(0)
            .is(200);
    }
    let behind = format!("{GET}GET");
    let rest = format!(
        "{}Content-Length: 1\r\n\r\n2",
        &PUT["PUT /a.json/m".len()..]
    );
    let whole = &GET["GET".len()..];
    let sent: [([(u64, &str); 3], _); 3] = [
        (
            [(0, &behind), (2000, " "), (4500, &whole[1..])],
            vec![200, 408],
        ),
        ([(0, "P"), (2000, "UT /a.json/m"), (4500, &rest)], vec![408]),
        // An empty line begins none.
        (
            [(0, "\r\n"), (1500, "GET /"), (3700, &whole[2..])],
            vec![200],
        ),
    ];
    std::thread::scope(|scope| {
        for (pieces, statuses) in sent {
            let mut wire = server.connect();
            scope.spawn(move || {
                let replies = exchange(&mut wire, &pieces, statuses.len());
                let there: Vec<_> = replies.iter().map(|reply| reply.status).collect();
                assert_eq!(there, statuses);
            });
        }
    });
}

/// A body that was skipped slowly took the time of the head that came with its last piece.
#[test]
fn a_head_behind_a_body_that_is_skipped_has_all_its_time() {
    let server = server(&["--head-timeout", "1"]);
    // Refused by its head.
    let head = PUT.replace("PUT", "UNKNOWN");
    for (length, parts) in [
        ("Content-Length: 10", ["12345", "67890"]),
        (
            "Transfer-Encoding: chunked",
            ["5\r\n12345\r\n", "0\r\n\r\n"],
        ),
    ] {
        let head = format!("{head}{length}\r\n\r\n");
        let last = format!("{}GET", parts[1]);
        let pieces = [
            (0, &head[..]),
            (100, parts[0]),
            (1300, &last),
            (1500, &GET["GET".len()..]),
        ];
        let replies = exchange(&mut server.connect(), &pieces, 2);
        assert_eq!(
            [replies[0].status, replies[1].status],
            [501, 200],
            "{length}"
        );
    }
    let lines = server.stop().stderr;
    for line in lines
        .lines()
        .filter(|line| line.contains("GET /a.json/m 200"))
    {
        assert!(milliseconds(line) < 1000.0, "{line}");
    }
}

/// What was wrong with a body that is skipped was told, behind the answer to its request.
#[test]
fn a_request_has_one_answer_whatever_its_body_is() {
    let server = server(&[]);
    let head = PUT.replace("PUT", "UNKNOWN");
    let mut wire = server.connect();
    wire.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
    wire.reply().is(501);
    wire.send("no chunk\r\n");
    wire.closes();
}

/// The time between two requests ran from when the answer was made, not from when it was sent: behind
/// a download that took longer a connection was closed at once.
#[test]
fn a_connection_is_idle_from_when_its_answer_is_sent() {
    let text = "x".repeat(32 << 20);
    let folder = Folder::empty().with("a.json", format!("{{\"m\":1,\"long\":\"{text}\"}}\n"));
    let server = Server::start(folder, &["--keep-alive", "2"]);
    let mut wire = server.connect();
    wire.send(GET.replace("/m", "/long"));
    std::thread::sleep(Duration::from_millis(2500));
    let reply = wire.reply();
    assert_eq!(reply.is(200).body.len(), text.len() + 3);
    std::thread::sleep(Duration::from_millis(200));
    wire.send(GET);
    wire.reply().is(200);
}

/// A request that was refused while its body came was logged as none, and without its time.
#[test]
fn a_request_whose_body_is_refused_is_logged_as_what_it_is() {
    let server = server(&["--progress-timeout", "1"]);
    let chunked = format!("{PUT}Transfer-Encoding: chunked\r\n\r\nno chunk\r\n");
    let mut wire = server.connect();
    wire.send(&chunked);
    wire.reply().is(400);
    let slow = format!("{PUT}Content-Length: 9\r\n\r\n4");
    let mut wire = server.connect();
    wire.send(&slow);
    wire.reply().is(408);
    let mut wire = server.connect();
    wire.send(&slow);
    wire.half_close();
    wire.reply().is(400);
    let lines = server.stop().stderr;
    for (status, least) in [(400, 0.0), (408, 1000.0)] {
        let words = format!("PUT /a.json/m {status} ");
        let line = lines.lines().find(|line| line.contains(&words));
        let line = line.unwrap_or_else(|| panic!("{words}: {lines}"));
        assert!(milliseconds(line) >= least, "{line}");
    }
    let refused = lines.matches("PUT /a.json/m 400 ").count();
    assert_eq!(refused, 2, "{lines}");
}

/// The time at the end of a line of the log.
fn milliseconds(line: &str) -> f64 {
    let time = line.split(' ').next_back().unwrap_or_default();
    time.trim_end_matches("ms").parse().expect("a time")
}
