//! What the client must not do behind a person's back: send twice, delete more than was meant, lose
//! what was typed, wait twice, show what is secret. Each was found by somebody who tried.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use expectrl::ControlCode;

use crate::client_jsond::{address, person_at, school};
use crate::client_support::{Canned, client, response};

/// A server that reads a request and closes without a word.
fn mute() -> Canned {
    Canned::with(|_, _| {})
}

#[test]
fn what_may_have_been_done_is_not_sent_again_in_any_form() {
    for method in ["POST", "PATCH", "DELETE", "PUT"] {
        let garbage = Canned::answering("garbage, no HTTP at all\r\n\r\n");
        for server in [mute(), garbage] {
            let ran = client(&[&server.address, method, "/x"], "");
            assert_ne!(ran.code, Some(0), "{method}");
            assert_eq!(
                server.requests().len(),
                1,
                "{method}: {:?}",
                server.requests()
            );
        }
    }
    // On a connection that was kept, too.
    let server = Canned::with(|_, stream| {
        let _ = stream.write_all(&response("200 OK", "", "1"));
        let mut head = [0; 4096];
        if stream.read(&mut head).is_ok() {
            let _ = stream.write_all(&response("200 OK", "", "2"));
        }
        let _ = stream.read(&mut head);
    });
    let ran = client(&[&server.address], "GET /1\nGET /2\nDELETE /3\n");
    assert_eq!(ran.code, Some(56), "{}", ran.error);
    let requests = server.requests();
    assert!(
        requests.iter().all(|it| !it.starts_with("DELETE")),
        "{requests:?}"
    );
}

#[test]
fn a_file_that_was_looked_at_is_not_deleted_without_being_asked_for() {
    let server = school();
    for (name, text) in [("flat", "{\"name\":\"x\"}"), ("list", "[\"a\",\"b\"]")] {
        server.put(&format!("/{name}.json"), text).is(201);
    }
    let mut person = person_at(&server, &[]);
    for line in [
        ".ls flat.json",
        "GET flat.json",
        "GET list.json",
        ".watch list.json 1",
    ] {
        person.replies("Method :", line);
    }
    person.sees("Watching");
    person.presses(ControlCode::EndOfText);
    for name in ["flat", "list"] {
        person.replies("Method :", &format!("DELETE {name}.json"));
        person.sees("428");
    }
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
    server.get("/flat.json").is(200);
    server.get("/list.json").is(200);
}

#[test]
fn ones_own_changes_and_other_forms_are_no_changes_of_somebody_else() {
    let server = school();
    let mut person = person_at(&server, &[]);
    for line in [
        "GET students.json Accept:text/csv",
        "PATCH students.json /Da_Eun/grade=4.0",
        "GET students.json/Da_Eun",
        "PATCH students.json/Da%5FEun grade=3.7",
        "PATCH students.json/Da_Eun grade=3.6",
    ] {
        person.replies("Method :", line);
        person.sees("200 OK");
    }
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    let screen = person.ends_with(0);
    assert!(!screen.contains("412"), "{screen}");
    assert_eq!(server.json("/students.json/Da_Eun/grade"), "3.6");
}

#[test]
fn what_is_typed_ahead_or_pasted_without_brackets_is_not_lost() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.sees("Method :");
    person.types_without_return(
        "PUT students.json/A n=a\rPUT students.json/B n=b\rPOST students.json\rKim\r1\r4.0\rdesign\rPUT students.json/C n=c\r",
    );
    person.sees("201 Created  /students.json/C");
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
    for (target, value) in [
        ("/students.json/A/n", "a"),
        ("/students.json/B/n", "b"),
        ("/students.json/Kim/grade", "4.0"),
        ("/students.json/C/n", "c"),
    ] {
        assert_eq!(server.json(target), value, "{target}");
    }
}

#[test]
fn the_head_that_is_shown_is_the_final_one() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n";
    let last = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi";
    let server = Canned::answering(format!("{interim}{last}"));
    let ran = client(&[&server.address, "POST", "/x", "a=b", "-i"], "");
    assert_eq!(
        ran.text(),
        "HTTP/1.1 201 Created\nContent-Length: 2\n\nhi",
        "{}",
        ran.error
    );
    let ran = client(&[&server.address, "POST", "/x", "a=b", "-v"], "");
    assert!(
        ran.error.contains("< HTTP/1.1 201 Created"),
        "{}",
        ran.error
    );
}

#[test]
fn an_object_brings_nothing_that_a_terminal_obeys() {
    let body = "{\"\u{9b}31m\u{202e}\":\"\u{7f}\"}";
    let server = Canned::answering(response(
        "200 O\u{9b}K",
        "Content-Type: application/json\r\nX: \u{202e}\r\n",
        body,
    ));
    let ran = client(&[&server.address, "GET", "/x", "--json"], "");
    let text = ran.text().trim_end();
    let obeyed = |it: char| it.is_control() || it == '\u{202e}';
    assert!(!text.contains(obeyed), "{text:?}");
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["body"]["\u{9b}31m\u{202e}"], "\u{7f}");
}

#[test]
fn the_time_for_a_request_is_the_time_for_all_of_it() {
    let server = Canned::with(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 OK\r\n\r\nab");
        let _ = stream.read(&mut [0; 64]);
    });
    let start = Instant::now();
    let ran = client(&[&server.address, "GET", "/x", "--timeout", "1"], "");
    assert_eq!(ran.code, Some(28), "{}", ran.error);
    assert!(
        start.elapsed() < Duration::from_millis(1700),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_secret_that_was_typed_is_named_and_not_shown() {
    let server = school();
    let input = "GET students.json Authorization:hunter2 Cookie:hunter2\n.curl\n";
    let ran = client(&[&address(&server)], input);
    let shown = format!("{}{}", ran.text(), ran.error);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("\"Authorization: $SECRET\""), "{shown}");
}
