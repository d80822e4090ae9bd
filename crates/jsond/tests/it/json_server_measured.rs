//! What was measured on json-server and must not come back in its place: lost writes, a host that
//! is ignored, HEAD that fails, 500 for what a client did wrong, members of every JavaScript object
//! as resources, and files that stop the start. No json-server is needed here.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Folder, JSON, PATIENCE, Server, eventually};

const LIKES: [&str; 2] = ["json-server", "json-server@0.17"];

const BLOG: &str = r#"{
  "posts": [{ "id": "1", "title": "one" }, { "id": "2", "title": "two" }],
  "tags": ["a", null, 1],
  "empty": [],
  "profile": { "name": "me" }
}
"#;

/// Starts on one file, as `jsond serve db.json --like …` does.
fn start_on(folder: impl Into<Arc<Folder>>, like: &str, flags: &[&str]) -> Server {
    let folder = folder.into();
    let path = folder.file("db.json").to_str().unwrap().to_owned();
    Server::start_on(folder, &path, &[&["--like", like], flags].concat())
}

fn start(like: &str) -> Server {
    start_on(Folder::empty().with("db.json", BLOG), like, &[])
}

/// The whole file, once it holds what is asked for.
fn file_holds(folder: &Folder, is_it: impl Fn(&Value) -> bool) {
    eventually("the file holds it", PATIENCE, || {
        let value: Value = serde_json::from_slice(&folder.bytes("db.json")).ok()?;
        is_it(&value).then_some(())
    });
}

fn ids_of(list: &Value) -> HashSet<String> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["id"].to_string()).collect()
}

/// json-server 1.x reads its file again while it writes: of 200 posts at the start 13 were left.
#[test]
fn a_burst_of_writes_right_after_the_start_loses_nothing() {
    for like in LIKES {
        let server = start(like);
        std::thread::scope(|scope| {
            for number in 0..200 {
                let body = format!(r#"{{"number":{number}}}"#);
                let server = &server;
                scope.spawn(move || server.post("/empty", &body).is(201));
            }
        });
        let folder = server.kill();
        let server = start_on(Arc::clone(&folder), like, &[]);
        let list = server.json("/empty");
        let items = list.as_array().unwrap();
        let numbers: HashSet<_> = items
            .iter()
            .filter_map(|item| item["number"].as_u64())
            .collect();
        assert_eq!((items.len(), numbers.len()), (200, 200), "{like}");
        assert_eq!(ids_of(&list).len(), 200, "{like}: ids are unique");
        file_holds(&folder, |file| {
            file["empty"].as_array().is_some_and(|all| all.len() == 200)
        });
    }
}

/// json-server 1.x wrote what it had in memory over the file that an editor had just saved.
#[test]
fn a_save_in_an_editor_followed_at_once_by_a_post_loses_neither() {
    let save: [fn(&Folder, &str); 2] = [
        |folder, text| folder.save_by_rename("db.json", text),
        |folder, text| folder.write("db.json", text),
    ];
    for like in LIKES {
        for save in save {
            let server = start(like);
            save(&server.folder, &BLOG.replace("two", "by hand"));
            server.post("/posts", r#"{"title":"by post"}"#).is(201);
            let is_whole = |posts: &Value| {
                let has = |title: &str| {
                    posts
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|p| p["title"] == title)
                };
                has("by hand") && has("by post") && has("one")
            };
            eventually("both are served", PATIENCE, || {
                is_whole(&server.json("/posts")).then_some(())
            });
            file_holds(&server.folder, |file| is_whole(&file["posts"]));
        }
    }
}

/// json-server 1.x prints the host, and listens on all addresses of the machine.
#[test]
fn a_host_that_is_named_is_the_only_one_that_is_listened_on() {
    for like in LIKES {
        let folder = Folder::empty().with("db.json", BLOG);
        let server = start_on(folder, like, &["--host", "127.0.0.1"]);
        server.get("/posts").is(200);
        let other = SocketAddr::from(([127, 0, 0, 2], server.port));
        let refused = TcpStream::connect(other).expect_err("nobody listens there");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
}

/// json-server 1.x answers every HEAD with 400.
#[test]
fn head_has_the_fields_of_get() {
    for like in LIKES {
        let server = start(like);
        for target in [
            "/posts",
            "/posts/1",
            "/profile",
            "/posts/9",
            "/nope",
            "/posts?_page=1",
            "/",
        ] {
            let get = server.get(target);
            let head = server.request("HEAD", target, &[], "");
            assert_eq!(head.status, get.status, "{like} {target}");
            assert_eq!(
                head.lasting_fields(),
                get.lasting_fields(),
                "{like} {target}"
            );
        }
    }
}

/// json-server 1.x answers 500 to both, and takes no more than 100 KiB.
#[test]
fn bad_json_is_400_and_a_body_over_16_mib_413() {
    for like in LIKES {
        let server = start(like);
        for (method, target) in [
            ("POST", "/posts"),
            ("PUT", "/posts/1"),
            ("PATCH", "/profile"),
        ] {
            for body in ["{bad", r#"{"a":1,}"#, "{\"a\":\"\u{1}\"}"] {
                let reply = server.request(method, target, &[JSON], body).is(400);
                check_refusal(like, &reply.json());
            }
        }
        let text = "x".repeat(200_000);
        server
            .post("/posts", &format!(r#"{{"text":"{text}"}}"#))
            .is(201);
        let length = (16 << 20) + 1;
        let mut wire = server.connect();
        wire.send(format!(
            "POST /posts HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {length}\r\n\r\n"
        ));
        let reply = wire.reply().is(413);
        check_refusal(like, &reply.json());
        assert_eq!(server.json("/posts").as_array().unwrap().len(), 3);
    }
}

/// A client of 1.x looks for `error`; one of 0.17 looks at the status alone.
fn check_refusal(like: &str, body: &Value) {
    let has_error = body["error"]
        .as_str()
        .is_some_and(|error| !error.is_empty());
    assert!(
        body.is_object() && (has_error || like != LIKES[0]),
        "{body}"
    );
}

/// json-server 1.x answers 200, and a PATCH gave every object new members.
#[test]
fn what_every_javascript_object_has_is_no_resource() {
    for like in LIKES {
        let server = start(like);
        let before = server.folder.bytes("db.json");
        for name in ["__proto__", "constructor", "hasOwnProperty", "toString"] {
            let target = format!("/{name}");
            server.get(&target).is(404);
            server.get(&format!("{target}/1")).is(404);
            server.get(&format!("/posts/{name}")).is(404);
            for method in ["PATCH", "PUT"] {
                server
                    .request(method, &target, &[JSON], r#"{"evil":1}"#)
                    .is(404);
            }
        }
        server.get("/evil").is(404);
        assert_eq!(server.json("/posts/1"), json!({"id": "1", "title": "one"}));
        assert_eq!(
            server.folder.bytes("db.json"),
            before,
            "nothing was written"
        );
    }
}

#[test]
fn a_member_called_proto_is_kept_as_data() {
    for like in LIKES {
        let server = start(like);
        let body = r#"{"__proto__":{"admin":true},"constructor":1}"#;
        let created = server.post("/empty", body).is(201).json();
        assert_eq!(created["__proto__"], json!({"admin": true}), "{created}");
        assert_eq!(created["constructor"], 1);
        assert_eq!(server.json("/empty")[0], created);
        file_holds(&server.folder, |file| file["empty"][0] == created);
        server.get("/admin").is(404);
        assert_eq!(server.json("/posts/2"), json!({"id": "2", "title": "two"}));
    }
}

/// json-server 1.x dies at the start when an array holds a text or `null`.
#[test]
fn an_array_of_primitives_is_served_and_hides_nothing() {
    for like in LIKES {
        for flags in [&[][..], &["--strict"]] {
            let server = start_on(Folder::empty().with("db.json", BLOG), like, flags);
            assert_eq!(server.json("/tags"), json!(["a", null, 1]), "{like}");
            server.get("/tags/1").is(404);
            for query in [
                "?a=1",
                "?id=1",
                "?_sort=id",
                "?_page=1",
                "?_embed=posts",
                "?x_gte=1",
            ] {
                server.get(&format!("/tags{query}")).is(200);
            }
            server.delete("/posts/2").is(200);
            server.delete("/tags/1").is(404);
            assert_eq!(server.json("/posts").as_array().unwrap().len(), 1);
            assert_eq!(server.json("/tags"), json!(["a", null, 1]), "{like}");
        }
    }
}

/// json-server 1.x dies at the start at a byte order mark, as some editors write it.
#[test]
fn a_file_with_a_byte_order_mark_is_served() {
    for like in LIKES {
        let folder = Folder::empty().with("db.json", format!("\u{feff}{BLOG}"));
        let server = start_on(folder, like, &[]);
        assert_eq!(server.json("/posts/1")["title"], "one");
        server.post("/posts", r#"{"title":"three"}"#).is(201);
        file_with_mark_holds_three(&server.folder);
    }
}

/// Whether the mark stays is the editor's affair; the data has to be there.
fn file_with_mark_holds_three(folder: &Folder) {
    eventually("the file holds the third post", PATIENCE, || {
        let text = folder.text("db.json");
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        (value["posts"].as_array()?.len() == 3).then_some(())
    });
}
