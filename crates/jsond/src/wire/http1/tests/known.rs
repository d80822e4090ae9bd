//! Field lines that came before: a head is judged the same as on a thread that knows none.

use super::harness::{Bodies, feed};
use crate::wire::http1::Limits;

const LINES: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\n",
    "GET / HTTP/1.1\n",
    "PUT /a.json/b?x=1 HTTP/1.1\r\n",
    "GET http://other.example:81/a HTTP/1.1\r\n",
    "GET http://other.example:81/a HTTP/1.0\r\n",
    "GET http:/// HTTP/1.1\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "GET * HTTP/1.1\r\n",
    "GET /#a HTTP/1.1\r\n",
    "GET /\u{e4} HTTP/1.1\r\n",
    "GET  / HTTP/1.1\r\n",
    "GET / HTTP/1.1 \r\n",
    "GET / HTTP/2.0\r\n",
    "GET /\r\n",
    "G(T / HTTP/1.1\r\n",
];

const BLOCKS: &[&str] = &[
    "\r\n",
    "Host: a\r\n\r\n",
    "Host: a\n\n",
    "Host: a\r\nContent-Length: 2\r\n\r\n",
    "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
    "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "Host: a\r\nConnection: close\r\nX: \u{e4}\r\nX: b\r\n\r\n",
    "Host: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    "Host: a\r\nHost: b\r\n\r\n",
    "Host: a\r\nX : b\r\n\r\n",
    "Host: a\r\nX: b\0c\r\n\r\n",
    "Host: a\r\n x: b\r\n\r\n",
];

#[test]
fn known_field_lines_are_judged_as_new_ones() {
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(400));
    let lines = || LINES.iter().copied().chain([&*long]);
    let see = |line: &str, block: &str| {
        let head = [line, block].concat();
        feed([head.as_bytes()], Bodies::Read, Limits::default())
    };
    for block in BLOCKS {
        // Each on a thread of its own, that knows nothing.
        let alone = |line| std::thread::scope(|scope| scope.spawn(|| see(line, block)).join());
        for line in lines().chain(lines()) {
            let expected = alone(line).expect("no panic");
            assert_eq!(see(line, block), expected, "{line}{block}");
        }
    }
}
