//! `jsond serve db.json`: the root document is the file, and everything works from `/` on.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Server, encoded};

const DB: &str = "{\n  \"posts\": [\n    { \"id\": 1, \"title\": \"a\", \"n\": 1.50 },\n    { \"id\": 2, \"title\": \"b\", \"n\": 20 }\n  ],\n  \"people\": { \"ann\": { \"age\": 30 }, \"ben\": { \"age\": 9 } },\n  \"profile\": { \"name\": \"x\", \"list\": [1, 2] },\n  \"count\": 9007199254740993\n}\n";

fn serve(text: &str, flags: &[&str]) -> Server {
    let folder = Arc::new(
        Folder::empty()
            .with("db.json", text)
            .with("other.json", "{\"secret\":1}"),
    );
    let path = folder.file("db.json");
    Server::start_on(folder, path.to_str().unwrap(), flags)
}

fn server() -> Server {
    serve(DB, &[])
}

#[test]
fn every_value_has_its_place_below_the_root() {
    let server = server();
    let whole: serde_json::Value = serde_json::from_str(DB).unwrap();
    let root = server.get("/").is(200);
    assert_eq!(root.json(), whole);
    assert!(root.text().contains("\"count\":9007199254740993"));
    assert_eq!(root.need("Content-Type"), "application/json");
    root.etag();
    root.need("Last-Modified");
    assert_eq!(server.json("/posts/2/title"), "b");
    assert_eq!(server.body("/posts/1/n"), "1.50\n");
    assert_eq!(server.json("/people/ann"), json!({"age": 30}));
    assert_eq!(server.json("/profile/list/1"), 2);
    assert_eq!(server.body("/count"), "9007199254740993\n");
    for absent in [
        "/db.json",
        "/db",
        "/other.json",
        "/other",
        "/posts.json",
        "/posts/3",
        "/nothing",
    ] {
        server.get(absent).problem(404);
    }
    server.get("/_/version").is(200);
}

#[test]
fn the_root_takes_patches_of_both_kinds() {
    let server = server();
    let tag = server.get("/").etag();
    let patch = r#"[{"op":"replace","path":"/posts/0/title","value":"A"},{"op":"add","path":"/profile/list/-","value":3}]"#;
    let reply = server.json_patch("/", patch).is(200);
    assert_eq!(
        (reply.text(), reply.etag()),
        (server.get("/").text(), server.get("/").etag())
    );
    server
        .request(
            "PATCH",
            "/",
            &[JSON_PATCH, &format!("If-Match: {tag}")],
            patch,
        )
        .problem(412);
    server
        .merge_patch(
            "/",
            r#"{"count":null,"people":{"ben":null,"cid":{"age":1}}}"#,
        )
        .is(200);
    assert_eq!(
        server.json("/people"),
        json!({"ann": {"age": 30}, "cid": {"age": 1}})
    );
    server.get("/count").problem(404);
    assert_eq!(
        server.body("/posts/1"),
        "{\"id\":1,\"title\":\"A\",\"n\":1.50}\n"
    );
    let now = server.json("/");
    server.folder.holds("db.json", &now);
    let wrong = r#"[{"op":"remove","path":"/posts/0"},{"op":"remove","path":"/nothing"}]"#;
    server.json_patch("/", wrong).problem(409);
    assert_eq!(server.json("/"), now);
}

#[test]
fn a_change_of_one_member_leaves_every_other_byte_of_the_file() {
    let server = server();
    server.put("/posts/1/title", "\"A\"").is(200);
    server
        .folder
        .becomes("db.json", &DB.replace("\"a\"", "\"A\""));
    server.merge_patch("/people/ben", "{\"age\":10}").is(200);
    server.folder.becomes(
        "db.json",
        &DB.replace("\"a\"", "\"A\"")
            .replace("\"age\": 9 ", "\"age\": 10 "),
    );
}

#[test]
fn collections_of_the_file_have_filters_pages_and_posts() {
    let server = server();
    assert_eq!(
        server.json("/posts?n:gt=1.5"),
        json!([{"id": 2, "title": "b", "n": 20}])
    );
    let page = server.get("/posts?_page=1&_per_page=1").is(200);
    assert_eq!(
        (
            page.need("X-Total-Count"),
            page.json().as_array().unwrap().len()
        ),
        ("2", 1)
    );
    assert!(page.need("Link").contains("rel=\"next\""));
    assert_eq!(
        server.json("/people?_sort=age&_fields=age"),
        json!({"ann": {"age": 30}, "ben": {"age": 9}})
    );
    assert!(server.body("/people?_sort=age").starts_with("{\"ben\""));
    let reply = server.post("/posts", "{\"title\":\"c\"}").is(201);
    assert_eq!(reply.need("Location"), "/posts/3");
    let reply = server.post("/people", "{\"cid\":{}}").is(201);
    assert_eq!(reply.need("Location"), "/people/cid");
    server.post("/profile", "{\"k\":{}}").problem(405);
    assert_eq!(
        server
            .ask_for("/posts", &["Accept: text/csv"])
            .is(200)
            .text(),
        "id,title,n\r\n1,a,1.50\r\n2,b,20\r\n3,c,\r\n"
    );
}

#[test]
fn a_query_at_the_root_runs_on_the_document() {
    let server = server();
    let target = format!("/?jsonpath={}", encoded("$.posts[?@.n > 2].title"));
    assert_eq!(server.json(&target), json!(["b"]));
    let paths = server
        .get(&format!("/?_paths=true&jsonpath={}", encoded("$..age")))
        .is(200);
    assert_eq!(
        paths.text(),
        "{\"$['people']['ann']['age']\":30,\"$['people']['ben']['age']\":9}\n"
    );
    let reply = server.request(
        "QUERY",
        "/",
        &["Content-Type: application/jsonpath"],
        "$.count",
    );
    assert_eq!(reply.is(200).text(), "[9007199254740993]\n");
}

#[test]
fn the_file_itself_is_replaced_but_never_removed() {
    let server = server();
    for fields in [vec![], vec!["If-Match: *"]] {
        let reply = server.request("DELETE", "/", &fields, "");
        assert!((400..500).contains(&reply.status), "{}", reply.status);
        let status = reply.status;
        reply.problem(status);
    }
    assert_eq!(server.folder.text("db.json"), DB);
    let replies = server
        .request("PUT", "/", &[JSON], "{\"posts\":[]}")
        .one_of(&[200, 405]);
    if replies.status == 200 {
        server.folder.holds("db.json", &json!({"posts": []}));
    }
}

#[test]
fn a_top_level_collection_asks_as_a_file_does() {
    let server = server();
    server.request("POST", "/posts", &[], "").is(300);
    let asked = server.request("DELETE", "/people", &[], "").is(300);
    assert_eq!(asked.text().trim_end(), "Enter follow data : key");
    server.request("DELETE", "/posts/1", &[], "").is(200);
    server.request("DELETE", "/profile", &[], "").problem(428);
    server
        .request("DELETE", "/profile", &["If-Match: *"], "")
        .is(200);
    server
        .request("DELETE", "/people", &["If-Match: \"other\""], "")
        .problem(412);
    let tag = server.get("/people").etag();
    server
        .request("DELETE", "/people", &[&format!("If-Match: {tag}")], "")
        .is(200);
    assert_eq!(
        server.json("/"),
        json!({"posts": [{"id": 2, "title": "b", "n": 20}], "count": 9_007_199_254_740_993_u64})
    );
}

#[test]
fn a_new_member_of_the_root_is_put_and_is_there_after_a_restart() {
    let server = server();
    let reply = server.put("/fresh", "[{\"id\":\"x\"}]").is(201);
    assert_eq!(reply.need("Location"), "/fresh");
    server.post("/fresh", "{\"t\":1}").is(201);
    let key = "Idempotency-Key: \"k\"";
    let first = server
        .request("POST", "/posts", &[JSON, key], "{\"title\":\"c\"}")
        .is(201);
    let whole = server.body("/");
    let folder = server.kill();
    let path = folder.file("db.json");
    let server = Server::start_on(folder, path.to_str().unwrap(), &[]);
    assert_eq!(server.body("/"), whole);
    let again = server
        .request("POST", "/posts", &[JSON, key], "{\"title\":\"c\"}")
        .is(201);
    assert_eq!(again.text(), first.text());
    assert_eq!(server.body("/"), whole);
}

#[test]
fn another_member_can_be_the_id_of_a_collection() {
    let text = r#"{"posts":[{"slug":"one","id":7},{"slug":"two","id":7}],"tags":[{"id":1}]}"#;
    let server = serve(text, &["--id", "posts=slug"]);
    assert_eq!(server.json("/posts/two"), json!({"slug": "two", "id": 7}));
    assert_eq!(server.json("/tags/1"), json!({"id": 1}));
    server.get("/posts/7").problem(404);
    server.put("/posts/three", "{\"t\":1}").is(201);
    assert_eq!(server.json("/posts/three/slug"), "three");
    server.post("/posts", "{\"slug\":\"one\"}").problem(409);
    let reply = server.post("/posts", "{\"t\":2}").is(201);
    assert!(reply.json()["slug"].is_string(), "{}", reply.text());
}

#[test]
fn a_root_that_is_an_array_or_a_scalar_is_served_too() {
    let server = serve("[{\"id\":1,\"t\":\"a\"},{\"id\":2,\"t\":\"b\"}]", &[]);
    assert_eq!(server.json("/2/t"), "b");
    assert_eq!(server.json("/?t=b"), json!([{"id": 2, "t": "b"}]));
    assert_eq!(
        server.post("/", "{\"t\":\"c\"}").is(201).need("Location"),
        "/3"
    );
    server
        .request("PATCH", "/2", &[MERGE_PATCH], "{\"t\":\"B\"}")
        .is(200);
    assert_eq!(server.json("/?jsonpath=$..t"), json!(["a", "B", "c"]));
    let server = serve("1.0", &[]);
    assert_eq!(server.body("/"), "1.0\n");
    server.get("/0").problem(404);
}

/// `Allow` on the root listed DELETE, whose 428 asked for `If-Match`, which was then a 404.
#[test]
fn the_methods_of_the_root_are_those_that_it_answers() {
    let server = server();
    for reply in [
        server.request("OPTIONS", "/", &[], "").is(204),
        server.request("DELETE", "/", &["If-Match: *"], "").is(405),
        server.request("POST", "/", &[JSON], "{}").is(405),
    ] {
        let allow = "GET, HEAD, OPTIONS, QUERY, PUT, PATCH";
        assert_eq!(reply.need("Allow"), allow);
    }
}
