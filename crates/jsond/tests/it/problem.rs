//! Every refusal is a problem detail whose type leads to a page of the server itself.
//!
//! *Source*: RFC 9457 §3.1.

use std::collections::BTreeSet;

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Reply, Server, render};

fn server() -> Server {
    let folder = Folder::school()
        .with("plain.json", "[1]")
        .with("broken.json", "{\n  \"a\": tru\n}")
        .with("posts.json", "[{\"id\":1}]");
    Server::start(folder, &[])
}

/// Holds a refusal to everything that is said of problems.
#[track_caller]
fn check(server: &Server, reply: Reply, status: u16, path: &str) -> String {
    let shown = format!("{path}: {}", reply.text());
    let problem = reply.problem(status);
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let detail = text("detail");
    assert!(
        detail.len() > 15 && detail.ends_with('.'),
        "a sentence: {shown}"
    );
    assert!(
        detail.starts_with(|letter: char| !letter.is_lowercase()),
        "a sentence: {shown}"
    );
    assert_eq!(text("instance"), path, "{shown}");
    let folder = server.folder.path().to_str().unwrap();
    let shown = problem.to_string();
    for secret in [folder, "panicked", ".rs:", "src/", "/root", "/home"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    check_type(server, &text("type"), &text("title"));
    text("type")
}

/// The type leads to a heading of a page that the server has, and the section has its title.
#[track_caller]
fn check_type(server: &Server, name: &str, title: &str) {
    let (page, anchor) = name
        .split_once('#')
        .unwrap_or_else(|| panic!("{name} leads into a page"));
    assert!(page.starts_with('/'), "{name} is below this server");
    let text = server.body(page);
    let heading = format!("\n## {anchor}\n");
    let section = text
        .split_once(&heading)
        .unwrap_or_else(|| panic!("no {anchor} in {page}"))
        .1;
    let section = section.split("\n## ").next().unwrap();
    let plain = |text: &str| text.to_lowercase().trim_end_matches('.').to_owned();
    assert!(
        plain(section).contains(&plain(title)),
        "{title} in {section}"
    );
}

/// Method, target, fields, body and the status of refusals at the HTTP door.
type Refusal = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    u16,
);

const REFUSALS: [Refusal; 44] = [
    ("GET", "/nothing.json", &[], "", 404),
    ("GET", "/students.json/Nobody", &[], "", 404),
    ("GET", "/students.json/Da_Eun/grade/x", &[], "", 404),
    ("GET", "/_/nothing", &[], "", 404),
    ("GET", "/broken.json", &[], "", 500),
    ("PUT", "/broken.json", &[JSON], "{}", 409),
    ("PATCH", "/broken.json", &[MERGE_PATCH], "{}", 409),
    ("GET", "/students.json?_nothing=1", &[], "", 400),
    ("GET", "/students.json?a:bigger=1", &[], "", 400),
    ("GET", "/students.json?_limit=x", &[], "", 400),
    ("GET", "/students.json?jsonpath=$[", &[], "", 400),
    ("GET", "/students.json/Da_Eun?grade=1", &[], "", 400),
    ("GET", "/students.json?grade:matches=(", &[], "", 400),
    ("GET", "/students.json/%zz", &[], "", 400),
    ("GET", "/students.json/%ff", &[], "", 400),
    ("GET", "/students.json", &["Accept: image/png"], "", 406),
    ("GET", "/students.json", &["Range: bytes=9999-"], "", 416),
    ("GET", "/students.json", &["If-Match: \"x\""], "", 412),
    ("PUT", "/students.json/Da_Eun", &[JSON], "{", 400),
    ("PUT", "/students.json/Da_Eun", &[JSON], "", 400),
    (
        "PUT",
        "/students.json/Da_Eun",
        &[JSON],
        "{\"a\":1,\"a\":2}",
        400,
    ),
    (
        "PUT",
        "/students.json/Da_Eun",
        &[JSON, "Content-Encoding: gzip"],
        "{}",
        400,
    ),
    (
        "PUT",
        "/students.json/Da_Eun",
        &[JSON, "Content-Encoding: zstd"],
        "{}",
        415,
    ),
    (
        "PUT",
        "/students.json/Da_Eun",
        &["Content-Type: text/xml"],
        "<a/>",
        415,
    ),
    (
        "PUT",
        "/students.json/Da_Eun",
        &["Content-Type: application/json; charset=latin1"],
        "{}",
        415,
    ),
    ("PUT", "/students.json/Nobody/x", &[JSON], "1", 404),
    ("PUT", "/students.json/Da_Eun/grade/x", &[JSON], "1", 409),
    (
        "PUT",
        "/students.json/Da_Eun",
        &[JSON, "If-None-Match: *"],
        "{}",
        412,
    ),
    ("PUT", "/posts.json/1", &[JSON], "{\"id\":2}", 409),
    ("PUT", "/", &[JSON], "{}", 405),
    ("POST", "/students.json", &[JSON], "{\"Da_Eun\":{}}", 409),
    ("POST", "/students.json", &[JSON], "{\"New\":1}", 422),
    (
        "POST",
        "/students.json",
        &["Content-Type: text/plain"],
        "one two",
        400,
    ),
    ("POST", "/students.json/Da_Eun/grade", &[JSON], "1", 405),
    (
        "PATCH",
        "/students.json",
        &[JSON_PATCH],
        "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]",
        409,
    ),
    (
        "PATCH",
        "/students.json",
        &["Content-Type: text/plain"],
        "{}",
        415,
    ),
    ("PATCH", "/nothing.json", &[MERGE_PATCH], "{}", 404),
    ("DELETE", "/plain.json", &[], "", 428),
    ("DELETE", "/plain.json", &["If-Match: \"x\""], "", 412),
    ("DELETE", "/students.json/Nobody", &[], "", 404),
    (
        "QUERY",
        "/students.json",
        &["Content-Type: text/plain"],
        "$",
        415,
    ),
    (
        "QUERY",
        "/students.json",
        &["Content-Type: application/jsonpath"],
        "$[",
        400,
    ),
    ("BREW", "/students.json", &[], "", 501),
    ("GET", "/students.json", &["Expect: coffee"], "", 417),
];

#[test]
fn every_refusal_is_a_whole_problem_and_keeps_the_connection() {
    let server = server();
    let mut types = BTreeSet::new();
    for (method, target, fields, body, status) in REFUSALS {
        let mut wire = server.connect();
        let mut bytes = render(method, target, fields, body.as_bytes());
        if status == 417 {
            bytes = render(method, target, fields, b"");
        }
        wire.send(bytes);
        let reply = wire.final_reply();
        let kept = reply.field("Connection") != Some("close");
        let path = target.split('?').next().unwrap();
        assert_eq!(
            reply.status,
            status,
            "{method} {target} {fields:?} {body}: {}",
            reply.text()
        );
        types.insert(check(&server, reply, status, path));
        if status != 417 {
            assert!(
                kept,
                "{method} {target}: the framing is in order, so the connection stays"
            );
            wire.get("/students.json/Da_Eun/grade").is(200);
        }
    }
    assert!(
        types.len() > 15,
        "a type for each kind of problem: {types:?}"
    );
    assert_eq!(server.body("/students.json/Da_Eun/grade"), "\"3.9\"\n");
}

#[test]
fn a_request_that_cannot_be_read_is_a_problem_too() {
    let server = server();
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n".to_owned(),
            400,
        ),
        (
            format!(
                "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "x".repeat(9000)
            ),
            414,
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
                "x".repeat(70_000)
            ),
            431,
        ),
        (
            "PUT /students.json/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
                .to_owned(),
            413,
        ),
    ] {
        let mut wire = server.connect();
        wire.send_if_read(bytes.as_bytes());
        let reply = wire.reply();
        let problem = reply.problem(status);
        check_type(
            &server,
            problem["type"].as_str().unwrap(),
            problem["title"].as_str().unwrap(),
        );
    }
    server.still_serves();
}

#[test]
fn a_problem_points_at_the_place_where_that_helps() {
    let server = server();
    let syntax = server
        .put("/students.json/Da_Eun", "{\"a\":\n  tru}")
        .problem(400);
    assert_eq!(
        (&syntax["line"], &syntax["column"]),
        (&2.into(), &6.into()),
        "{syntax}"
    );
    let broken = server.get("/broken.json").problem(500);
    assert_eq!(broken["line"], 2, "{broken}");
    assert!(
        broken["column"].as_u64().is_some_and(|column| column > 5),
        "{broken}"
    );
    let allowed = server.put("/", "{}").problem(405);
    assert!(allowed["allowed"].to_string().contains("GET"), "{allowed}");
    let patch =
        r#"[{"op":"test","path":"/Da_Eun/grade","value":"3.9"},{"op":"remove","path":"/Nobody"}]"#;
    let failed = server.json_patch("/students.json", patch).problem(409);
    assert!(
        failed.to_string().contains("/Nobody"),
        "the place of the operation: {failed}"
    );
    let query = server
        .select("/students.json", "$.Da_Eun[?@.a ==]")
        .problem(400);
    assert!(query.to_string().len() > 100, "{query}");
    let unknown = server.get("/students.json?_nothing=1").problem(400);
    assert!(
        unknown["detail"].as_str().unwrap().contains("_nothing"),
        "{unknown}"
    );
    let operator = server.get("/students.json?grade:bigger=1").problem(400);
    assert!(
        operator["detail"].as_str().unwrap().contains("bigger"),
        "{operator}"
    );
}

#[test]
fn what_a_client_sent_is_escaped_in_a_problem() {
    let server = server();
    let reply = server.get("/students.json/%22%0a%3Cscript%3E%E2%80%AE");
    let problem = reply.clone().problem(404);
    assert!(problem["instance"].is_string(), "{problem}");
    assert!(
        !reply.body[..reply.body.len() - 1].contains(&b'\n'),
        "{}",
        reply.text()
    );
    assert!(!reply.head.contains("script"), "{}", reply.head);
}

#[test]
fn head_of_a_refusal_has_the_fields_of_the_problem_and_no_body() {
    let server = server();
    for target in ["/nothing.json", "/students.json?_nothing=1", "/broken.json"] {
        let get = server.get(target);
        let mut wire = server.connect();
        let head = wire.request("HEAD", target, &[], "");
        assert_eq!(
            (head.status, head.lasting_fields()),
            (get.status, get.lasting_fields())
        );
        wire.get("/plain.json").is(200);
    }
}
