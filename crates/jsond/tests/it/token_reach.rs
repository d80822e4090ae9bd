//! What answers tell the holder of a token that reaches a part only.

use serde_json::json;

use crate::support::keys::{Keys, bearer};
use crate::support::{Folder, JSON, JSON_PATCH, PATIENCE, Reply, Server, eventually};

fn patch(server: &Server, secret: &str, target: &str, body: &str) -> Reply {
    let authorization = bearer(secret);
    server.request("PATCH", target, &[&authorization, JSON_PATCH], body)
}

fn folder() -> Folder {
    Folder::school()
        .with("list.json", "[1, [9], \"secret\"]")
        .with("school/a.json", "{\"x\":{\"n\":1}}")
}

/// A token that reached one record got the whole file, or the listing of the root, as the answer to
/// a patch that touched nothing or only that record.
#[test]
fn the_answer_to_a_patch_of_parts_shows_nothing_of_the_whole() {
    let keys = Keys::new();
    let record = keys.make("record", "write", &["/students.json/Chan_Jin"]);
    let school = keys.make("school", "write", &["/school"]);
    let all = keys.make("all", "write", &[]);
    let server = keys.serve(folder(), &[]);
    for (secret, target) in [
        (&record, "/"),
        (&record, "/students.json"),
        (&school, "/"),
        (&record, "/list.json"),
    ] {
        patch(&server, secret, target, "[]").problem(403);
    }
    let test = r#"[{"op":"test","path":"/Chan_Jin/grade","value":"4.1"}]"#;
    let change = r#"[{"op":"replace","path":"/students.json/Chan_Jin/grade","value":"4.2"}]"#;
    for (secret, target, body) in [
        (&record, "/students.json", test),
        (&record, "/", change),
        (
            &school,
            "/",
            r#"[{"op":"add","path":"/school/a.json/y","value":{}}]"#,
        ),
    ] {
        let reply = patch(&server, secret, target, body).is(204);
        assert_eq!(
            (reply.text(), reply.field("etag")),
            ("", None),
            "{target} {body}"
        );
    }
    // Who reaches it all sees it all.
    let reply = patch(&server, &all, "/students.json", "[]").is(200);
    assert_eq!(reply.json()["Chan_Jin"]["grade"], "4.2", "{}", reply.text());
    let inside = patch(&server, &record, "/students.json/Chan_Jin", "[]").is(200);
    assert_eq!(inside.json()["grade"], "4.2");
}

#[test]
fn the_key_of_a_request_is_that_of_its_token() {
    let keys = Keys::new();
    let one = keys.make("one", "write", &["/school"]);
    let other = keys.make("other", "write", &["/students.json"]);
    let server = keys.serve(folder(), &[]);
    let post = |secret: &str, target: &str, body: &str| {
        let authorization = bearer(secret);
        let fields = [&*authorization, JSON, "Idempotency-Key: k"];
        server.request("POST", target, &fields, body)
    };
    post(&one, "/school/a.json", r#"{"new":{}}"#).is(201);
    post(&other, "/students.json", r#"{"New":{}}"#).is(201);
    for (secret, target, body) in [
        (&one, "/school/a.json", r#"{"new":{}}"#),
        (&other, "/students.json", r#"{"New":{}}"#),
    ] {
        let again = post(secret, target, body).is(201);
        assert_eq!(again.json(), json!({}), "the answer to the first");
    }
    post(&one, "/school/a.json", r#"{"third":{}}"#).problem(422);
}

/// A token that stood where a path belongs was printed as a path that is none.
#[test]
fn a_file_of_tokens_that_is_malformed_puts_none_of_its_words_into_the_log() {
    let keys = Keys::new();
    let secret = keys.make("kim", "read", &[]);
    let server = keys.serve(folder(), &[]);
    let text = std::fs::read_to_string(keys.file()).unwrap();
    let digest = text.split_whitespace().last().unwrap();
    let misplaced = format!("{text}lee read {secret} {digest}\nlee {secret} {digest}\n{secret}\n");
    for line in misplaced.lines().skip(1) {
        std::fs::write(keys.file(), format!("{text}{line}\n")).unwrap();
        server.signal("HUP");
        let shown = || {
            server
                .stderr()
                .matches("the tokens stay as they were")
                .count()
        };
        let before = shown();
        eventually("it is said", PATIENCE, || (shown() > before).then_some(()));
    }
    assert!(!server.stderr().contains(&secret), "{}", server.stderr());
    server.request("GET", "/", &[&bearer(&secret)], "").is(200);
}
