//! The HTTP door: message bodies. Media types, JSON that is refused and where, bounds, codings.

use serde_json::{Value, json};

use crate::support::{Folder, Server};

const GRADE: &str = "/students.json/Da_Eun/grade";
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

#[test]
fn malformed_json_is_400_with_line_and_column() {
    let server = Server::school();
    for (body, line, columns) in [
        ("{\"a\" 1}", 1, 5..=6),
        ("{\n  \"a\": tru\n}", 2, 8..=12),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n}", 4, 1..=1),
        ("[1,\r\n2,,3]", 2, 3..=3),
        ("[1, 2", 1, 5..=7),
        ("\"open", 1, 1..=7),
        ("{\"a\":1}x", 1, 8..=8),
        ("1 2", 1, 3..=3),
        ("01", 1, 1..=2),
        ("{'a':1}", 1, 2..=2),
    ] {
        let problem = server.put(GRADE, body).problem(400);
        assert_eq!(problem["line"], line, "{body:?}: {problem}");
        let column = problem["column"].as_u64().unwrap_or_default();
        assert!(
            columns.contains(&column),
            "{body:?}: column in {columns:?}, not {problem}"
        );
        let offset = problem["offset"].is_u64();
        assert!(
            offset || problem["detail"].as_str().unwrap().contains("offset"),
            "{problem}"
        );
    }
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn what_is_no_json_text_is_refused() {
    let server = Server::school();
    let long_number = format!("1{}", "0".repeat(1_024));
    for body in [
        "   ",
        "\n",
        "nul",
        "NaN",
        "Infinity",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "0x10",
        "True",
        "undefined",
        "[",
        "]",
        "[1,]",
        "{,}",
        "{\"a\":}",
        "{a:1}",
        "// x\n1",
        "/* */1",
        "\"\t\"",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12\"",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "[{\"b\":{\"c\":1,\"c\":1}}]",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "{\"\\ud800\":1}",
        "\u{a0}1",
        "1\u{feff}",
        &long_number,
    ] {
        let reply = server.put(GRADE, body);
        assert_eq!(reply.status, 400, "{body:?}");
        reply.problem(400);
    }
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn a_body_that_is_not_utf8_is_400() {
    let server = Server::school();
    for body in [
        &b"\"\xff\""[..],
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xe9\"",
        b"\xff\xfe\"\0a\0\"\0",
        b"\"abc\xe2\x82",
    ] {
        for method in ["PUT", "POST"] {
            let target = if method == "PUT" {
                GRADE
            } else {
                "/students.json"
            };
            let mut wire = server.connect();
            let head = format!(
                "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            wire.send([head.as_bytes(), body].concat());
            wire.reply().problem(400);
            wire.get(GRADE).is(200);
        }
    }
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn every_kind_of_json_is_taken() {
    let server = Server::school();
    let long_number = format!("1{}", "0".repeat(1_023));
    for body in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1.5e-7",
        "\"\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "{\"\":{\"\":[]}}",
        "[[[]]]",
        "\"\u{7f}\u{2028}\"",
        &long_number,
    ] {
        assert_eq!(server.put(GRADE, body).is(200).text(), format!("{body}\n"));
        assert_eq!(server.body(GRADE), format!("{body}\n"));
    }
    assert_eq!(
        server
            .put(GRADE, "\r\n\t [ 1 , \"a b\" ] \n")
            .is(200)
            .text(),
        "[1,\"a b\"]\n"
    );
}

#[test]
fn a_byte_order_mark_is_dropped() {
    let server = Server::school();
    assert_eq!(server.put(GRADE, "\u{feff}5").is(200).text(), "5\n");
}

#[test]
fn depth_is_bounded_and_measured_from_the_root_of_the_file() {
    let server = Server::school();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    server.put("/deep.json", &nested(128)).is(201);
    server.put("/deeper.json", &nested(129)).problem(400);
    server
        .put("/bottomless.json", &"[".repeat(1_000_000))
        .problem(400);
    server
        .put("/bottomless.json", &"{\"a\":".repeat(200_000))
        .problem(400);
    // Two levels stand above the grade.
    server.put(GRADE, &nested(126)).is(200);
    server.put(GRADE, &nested(127)).one_of(&[400, 422]);
    server.still_serves();
}

#[test]
fn a_media_type_that_is_not_json_is_415() {
    let server = Server::school();
    for media_type in [
        "application/xml",
        "text/html",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/json; charset=utf-16",
        "application/jsonx",
        "nonsense",
    ] {
        let field = format!("Content-Type: {media_type}");
        for (method, target, body) in [
            ("PUT", GRADE, "\"4\""),
            ("POST", "/students.json", "{\"n\":{}}"),
            ("PUT", "/n.json", "1"),
        ] {
            let reply = server.request(method, target, &[&field], body);
            assert_eq!(reply.status, 415, "{media_type} {method} {target}");
            reply.problem(415);
        }
    }
    server
        .request("PUT", GRADE, &["Content-Type: text/plain"], "\"4\"")
        .problem(415);
    assert!(!server.folder.file("n.json").exists());
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn json_is_known_by_its_names_and_without_one() {
    let server = Server::school();
    for (number, field) in [
        "Content-Type: application/json",
        "content-type:application/json",
        "Content-Type: application/json; charset=utf-8",
        "Content-Type: application/json;charset=\"UTF-8\"",
        "Content-Type: APPLICATION/JSON",
        "X-Nothing: no media type",
    ]
    .iter()
    .enumerate()
    {
        let reply = server.request("PUT", GRADE, &[field], &number.to_string());
        assert_eq!(reply.is(200).text(), format!("{number}\n"), "{field}");
    }
}

#[test]
fn the_form_type_of_curl_is_taken_as_json_when_the_body_is_json() {
    let server = Server::school();
    let form = "Content-Type: application/x-www-form-urlencoded";
    server.request("PUT", GRADE, &[form], "4.5").is(200);
    assert_eq!(server.body(GRADE), "4.5\n");
    server
        .request(
            "POST",
            "/students.json",
            &[form],
            "{\"X\":{\"grade\":\"4\"}}",
        )
        .is(201);
    server
        .request("PUT", GRADE, &[form], "no json")
        .one_of(&[400, 415]);
    for sign in [
        "Origin: http://localhost",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Mode: cors",
    ] {
        let status = server.request("PUT", GRADE, &[form, sign], "5").status;
        assert!((400..500).contains(&status), "{sign}: {status}");
    }
    assert_eq!(server.body(GRADE), "4.5\n");
}

#[test]
fn a_write_without_the_body_it_needs_is_400() {
    let server = Server::start(Folder::school().with("plain.json", "{\"a\":1}"), &[]);
    for target in [
        GRADE,
        "/students.json/Da_Eun",
        "/students.json/new",
        "/plain.json",
        "/new.json",
    ] {
        server.request("PUT", target, &[], "").problem(400);
        server
            .request("PUT", target, &["Content-Length: 0"], "")
            .problem(400);
        server
            .request("PUT", target, &["Content-Type: application/json"], "")
            .problem(400);
    }
    assert!(!server.folder.file("new.json").exists());
}

#[test]
fn a_body_of_16_mib_is_taken_and_a_longer_one_is_413() {
    let server = Server::school();
    let text = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 2));
    server.put("/big.json", &text).is(201);
    assert_eq!(
        server.get("/big.json").is(200).body.len(),
        BODY_BYTES_MAX + 1
    );
    let mut wire = server.connect();
    wire.send(format!(
        "PUT /bigger.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        BODY_BYTES_MAX + 1
    ));
    wire.reply().problem(413);
    server.get("/bigger.json").problem(404);
}

#[test]
fn get_and_delete_with_a_json_body_stay_in_step() {
    let server = Server::school();
    let mut wire = server.connect();
    let reply = wire.request(
        "GET",
        GRADE,
        &["Content-Type: application/json"],
        "{\"a\":1}",
    );
    assert!([200, 400].contains(&reply.status));
    wire.get(GRADE).is(200);
}

#[test]
fn every_json_reply_is_one_text_and_a_newline() {
    let server = Server::school();
    let replies = [
        server.get("/"),
        server.get("/students.json"),
        server.get("/_/version"),
        server.get("/missing.json"),
        server.put(GRADE, "\"4.0\""),
        server.put(GRADE, "{"),
        server.post("/students.json", "{\"a\":{},\"b\":{}}"),
        server.delete("/students.json/a"),
        server.request("POST", "/students.json", &["Accept: application/json"], ""),
    ];
    for reply in replies {
        assert!(
            reply.need("Content-Type").contains("json"),
            "{}",
            reply.head
        );
        let text = reply.text();
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
        let _: Value = reply.json();
    }
    assert_eq!(server.json("/students.json/b"), json!({}));
}
