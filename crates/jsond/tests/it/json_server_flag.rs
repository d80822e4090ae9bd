//! The flags that make jsond stand in for json-server, and those for front ends.

use crate::support::json_server::{BOTH, ONE, ZERO_SEVENTEEN, db, serve, server};
use crate::support::{Folder, JSON, PATIENCE, Reply, Server, eventually, run_to_end};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How the program ends when it is started so.
fn refused(words: &[&str]) -> (Option<i32>, String) {
    let output = run_to_end(words);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

#[test]
fn files_of_a_front_end_come_before_the_data() {
    let site = || {
        db().with("public/index.html", "<p>home")
            .with("public/posts.html", "<p>posts")
            .with("public/.secret", "x")
            .with("more/app.js", "run()")
    };
    let one = serve(site(), ONE, &["--static", "more"]);
    assert_eq!(one.body("/"), "<p>home");
    let page = one.get("/posts").is(200);
    assert_eq!(page.text(), "<p>posts");
    assert_eq!(page.need("Content-Type"), "text/html; charset=utf-8");
    assert!(page.field("Access-Control-Allow-Origin").is_none());
    let not = format!("If-None-Match: {}", page.etag());
    one.request("GET", "/posts", &[&not], "").is(304);
    assert_eq!(
        one.request("OPTIONS", "/posts", &[], "").is(200).text(),
        "<p>posts"
    );
    assert_eq!(
        one.request("GET", "/app.js", &["Range: bytes=0-2"], "")
            .is(206)
            .text(),
        "run"
    );
    one.post("/posts", r#"{"title":"c"}"#).is(201);
    assert_eq!(one.json("/posts/2")["title"], "b");
    one.get("/.secret").is(404);
    one.get("/%2e%2e/db.json").is(404);
    let strict = serve(site(), ONE, &["--strict"]);
    assert_eq!(strict.post("/posts", "{}").is(200).text(), "<p>posts");
    assert_eq!(one.post("/index.html", "{}").is(200).text(), "<p>home");
    // 0.17 leaves nothing out of a name, and answers preflights itself.
    let zero = serve(site(), ZERO_SEVENTEEN, &[]);
    assert_eq!(zero.json("/posts").as_array().unwrap().len(), 2);
    preflight(&zero, "http://localhost:5173").is(204);
    let page = ["Origin: http://localhost:5173"];
    let file = zero.request("GET", "/posts.html", &page, "").is(200);
    assert_eq!(
        file.need("Access-Control-Allow-Origin"),
        "http://localhost:5173"
    );
    // With folders of its own 0.17 looks into those only.
    let zero = serve(site(), ZERO_SEVENTEEN, &["--static", "more"]);
    assert_eq!(zero.body("/app.js"), "run()");
    assert_eq!(zero.json("/posts").as_array().unwrap().len(), 2);
    let native = Server::start(site(), &["--static", "more"]);
    assert_eq!(native.body("/app.js"), "run()");
    assert_eq!(native.json("/db.json/posts/1/title"), "a");
}

#[test]
fn a_file_that_comes_later_is_found_although_the_data_was_asked_before() {
    let server = serve(db().with("public/a.txt", "x"), ONE, &[]);
    for _ in 0..3 {
        server.json("/posts");
    }
    server.folder.write("public/posts.html", "<p>now");
    assert_eq!(server.body("/posts"), "<p>now");
}

#[test]
fn rewrite_rules_make_other_targets_of_some() {
    let rules = r#"{"/api/*": "/$1", "/:resource/:id/show": "/:resource/:id"}"#;
    let folder = db().with("routes.json", rules).with("bad.json", "[]");
    let bad = folder.file("bad.json").to_str().unwrap().to_owned();
    let file = folder.file("db.json").to_str().unwrap().to_owned();
    let server = serve(folder, ZERO_SEVENTEEN, &["--routes", "routes.json"]);
    assert_eq!(server.json("/api/posts/1")["title"], "a");
    assert_eq!(server.json("/posts/2/show")["title"], "b");
    assert_eq!(server.json("/api/posts?title=b")[0]["id"], 2);
    server.post("/api/posts", r#"{"title":"c"}"#).is(201);
    assert_eq!(
        server.body("/__rules").trim_end(),
        rules.replace(": ", ":").replace(", ", ",")
    );
    let (code, text) = refused(&["serve", &file, "--like", ZERO_SEVENTEEN, "--routes", &bad]);
    // The folder is served already, which is found out first.
    assert_eq!(code, Some(1), "{text}");
    drop(server);
    let folder = db().with("bad.json", "[]");
    let path = |name| folder.file(name).to_str().unwrap().to_owned();
    let words = [
        "serve",
        &path("db.json"),
        "--port",
        "0",
        "--like",
        ONE,
        "--routes",
        &path("bad.json"),
    ];
    let (code, text) = refused(&words);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("rewrite rules are an object"), "{text}");
}

#[test]
fn who_may_only_read_writes_nothing() {
    for (like, flag) in [(ONE, "--read-only"), (ZERO_SEVENTEEN, "--ro")] {
        let server = server(like, &[flag]);
        let writes = [
            ("POST", "/posts"),
            ("PUT", "/posts/1"),
            ("PATCH", "/posts/1"),
            ("DELETE", "/posts/1"),
        ];
        for (method, target) in writes {
            let reply = server.request(method, target, &[JSON], "{}").is(403);
            if like == ZERO_SEVENTEEN {
                assert_eq!(reply.text(), "Forbidden");
            } else {
                assert!(
                    reply.json()["error"]
                        .as_str()
                        .unwrap()
                        .contains("--read-only")
                );
            }
        }
        server
            .request("POST", "/posts/1", &["X-HTTP-Method-Override: DELETE"], "")
            .is(403);
        server.request("HEAD", "/posts", &[], "").is(200);
        assert_eq!(server.json("/posts").as_array().unwrap().len(), 2);
        let dialogue = server.connect().request("GET", "/posts", &[], "");
        dialogue.is(200);
    }
    let native = Server::start(db(), &["--read-only"]);
    native.put("/db.json/posts/1/title", "\"x\"").problem(403);
    assert_eq!(native.json("/db.json/posts/1/title"), "a");
}

#[test]
fn answers_can_be_held_back() {
    let least = |server: &Server, target: &str| {
        let start = Instant::now();
        server.get(target).is(200);
        start.elapsed()
    };
    let slow = server(ONE, &["--delay", "150", "--jitter", "10"]);
    // Also what was asked before.
    for _ in 0..3 {
        assert!(least(&slow, "/posts") >= Duration::from_millis(150));
    }
    let zero = server(ZERO_SEVENTEEN, &[]);
    for _ in 0..3 {
        assert!(least(&zero, "/posts?_delay=120") >= Duration::from_millis(120));
    }
    zero.get("/posts?_delay=x").is(200);
}

fn preflight(server: &Server, origin: &str) -> Reply {
    let fields = [
        format!("Origin: {origin}"),
        "Access-Control-Request-Method: PATCH".to_owned(),
        "Access-Control-Request-Headers: content-type, x-mine".to_owned(),
    ];
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    server.request("OPTIONS", "/posts/1", &fields, "")
}

#[test]
fn pages_of_this_machine_may_read_and_write() {
    let page = "Origin: http://localhost:5173";
    for (like, told) in [(ONE, "*"), (ZERO_SEVENTEEN, "http://localhost:5173")] {
        let server = server(like, &[]);
        let reply = preflight(&server, "http://localhost:5173").is(204);
        assert_eq!(reply.need("Access-Control-Allow-Origin"), told);
        assert_eq!(
            reply.need("Access-Control-Allow-Headers"),
            "content-type, x-mine"
        );
        let methods = reply.need("Access-Control-Allow-Methods").replace(' ', "");
        assert_eq!(methods, "GET,HEAD,PUT,PATCH,POST,DELETE");
        // What fetch sends for a text without a type.
        let text = "Content-Type: text/plain;charset=UTF-8";
        let reply = server
            .request("POST", "/posts", &[page, text], r#"{"title":"c"}"#)
            .is(201);
        assert_eq!(reply.need("Access-Control-Allow-Origin"), told);
        assert_eq!(server.json("/posts")[2]["title"], "c");
        let credentials = reply.field("Access-Control-Allow-Credentials");
        assert_eq!(credentials.is_some(), like == ZERO_SEVENTEEN);
        let evil = ["Origin: http://evil.example", JSON];
        let reply = server.request("POST", "/posts", &evil, "{}").is(403);
        assert!(reply.field("Access-Control-Allow-Origin").is_none());
        preflight(&server, "http://evil.example").is(403);
        let read = server
            .request("GET", "/posts", &["Origin: http://evil.example"], "")
            .is(200);
        assert!(read.field("Access-Control-Allow-Origin").is_none());
    }
    assert_eq!(
        server(ONE, &[])
            .get("/posts")
            .need("Access-Control-Allow-Origin"),
        "*"
    );
}

#[test]
fn pages_get_no_leave_where_it_is_not_wanted() {
    let server = server(ONE, &["--no-cors"]);
    let page = ["Origin: http://localhost:5173", JSON];
    let reply = server.request("POST", "/posts", &page, "{}").is(403);
    assert!(reply.field("Access-Control-Allow-Origin").is_none());
    assert!(
        server
            .get("/posts")
            .field("Access-Control-Allow-Origin")
            .is_none()
    );
}

#[test]
fn a_script_calls_back_and_gives_pages_of_other_sites_nothing() {
    let server = server(ZERO_SEVENTEEN, &[]);
    let reply = server.get("/profile?callback=a.b%28%29%3Balert").is(200);
    assert_eq!(reply.need("Content-Type"), "text/javascript; charset=utf-8");
    let script = "/**/ typeof a.balert === 'function' && a.balert({\"name\":\"typicode\"});";
    assert_eq!(reply.text(), script);
    let coded = ["Accept-Encoding: gzip", "Range: bytes=0-3"];
    assert_eq!(
        server
            .request("GET", "/profile?callback=f", &coded, "")
            .is(200)
            .body[..4],
        *b"/**/"
    );
    let site = "Sec-Fetch-Site: cross-site";
    let reply = server
        .request("GET", "/profile?callback=f", &[site], "")
        .is(403);
    assert!(!reply.text().contains("typicode"));
}

const JSON5: &str = "// what we know\n{\n  posts: [{id: 1, title: 'it\\'s', n: .5,}], // one\n}\n";

#[test]
fn a_json5_file_is_read_and_never_written() {
    for like in BOTH {
        let folder = Arc::new(Folder::empty().with("db.json5", JSON5));
        let path = folder.file("db.json5");
        let server = Server::start_on(folder, path.to_str().unwrap(), &["--like", like]);
        assert_eq!(
            server.json("/posts"),
            json!([{"id": 1, "title": "it's", "n": 0.5}])
        );
        let reply = server
            .request("PATCH", "/posts/1", &[JSON], r#"{"n":1}"#)
            .is(403);
        let words = reply.text();
        assert!(
            like == ZERO_SEVENTEEN || words.contains("comments"),
            "{words}"
        );
        server
            .folder
            .write("db.json5", JSON5.replace("it\\'s", "new"));
        server.shows(
            "/posts/1",
            &json!({"id": 1, "title": "new", "n": 0.5}),
            PATIENCE,
        );
        server.folder.write("db.json5", "{");
        server.prints("about the broken file", |line| {
            line.contains("last good version")
        });
        assert_eq!(server.json("/posts/1")["title"], "new");
        assert_eq!(server.folder.text("db.json5"), "{");
        assert!(
            !server.folder.file(".jsond").exists(),
            "nothing is kept of it"
        );
    }
    let folder = Arc::new(Folder::empty().with("db.json5", JSON5));
    let path = folder.file("db.json5").to_str().unwrap().to_owned();
    let native = Server::start_on(folder.clone(), &path, &[]);
    assert_eq!(native.json("/posts/1/title"), "it's");
    let problem = native.put("/posts/1/title", "\"x\"").problem(403);
    assert!(
        problem["detail"].as_str().unwrap().contains("comments"),
        "{problem}"
    );
    folder.write("bad.json5", "{a: }");
    let bad = folder.file("bad.json5").to_str().unwrap().to_owned();
    let (code, text) = refused(&["serve", &bad, "--port", "0"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("no JSON5"), "{text}");
}

#[test]
fn the_page_at_the_root_lists_the_resources() {
    for like in BOTH {
        let server = server(like, &[]);
        let page = server.get("/").is(200);
        assert_eq!(page.need("Content-Type"), "text/html; charset=utf-8");
        for text in ["href=\"/posts\"", "2 items", "href=\"/profile\"", "object"] {
            assert!(page.text().contains(text), "{text} in {}", page.text());
        }
        let banner = server.stderr();
        assert!(banner.contains("/comments\n"), "{banner}");
        // A browser that asks for a page gets data, as from json-server.
        let accept = "Accept: text/html,application/xhtml+xml";
        let list = server.request("GET", "/posts", &[accept], "").is(200);
        assert_eq!(list.json()[0]["id"], 1);
    }
}

#[test]
fn a_file_is_made_where_json_server_makes_one() {
    let folder = Arc::new(Folder::empty().with("blank.json", "\u{feff} \n"));
    let path = |name| folder.file(name).to_str().unwrap().to_owned();
    let server = Server::start_on(folder.clone(), &path("blank.json"), &["--like", ONE]);
    server.get("/posts").is(404);
    assert_eq!(server.folder.text("blank.json"), "{}\n");
    let (code, text) = refused(&["serve", &path("none.json"), "--like", ONE, "--port", "0"]);
    assert_eq!(code, Some(1), "{text}");
    drop(server);
    let server = Server::start_on(
        folder.clone(),
        &path("new.json"),
        &["--like", ZERO_SEVENTEEN],
    );
    assert_eq!(server.json("/posts/1/comments")[0]["postId"], 1);
    assert!(folder.file("new.json").exists());
}

#[test]
fn names_of_keys_and_ids_are_those_that_are_given() {
    let db = r#"{"posts":[{"_id":7,"t":"a"}],"comments":[{"_id":1,"post_id":7}]}"#;
    for (like, flag) in [(ONE, "--foreign-key-suffix"), (ZERO_SEVENTEEN, "--fks")] {
        let folder = Folder::empty().with("db.json", db);
        let server = serve(folder, like, &["--id", "_id", flag, "_id"]);
        let post = server.json("/posts/7?_embed=comments");
        assert_eq!(post["comments"][0]["_id"], 1, "{like}");
        let made = server.post("/posts", r#"{"t":"b"}"#).is(201).json();
        assert!(made["_id"] == 8 || made["_id"].is_string(), "{made}");
    }
}

#[test]
fn arguments_are_taken_as_json_server_takes_them() {
    let server = server(ONE, &["--host", "localhost"]);
    server.get("/posts").is(200);
    let folder = Arc::new(db());
    for flags in [
        ["--watch", "db.json", "--like", ONE],
        ["--like", ONE, "-w", "db.json"],
    ] {
        let server = Server::start_on(folder.clone(), "", &flags);
        assert_eq!(server.json("/posts/1")["title"], "a");
    }
    for last in ["--watch", "-w"] {
        let path = folder.file("db.json").to_str().unwrap().to_owned();
        let flags = ["--like", ZERO_SEVENTEEN, "-d", "1", "-i", "id", last];
        let server = Server::start_on(folder.clone(), &path, &flags);
        assert_eq!(server.json("/posts/1")["title"], "a");
    }
    let (code, text) = refused(&["serve", "--watch", "sometimes"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("auto, poll or off"), "{text}");
    let (code, text) = refused(&["serve", "--port", "0", "--static", "/nowhere"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("serves"), "nothing is announced: {text}");
    let (code, text) = refused(&["serve", "--strict"]);
    assert_eq!(code, Some(2), "{text}");
    let (code, text) = refused(&["serve", "--like", "express"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("json-server@0.17"), "{text}");
    let (code, text) = refused(&["serve", "--host", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("localhost"), "{text}");
}

#[test]
fn a_folder_of_files_is_served_by_their_names() {
    let posts = r#"[{"id":1,"title":"a"}]"#;
    let folder = Folder::empty()
        .with("posts.json", posts)
        .with("comments.json", r#"[{"id":1,"postId":1}]"#);
    let server = Server::start(folder, &["--like", ZERO_SEVENTEEN]);
    assert_eq!(
        server.json("/posts/1?_embed=comments")["comments"][0]["id"],
        1
    );
    assert_eq!(server.json("/posts/1/comments")[0]["id"], 1);
    server.post("/posts", r#"{"title":"b"}"#).is(201);
    server.folder.holds(
        "posts.json",
        &json!([{"id":1,"title":"a"},{"title":"b","id":2}]),
    );
    eventually("the page lists the files", PATIENCE, || {
        server
            .body("/")
            .contains("href=\"/comments\"")
            .then_some(())
    });
}

#[test]
fn the_elements_of_a_root_that_is_an_array_are_singletons() {
    let db = r#"[{"id":1,"t":"a"},{"id":0,"t":"b"},7]"#;
    let ids_only = r#"[{"id":1,"t":"a"},{"id":0,"t":"b"}]"#;
    for like in BOTH {
        for text in [db, ids_only] {
            let server = serve(Folder::empty().with("db.json", text), like, &[]);
            assert_eq!(server.json("/0")["t"], "a", "{like} {text}");
            assert_eq!(server.json("/1")["t"], "b");
            server.get("/9").is(404);
            server
                .request("PATCH", "/0", &[JSON], r#"{"t":"c"}"#)
                .is(200);
            assert_eq!(server.json("/0"), json!({"id": 1, "t": "c"}));
            assert!(server.body("/").contains("href=\"/1\""));
        }
    }
}
