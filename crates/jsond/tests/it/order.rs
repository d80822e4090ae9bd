//! The HTTP door: which refusal comes first when a request deserves several, and that a repeat is
//! answered before anything is refused.

use crate::support::{Folder, Server};

const WORDS: &str = "Content-Type: text/plain";
const OTHER: &str = "If-Match: \"0\"";

fn server() -> Server {
    let folder = Folder::empty()
        .with("object.json", "{\"a\": {\"n\": 1}}\n")
        .with("array.json", "[{\"id\": 1}]\n");
    Server::start(folder, &[])
}

/// What a POST adds was judged before the precondition.
#[test]
fn a_failed_precondition_comes_before_what_is_wrong_with_the_value() {
    let server = server();
    for (target, body) in [
        ("/object.json", "5"),
        ("/object.json", "[1]"),
        ("/object.json", "{\"b\":1}"),
        ("/array.json", "5"),
        ("/array.json", "{\"id\":1}"),
    ] {
        server.request("POST", target, &[OTHER], body).problem(412);
        server.post(target, body).one_of(&[409, 422]);
    }
}

/// An empty body was refused only where the parent was there.
#[test]
fn an_empty_body_is_told_before_a_missing_parent() {
    let server = server();
    for target in ["/object.json/b/c/d", "/object.json/b", "/none.json/a/b"] {
        server.request("PUT", target, &[OTHER], "").problem(400);
        server.request("PUT", target, &[], "1").one_of(&[201, 404]);
    }
}

/// The collection was looked at before the key: after its removal a repeat was a 404.
#[test]
fn a_repeat_gets_its_first_answer_although_it_could_not_be_made_any_more() {
    let server = server();
    let key = |name: &str| format!("Idempotency-Key: {name}");
    let json = server.request("POST", "/object.json", &[&key("a")], r#"{"b":{}}"#);
    let words = server.request("POST", "/object.json", &[&key("b"), WORDS], "c 1");
    assert_eq!((json.status, words.status), (201, 201));
    let all = ["If-Match: *"];
    server.request("DELETE", "/object.json", &all, "").is(200);
    let again = server.request("POST", "/object.json", &[&key("a")], r#"{"b":{}}"#);
    assert_eq!(again.is(201).body, json.body);
    let again = server.request("POST", "/object.json", &[&key("b"), WORDS], "c 1");
    assert_eq!(again.is(201).body, words.body);
    server
        .request("POST", "/object.json", &[&key("a")], r#"{"d":{}}"#)
        .problem(422);
    server
        .request("POST", "/object.json", &[&key("c")], r#"{"d":{}}"#)
        .problem(404);
}

/// A text without anything to lay out had another tag with `?pretty`.
#[test]
fn equal_bytes_have_equal_tags_with_and_without_layout() {
    let server = server();
    for target in ["/object.json/a/n", "/array.json/1/id"] {
        let (plain, pretty) = (server.get(target), server.get(&format!("{target}?pretty")));
        assert_eq!(plain.body, pretty.body);
        assert_eq!(plain.etag(), pretty.etag());
    }
    let (plain, pretty) = (server.get("/array.json"), server.get("/array.json?pretty"));
    assert_ne!(plain.body, pretty.body);
    assert_ne!(plain.etag(), pretty.etag());
}
