//! `Prefer`: the minimal answer to a write, and preferences that mean nothing here.
//!
//! *Source*: RFC 7240 §2.

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Server};

const GRADE: &str = "/students.json/Da_Eun/grade";
const MINIMAL: &str = "Prefer: return=minimal";

#[test]
fn every_write_can_be_answered_minimally() {
    let server = Server::start(Folder::school().with("n.json", "[{\"id\":1}]"), &[]);
    for (method, target, media_type, body, status) in [
        ("PUT", GRADE, JSON, "\"1\"", 204),
        ("PUT", GRADE, JSON, "\"1\"", 204),
        ("PUT", "/students.json/New", JSON, "{}", 201),
        ("PUT", "/new.json", JSON, "{}", 201),
        ("POST", "/students.json", JSON, "{\"Newer\":{}}", 201),
        ("POST", "/n.json", JSON, "{\"t\":1}", 201),
        ("POST", "/n.json", JSON, "[{\"t\":2},{\"t\":3}]", 201),
        ("PATCH", "/students.json/New", MERGE_PATCH, "{\"a\":1}", 204),
        (
            "PATCH",
            "/students.json/New",
            JSON_PATCH,
            "[{\"op\":\"remove\",\"path\":\"/a\"}]",
            204,
        ),
        (
            "PATCH",
            "/",
            JSON_PATCH,
            "[{\"op\":\"remove\",\"path\":\"/students.json/Newer\"}]",
            204,
        ),
        ("DELETE", "/students.json/New", JSON, "", 204),
    ] {
        let reply = server
            .request(method, target, &[media_type, MINIMAL], body)
            .is(status);
        assert!(reply.body.is_empty(), "{method} {target}: {}", reply.text());
        if status == 201 && !body.starts_with('[') {
            assert!(server.get(reply.need("Location")).status == 200);
        }
        if method == "PUT" {
            assert_eq!(
                reply.etag(),
                server.get(target).etag(),
                "the tag is good for the next write"
            );
        }
    }
    assert_eq!(
        server.body("/n.json"),
        "[{\"id\":1},{\"id\":2,\"t\":1},{\"id\":3,\"t\":2},{\"id\":4,\"t\":3}]\n"
    );
}

#[test]
fn the_preference_is_found_in_every_spelling() {
    let server = Server::school();
    for fields in [
        vec!["Prefer: return=minimal"],
        vec!["prefer: return=minimal"],
        vec!["Prefer: return=\"minimal\""],
        vec!["Prefer: return = minimal"],
        vec!["Prefer: return=minimal; foo=bar"],
        vec!["Prefer: respond-async, return=minimal"],
        vec!["Prefer: respond-async;wait=10 ,return=minimal"],
        vec!["Prefer: wait=100", "Prefer: return=minimal"],
        vec!["Prefer: unknown=\"a, return=representation\", return=minimal"],
        vec!["Prefer: return=minimal, return=representation"],
    ] {
        let all = [fields.as_slice(), &[JSON]].concat();
        let reply = server.request("PUT", GRADE, &all, "\"1\"");
        assert_eq!(reply.status, 204, "{fields:?}");
    }
}

#[test]
fn any_other_preference_changes_nothing() {
    let server = Server::school();
    for field in [
        "Prefer: return=representation",
        "Prefer: return=representation, return=minimal",
        "Prefer: respond-async",
        "Prefer: respond-async, wait=0",
        "Prefer: return=nothing",
        "Prefer: return",
        "Prefer: minimal",
        "Prefer: unknown=\"return=minimal\"",
        "Prefer: handling=strict",
        "Prefer:",
        "Prefer: ,,",
        "Prefer: \"",
    ] {
        let reply = server
            .request("PUT", GRADE, &[JSON, field], "\"1\"")
            .is(200);
        assert_eq!(reply.text(), "\"1\"\n", "{field}");
    }
}

#[test]
fn a_refusal_says_why_also_to_those_who_prefer_little() {
    let server = Server::school();
    server
        .request("PUT", GRADE, &[JSON, MINIMAL], "{")
        .problem(400);
    server
        .request("PUT", GRADE, &[JSON, MINIMAL, "If-Match: \"x\""], "1")
        .problem(412);
    server
        .request("PATCH", GRADE, &[MINIMAL, "Content-Type: text/csv"], "1")
        .problem(415);
    assert_eq!(
        server.ask_for(GRADE, &[MINIMAL]).is(200).text(),
        "\"3.9\"\n"
    );
    server
        .request("DELETE", "/students.json", &[MINIMAL], "")
        .is(300);
}

#[test]
fn the_answer_to_a_write_is_laid_out_when_it_is_asked_for() {
    let server = Server::school();
    let target = "/students.json/Da_Eun?pretty";
    let answer = server
        .request("PATCH", target, &[JSON], "{\"grade\":\"4.0\"}")
        .is(200);
    let read = server.get(target).is(200);
    assert!(answer.text().contains("\n\t\"grade\": \"4.0\""));
    assert_eq!(answer.text(), read.text());
    assert_eq!(answer.etag(), read.etag());
    let field = "/students.json/Da_Eun/grade";
    let answer = server
        .request("PUT", &format!("{field}?pretty"), &[JSON], "1")
        .is(200);
    assert_eq!(answer.etag(), server.get(field).is(200).etag());
    server
        .request("PUT", &format!("{field}?pretty=maybe"), &[JSON], "2")
        .problem(400);
    assert_eq!(server.body(field), "1\n");
}
