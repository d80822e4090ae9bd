//! Negotiation of the media type: JSON, NDJSON, CSV, the page for a browser, and 406 with a list.
//!
//! *Source*: RFC 9110 §12.5.1.

use serde_json::{Value, json};

use crate::support::{Folder, Reply, Server};

const BROWSER: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const RECORDS: &str = r#"[{"id":1,"name":"Lee, Ann","note":"said \"hi\"","n":1.50},
    {"id":2,"name":"two\nlines","extra":true,"n":null},{"id":"x 3","name":"","n":1e400,"note":" spaced "}]"#;

fn server() -> Server {
    let folder = Folder::school()
        .with("records.json", RECORDS)
        .with("deep.json", r#"{"a":{"b":{"c":1}},"d":{"b":{"c":2}}}"#)
        .with("list.json", "[1,2]")
        .with("more/inner.json", "{}");
    Server::start(folder, &[])
}

fn accept(server: &Server, target: &str, value: &str) -> Reply {
    server.ask_for(target, &[&format!("Accept: {value}")])
}

fn is_of(reply: &Reply, media_type: &str) -> bool {
    let value = reply.need("Content-Type");
    value == media_type || value.starts_with(&format!("{media_type};"))
}

fn varies(reply: &Reply) -> bool {
    let list = reply.field("Vary").unwrap_or_default();
    list.split(',')
        .any(|it| it.trim().eq_ignore_ascii_case("Accept"))
}

#[test]
fn the_media_type_is_the_one_that_accept_prefers() {
    let server = server();
    for (value, expected) in [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("Application/JSON", "application/json"),
        ("application/*", "application/json"),
        ("application/json;charset=utf-8", "application/json"),
        ("text/csv", "text/csv"),
        ("application/x-ndjson", "application/x-ndjson"),
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv"),
        (
            "image/png, application/x-ndjson;q=0.001",
            "application/x-ndjson",
        ),
        ("application/json;q=0, text/csv", "text/csv"),
        ("*/*;q=0.1, application/x-ndjson;q=0", "application/json"),
        (
            "application/*;q=0.2, application/x-ndjson;q=0.9",
            "application/x-ndjson",
        ),
        (
            "text/csv ; q=1.000 , application/json ; q=0.999",
            "text/csv",
        ),
    ] {
        let reply = accept(&server, "/students.json", value).is(200);
        assert!(
            is_of(&reply, expected),
            "{value}: {}",
            reply.need("Content-Type")
        );
        assert!(varies(&reply), "{value}\n{}", reply.head);
    }
    let plain = server.get("/students.json").is(200);
    assert!(
        is_of(&plain, "application/json") && varies(&plain),
        "{}",
        plain.head
    );
    let two_lines = ["Accept: image/png", "Accept: text/csv"];
    assert!(is_of(
        &server.ask_for("/students.json", &two_lines),
        "text/csv"
    ));
}

#[test]
fn what_there_is_not_is_406_with_a_list_of_what_there_is() {
    let server = server();
    for value in [
        "image/png",
        "application/xml",
        "application/json;q=0",
        "text/plain",
        "application/xhtml+xml",
    ] {
        let reply = accept(&server, "/students.json", value);
        let text = reply.text().to_owned();
        let problem = reply.problem(406);
        for there in [
            "application/json",
            "application/x-ndjson",
            "text/csv",
            "text/html",
        ] {
            assert!(text.contains(there), "{value}: {there} in {problem}");
        }
    }
    for target in ["/students.json/Da_Eun/grade", "/deep.json", "/list.json"] {
        let reply = accept(&server, target, "text/csv");
        let text = reply.text().to_owned();
        assert_eq!(reply.status, 406, "{target}: {text}");
        assert!(text.contains("application/json"), "{text}");
        assert_eq!(reply.need("Vary"), "Accept, Accept-Encoding");
        reply.problem(406);
    }
    accept(&server, "/nothing.json", "image/png").problem(404);
    let head = server.request("HEAD", "/students.json", &["Accept: image/png"], "");
    assert_eq!(head.status, 406);
}

/// The rows of a text in CSV.
///
/// *Source*: RFC 4180 §2.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                row.last_mut().unwrap().push(letters.next().unwrap());
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => assert_eq!(letters.peek(), Some(&'\n'), "CRLF ends a line"),
            '\n' if !quoted => rows.push(vec![String::new()]),
            other => row.last_mut().unwrap().push(other),
        }
    }
    assert_eq!(
        rows.pop(),
        Some(vec![String::new()]),
        "the last line ends in CRLF"
    );
    rows
}

#[test]
fn csv_has_a_row_for_each_record_and_a_column_for_each_member() {
    let server = server();
    let reply = accept(&server, "/students.json", "text/csv").is(200);
    assert_eq!(
        reply.text(),
        "key,student_number,grade,department\r\nChan_Jin,20171234,4.1,software\r\n\
         Da_Eun,20185678,3.9,design\r\nSo_Jeong,20191357,4.4,mathematics\r\n"
    );
    let reply = accept(&server, "/records.json", "text/csv").is(200);
    let table = rows(reply.text());
    assert_eq!(table[0], ["id", "name", "note", "n", "extra"]);
    assert_eq!(table[1], ["1", "Lee, Ann", "said \"hi\"", "1.50", ""]);
    assert_eq!(table[2][1], "two\nlines");
    assert_eq!(table[2][4], "true");
    assert_eq!(table[3], ["x 3", "", " spaced ", "1e400", ""]);
    assert!(
        reply.text().contains("\"Lee, Ann\",\"said \"\"hi\"\"\""),
        "{}",
        reply.text()
    );
}

#[test]
fn ndjson_has_a_record_a_line_as_it_is_spelled() {
    let server = server();
    let reply = accept(&server, "/records.json", "application/x-ndjson").is(200);
    assert_eq!(
        reply.text(),
        "{\"id\":1,\"name\":\"Lee, Ann\",\"note\":\"said \\\"hi\\\"\",\"n\":1.50}\n\
         {\"id\":2,\"name\":\"two\\nlines\",\"extra\":true,\"n\":null}\n\
         {\"id\":\"x 3\",\"name\":\"\",\"n\":1e400,\"note\":\" spaced \"}\n"
    );
    let reply = accept(&server, "/students.json", "application/x-ndjson").is(200);
    let lines: Vec<Value> = reply
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[1],
        json!({"Da_Eun": server.json("/students.json/Da_Eun")})
    );
    assert!(reply.text().ends_with("}}\n"));
}

#[test]
fn filters_sort_and_fields_work_in_every_form() {
    let server = server();
    let csv = accept(
        &server,
        "/students.json?_sort=-grade&_limit=2&_fields=grade",
        "text/csv",
    )
    .is(200);
    assert_eq!(csv.text(), "key,grade\r\nSo_Jeong,4.4\r\nChan_Jin,4.1\r\n");
    assert_eq!(csv.need("X-Total-Count"), "3");
    let lines = accept(
        &server,
        "/students.json?department=design",
        "application/x-ndjson",
    )
    .is(200);
    assert_eq!(lines.text().lines().count(), 1);
    let none = accept(
        &server,
        "/students.json?department=none",
        "application/x-ndjson",
    )
    .is(200);
    assert_eq!(none.text(), "");
    accept(&server, "/students.json?_nothing=1", "text/csv").problem(400);
}

#[test]
fn every_form_has_a_tag_of_its_own() {
    let server = server();
    let tags: Vec<_> = ["application/json", "text/csv", "application/x-ndjson"]
        .iter()
        .map(|media_type| {
            let reply = accept(&server, "/students.json", media_type).is(200);
            let known = format!("If-None-Match: {}", reply.etag());
            let again = server.ask_for(
                "/students.json",
                &[&known, &format!("Accept: {media_type}")],
            );
            assert_eq!(again.status, 304, "{media_type}");
            assert!(varies(&again), "{}", again.head);
            reply.etag()
        })
        .collect();
    assert!(
        tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2],
        "{tags:?}"
    );
    let crossed = format!("If-None-Match: {}", tags[0]);
    server
        .ask_for("/students.json", &[&crossed, "Accept: text/csv"])
        .is(200);
}

#[test]
fn a_browser_gets_a_page_and_nothing_of_the_data_is_taken_for_markup() {
    let folder = Folder::school()
        .with("<img src=x onerror=alert(1)>.json", "{}")
        .with(
            "evil.json",
            r#"{"<script>alert(1)</script>":{"a\"b":"</script><script>alert(2)</script>&amp;'"}}"#,
        );
    let server = Server::start(folder, &[]);
    for target in [
        "/",
        "/students.json",
        "/evil.json",
        "/evil.json?q=%3Cscript%3Ealert(3)%3C/script%3E",
    ] {
        let reply = accept(&server, target, BROWSER).is(200);
        assert!(
            is_of(&reply, "text/html"),
            "{target}: {}",
            reply.need("Content-Type")
        );
        let text = reply.text().to_lowercase();
        for wicked in ["<script>alert", "<img src=x"] {
            assert!(!text.contains(wicked), "{target}: {wicked}");
        }
        assert!(
            text.contains("<html") || text.contains("<!doctype html"),
            "{target}"
        );
        assert!(reply.need("Content-Type").to_lowercase().contains("utf-8"));
    }
    let listing = accept(&server, "/", BROWSER).is(200);
    assert!(listing.text().contains("students.json"));
}

#[test]
fn the_listing_is_json_unless_a_browser_asks() {
    let server = server();
    for value in ["*/*", "application/json"] {
        let listing = accept(&server, "/", value).is(200).json();
        assert_eq!(listing["students.json"]["records"], 3);
        assert_eq!(
            listing["students.json"]["etag"],
            server.get("/students.json").etag()
        );
    }
    assert!(is_of(
        &accept(&server, "/more/", "text/html").is(200),
        "text/html"
    ));
    accept(&server, "/", "image/png").problem(406);
}

#[test]
fn a_problem_is_a_problem_whatever_is_accepted() {
    let server = server();
    for value in [
        BROWSER,
        "text/csv",
        "text/html",
        "image/png",
        "application/json",
    ] {
        accept(&server, "/nothing.json", value).problem(404);
        let fields = [
            format!("Accept: {value}"),
            "Content-Type: application/json".to_owned(),
        ];
        let fields = fields.each_ref().map(String::as_str);
        server
            .request("PUT", "/students.json/Da_Eun", &fields, "{")
            .problem(400);
    }
}

#[test]
fn every_json_body_ends_in_a_newline_pretty_or_not() {
    let server = server();
    for target in [
        "/",
        "/students.json",
        "/students.json?pretty",
        "/list.json?pretty",
        "/list.json?jsonpath=$",
        "/students.json?q=x",
        "/_/version",
        "/nothing",
    ] {
        let reply = server.get(target);
        assert!(
            reply.body.ends_with(b"\n") && !reply.body.ends_with(b"\n\n"),
            "{target}"
        );
    }
    let pretty = server.get("/deep.json?pretty").is(200);
    assert!(pretty.text().lines().count() > 4, "{}", pretty.text());
    assert_eq!(pretty.json(), server.json("/deep.json"));
}
