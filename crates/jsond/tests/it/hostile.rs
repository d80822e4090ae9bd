//! Peers that are too large, too many, half gone or confused: a clear error or a quiet close, the
//! others served, nothing lost.

use std::time::{Duration, Instant};

use crate::support::{Folder, STUDENTS, Server, scrubbed, skip, wait_for};

#[test]
fn a_body_of_20_mb_is_413_declared_or_chunked() {
    let server = Server::school();
    let megabyte = "x".repeat(1_000_000);
    for expect in ["", "Expect: 100-continue\r\n"] {
        let mut wire = server.connect();
        wire.send(format!(
            "PUT /big.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{expect}\
             Content-Length: 20000000\r\n\r\n"
        ));
        // The refusal comes before a byte of the body is sent.
        wire.reply().problem(413);
    }
    let mut wire = server.connect();
    wire.send(
        "PUT /big.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 20000000\r\n\r\n",
    );
    for _ in 0..20 {
        wire.send_if_read(&megabyte);
    }
    wire.reply().problem(413);
    let mut wire = server.connect();
    wire.send(
        "PUT /big.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    for _ in 0..20 {
        wire.send_if_read(format!("{:x}\r\n{megabyte}\r\n", megabyte.len()));
    }
    wire.reply().problem(413);
    wire.closes();
    assert!(!server.folder.file("big.json").exists());
    server.still_serves();
}

#[test]
fn a_request_line_of_1_mb_is_refused_at_either_door() {
    let server = Server::school();
    let long = "a".repeat(1_000_000);
    for (line, status) in [
        (
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            414,
        ),
        (format!("GET {long}\r\n\r\n"), 400),
    ] {
        let mut wire = server.connect();
        wire.send_if_read(&line);
        wire.reply().is(status);
        wire.closes();
    }
    let mut wire = server.connect();
    wire.send_if_read(&long);
    wire.reply().one_of(&[400, 414]);
    wire.closes();
    server.still_serves();
}

#[test]
fn a_client_that_vanishes_in_mid_body_changes_nothing() {
    let server = Server::school();
    for tail in [
        "Content-Length: 100\r\n\r\n{\"half\":",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n\"4.0\"\r\n",
    ] {
        for reset in [false, true] {
            let mut wire = server.connect();
            wire.send(format!(
                "PUT /students.json/Da_Eun/grade HTTP/1.1\r\nHost: localhost\r\n\
                 Content-Type: application/json\r\n{tail}"
            ));
            if reset {
                wire.reset();
            } else {
                drop(wire);
            }
        }
    }
    let mut wire = server.connect();
    wire.send("PUT /students.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{}");
    wire.half_close();
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut wire.stream, &mut rest).unwrap();
    assert!(
        rest.is_empty() || rest.starts_with(b"HTTP/1.1 400 "),
        "no success for half a body"
    );
    server.still_serves();
    assert_eq!(server.body("/students.json/Da_Eun/grade"), "\"3.9\"\n");
    assert_eq!(server.stop().folder.text("students.json"), STUDENTS);
}

#[test]
fn noise_is_refused_or_closed_and_never_fatal() {
    let server = Server::school();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    };
    for round in 0..200 {
        let mut wire = server.connect();
        let bytes: Vec<u8> = (0..=round).flat_map(|_| noise()).collect();
        wire.send_if_read(&bytes);
        wire.send_if_read("\r\n\r\n");
        let _ = wire.stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut wire.stream, &mut rest);
        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 4") || rest.starts_with(b"HTTP/1.1 5")
        );
    }
    server.still_serves();
    assert!(!server.stderr().contains("panicked"), "{}", server.stderr());
    assert_eq!(server.stop().folder.text("students.json"), STUDENTS);
}

#[test]
fn three_hundred_silent_and_slow_clients_keep_nobody_waiting() {
    let server = Server::school();
    let mut idle: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for (number, wire) in idle.iter_mut().enumerate() {
        match number % 4 {
            0 => {}
            1 => wire.send("G"),
            2 => wire.send("GET /students.json HTTP/1.1\r\nHost: lo"),
            _ => wire.send(
                "PUT /students.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
            ),
        }
    }
    let start = Instant::now();
    for _ in 0..50 {
        server.still_serves();
        server.ask("GET students.json\r\n\r\n").1.is(200);
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn readers_that_never_read_keep_nobody_waiting() {
    let server = Server::school();
    let text = format!("[{}0]", "1234567,".repeat(125_000));
    server.put("/large.json", &text).is(201);
    let mut stalled: Vec<_> = (0..50).map(|_| server.connect()).collect();
    for wire in &mut stalled {
        wire.send("GET /large.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(16));
    }
    let start = Instant::now();
    for number in 0..50 {
        server.still_serves();
        server
            .put("/students.json/So_Jeong/grade", &number.to_string())
            .is(200);
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

/// Runs the program as a user whom file modes stop, root or not.
fn as_nobody(folder: &Folder, arguments: &[&str]) -> Option<std::process::Output> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    if std::fs::read_dir(folder.path()).is_err() {
        return Some(wait_for(scrubbed().args(arguments)));
    }
    let home = tempfile::tempdir().unwrap();
    mode(home.path(), 0o755);
    let program = home.path().join("jsond");
    std::fs::copy(env!("CARGO_BIN_EXE_jsond"), &program).unwrap();
    mode(&program, 0o755);
    let is_there = std::process::Command::new("setpriv")
        .arg("--version")
        .output()
        .is_ok();
    is_there.then(|| {
        let mut command = std::process::Command::new("setpriv");
        command.args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "--",
        ]);
        wait_for(command.arg(program).args(arguments))
    })
}

#[test]
fn a_folder_that_cannot_be_read_is_a_clear_message() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::school();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let output = as_nobody(&folder, &["serve", &path, "--port", "0"]);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let Some(output) = output else {
        return skip(
            "an unreadable folder",
            "root reads everything, and there is no setpriv",
        );
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some_and(|code| code != 0),
        "{output:?}"
    );
    assert!(
        stderr.contains(&path) && !stderr.contains("panicked"),
        "{stderr}"
    );
}

#[test]
fn a_socket_a_fifo_and_a_folder_named_like_a_file_do_not_hang() {
    let folder = Folder::school();
    std::fs::create_dir(folder.file("folder.json")).unwrap();
    let fifo = std::process::Command::new("mkfifo")
        .arg(folder.file("pipe.json"))
        .status();
    let _listener = std::os::unix::net::UnixListener::bind(folder.file("socket.json")).unwrap();
    let server = Server::start(folder, &[]);
    server.still_serves();
    if fifo.is_ok_and(|status| status.success()) {
        server.get("/pipe.json").one_of(&[400, 404]);
        server.put("/pipe.json", "{}").one_of(&[400, 404, 409]);
    }
    server.get("/socket.json").one_of(&[400, 404]);
    server.get("/").is(200);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
}

#[test]
fn a_hundred_connections_at_once_all_write_and_nothing_is_lost() {
    let server = Server::school();
    let threads: Vec<_> = (0..100)
        .map(|number| {
            let mut wire = server.connect();
            std::thread::spawn(move || {
                for step in 0..10 {
                    let target = format!("/students.json/k{number}_{step}");
                    let fields = ["Content-Type: application/json"];
                    wire.request("PUT", &target, &fields, "{\"n\":1}").is(201);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let records = server.json("/students.json");
    assert_eq!(records.as_object().unwrap().len(), 1_003);
    server.folder.holds("students.json", &records);
    let server = Server::start(server.kill(), &[]);
    assert_eq!(server.json("/students.json"), records);
}
