//! Limits of the process that are reached while it runs: no descriptor left, files that may not grow.
//! Writes and their checkpoints end up well, or get a defined status.

use std::process::Command;
use std::sync::Arc;

use serde_json::json;

use crate::support::{Folder, JSON, PATIENCE, Server, Wire, eventually, has_program};

fn put(wire: &mut Wire, number: u32) -> u16 {
    let target = format!("/students.json/k{number}");
    let body = format!("{{\"n\":{number}}}");
    wire.request("PUT", &target, &[JSON], &body).status
}

/// Lets a running server have so many descriptors.
fn allow(server: &Server, descriptors: usize) {
    let status = Command::new("prlimit")
        .args(["--pid", &server.process().to_string()])
        .arg(format!("--nofile={descriptors}:4096"))
        .status();
    assert!(status.unwrap().success(), "prlimit");
}

fn descriptors(server: &Server) -> usize {
    let path = format!("/proc/{}/fd", server.process());
    std::fs::read_dir(path).unwrap().count()
}

#[test]
fn without_a_descriptor_left_writes_are_kept_and_their_checkpoint_is_tried_again() {
    if !has_program("EMFILE", "prlimit", &["--version"]) {
        return;
    }
    let server = Server::start_after("ulimit -n 4096", Arc::new(Folder::school()), &[]);
    let mut wire = server.connect();
    assert_eq!(put(&mut wire, 1), 201);
    server
        .folder
        .holds("students.json", &server.json("/students.json"));
    // Numbers of descriptors below the limit may be free; a few more than are needed now are none.
    allow(&server, 4);
    let before = server.folder.text("students.json");
    let statuses: Vec<_> = (2..=12).map(|number| put(&mut wire, number)).collect();
    let is_defined = statuses
        .iter()
        .all(|status| [201, 503, 507].contains(status));
    assert!(is_defined, "{statuses:?}");
    server.prints("that a file could not be written", |line| {
        line.contains("students.json") && !line.contains(" PUT ") && !line.contains(" GET ")
    });
    assert_eq!(
        server.folder.text("students.json"),
        before,
        "no descriptor to write with"
    );
    assert_eq!(
        wire.get("/students.json/k1").is(200).json(),
        json!({"n": 1})
    );
    allow(&server, 4096);
    assert_eq!(put(&mut wire, 13), 201, "no latch: {statuses:?}");
    let image = server.json("/students.json");
    for (number, status) in (2..).zip(&statuses) {
        let is_there = image.get(format!("k{number}")).is_some();
        assert_eq!(is_there, *status == 201, "k{number}: {status}");
    }
    server.folder.holds("students.json", &image);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
}

#[test]
fn a_crowd_of_connections_leaves_descriptors_for_the_checkpoint() {
    let server = Server::start_after("ulimit -n 96", Arc::new(Folder::school()), &[]);
    let mut wire = server.connect();
    assert_eq!(put(&mut wire, 1), 201);
    // Those that are not accepted wait in the queue of the system.
    let crowd: Vec<_> = (0..96).map(|_| server.connect()).collect();
    let mut last = 0;
    eventually("the server accepts no more", PATIENCE, || {
        let now = descriptors(&server);
        let is_still = std::mem::replace(&mut last, now) == now;
        (is_still && now > 30).then_some(())
    });
    for number in 2..=12 {
        assert_eq!(put(&mut wire, number), 201);
    }
    let image = wire.get("/students.json").is(200).json();
    server.folder.holds("students.json", &image);
    drop(crowd);
    server.still_serves();
}

/// A limit of file size cuts a write short as no strace can: the rest of it is refused.
#[test]
fn a_checkpoint_that_is_cut_short_leaves_the_old_file_and_is_tried_again() {
    let text = format!(
        "{{\n  \"a\": {{\"n\": 1}},\n  \"b\": \"{}\"\n}}\n",
        "x".repeat(3 << 20)
    );
    let folder = Arc::new(Folder::empty().with("f.json", &text));
    // 2 MiB in units of 512 bytes; without the trap the signal would end the process.
    let preparation = "trap '' XFSZ && ulimit -f 4096";
    let server = Server::start_after(preparation, folder, &[]);
    server.put("/f.json/a/n", "2").is(200);
    server.prints("that a file could not be written", |line| {
        line.contains("f.json") && !line.contains("PUT")
    });
    assert_eq!(server.folder.text("f.json"), text, "the old file");
    server.put("/f.json/a/n", "3").is(200);
    assert_eq!(server.json("/f.json/a/n"), 3);
    let server = Server::start(server.kill(), &[]);
    assert_eq!(server.json("/f.json/a/n"), 3);
    server
        .folder
        .becomes("f.json", &text.replace("\"n\": 1", "\"n\": 3"));
}
