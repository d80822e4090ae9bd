//! Pages of strangers: a foreign Host, a foreign Origin, forms. They change nothing, over HTTP/1.1
//! and HTTP/2, and read nothing that a browser would hand on.

use http::Request;

use crate::support::http2::{Http2, full, run};
use crate::support::{Folder, JSON, Reply, STUDENTS, Server};

const GRADE: &str = "/students.json/Da_Eun/grade";

/// Each method that changes something, with a target and a body that it would take.
const CHANGES: [(&str, &str, &str, &str); 5] = [
    ("PUT", GRADE, JSON, "\"4.0\""),
    ("PUT", "/new.json", JSON, "{}"),
    (
        "POST",
        "/students.json",
        JSON,
        "{\"A_B\":{\"grade\":\"1.0\"}}",
    ),
    (
        "PATCH",
        "/",
        "Content-Type: application/json-patch+json",
        "[{\"op\":\"remove\",\"path\":\"/students.json/Da_Eun\"}]",
    ),
    ("DELETE", "/students.json/Da_Eun", JSON, ""),
];

fn raw(server: &Server, method: &str, target: &str, fields: &[&str], body: &str) -> Reply {
    let mut wire = server.connect();
    let length = format!("Content-Length: {}", body.len());
    let fields = [fields, &[&length]].concat().join("\r\n");
    wire.send(format!(
        "{method} {target} HTTP/1.1\r\n{fields}\r\n\r\n{body}"
    ));
    wire.reply()
}

#[track_caller]
fn unchanged(server: &Server) {
    let folder = &server.folder;
    assert_eq!(folder.text("students.json"), STUDENTS);
    assert!(!folder.file("new.json").exists());
    assert_eq!(server.json(GRADE), "3.9");
    server.get("/new.json").is(404);
}

#[track_caller]
fn refused(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let problem = reply.json();
    assert_eq!(problem["type"], format!("/_/docs/problems.md#{kind}"));
    assert_eq!(problem["status"], status);
    assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.field("access-control-allow-origin"), None);
}

#[test]
fn a_request_for_another_host_is_421_and_changes_nothing() {
    let server = Server::school();
    for host in [
        "evil.example",
        "localhost.evil.example:12345",
        "127.0.0.1.evil.example",
        "192.168.0.7",
        "0.0.0.0:12345",
        "[::2]",
    ] {
        let field = format!("Host: {host}");
        for (method, target, media, body) in CHANGES {
            let reply = raw(&server, method, target, &[&field, media], body);
            refused(&reply, 421, "misdirected-request");
        }
        for method in ["GET", "OPTIONS", "QUERY", "BREW"] {
            let reply = raw(&server, method, "/students.json", &[&field], "");
            refused(&reply, 421, "misdirected-request");
        }
        // The host of an absolute target counts, and one that is ours beside it does not mend it.
        let target = format!("http://{host}{GRADE}");
        let reply = raw(&server, "GET", &target, &["Host: localhost"], "");
        assert!(matches!(reply.status, 400 | 421), "{}", reply.status);
    }
    unchanged(&server);
    for host in [
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1",
        "[::1]:12345",
        "a.localhost",
    ] {
        let reply = raw(&server, "GET", GRADE, &[&format!("Host: {host}")], "");
        assert_eq!(reply.status, 200, "{host}");
    }
}

#[test]
fn a_name_that_was_given_is_answered_for() {
    let flags = ["--name", "school.example", "--name", "[2001:db8::1]"];
    let server = Server::start(Folder::school(), &flags);
    for host in [
        "school.example",
        "School.Example.:80",
        "[2001:db8::1]:1",
        "localhost",
    ] {
        let reply = raw(&server, "GET", GRADE, &[&format!("Host: {host}")], "");
        assert_eq!(reply.status, 200, "{host}");
    }
    let reply = raw(&server, "GET", GRADE, &["Host: a.school.example"], "");
    refused(&reply, 421, "misdirected-request");
}

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let server = Server::school();
    let port = server.address().port();
    let host = format!("Host: localhost:{port}");
    for signs in [
        vec!["Origin: http://evil.example".to_owned()],
        vec!["Origin: null".to_owned()],
        vec![format!("Origin: https://localhost:{port}")],
        vec![format!("Origin: http://127.0.0.1:{port}")],
        vec!["Origin: http://localhost:1".to_owned()],
        vec!["Sec-Fetch-Site: cross-site".to_owned()],
        vec![
            format!("Origin: http://localhost:{port}"),
            "Sec-Fetch-Site: cross-site".to_owned(),
        ],
    ] {
        let signs: Vec<_> = signs.iter().map(String::as_str).collect();
        for (method, target, media, body) in CHANGES {
            let fields = [&[host.as_str(), media], &signs[..]].concat();
            refused(
                &raw(&server, method, target, &fields, body),
                403,
                "foreign-page",
            );
            let coded = [&fields[..], &["Content-Encoding: gzip"]].concat();
            refused(
                &raw(&server, method, target, &coded, body),
                403,
                "foreign-page",
            );
        }
        let reply = raw(
            &server,
            "GET",
            GRADE,
            &[&[host.as_str()], &signs[..]].concat(),
            "",
        );
        assert_eq!(
            (reply.status, reply.field("access-control-allow-origin")),
            (200, None)
        );
    }
    unchanged(&server);
    let own = format!("Origin: http://localhost:{port}");
    let fields = [&host, &own, "Sec-Fetch-Site: same-origin", JSON];
    assert_eq!(raw(&server, "PUT", GRADE, &fields, "\"4.0\"").status, 200);
}

#[test]
fn a_page_is_refused_before_its_body_is_read() {
    let server = Server::school();
    for (field, status) in [
        ("Host: evil.example", 421),
        ("Origin: http://evil.example", 403),
    ] {
        let host = if status == 421 {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let mut wire = server.connect();
        wire.send(format!(
            "PUT {GRADE} HTTP/1.1\r\n{host}{field}\r\n{JSON}\r\nContent-Length: 5\r\n\
             Expect: 100-continue\r\n\r\n"
        ));
        assert_eq!(wire.reply().status, status, "no 100 comes before");
    }
    unchanged(&server);
}

#[test]
fn a_form_from_a_browser_changes_nothing() {
    let server = Server::school();
    let own = format!("Origin: http://localhost:{}", server.address().port());
    let host = format!("Host: localhost:{}", server.address().port());
    let text = "A_B 20201234 3.0 design";
    let json = "{\"A_B\":{\"grade\":\"1.0\"}}";
    let form = "key=A_B&student_number=20201234&grade=3.0&department=design";
    for (media, body) in [
        ("Content-Type: text/plain", text),
        ("Content-Type: text/plain;charset=UTF-8", json),
        ("Content-Type: application/x-www-form-urlencoded", form),
        ("Content-Type: application/x-www-form-urlencoded", json),
        ("Content-Type: multipart/form-data; boundary=x", "--x--"),
    ] {
        for sign in [
            own.as_str(),
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: navigate",
        ] {
            let reply = raw(
                &server,
                "POST",
                "/students.json",
                &[&host, media, sign],
                body,
            );
            refused(&reply, 403, "foreign-page");
        }
    }
    unchanged(&server);
    // curl says of everything that it is a form.
    let media = "Content-Type: application/x-www-form-urlencoded";
    assert_eq!(
        raw(&server, "POST", "/students.json", &[&host, media], json).status,
        201
    );
}

#[test]
fn a_page_that_was_named_reads_and_writes() {
    let flags = ["--cors", "http://localhost:5173"];
    let server = Server::start(Folder::school(), &flags);
    let (host, origin) = ("Host: localhost", "Origin: http://localhost:5173");
    let ask = [
        host,
        origin,
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: content-type",
    ];
    let leave = raw(&server, "OPTIONS", GRADE, &ask, "");
    assert_eq!(leave.status, 204);
    let allowed = leave.field("access-control-allow-methods").unwrap();
    assert!(allowed.split(", ").any(|it| it == "PUT"), "{allowed}");
    assert_eq!(
        leave.field("access-control-allow-headers"),
        Some("content-type")
    );
    assert_eq!(
        leave.field("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    for (method, target, body, status) in [
        ("PUT", GRADE, "\"4.0\"", 200),
        ("GET", GRADE, "", 200),
        ("GET", "/missing.json", "", 404),
        ("PUT", GRADE, "{", 400),
    ] {
        let fields = [host, origin, JSON, "Sec-Fetch-Site: cross-site"];
        let reply = raw(&server, method, target, &fields, body);
        assert_eq!(reply.status, status, "{method} {target}");
        let told = reply.field("access-control-allow-origin");
        assert_eq!(told, Some("http://localhost:5173"), "{method} {target}");
        let vary = reply.need("vary");
        assert!(vary.split(", ").any(|it| it == "Origin"), "{vary}");
    }
    let foreign = ["Host: localhost", "Origin: http://evil.example", ask[2]];
    refused(
        &raw(&server, "OPTIONS", GRADE, &foreign, ""),
        403,
        "foreign-page",
    );
}

#[test]
fn http2_knows_the_same_rules() {
    let server = Server::school();
    let port = server.address().port();
    let ours = format!("localhost:{port}");
    for (authority, fields, status) in [
        ("evil.example", vec![], 421),
        (&*ours, vec![("origin", "http://evil.example")], 403),
        (&*ours, vec![("sec-fetch-site", "cross-site")], 403),
        (&*ours, vec![("origin", "null")], 403),
    ] {
        for (method, target, media, body) in CHANGES {
            let mut request = Request::builder()
                .method(method)
                .uri(format!("http://{authority}{target}"))
                .header("content-type", media.split(": ").nth(1).unwrap());
            for (name, value) in &fields {
                request = request.header(*name, *value);
            }
            let request = request.body(full(body.to_owned())).unwrap();
            let answer = run(async { Http2::open(server.address()).await.send(request).await });
            assert_eq!(answer.status(), status, "{method} {authority} {fields:?}");
        }
    }
    unchanged(&server);
}

#[test]
fn words_that_are_no_host_and_no_origin_are_refused_at_the_start() {
    for flags in [
        ["--name", "school.example:80"],
        ["--name", "http://school.example"],
        ["--name", ""],
        ["--cors", "localhost"],
        ["--cors", "http://localhost:5173/"],
    ] {
        let output = crate::support::run_to_end(&["serve", flags[0], flags[1]]);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
    }
}
