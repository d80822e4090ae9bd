//! Servers that mean harm: the client stays small, comes back, and shows nothing a terminal obeys.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use expectrl::{ControlCode, Eof, Expect, Session};

use crate::client_person::Person;
use crate::client_support::{Canned, Ran, client, finish, program, response};

/// Runs one request; it has to come back soon, long before any default patience ends.
fn client_soon(server: &Canned, words: &[&str]) -> Ran {
    let started = Instant::now();
    let ran = client(&[&[server.address.as_str()], words].concat(), "");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    ran
}

#[test]
fn endless_header_fields_are_cut_off() {
    let server = Canned::with(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more\r\n").is_ok() {}
    });
    for dialect in ["auto", "http", "raw"] {
        let ran = client_soon(&server, &["GET", "a", "--dialect", dialect]);
        assert_eq!(ran.code, Some(1), "{dialect} {}", ran.error);
    }
}

#[test]
fn one_endless_header_line_is_cut_off() {
    let server = Canned::with(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    for dialect in ["auto", "http", "raw"] {
        let ran = client_soon(&server, &["GET", "a", "--dialect", dialect]);
        assert_eq!(ran.code, Some(1), "{dialect} {}", ran.error);
    }
}

#[test]
fn a_length_of_ten_gigabytes_is_only_a_number() {
    let server =
        Canned::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nbut only this");
    for dialect in ["auto", "raw"] {
        let ran = client_soon(&server, &["GET", "a", "--dialect", dialect]);
        assert_eq!(
            (ran.code, ran.text()),
            (Some(56), "but only this"),
            "{}",
            ran.error
        );
    }
    let server = Canned::answering(b"HTTP/1.1 300 X\nContent-Length: 10000000000\n\nEnter : k");
    let ran = client_soon(&server, &["POST", "a"]);
    assert_ne!(ran.code, Some(0), "{}", ran.error);
}

/// The most memory a process has had so far.
fn peak_kilobytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_body_passes_through_in_little_memory() {
    const MEBIBYTES: usize = 128;
    let (sent, is_sent) = mpsc::channel();
    let (measured, is_measured) = mpsc::channel::<()>();
    let is_measured = Mutex::new(is_measured);
    let server = Canned::with(move |_, stream| {
        let length = (MEBIBYTES << 20) + 1;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        let mebibyte = vec![b'x'; 1 << 20];
        (0..MEBIBYTES).for_each(|_| stream.write_all(&mebibyte).unwrap());
        sent.send(()).unwrap();
        is_measured.lock().unwrap().recv().unwrap();
        stream.write_all(b"\n").unwrap();
    });
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.args(["client", &server.address, "GET", "a", "-o", "body"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    is_sent.recv().unwrap();
    let peak = peak_kilobytes(child.id());
    measured.send(()).unwrap();
    assert_eq!(finish(child).code, Some(0));
    let length = std::fs::metadata(home.path().join("body")).unwrap().len();
    assert_eq!(length, (MEBIBYTES << 20) as u64 + 1);
    assert!(peak < 48 * 1024, "{peak} KiB");
}

#[test]
fn a_question_with_ten_thousand_fields_is_declined() {
    let fields = vec![r#"{"name":"f"}"#; 10_000].join(",");
    let json = response(
        "300 Multiple Choices",
        "",
        &format!(r#"{{"fields":[{fields}]}}"#),
    );
    let words = "f ".repeat(10_000);
    let bare = format!("HTTP/1.1 300 Multiple Choices\n\nEnter follow data : {words}");
    for answer in [json, bare.into_bytes()] {
        let server = Canned::with(move |_, stream| {
            let _ = stream.write_all(&answer);
            let _ = stream.read(&mut [0]);
        });
        let ran = client_soon(&server, &["POST", "a"]);
        assert_eq!(ran.code, Some(3), "{}", ran.error);
        assert!(
            ran.error.contains("10000 fields") && ran.error.len() < 1024,
            "{}",
            ran.error
        );
    }
}

#[test]
fn a_question_without_end_is_declined() {
    for head in [
        "HTTP/1.1 300 Multiple Choices\n\nEnter : ",
        "HTTP/1.1 300 Multiple Choices\r\nContent-Length: 99999999\r\n\r\nEnter : ",
    ] {
        let server = Canned::with(move |_, stream| {
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(&[b'f'; 4096]).is_ok() {}
        });
        let ran = client_soon(&server, &["POST", "a"]);
        assert_eq!(ran.code, Some(1), "{}", ran.error);
    }
}

#[test]
fn a_pipe_gets_every_byte_and_messages_are_escaped() {
    let server = Canned::answering(response("404 No\u{1b}[2J", "", "\u{1b}[2Jbody\u{202e}"));
    let ran = client(&[&server.address], "GET a\n");
    assert_eq!(ran.text(), "\u{1b}[2Jbody\u{202e}");
    assert!(!ran.error.contains('\u{1b}'), "{:?}", ran.error);
}

/// Everything that one request brings to a terminal.
fn on_terminal(server: &Canned) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command: Command = program(home.path());
    command.args(["client", &server.address, "GET", "a"]);
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(10)));
    let captures = session.expect(Eof).unwrap();
    String::from_utf8_lossy(captures.as_bytes()).into_owned()
}

#[test]
fn a_terminal_is_shown_nothing_that_it_obeys() {
    let body = "{\"a\":\"\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\"}";
    let server = Canned::answering(response("200 OK", "", body));
    let shown = on_terminal(&server);
    assert!(
        shown.contains("{\"a\":\"\\x1b]0;title\\x07\\u{9b}31m\\u{202e}\"}"),
        "{shown:?}"
    );
}

#[test]
fn header_fields_on_a_terminal_are_escaped() {
    let bytes = b"HTTP/1.1 201 Cre\x1b[31mated\r\nLocation: /\x1b[2J\r\n\r\nok".to_vec();
    let shown = on_terminal(&Canned::answering(bytes));
    assert!(
        !shown.contains("\u{1b}[2J") && !shown.contains("\u{1b}[31mated"),
        "{shown:?}"
    );
}

/// What a server that is no friend calls its files and records.
const HOSTILE_NAMES: &str =
    "{\"\\u001b[2Jx\":{\"kind\":\"\\u001b]0;y\\u0007\",\"a\\u202eb\":\"\\u009b31m\"}}";

#[test]
fn names_and_cells_of_a_hostile_server_are_escaped_wherever_they_are_shown() {
    let server = Canned::answering(response(
        "200 OK",
        "Content-Type: application/json\r\n",
        HOSTILE_NAMES,
    ));
    let mut person = Person::at(&[&server.address]);
    person.sees("Method :");
    person.types_without_return("GET \t\t");
    person.sees("%1B[2Jx");
    person.presses(ControlCode::EndOfText);
    for line in [".ls", "GET a", ".table", ".last", ".watch a"] {
        person.replies("Method :", line);
    }
    person.sees("Watching");
    person.presses(ControlCode::EndOfText);
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    let (screen, raw) = person.ends_raw();
    assert!(screen.contains("\\x1b[2Jx"), "{screen}");
    for obeyed in ["\x1b[2J", "\x1b]0;", "\u{9b}", "\u{202e}"] {
        assert!(!raw.contains(obeyed), "{obeyed:?} in {raw:?}");
    }
}

#[test]
fn a_body_without_end_is_looked_at_within_bounds() {
    let server = Canned::with(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\n\r\n[");
        while stream.write_all(&[b' '; 65_536]).is_ok() {}
    });
    let input = ".ls\n.table a\n.edit a\n.cd a\n.watch a\n";
    let ran = client(&[&server.address, "--dialect", "http"], input);
    let refusals = ran.error.matches("too long to be kept").count();
    assert_eq!(refusals, 5, "{}", ran.error);
}
