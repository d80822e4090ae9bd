//! What jsond keeps of its own when it stands in for json-server.

use crate::support::json_server::{BOTH, DB, ONE, ZERO_SEVENTEEN, db, serve, server};
use crate::support::keys::{Keys, bearer};
use crate::support::{Folder, JSON, Server};
use std::sync::Arc;

#[test]
fn a_write_is_one_line_in_the_file_and_there_after_a_kill() {
    for like in BOTH {
        let server = server(like, &[]);
        server
            .request("PATCH", "/posts/2", &[JSON], r#"{"title":"B"}"#)
            .is(200);
        let expected = DB.replace("\"b\"", "\"B\"");
        server.folder.becomes("db.json", &expected);
        server
            .post("/comments", r#"{"body":"y","postId":2}"#)
            .is(201);
        let folder = server.kill();
        let path = folder.file("db.json");
        let server = Server::start_on(folder.clone(), path.to_str().unwrap(), &["--like", like]);
        assert_eq!(server.json("/posts/2")["title"], "B");
        assert_eq!(server.json("/comments")[1]["body"], "y");
    }
}

#[test]
fn patches_of_one_item_at_a_time_lose_none_of_each_other() {
    for like in BOTH {
        let server = server(like, &[]);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let server = &server;
                scope.spawn(move || {
                    let mut wire = server.connect();
                    for n in 0..50 {
                        let body = format!("{{\"w{writer}_{n}\":{n}}}");
                        wire.request("PATCH", "/posts/1", &[JSON], &body).is(200);
                    }
                });
            }
        });
        let post = server.json("/posts/1");
        assert_eq!(post.as_object().unwrap().len(), 3 + 4 * 50, "{like}");
    }
}

#[test]
fn what_is_jsonds_own_works_beside_it() {
    for like in BOTH {
        let server = server(like, &[]);
        let tag = server.get("/posts/1").etag();
        let matching = format!("If-Match: {tag}");
        server
            .request("PATCH", "/posts/1", &[JSON, &matching], r#"{"n":2}"#)
            .is(200);
        server
            .request("PATCH", "/posts/1", &[JSON, &matching], r#"{"n":3}"#)
            .is(412);
        server
            .request("DELETE", "/posts/1", &[&matching], "")
            .is(412);
        assert_eq!(server.json("/posts/1")["n"], 2);
        let tag = server.get("/posts/1").etag();
        let not = format!("If-None-Match: {tag}");
        server.request("GET", "/posts/1", &[&not], "").is(304);
        let key = "Idempotency-Key: \"once\"";
        let once = || {
            server
                .request("POST", "/posts", &[JSON, key], r#"{"title":"c"}"#)
                .is(201)
        };
        assert_eq!(once().text(), once().text());
        assert_eq!(server.json("/posts").as_array().unwrap().len(), 3);
        server.get("/_/health/ready").is(200);
        assert_eq!(server.json("/_/version")["name"], "jsond");
    }
}

#[test]
fn a_new_item_says_where_it_is() {
    let one = server(ONE, &[]);
    let reply = one.post("/posts", "{}").is(201);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.need("Location"), format!("/posts/{id}"));
    let zero = server(ZERO_SEVENTEEN, &[]);
    let reply = zero.post("/posts/1/comments", r#"{"body":"y"}"#).is(201);
    // As the request names it.
    let host = "http://localhost";
    assert_eq!(reply.need("Location"), format!("{host}/comments/2"));
    let profile = zero.post("/profile", r#"{"name":"x"}"#).is(201);
    assert_eq!(profile.need("Location"), format!("{host}/profile"));
}

#[test]
fn pages_link_to_each_other_and_count_the_whole() {
    let zero = server(ZERO_SEVENTEEN, &[]);
    let reply = zero.get("/posts?_page=1&_limit=1").is(200);
    let host = "http://localhost";
    let link = |relation: &str, page: u8| {
        format!("<{host}/posts?_page={page}&_limit=1>; rel=\"{relation}\"")
    };
    let links = [link("first", 1), link("next", 2), link("last", 2)].join(", ");
    assert_eq!(reply.need("Link"), links);
    assert_eq!(reply.need("X-Total-Count"), "2");
    assert_eq!(zero.get("/posts?_page=9").need("Link"), "");
    assert_eq!(zero.get("/posts?_limit=1").need("X-Total-Count"), "2");
    let one = server(ONE, &[]);
    let reply = one.get("/posts?_page=1&_per_page=1").is(200);
    assert_eq!(reply.need("X-Total-Count"), "2");
    assert!(reply.need("Link").contains("rel=\"next\""));
}

#[test]
fn a_token_shows_no_related_records_that_it_does_not_reach() {
    let keys = Keys::new();
    let posts = keys.make("posts", "write", &["/posts"]);
    let folder = Arc::new(db());
    let path = folder.file("db.json").to_str().unwrap().to_owned();
    let tokens = keys.file().to_str().unwrap().to_owned();
    let flags = ["--like", ONE, "--token-file", &tokens];
    let server = Server::start_on(folder, &path, &flags);
    let ask = |method: &str, target: &str| server.request(method, target, &[&bearer(&posts)], "");
    ask("GET", "/posts").is(200);
    ask("GET", "/posts?_embed=comments").is(403);
    ask("GET", "/posts/1?_embed=comments").is(403);
    ask("GET", "/comments").is(403);
    ask("DELETE", "/posts/1?_dependent=comments").is(403);
    ask("DELETE", "/posts/1").is(200);
    server.get("/posts").is(401);
}

/// A thousand parameters looked for as many members in each of a hundred thousand records; a parent of
/// fifty thousand held up all other writes for seconds.
#[test]
fn many_parameters_and_many_children_hold_up_nobody() {
    let children: Vec<_> = (0..20_000)
        .map(|id| format!("{{\"id\":{id},\"postId\":{}}}", id % 2))
        .collect();
    let db = format!(
        "{{\"posts\":[{{\"id\":0}},{{\"id\":1}}],\"comments\":[{}]}}",
        children.join(",")
    );
    for like in BOTH {
        let server = serve(Folder::empty().with("db.json", &db), like, &[]);
        let many: Vec<_> = (0..400).map(|n| format!("n{n}_ne={n}")).collect();
        let reply = server.get(&format!("/comments?{}", many.join("&")));
        reply.one_of(&[400, 414]);
        let same: Vec<_> = (0..400).map(|n| format!("id_gt={n}")).collect();
        server
            .get(&format!("/comments?{}", same.join("&")))
            .one_of(&[200, 400]);
        server.delete("/posts/0?_dependent=comments").is(200);
        let left = server.json("/comments");
        let left = left.as_array().unwrap();
        assert_eq!(left.len(), 10_000, "{like}");
        assert!(left.iter().all(|it| it["postId"] == 1));
        assert_eq!(server.json("/comments/7")["id"], 7);
    }
}

#[test]
fn a_file_that_is_broken_at_the_start_says_where() {
    for like in BOTH {
        let server = serve(Folder::empty().with("db.json", "{\"a\":"), like, &[]);
        let reply = server.get("/posts").is(500);
        assert!(reply.text().contains("line"), "{}", reply.text());
        server.post("/posts", "{}").is(409);
    }
}

#[test]
fn what_is_asked_in_another_way_is_answered_all_the_same() {
    let zero = server(ZERO_SEVENTEEN, &[]);
    let many: Vec<_> = (0..400).map(|id| format!("id={id}")).collect();
    let found = zero.json(&format!("/posts?{}", many.join("&")));
    assert_eq!(found.as_array().unwrap().len(), 2);
    let fields = [JSON, "Prefer: return=minimal"];
    let reply = zero.request("POST", "/posts", &fields, "{}").is(201);
    assert_eq!(reply.need("Location"), "http://localhost/posts/3");
    let one = server(ONE, &[]);
    assert_eq!(one.json("//posts/1")["title"], "a");
    one.post("/posts", r#"{"deep":{"er":{"est":1}}}"#).is(201);
    let reply = one
        .request("GET", "/posts", &["Accept: text/csv"], "")
        .is(200);
    assert_eq!(reply.need("Content-Type"), "application/json");
}

#[test]
fn names_with_slashes_are_linked_to_and_ids_stay_apart() {
    let db = r#"{"a/b":[{"id":1}],"big":[{"id":9007199254740992}],"huge":[{"id":1e308}]}"#;
    let server = serve(Folder::empty().with("db.json", db), ZERO_SEVENTEEN, &[]);
    assert!(server.body("/").contains("href=\"/a%2Fb\""));
    assert_eq!(server.json("/a%2Fb/1")["id"], 1);
    for name in ["/big", "/huge"] {
        let made = [(); 2].map(|()| server.post(name, "{}").is(201).json()["id"].clone());
        assert!(made[0].is_string() && made[0] != made[1], "{made:?}");
    }
}
