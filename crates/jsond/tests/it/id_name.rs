//! `--id`: arrays whose records are identified by another member than `id`.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Folder, JSON_PATCH, MERGE_PATCH, Server, run_to_end};

const POSTS: &str = "[\n\t{\"slug\": \"hello\", \"id\": 1, \"n\": 3},\n\t{\"n\": 4, \"slug\": \"a b\", \"id\": 1},\n\t{\"slug\": 7}\n]\n";

fn with(text: &str, flags: &[&str]) -> Server {
    Server::start(Folder::empty().with("posts.json", text), flags)
}

fn posts() -> Server {
    with(POSTS, &["--id", "posts=slug"])
}

#[test]
fn a_record_is_named_by_its_slug() {
    let server = posts();
    assert_eq!(
        server.body("/posts.json/hello"),
        "{\"slug\":\"hello\",\"id\":1,\"n\":3}\n"
    );
    assert_eq!(server.body("/posts/a%20b/n"), "4\n");
    assert_eq!(server.body("/posts.json/7"), "{\"slug\":7}\n");
    for absent in ["0", "1", "2", "-", "7.0", "Hello"] {
        server.get(&format!("/posts.json/{absent}")).problem(404);
    }
    let listing = server.json("/");
    assert_eq!(listing["posts.json"]["kind"], "collection");
    assert_eq!(listing["posts.json"]["records"], 3);
    // Without the flag the ids are not distinct, and tokens are indices.
    let plain = with(POSTS, &[]);
    assert_eq!(plain.json("/")["posts.json"]["kind"], "array");
    assert_eq!(plain.body("/posts.json/1/n"), "4\n");
    plain.get("/posts.json/hello").problem(404);
}

#[test]
fn post_takes_or_makes_slugs() {
    let server = with(r#"[{"slug":3,"id":9}]"#, &["--id", "posts=slug"]);
    let reply = server.post("/posts.json", "{\"id\":1}").is(201);
    assert_eq!(reply.need("Location"), "/posts.json/4");
    assert_eq!(server.body("/posts.json/4"), "{\"slug\":4,\"id\":1}\n");
    let reply = server
        .post("/posts.json", "[{\"slug\":\"x\"},{\"id\":1}]")
        .is(201);
    let locations = reply.json();
    assert_eq!(locations[0], "/posts.json/x");
    let made = locations[1].as_str().unwrap().to_owned();
    assert_eq!(made.len(), "/posts.json/".len() + 36, "a UUID: {made}");
    assert_eq!(server.json(&made)["id"], 1);
    server.post("/posts.json", "{\"slug\":\"x\"}").problem(409);
    server
        .post("/posts.json", "[{\"slug\":\"y\"},{\"slug\":\"y\"}]")
        .problem(409);
    server.post("/posts.json", "{\"slug\":null}").problem(422);
    assert_eq!(server.json("/posts.json").as_array().unwrap().len(), 4);
    let reply = with("[]", &["--id", "posts=slug"]);
    let reply = reply.post("/posts.json", r#"[{"slug":1},{},{"slug":9},{}]"#);
    let expected = json!([
        "/posts.json/1",
        "/posts.json/2",
        "/posts.json/9",
        "/posts.json/10"
    ]);
    assert_eq!(
        reply.is(201).json(),
        expected,
        "also behind ids that come along"
    );
    let empty = with("[]", &["--id", "posts=slug"]);
    empty.post("/posts.json", "{\"t\":1}").is(201);
    assert_eq!(empty.body("/posts.json"), "[{\"slug\":1,\"t\":1}]\n");
}

#[test]
fn put_patch_and_delete_go_by_the_slug_and_leave_the_id_alone() {
    let server = posts();
    let reply = server.put("/posts.json/new", "{\"n\":1}").is(201);
    assert_eq!(reply.need("Location"), "/posts.json/new");
    assert_eq!(
        server.body("/posts.json/new"),
        "{\"slug\":\"new\",\"n\":1}\n"
    );
    server
        .put("/posts.json/other", "{\"slug\":\"no\"}")
        .problem(409);
    server
        .put("/posts.json/hello", "{\"slug\":\"no\"}")
        .problem(409);
    server.put("/posts.json/hello", "{\"id\":1}").problem(409);
    server.put("/posts.json/hello/slug", "\"no\"").problem(409);
    server.put("/posts.json/hello/id", "2").is(200);
    let patch = |path: &str, body: &str| server.request("PATCH", path, &[MERGE_PATCH], body);
    patch("/posts.json/hello", "{\"id\":null,\"n\":5}").is(200);
    patch("/posts.json/hello", "{\"slug\":\"no\"}").problem(409);
    assert_eq!(
        server.body("/posts.json/hello"),
        "{\"slug\":\"hello\",\"n\":5}\n"
    );
    // In a JSON Patch tokens are indices, whatever identifies the records.
    let operations = r#"[{"op":"replace","path":"/posts.json/2/slug","value":8}]"#;
    server
        .request("PATCH", "/", &[JSON_PATCH], operations)
        .is(200);
    let removed = server.delete("/posts.json/8").is(200);
    assert_eq!(removed.text(), "{\"slug\":8}\n");
    server.delete("/posts.json/a%20b").is(200);
    let expected = json!([{"slug": "hello", "n": 5}, {"slug": "new", "n": 1}]);
    assert_eq!(server.json("/posts.json"), expected);
    server.folder.holds("posts.json", &expected);
}

#[test]
fn filters_are_of_members_whatever_identifies_the_records() {
    let server = posts();
    assert_eq!(
        server.body("/posts.json?id=1&_sort=-n&_fields=slug"),
        "[{\"slug\":\"a b\"},{\"slug\":\"hello\"}]\n"
    );
    let reply = server.get("/posts.json?slug=7").is(200);
    assert_eq!(reply.need("X-Total-Count"), "1");
    assert_eq!(reply.text(), "[{\"slug\":7}]\n");
    let plain = with(POSTS, &[]);
    plain.get("/posts.json?id=1").problem(400);
}

#[test]
fn the_dialogue_the_page_and_the_banner_speak_of_the_slug() {
    let server = posts();
    let banner = server.stderr();
    assert!(banner.contains("/posts.json/hello/id"), "{banner}");
    let page = server.request("GET", "/posts.json", &["Accept: text/html"], "");
    let page = page.is(200).text().to_owned();
    assert!(page.contains("href=\"/posts.json/a%20b\""), "{page}");
    assert!(page.contains("collection · 3 records"), "{page}");
    let added = server.guided("POST posts.json", "third 9 2").is(201);
    assert_eq!(
        added.json(),
        json!({"slug": "third", "id": 9, "n": 2}),
        "slug is the key, and not asked for twice"
    );
    server.guided("DELETE posts.json", "hello").is(200);
    server.get("/posts.json/hello").problem(404);
    server.get("/posts.json/third").is(200);
}

#[test]
fn a_collection_deeper_in_a_file_is_called_by_its_member() {
    let text = r#"{"posts":[{"slug":"a","tags":[{"_id":1}]}],"users":[{"_id":"u"}]}"#;
    let folder = Arc::new(Folder::empty().with("db.json", text));
    let flags = ["--id", "_id", "--id", "posts=slug"];
    let server = Server::start(Arc::clone(&folder), &flags);
    assert_eq!(server.body("/db.json/posts/a/tags/1/_id"), "1\n");
    assert_eq!(server.body("/db/users/u"), "{\"_id\":\"u\"}\n");
    server.stop();
    // The same file as the root document.
    let path = folder.file("db.json");
    let server = Server::start_on(folder, path.to_str().unwrap(), &flags);
    assert_eq!(server.body("/posts/a/tags/1/_id"), "1\n");
    let reply = server.post("/users", "{}").is(201);
    let made = reply.need("Location").to_owned();
    assert_eq!(
        made,
        format!("/users/{}", server.json(&made)["_id"].as_str().unwrap())
    );
    server.post("/posts/a/tags", "{}").is(201);
    assert_eq!(server.body("/posts/a/tags/2"), "{\"_id\":2}\n");
}

#[test]
fn the_root_of_a_single_file_is_called_by_the_name_of_the_file() {
    let folder = Arc::new(Folder::empty().with("posts.json", POSTS));
    let path = folder.file("posts.json");
    let server = Server::start_on(folder, path.to_str().unwrap(), &["--id", "posts=slug"]);
    assert_eq!(server.body("/hello/n"), "3\n");
    server.put("/new", "{}").is(201);
    assert_eq!(server.body("/new"), "{\"slug\":\"new\"}\n");
}

#[test]
fn a_large_file_is_served_by_the_slug_and_after_a_restart_without_the_flag_by_the_id() {
    let record = |n| format!(r#"{{"slug":"s{n}","id":{n},"text":"{n:0100}"}}"#);
    let records: Vec<_> = (0..3000).map(record).collect();
    let text = format!("[{}]", records.join(","));
    let server = with(&text, &["--id", "posts=slug"]);
    assert_eq!(server.body("/posts.json/s2999/id"), "2999\n");
    server.put("/posts.json/s1500/id", "\"x\"").is(200);
    server.put("/posts.json/s3000", "{\"id\":3000}").is(201);
    server.delete("/posts.json/s0").is(200);
    let folder = server.kill();
    let server = Server::start(folder, &[]);
    assert_eq!(server.body("/posts.json/x/slug"), "\"s1500\"\n");
    assert_eq!(server.body("/posts.json/3000/slug"), "\"s3000\"\n");
    server.get("/posts.json/0").problem(404);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let server = Server::start(exit.folder, &["--id", "posts=slug"]);
    assert_eq!(server.body("/posts.json/s1500/id"), "\"x\"\n");
}

#[test]
fn wrong_words_are_refused_with_a_sentence_and_exit_code_2() {
    for (flags, words) in [
        (&["--id", "posts="][..], "names no member"),
        (&["--id", "=x"], "names no collection"),
        (&["--id", ""], "names no member"),
        (&["--id", "/posts=x"], "last part of its path"),
        (
            &["--id", "posts=a", "--id", "posts=b"],
            "the collection posts is given two names",
        ),
        (
            &["--id", "posts=a", "--id", "posts.json=a"],
            "the collection posts is given two names",
        ),
        (
            &["--id", "a", "--id", "b"],
            "two names are given for all collections",
        ),
        (&["--id"], "--id"),
    ] {
        let folder = Folder::empty().with("posts.json", POSTS);
        let path = folder.path().to_str().unwrap().to_owned();
        let output = run_to_end(&[&["serve", &path, "--port", "0"], flags].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?} {stderr}");
        assert!(stderr.contains(words), "{flags:?} {stderr}");
        assert_eq!(folder.text("posts.json"), POSTS);
    }
}
