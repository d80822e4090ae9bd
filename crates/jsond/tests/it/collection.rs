//! The HTTP door: arrays whose elements have ids, plain arrays, collections deeper in a file.

use serde_json::{Value, json};

use crate::support::{Folder, Reply, Server};

const POSTS: &str = "[\n\t{\"id\": 1, \"title\": \"a\"},\n\t{\"id\": \"17\", \"title\": \"b\"},\n\t{\"title\": \"c\", \"id\": 5}\n]\n";

fn posts() -> Server {
    Server::start(Folder::empty().with("posts.json", POSTS), &[])
}

fn with(text: &str) -> Server {
    Server::start(Folder::empty().with("a.json", text), &[])
}

#[test]
fn an_element_is_named_by_its_id_be_it_number_or_string() {
    let server = posts();
    assert_eq!(server.body("/posts.json/1"), "{\"id\":1,\"title\":\"a\"}\n");
    assert_eq!(server.body("/posts.json/17/title"), "\"b\"\n");
    assert_eq!(server.body("/posts.json/5/title"), "\"c\"\n");
    for absent in ["0", "2", "01", "1.0", "-", "18"] {
        server.get(&format!("/posts.json/{absent}")).problem(404);
    }
}

#[test]
fn an_element_is_replaced_changed_and_removed_by_id() {
    let server = posts();
    server.put("/posts.json/17/title", "\"B\"").is(200);
    server
        .put("/posts.json/5", "{\"id\":5,\"title\":\"C\"}")
        .is(200);
    assert_eq!(
        server.delete("/posts.json/1").is(200).text(),
        "{\"id\":1,\"title\":\"a\"}\n"
    );
    let expected = json!([{"id": "17", "title": "B"}, {"id": 5, "title": "C"}]);
    assert_eq!(server.json("/posts.json"), expected);
    server.folder.holds("posts.json", &expected);
}

#[test]
fn put_to_an_absent_id_creates_it_at_the_end_with_that_id() {
    let server = with(r#"[{"id":1,"t":"a"}]"#);
    let reply = server.put("/a.json/9", "{\"t\":\"new\"}").is(201);
    assert_eq!(reply.need("Location"), "/a.json/9");
    assert_eq!(
        server.json("/a.json")[1]["id"],
        9,
        "{}",
        server.json("/a.json")
    );
    server
        .put("/a.json/12", "{\"id\":12,\"t\":\"same\"}")
        .is(201);
    server.put("/a.json/13", "{\"id\":14}").problem(409);
    server.put("/a.json/9", "{\"id\":10}").problem(409);
    server.get("/a.json/13").problem(404);
    assert_eq!(server.json("/a.json/9/t"), "new");
}

#[test]
fn post_makes_the_next_integer() {
    let server = with(r#"[{"id":3,"t":"a"},{"id":1,"t":"b"}]"#);
    let reply = server.post("/a.json", "{\"t\":\"c\"}").is(201);
    assert_eq!(reply.need("Location"), "/a.json/4");
    assert_eq!(server.json("/a.json/4"), json!({"id": 4, "t": "c"}));
    let reply = server.post("/a.json", "{\"id\":10,\"t\":\"d\"}").is(201);
    assert_eq!(reply.need("Location"), "/a.json/10");
    server.post("/a.json", "{}").is(201);
    assert_eq!(server.json("/a.json/11"), json!({"id": 11}));
}

#[test]
fn the_first_id_in_an_empty_array_is_one() {
    let server = with("[]");
    let reply = server.post("/a.json", "{\"t\":\"first\"}").is(201);
    assert_eq!(reply.need("Location"), "/a.json/1");
    assert_eq!(server.json("/a.json"), json!([{"id": 1, "t": "first"}]));
}

#[test]
fn among_string_ids_a_made_one_is_a_uuid_of_version_seven() {
    let server = with(r#"[{"id":"abc"}]"#);
    let reply = server.post("/a.json", "{\"t\":\"x\"}").is(201);
    let location = reply.need("Location").to_owned();
    let id = location.strip_prefix("/a.json/").unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "{id}");
    assert_eq!(server.json(&location), json!({"id": id, "t": "x"}));
}

#[test]
fn post_of_many_answers_with_their_locations_all_or_nothing() {
    let server = with(r#"[{"id":1}]"#);
    let reply = server
        .post("/a.json", r#"[{"t":"a"},{"id":7},{"t":"b"}]"#)
        .is(201);
    let locations = reply.json();
    let locations: Vec<_> = locations
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l.as_str().unwrap())
        .collect();
    assert_eq!(locations.len(), 3);
    assert_eq!(locations[1], "/a.json/7");
    for location in &locations {
        server.get(location).is(200);
    }
    let before = server.json("/a.json");
    server
        .post("/a.json", r#"[{"id":50},{"id":7}]"#)
        .problem(409);
    server
        .post("/a.json", r#"[{"id":51},{"id":51}]"#)
        .problem(409);
    server.post("/a.json", r#"{"id":7}"#).problem(409);
    server.post("/a.json", r#"{"id":"7"}"#).problem(409);
    assert_eq!(server.json("/a.json"), before);
}

#[test]
fn an_array_collection_takes_only_objects_with_an_id_that_is_one() {
    let server = with(r#"[{"id":1}]"#);
    for body in [
        "5",
        "\"x\"",
        "null",
        "[5]",
        "[[]]",
        r#"{"id":null}"#,
        r#"{"id":{}}"#,
        r#"{"id":true}"#,
    ] {
        let status = server.post("/a.json", body).status;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    assert_eq!(server.json("/a.json"), json!([{"id": 1}]));
}

#[test]
fn a_plain_array_is_named_by_index() {
    let server = with("[\"a\",[\"b\",\"c\"],{\"n\":1}]");
    assert_eq!(server.json("/a.json/0"), "a");
    assert_eq!(server.json("/a.json/1/1"), "c");
    assert_eq!(server.json("/a.json/2/n"), 1);
    for absent in [
        "3",
        "-",
        "-1",
        "00",
        "01",
        "1e0",
        "+1",
        "n",
        "99999999999999999999",
    ] {
        server.get(&format!("/a.json/{absent}")).problem(404);
    }
    assert_eq!(server.delete("/a.json/0").is(200).text(), "\"a\"\n");
    assert_eq!(server.json("/a.json"), json!([["b", "c"], {"n": 1}]));
    server.put("/a.json/0/0", "\"B\"").is(200);
    let added = server.put("/a.json/0/-", "\"d\"").is(201);
    assert_eq!(added.need("Location"), "/a.json/0/2");
    assert_eq!(server.json("/a.json/0"), json!(["B", "c", "d"]));
}

#[test]
fn a_plain_array_takes_an_element_at_its_end() {
    let server = with("{\"tags\":[\"a\"],\"n\":1}");
    let reply = server.post("/a.json/tags", "\"b\"").is(201);
    assert_eq!(reply.need("Location"), "/a.json/tags/1");
    assert_eq!(server.json("/a.json/tags"), json!(["a", "b"]));
    server.post("/a.json", "{\"k\":{}}").problem(405);
    server.post("/a.json/n", "1").problem(405);
}

#[test]
fn ids_seven_and_string_seven_make_no_collection() {
    let server = with(r#"[{"id":7},{"id":"7"}]"#);
    assert_eq!(server.json("/a.json/0"), json!({"id": 7}));
    assert_eq!(server.json("/a.json/1"), json!({"id": "7"}));
    server.get("/a.json/7").problem(404);
}

#[test]
fn collections_deeper_in_a_file_are_collections() {
    let database = r#"{"posts":[{"id":1,"title":"a"}],"profile":{"name":"x"},"people":{"Ann":{}}}"#;
    let server = Server::start(Folder::empty().with("db.json", database), &[]);
    let reply: Reply = server.post("/db.json/posts", "{\"title\":\"b\"}").is(201);
    assert_eq!(reply.need("Location"), "/db.json/posts/2");
    server
        .post("/db.json/people", "{\"Ben\":{\"n\":1}}")
        .is(201);
    server.post("/db.json/profile", "{\"k\":{}}").problem(405);
    server.delete("/db.json/posts/1").is(200);
    let expected: Value = json!({
        "posts": [{"id": 2, "title": "b"}],
        "profile": {"name": "x"},
        "people": {"Ann": {}, "Ben": {"n": 1}},
    });
    assert_eq!(server.json("/db.json"), expected);
    server.folder.holds("db.json", &expected);
    assert_eq!(
        server.delete("/db.json/posts").is(200).json(),
        json!([{"id": 2, "title": "b"}])
    );
}

#[test]
fn many_records_keep_their_order_and_their_number() {
    let server = with("{}");
    let mut wire = server.connect();
    for number in 0..500 {
        let body = format!("{{\"k{number}\":{{\"n\":{number}}}}}");
        wire.request(
            "POST",
            "/a.json",
            &["Content-Type: application/json"],
            &body,
        )
        .is(201);
    }
    for number in (0..500).step_by(2) {
        wire.request("DELETE", &format!("/a.json/k{number}"), &[], "")
            .is(200);
    }
    let expected: Vec<_> = (0..500)
        .filter(|n| n % 2 == 1)
        .map(|n| format!("\"k{n}\":{{\"n\":{n}}}"))
        .collect();
    assert_eq!(
        server.body("/a.json"),
        format!("{{{}}}\n", expected.join(","))
    );
}
