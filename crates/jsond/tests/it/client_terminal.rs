//! The client at a terminal: a person who types, through a pseudo-terminal.
//!
//! One that can be edited on, and a dumb one.

use std::io::Write;
use std::time::{Duration, Instant};

use expectrl::ControlCode;

use crate::client_person::Person;
use crate::client_support::{Canned, Student, response};

fn check_dialogues(terminal: &str) {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let mut person = Person::with(&[&server.address], |command| {
        command.env("TERM", terminal);
    });
    person.sees(&format!(
        "Connected to {}. Ctrl-D ends, ? helps.",
        server.address
    ));
    person.sees("Method : ");
    person.types("post students.json");
    person.sees("300 Multiple Choices");
    for (field, answer) in [
        ("  key            : ", "Seung_Hyun"),
        ("  student_number : ", "<"),
        ("  key            : ", "Seung_Hyun"),
        ("  student_number : ", "20213100"),
        ("  grade          : ", "4.3"),
        ("  department     : ", "소프트웨어"),
    ] {
        person.sees(field);
        person.types(answer);
    }
    person.sees("201 Created");
    person.sees("Method : ");
    person.types("PUT students.json");
    person.sees("  key          : ");
    person.types("Seung_Hyun grade 4.5");
    person.sees("200 OK");
    person.sees("Method : ");
    person.types("DELETE");
    person.sees("File : ");
    person.types("students.json");
    person.sees("  key : ");
    person.types("So_Jeong");
    person.sees("200 OK");
    person.sees("Method : ");
    person.types("GET students.json");
    person.sees("\"Seung_Hyun\"");
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    let file = server.file();
    assert!(
        file.contains("소프트웨어") && file.contains("\"4.5\""),
        "{file}"
    );
    assert!(!file.contains("So_Jeong"), "{file}");
    person.ends_with(0);
}

#[test]
fn the_dialogues_work_at_a_dumb_terminal() {
    check_dialogues("dumb");
}

#[test]
fn the_dialogues_work_with_the_line_editor() {
    check_dialogues("xterm");
}

#[test]
fn the_first_prompt_does_not_wait_for_the_terminal() {
    let server = Canned::answering(response("404 Not Found", "", ""));
    let started = Instant::now();
    let mut person = Person::at(&[&server.address]);
    person.sees("Method : ");
    // Some editors wait two seconds for a terminal to say where its cursor is.
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
}

#[test]
fn ctrl_c_in_a_dialogue_gives_up_without_sending() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let before = server.file();
    let mut person = Person::at(&[&server.address]);
    person.sees("Method : ");
    person.types("DELETE students.json");
    person.sees("  key : ");
    person.types_without_return("So_Je");
    person.presses(ControlCode::EndOfText);
    person.sees("nothing was sent");
    person.sees("Method : ");
    person.types_without_return("GET stud");
    person.presses(ControlCode::EndOfText);
    person.sees("Method : ");
    person.types(".quit");
    person.ends_with(0);
    assert_eq!(server.file(), before);
}

#[test]
fn a_waiting_request_can_be_interrupted() {
    let server = Canned::with(|request, stream| {
        let _ = match request.contains("/_/version") {
            true => stream.write_all(&response("404 Not Found", "", "")),
            false => std::io::Read::read(stream, &mut [0]).map(drop),
        };
    });
    let mut person = Person::at(&[&server.address]);
    person.sees("Method : ");
    person.types("GET a.json");
    person.sees("GET a.json");
    person.presses(ControlCode::EndOfText);
    person.sees("Interrupted");
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
}

#[test]
fn an_interrupted_request_takes_the_rest_of_a_paste_with_it() {
    let (asked, is_asked) = std::sync::mpsc::channel();
    let server = Canned::with(move |request, stream| {
        let _ = match request.contains("GET /a.json") {
            false => stream.write_all(&response("404 Not Found", "", "")),
            true => {
                asked.send(()).unwrap();
                std::io::Read::read(stream, &mut [0]).map(drop)
            }
        };
    });
    let mut person = Person::at(&[&server.address]);
    person.sees("Method : ");
    person.pastes("GET a.json\rDELETE b.json If-Match:*");
    is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    person.presses(ControlCode::EndOfText);
    person.sees("Interrupted");
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.starts_with("DELETE"))
    );
}

#[test]
fn the_greeting_names_a_jsond_and_counts_its_files() {
    let server = Canned::with(|request, stream| {
        let body = match request.starts_with("GET /_/version ") {
            true => r#"{"name":"jsond","version":"0.1.0"}"#,
            false => r#"{"a.json":{"kind":"file"},"b.json":{"kind":"file"}}"#,
        };
        stream.write_all(&response("200 OK", "", body)).unwrap();
    });
    let mut person = Person::at(&[&server.address]);
    let address = &server.address;
    person.sees(&format!(
        "Connected to {address} (jsond 0.1.0, 2 files). Ctrl-D ends, ? helps."
    ));
    person.sees("Method : ");
    person.types("?");
    person.sees(".quit");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
}

#[test]
fn the_fields_of_an_http_question_are_sent_by_name() {
    const QUESTION: &str = r#"{"fields":[{"name":"key","type":"string","example":"A"},
        {"name":"grade","type":"number","example":4.1}]}"#;
    let server = Canned::with(|request, stream| {
        let answer = match request.contains("Content-Type: application/x-www-form-urlencoded") {
            true => response("201 Created", "Location: /s.json/Kim%20Minsu\r\n", "{}\n"),
            false => response("300 Multiple Choices", "", QUESTION),
        };
        stream.write_all(&answer).unwrap();
    });
    let mut person = Person::at(&[&server.address, "POST", "s.json"]);
    person.sees("  key            : ");
    person.types("?");
    person.sees("string; for example A");
    person.sees("  key            : ");
    person.types("\"Kim Minsu\"");
    person.sees("  grade (number) : ");
    person.types("high");
    person.sees("not a number; for example 4.1");
    person.sees("  grade (number) : ");
    person.types("4.3");
    person.sees("201 Created");
    person.sees("  /s.json/Kim%20Minsu");
    person.ends_with(0);
    let requests = server.requests();
    assert!(
        requests[1].ends_with("\r\n\r\nkey=Kim%20Minsu&grade=4.3"),
        "{requests:?}"
    );
}

#[test]
fn nobody_there_is_said_before_any_prompt() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut person = Person::at(&[&address]);
    person.sees(&format!("error: nobody listens at {address}"));
    person.ends_with(7);
}

#[test]
fn a_raw_server_sees_no_connection_on_which_nothing_is_said() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let mut person = Person::at(&[&server.address, "--dialect", "raw", "--lang", "ko"]);
    person.sees("에 접속되었습니다");
    person.sees("Method : ");
    person.types("GET students.json");
    person.sees("Chan_Jin");
    person.sees("Method : ");
    person.types("GET students.json");
    person.sees("Chan_Jin");
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
    assert_eq!(server.log(), "request ['GET', 'students.json']\n".repeat(2));
}
