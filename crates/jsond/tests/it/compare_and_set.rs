//! Sixty-four clients count together with compare-and-set: what was acknowledged is what is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::{Folder, JSON, JSON_PATCH, Server};

const CLIENTS: usize = 64;
const ATTEMPTS: usize = 10_000;

/// One attempt: reads the number and its tag, and puts or patches the next one.
fn attempt(wire: &mut crate::support::Wire, number: usize) -> bool {
    let seen = wire.get("/n.json/n").is(200);
    let next = seen.json().as_u64().unwrap() + 1;
    let tag = format!("If-Match: {}", seen.etag());
    let reply = if number.is_multiple_of(3) {
        let patch = format!("[{{\"op\":\"replace\",\"path\":\"\",\"value\":{next}}}]");
        wire.request("PATCH", "/n.json/n", &[JSON_PATCH, &tag], &patch)
    } else {
        wire.request("PUT", "/n.json/n", &[JSON, &tag], &next.to_string())
    };
    reply.one_of(&[200, 412]).status == 200
}

#[test]
fn of_ten_thousand_increments_by_64_clients_those_with_2xx_are_there() {
    let server = Server::start(Folder::empty().with("n.json", "{\"n\":0}"), &[]);
    let taken = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut wire = server.connect();
                loop {
                    let number = taken.fetch_add(1, Ordering::Relaxed);
                    if number >= ATTEMPTS {
                        return;
                    }
                    if attempt(&mut wire, number) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let done = done.into_inner();
    assert!(
        done > ATTEMPTS / CLIENTS / 2,
        "somebody wins in every round: {done}"
    );
    assert_eq!(server.json("/n.json"), json!({"n": done}));
    let server = Server::start(server.kill(), &[]);
    assert_eq!(
        server.json("/n.json"),
        json!({"n": done}),
        "also after kill -9"
    );
}
