//! The HTTP door: which methods a resource has, in which order a request is judged, the listings and
//! jsond's own resources.

use serde_json::{Value, json};

use crate::support::{Folder, STUDENTS, Server};

const DA_EUN: &str =
    "{\"student_number\":\"20185678\",\"grade\":\"3.9\",\"department\":\"design\"}\n";

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[test]
fn options_says_what_is_allowed() {
    let server = Server::school();
    for (target, allowed) in [
        (
            "/students.json",
            vec!["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE"],
        ),
        (
            "/students.json/Da_Eun",
            vec!["GET", "HEAD", "OPTIONS", "PUT", "DELETE"],
        ),
        (
            "/students.json/Da_Eun/grade",
            vec!["GET", "HEAD", "OPTIONS", "PUT", "DELETE"],
        ),
    ] {
        let reply = server.request("OPTIONS", target, &[], "").is(204);
        let allow: Vec<_> = reply.need("Allow").split(", ").collect();
        for method in allowed {
            assert!(allow.contains(&method), "{method} on {target}: {allow:?}");
        }
    }
    let field = server.request("OPTIONS", "/students.json/Da_Eun/grade", &[], "");
    assert!(
        !field
            .need("Allow")
            .split(", ")
            .any(|method| method == "POST")
    );
    server.request("OPTIONS", "*", &[], "").one_of(&[200, 204]);
    server
        .request("OPTIONS", "/missing.json", &[], "")
        .one_of(&[204, 404]);
}

#[test]
fn a_method_that_does_not_fit_is_405_with_allow_and_an_unknown_one_501() {
    let server = Server::start(Folder::school().with("plain.json", "{\"a\":1}"), &[]);
    for (method, target) in [
        ("POST", "/students.json/Da_Eun"),
        ("POST", "/students.json/Da_Eun/grade"),
        ("POST", "/plain.json"),
        ("POST", "/plain.json/a"),
        ("PUT", "/"),
        ("DELETE", "/"),
        ("POST", "/_/version"),
        ("DELETE", "/_/health/live"),
        ("TRACE", "/students.json"),
    ] {
        let reply = server.request(
            method,
            target,
            &["Content-Type: application/json"],
            "{\"k\":{}}",
        );
        assert_eq!(reply.status, 405, "{method} {target}\n{}", reply.text());
        assert!(reply.need("Allow").contains("GET"), "{method} {target}");
        reply.problem(405);
    }
    for method in ["BREW", "get", "PROPFIND", "X"] {
        server
            .request(method, "/students.json", &[], "")
            .problem(501);
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn a_refusal_keeps_the_connection_where_the_framing_allows() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.get("/missing.json").problem(404);
    wire.request(
        "PUT",
        "/students.json/Da_Eun",
        &["Content-Type: application/json"],
        "{",
    )
    .problem(400);
    wire.request(
        "PUT",
        "/students.json/Da_Eun",
        &["Content-Type: text/html"],
        "<p>",
    )
    .problem(415);
    wire.request("BREW", "/students.json", &[], "some body")
        .problem(501);
    wire.request("POST", "/students.json/Da_Eun/grade", &[], "{}")
        .problem(405);
    assert_eq!(wire.get("/students.json/Da_Eun").is(200).text(), DA_EUN);
}

#[test]
fn validation_has_its_order() {
    let server = Server::school();
    let wrong_type = "Content-Type: application/xml";
    let json = "Content-Type: application/json";
    let mismatch = "If-Match: \"nothing\"";
    let check = |method: &str, target: &str, fields: &[&str], body: &str, status: u16| {
        let reply = server.request(method, target, fields, body);
        assert_eq!(
            reply.status,
            status,
            "{method} {target} {fields:?}\n{}",
            reply.text()
        );
    };
    check("BREW", "/missing.json", &[wrong_type, mismatch], "{", 501);
    check(
        "POST",
        "/students.json/Da_Eun/grade",
        &[wrong_type, mismatch],
        "{",
        405,
    );
    check(
        "PUT",
        "/students.json/Da_Eun/grade",
        &[wrong_type, mismatch],
        "{",
        415,
    );
    check(
        "PUT",
        "/students.json/Nobody/grade",
        &[json, mismatch],
        "{",
        400,
    );
    check(
        "PUT",
        "/students.json/Nobody/grade",
        &[json, mismatch],
        "1",
        404,
    );
    check(
        "PUT",
        "/students.json/Da_Eun/grade",
        &[json, mismatch],
        "1",
        412,
    );
    check(
        "PUT",
        "/students.json/Da_Eun/grade/x",
        &[json, mismatch],
        "1",
        412,
    );
    check("PUT", "/students.json/Da_Eun/grade/x", &[json], "1", 409);
    let mut wire = server.connect();
    wire.send(
        "PUT /students.json/Nobody/grade HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/xml\r\nContent-Length: 999999999\r\n\r\n",
    );
    wire.reply().is(415);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn the_root_lists_files_with_kind_records_bytes_and_tag() {
    let folder = Folder::school()
        .with("posts.json", "[{\"id\":1},{\"id\":2}]")
        .with("plain.json", "5")
        .with("notes.txt", "no")
        .with(".hidden.json", "{}")
        .with("school/class.json", "{}");
    let server = Server::start(folder, &[]);
    let reply = server.get("/").is(200);
    assert_eq!(reply.need("Content-Type"), "application/json");
    let listing = reply.json();
    let names: Vec<_> = listing
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        names.contains(&"students.json") && names.contains(&"posts.json"),
        "{names:?}"
    );
    assert!(
        names
            .iter()
            .any(|name| name.trim_end_matches('/') == "school"),
        "{names:?}"
    );
    assert_eq!(names.len(), 4, "nothing that is not served: {names:?}");
    let students = &listing["students.json"];
    assert_eq!(students["records"], 3, "{students}");
    assert!(
        students["kind"].is_string() && students["bytes"].is_u64(),
        "{students}"
    );
    let tag = server.get("/students.json").etag();
    assert_eq!(
        students["etag"].as_str().unwrap().trim_matches('"'),
        tag.trim_matches('"')
    );
    assert_eq!(listing["posts.json"]["records"], 2);
    server.delete("/students.json/Da_Eun").is(200);
    assert_eq!(server.json("/")["students.json"]["records"], 2);
}

#[test]
fn a_sub_folder_lists_its_files_and_needs_its_slash() {
    let folder = Folder::school()
        .with("school/class.json", "{\"1a\":{}}")
        .with("school/in/x.json", "1");
    let server = Server::start(folder, &[]);
    let moved = server.get("/school").is(308);
    assert_eq!(moved.need("Location"), "/school/");
    let listing = server.json("/school/");
    assert_eq!(listing["class.json"]["records"], 1, "{listing}");
    assert_eq!(listing.as_object().unwrap().len(), 2, "{listing}");
    assert_eq!(server.json("/school/class.json"), json!({"1a": {}}));
    assert_eq!(server.json("/school/in/x.json"), 1);
    server.put("/school/new.json", "{}").is(201);
    server.folder.holds("school/new.json", &json!({}));
    for method in ["PUT", "POST", "DELETE"] {
        server.request(method, "/school/", &[], "{}").is(405);
    }
}

#[test]
fn the_own_resources_answer() {
    let server = Server::school();
    server.get("/_/health/live").is(200);
    server.get("/_/health/ready").is(200);
    let version = server.get("/_/version").is(200);
    assert_eq!(version.need("Content-Type"), "application/json");
    assert_eq!(
        version.json(),
        json!({"name": "jsond", "version": env!("CARGO_PKG_VERSION")})
    );
    assert!(version.body.ends_with(b"\n"));
    server.get("/_/nothing").problem(404);
    server.get("/_/").problem(404);
    server.get("/_").problem(404);
    server.put("/_/x.json", "{}").one_of(&[404, 405]);
    assert!(!server.folder.file("_").exists());
}
