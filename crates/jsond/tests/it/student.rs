//! The origin of the project: a Python client of twenty lines goes through the seven steps.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{STUDENTS, Server, Wire, skip};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/student_client.py");

/// Method, target, answer, and the status of each reply in turn.
const STEPS: [(&str, &str, &str, &[&str]); 7] = [
    ("GET", "students.json", "", &["200"]),
    ("GET", "nothing.json", "", &["404"]),
    (
        "POST",
        "students.json",
        "Seung_Hyun 20213100 4.3 software",
        &["300", "201"],
    ),
    (
        "PUT",
        "students.json",
        "Seung_Hyun grade 4.5",
        &["300", "200"],
    ),
    ("GIVE", "students.json", "", &["400"]),
    ("HEAD", "students.json", "", &["200"]),
    ("DELETE", "students.json", "So_Jeong", &["300", "200"]),
];

/// The file after the seven steps.
pub(crate) fn last_text() -> String {
    let gone = STUDENTS.find("\"So_Jeong\"").unwrap();
    format!(
        "{}\"Seung_Hyun\": {{\n\t\t\"student_number\": \"20213100\",\n\t\t\"grade\": \"4.5\",\n\
         \t\t\"department\": \"software\"\n\t}}\n}}\n",
        &STUDENTS[..gone]
    )
}

/// Runs the student's client once; gives what it printed.
fn run_client(port: u16, version: &str, method: &str, target: &str, answer: &str) -> String {
    let mut child = Command::new("python3")
        .args([CLIENT, &port.to_string(), version])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = format!("{method}\n{target}\n{answer}\n");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{method} {target}: {stderr}{printed}"
    );
    printed
}

fn statuses(printed: &str) -> Vec<&str> {
    printed
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|reply| &reply[..3])
        .collect()
}

fn walk(server: &Server, version: &str) {
    for (method, target, answer, expected) in STEPS {
        let printed = run_client(server.port, version, method, target, answer);
        assert_eq!(statuses(&printed), expected, "{method} {target}\n{printed}");
        let body = printed
            .rsplit_once("\r\n\r\n")
            .map_or("", |(_, body)| body.trim());
        if method == "HEAD" {
            assert!(body.is_empty(), "HEAD has no body\n{printed}");
        }
        if method == "POST" {
            let prompt = "Enter follow data : key student_number grade department";
            assert!(printed.contains(prompt), "{printed}");
        }
    }
    server.folder.becomes("students.json", &last_text());
}

fn has_python() -> bool {
    Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn a_twenty_line_client_goes_through_the_seven_steps() {
    if !has_python() {
        return skip("the seven steps in Python", "no python3");
    }
    for version in ["", " HTTP/1.1", " HTTP/1.0"] {
        walk(&Server::school(), version);
    }
}

#[test]
fn a_twenty_line_client_is_served_while_a_thousand_others_think() {
    if !has_python() {
        return skip("the seven steps in a crowd", "no python3");
    }
    let server = Server::school();
    let thinking: Vec<Wire> = (0..500)
        .map(|_| {
            let (wire, prompt) = server.ask("PUT students.json\r\n\n\n");
            prompt.is(300);
            wire
        })
        .collect();
    walk(&server, "");
    assert_eq!(thinking.len(), 500);
}

/// The same seven steps in Rust, whatever Python says: byte by byte, one read for each reply.
#[test]
fn the_seven_steps_byte_by_byte() {
    let server = Server::school();
    for (method, target, answer, expected) in STEPS {
        let mut wire = server.connect();
        wire.send_byte_by_byte(format!("{method} {target} HTTP/1.1\r\nHost: x\r\n\n\n"));
        let first = String::from_utf8(wire.receive_once()).unwrap();
        assert_eq!(&first[9..12], expected[0], "{method} {target}");
        if expected.len() > 1 {
            wire.send(answer);
            let second = String::from_utf8(wire.receive_once()).unwrap();
            assert_eq!(&second[9..12], expected[1], "{method} {target}");
        }
        wire.closes();
    }
    server.folder.becomes("students.json", &last_text());
}
