//! One test per exit code, against servers that answer canned bytes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::client_jsond::school;
use crate::client_support::{Canned, client, finish, program, response};

/// The exit code of one GET that is answered with these bytes.
fn code_of(answer: impl AsRef<[u8]>) -> Option<i32> {
    let server = Canned::answering(answer);
    client(&[&server.address, "GET", "a.json"], "").code
}

#[test]
fn success_and_not_modified_are_0() {
    assert_eq!(code_of(response("200 OK", "", "{}")), Some(0));
    assert_eq!(code_of(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(0));
    assert_eq!(code_of(b"HTTP/1.1 304 Not Modified\r\n\r\n"), Some(0));
}

#[test]
fn usage_is_2() {
    for words in [
        &["GET"][..],
        &["127.0.0.1:0", "GET", "a"],
        &["GET", "a", "nonsense"],
        &["GET", "a", "-d", "@missing"],
        &["-d", "x"],
        &["--no-such-option"],
        &["GET", "a", "--timeout", "0"],
        &["PUT", "a", "b=c", "--dialect", "raw"],
    ] {
        let ran = client(words, "");
        assert_eq!(ran.code, Some(2), "{words:?} {}", ran.error);
        assert!(!ran.error.is_empty(), "{words:?}");
    }
}

#[test]
fn a_final_redirection_is_3() {
    assert_eq!(
        code_of(response("308 Permanent Redirect", "Location: /a/\r\n", "")),
        Some(3)
    );
    assert_eq!(
        code_of(response("300 Multiple Choices", "", "one\ntwo\n")),
        Some(3)
    );
}

#[test]
fn a_client_error_is_4() {
    assert_eq!(code_of(response("409 Conflict", "", "{}")), Some(4));
}

#[test]
fn a_server_error_is_5() {
    assert_eq!(
        code_of(response("503 Service Unavailable", "", "{}")),
        Some(5)
    );
}

#[test]
fn a_name_that_is_not_found_is_6() {
    let ran = client(&["no-such-host.invalid:80", "GET", "a"], "");
    assert_eq!(ran.code, Some(6), "{}", ran.error);
}

#[test]
fn nobody_listening_is_7() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let ran = client(&[&address, "GET", "a"], "");
    assert_eq!(ran.code, Some(7), "{}", ran.error);
    assert_eq!(client(&[&address], "GET a\n").code, Some(7));
}

/// Answers with a part of something, then holds the connection until the client leaves.
fn holding(part: &'static [u8]) -> Canned {
    Canned::with(move |_, stream| {
        let _ = stream.write_all(part);
        let _ = stream.read(&mut [0]);
    })
}

#[test]
fn an_answer_that_does_not_come_is_28() {
    for part in [
        &b""[..],
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
    ] {
        let server = holding(part);
        let ran = client(&[&server.address, "GET", "a", "--timeout", "0.3"], "");
        assert_eq!(ran.code, Some(28), "{}", ran.error);
    }
}

#[test]
fn what_speaks_no_tls_is_35() {
    let server = school();
    let url = format!("https://{}", server.address());
    for flags in [&[][..], &["-k"]] {
        let ran = client(&[&[&*url, "GET", "a"], flags].concat(), "");
        assert_eq!((ran.code, ran.text()), (Some(35), ""), "{}", ran.error);
    }
}

#[test]
fn a_connection_that_breaks_is_56() {
    assert_eq!(code_of(b""), Some(56));
    assert_eq!(code_of(b"HTTP/1.1 200 OK\r\nA: b"), Some(56));
    assert_eq!(
        code_of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
        Some(56)
    );
    assert_eq!(
        code_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
        Some(56)
    );
}

#[test]
fn what_is_not_http_is_1() {
    assert_eq!(code_of(b"220 smtp.example ESMTP\r\n"), Some(1));
}

/// Sends SIGINT to a child that we started.
fn interrupt(pid: u32) {
    assert!(
        Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn ctrl_c_is_130_while_an_answer_is_awaited() {
    let (asked, is_asked) = std::sync::mpsc::channel();
    let server = Canned::with(move |_, stream| {
        asked.send(()).unwrap();
        let _ = stream.read(&mut [0]);
    });
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.args(["client", &server.address, "GET", "a"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    is_asked.recv().unwrap();
    interrupt(child.id());
    assert_eq!(finish(child).code, Some(130));
}

#[test]
fn ctrl_c_is_130_while_a_line_is_awaited() {
    let server = Canned::answering(response("200 OK", "", "{}\n"));
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.args(["client", &server.address]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"GET a\n").unwrap();
    let mut answer = [0; 3];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut answer).unwrap();
    child.stdout = Some(output);
    interrupt(child.id());
    assert_eq!(finish(child).code, Some(130));
    drop(input);
}

#[test]
fn a_reader_who_goes_away_ends_it_quietly() {
    let body = "x".repeat(1 << 20);
    let server = Canned::answering(response("200 OK", "", &body));
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.args(["client", &server.address, "GET", "a"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut error = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut error)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), error.as_str()),
        (Some(0), "")
    );
}
