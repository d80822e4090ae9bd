//! The HTTP door: what one client asks for at length is no burden to the others.

use crate::support::{Folder, Server};

/// Millions of steps on a text of a few kilobytes.
const COSTLY: &str = "$[?count($..[?count($..*)%3E1])%3E1]";

/// A JSONPath on a small text ran on the thread that serves the connections, for seconds.
#[test]
fn a_costly_jsonpath_on_a_small_text_keeps_nobody_waiting() {
    let records: Vec<_> = (0..300).map(|id| format!("{{\"id\":{id}}}")).collect();
    let text = format!("[{}]", records.join(","));
    let folder = Folder::empty().with("a.json", &text).with("b.json", "1\n");
    let server = Server::start(folder, &["--threads", "1"]);
    let mut costly = server.connect();
    let mut other = server.connect();
    other.get("/b.json").is(200);
    let request = format!("GET /a.json?jsonpath={COSTLY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    costly.send(request);
    for target in ["/b.json", "/a.json/7/id", "/a.json?jsonpath=$[7].id"] {
        other.get(target).is(200);
    }
    costly.has_nothing();
}
