//! What the client sends to the HTTP door, and how it answers a 300 with framing.

use std::io::Write;

use crate::client_support::{Canned, client, program, response, run};

const QUESTION: &str = r#"{"fields":[
  {"name":"key","required":true,"type":"string","example":"Chan_Jin"},
  {"name":"grade","required":true,"type":"string","example":"4.1"}],
 "example":"Chan_Jin 4.1",
 "submit":{"method":"POST","target":"/students.json",
           "accept":["application/x-www-form-urlencoded","text/plain"]}}"#;

/// A server whose collection asks for what it needs, over HTTP.
fn asking_server() -> Canned {
    Canned::with(|request, stream| {
        let answer = if request.contains("Content-Type: ") {
            response("201 Created", "Location: /students.json/A\r\n", "{}\n")
        } else {
            response(
                "300 Multiple Choices",
                "Content-Type: application/json\r\n",
                QUESTION,
            )
        };
        stream.write_all(&answer).unwrap();
    })
}

#[test]
fn a_question_with_framing_is_answered_by_a_second_request() {
    let server = asking_server();
    let ran = client(&[&server.address], "POST students.json\nA 4.3\n");
    assert_eq!((ran.code, ran.text()), (Some(0), "{}\n"), "{}", ran.error);
    assert!(
        ran.error.contains("201 Created  /students.json/A"),
        "{}",
        ran.error
    );
    let requests = server.requests();
    assert!(
        requests[0].starts_with("POST /students.json HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(
        requests[0].contains("Accept: application/json"),
        "{requests:?}"
    );
    assert!(
        requests[1].contains("Content-Type: text/plain\r\n"),
        "{requests:?}"
    );
    assert!(requests[1].ends_with("\r\n\r\nA 4.3"), "{requests:?}");
}

#[test]
fn one_request_that_meets_a_question_says_what_is_needed() {
    let server = asking_server();
    let ran = client(&[&server.address, "post", "students.json"], "");
    assert_eq!((ran.code, ran.text()), (Some(3), ""));
    assert!(ran.error.contains("key grade"), "{}", ran.error);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn items_become_body_query_and_header_fields() {
    let server = Canned::answering(response("200 OK", "", ""));
    let words = [
        "patch",
        "/a.json/x",
        "grade=4.4",
        "n:=1.0",
        "/b/c=d",
        "X-A:1",
        "_sort==-n",
    ];
    let ran = client(&[&[server.address.as_str()], &words[..]].concat(), "");
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("PATCH /a.json/x?_sort=-n HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("X-A: 1\r\n"), "{request}");
    assert!(
        request.contains("Content-Type: application/merge-patch+json\r\n"),
        "{request}"
    );
    assert!(
        request.ends_with(r#"{"grade":"4.4","n":1.0,"b":{"c":"d"}}"#),
        "{request}"
    );
}

#[test]
fn data_headers_and_output_are_as_in_curl() {
    let server = Canned::answering(response("200 OK", "", "{\"a\":1}\n"));
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("body.json"), "[1]").unwrap();
    let mut command = program(home.path());
    command.args([
        "client",
        &server.address,
        "PUT",
        "a.json",
        "-d",
        "@body.json",
    ]);
    command.args(["-H", "If-Match: *", "-o", "out.json"]);
    let ran = run(command, b"");
    assert_eq!((ran.code, ran.text()), (Some(0), ""), "{}", ran.error);
    assert_eq!(
        std::fs::read_to_string(home.path().join("out.json")).unwrap(),
        "{\"a\":1}\n"
    );
    let request = server.requests().remove(0);
    assert!(
        request.contains("If-Match: *\r\n") && request.ends_with("\r\n\r\n[1]"),
        "{request}"
    );
}

#[test]
fn include_and_verbose_show_the_heads_as_they_were_on_the_wire() {
    let server = Canned::answering(response("200 OK", "X-oDd: 1\r\n", "{}\n"));
    let ran = client(&[&server.address, "GET", "a.json", "-i"], "");
    assert_eq!(
        ran.text(),
        "HTTP/1.1 200 OK\nX-oDd: 1\nContent-Length: 3\n\n{}\n"
    );
    let header = ["-H", "Authorization: Bearer secret"];
    let words = [&[&server.address, "GET", "a.json", "-v"], &header[..]].concat();
    let ran = client(&words, "");
    assert!(
        ran.error.contains("> GET /a.json HTTP/1.1\n"),
        "{}",
        ran.error
    );
    assert!(ran.error.contains("< X-oDd: 1\n"), "{}", ran.error);
    assert!(!ran.error.contains("secret"), "{}", ran.error);
    assert_eq!(ran.text(), "{}\n");
}

#[test]
fn a_404_with_framing_is_final() {
    let server = Canned::answering(response("404 Not Found", "", "no\n"));
    let ran = client(&[&server.address, "GET", "a.json"], "");
    assert_eq!((ran.code, ran.text()), (Some(4), "no\n"));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_404_without_framing_is_tried_once_more_in_the_raw_form() {
    let server = Canned::with(|request, stream| {
        let answer: &[u8] = match request.starts_with("GET a.json\r\n") {
            true => b"HTTP/1.1 200 OK\n\nraw",
            false => b"HTTP/1.1 404 Not Found\n\nno",
        };
        stream.write_all(answer).unwrap();
    });
    assert_eq!(
        client(&[&server.address, "GET", "a.json"], "").text(),
        "raw"
    );
    assert_eq!(
        client(&[&server.address, "GET", "/a.json"], "").text(),
        "raw"
    );
    let ran = client(&[&server.address, "GET", "a.json", "--dialect", "http"], "");
    assert_eq!((ran.code, ran.text()), (Some(4), "no"));
    let ran = client(&[&server.address, "GET", "b.json"], "");
    assert_eq!((ran.code, ran.text()), (Some(4), "no"));
}

#[test]
fn the_first_word_is_an_address_only_when_it_looks_like_one() {
    let server = Canned::answering(response("200 OK", "", "{}\n"));
    let port = server.address.rsplit(':').next().unwrap();
    let ran = client(&[&format!("localhost:{port}"), "hello", "a.json"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    assert!(
        server.requests()[0].starts_with("HELLO /a.json "),
        "{:?}",
        server.requests()
    );
}

#[test]
fn a_request_that_fails_leaves_the_output_file_alone() {
    let server = Canned::answering("");
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("kept"), "before").unwrap();
    let mut command = program(home.path());
    command.args(["client", &server.address, "GET", "a", "-o", "kept"]);
    assert_eq!(run(command, b"").code, Some(56));
    assert_eq!(
        std::fs::read_to_string(home.path().join("kept")).unwrap(),
        "before"
    );
}
