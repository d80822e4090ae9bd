//! What a connection costs that waits for its next request.

use std::fs;

use crate::support::{Server, Wire, skip};

/// What an idle connection may take of the memory of the server.
const BYTES_MAX: usize = 4096;

/// As many as the server takes at one time, but those of the test itself.
const CONNECTIONS: usize = 9800;

/// How many descriptors a process may have.
fn descriptors_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.unwrap().split_whitespace().nth(3).unwrap();
    soft.parse().unwrap_or(usize::MAX)
}

fn resident_bytes(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kibibytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes << 10
}

#[test]
fn ten_thousand_idle_connections_take_less_than_a_page_each() {
    let name = "ten_thousand_idle_connections_take_less_than_a_page_each";
    // Other tests need descriptors beside this one.
    let count = CONNECTIONS.min(descriptors_max().saturating_sub(4000));
    if count < 500 {
        return skip(name, "too few descriptors: ulimit -n 16384");
    }
    let server = Server::school();
    let ask = |wire: &mut Wire| {
        wire.get("/students.json/Da_Eun/grade").is(200);
    };
    // What comes with the first connections, and with their requests, is not theirs.
    let mut first: Vec<_> = (0..100).map(|_| server.connect()).collect();
    first.iter_mut().for_each(ask);
    let before = resident_bytes(&server);
    let idle: Vec<_> = (0..count)
        .map(|_| {
            let mut wire = server.connect();
            ask(&mut wire);
            wire
        })
        .collect();
    let each = (resident_bytes(&server) - before) / count;
    eprintln!("{count} idle connections: {each} bytes resident each");
    assert!(each <= BYTES_MAX, "{each}");
    first.iter_mut().for_each(ask);
    drop(idle);
}
