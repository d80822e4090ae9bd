//! `Idempotency-Key`: a request that is sent again gives the first answer and does nothing, also after
//! kill -9; another request with the same key is 422.

use std::sync::{Arc, Barrier};

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Reply, Server};

const POSTS: &str = "/posts.json";

fn server() -> Server {
    let folder = Folder::school()
        .with("posts.json", "[{\"id\":1,\"t\":\"a\"}]")
        .with("log.json", "[]");
    Server::start(folder, &[])
}

fn keyed(
    server: &Server,
    method: &str,
    target: &str,
    key: &str,
    media_type: &str,
    body: &str,
) -> Reply {
    let field = format!("Idempotency-Key: \"{key}\"");
    server.request(method, target, &[media_type, &field], body)
}

fn post(server: &Server, key: &str, body: &str) -> Reply {
    keyed(server, "POST", POSTS, key, JSON, body)
}

/// Asserts that two answers are the same one.
#[track_caller]
fn check_same(first: &Reply, again: &Reply) {
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    for name in ["Location", "ETag", "Content-Type", "Content-Location"] {
        assert_eq!(again.field(name), first.field(name), "{name}");
    }
}

fn count(server: &Server, target: &str) -> usize {
    server.json(target).as_array().unwrap().len()
}

#[test]
fn a_post_that_is_sent_again_adds_one_record_and_gives_the_first_answer() {
    let server = server();
    let first = post(&server, "k1", "{\"t\":\"b\"}").is(201);
    assert_eq!(first.need("Location"), "/posts.json/2");
    for _ in 0..3 {
        check_same(&first, &post(&server, "k1", "{\"t\":\"b\"}"));
    }
    assert_eq!(count(&server, POSTS), 2);
    let other = post(&server, "k2", "{\"t\":\"b\"}").is(201);
    assert_eq!(other.need("Location"), "/posts.json/3");
    let many = post(&server, "k3", "[{\"t\":\"c\"},{\"t\":\"d\"}]").is(201);
    check_same(&many, &post(&server, "k3", "[{\"t\":\"c\"},{\"t\":\"d\"}]"));
    assert_eq!(count(&server, POSTS), 5);
}

#[test]
fn a_post_of_a_named_record_is_not_409_when_it_is_sent_again() {
    let server = server();
    let send = || {
        keyed(
            &server,
            "POST",
            "/students.json",
            "k",
            JSON,
            "{\"New\":{\"grade\":\"1\"}}",
        )
    };
    let first = send().is(201);
    check_same(&first, &send());
    server
        .post("/students.json", "{\"New\":{\"grade\":\"1\"}}")
        .problem(409);
}

#[test]
fn a_patch_that_is_sent_again_is_applied_once() {
    let server = server();
    let patch = "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]";
    let first = keyed(&server, "PATCH", "/log.json", "p", JSON_PATCH, patch).is(200);
    server
        .json_patch(
            "/log.json",
            "[{\"op\":\"add\",\"path\":\"/-\",\"value\":2}]",
        )
        .is(200);
    let again = keyed(&server, "PATCH", "/log.json", "p", JSON_PATCH, patch);
    check_same(&first, &again);
    assert_eq!(server.body("/log.json"), "[1,2]\n");
    let across = "[{\"op\":\"add\",\"path\":\"/log.json/-\",\"value\":3}]";
    keyed(&server, "PATCH", "/", "root", JSON_PATCH, across).is(200);
    keyed(&server, "PATCH", "/", "root", JSON_PATCH, across).is(200);
    assert_eq!(server.body("/log.json"), "[1,2,3]\n");
    let merge = "{\"grade\":\"1\"}";
    let record = "/students.json/Da_Eun";
    let first = keyed(&server, "PATCH", record, "m", MERGE_PATCH, merge).is(200);
    server.put("/students.json/Da_Eun/grade", "\"2\"").is(200);
    check_same(
        &first,
        &keyed(&server, "PATCH", record, "m", MERGE_PATCH, merge),
    );
    assert_eq!(
        server.body("/students.json/Da_Eun/grade"),
        "\"2\"\n",
        "the replay does nothing"
    );
}

#[test]
fn the_first_answer_is_given_although_its_condition_no_longer_holds() {
    let server = server();
    let tag = format!("If-Match: {}", server.get("/log.json").etag());
    let fields = [JSON_PATCH, "Idempotency-Key: \"c\"", &tag];
    let patch = "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]";
    let first = server.request("PATCH", "/log.json", &fields, patch).is(200);
    check_same(
        &first,
        &server.request("PATCH", "/log.json", &fields, patch),
    );
    assert_eq!(server.body("/log.json"), "[1]\n");
}

#[test]
fn another_request_with_the_same_key_is_422_and_does_nothing() {
    let server = server();
    post(&server, "k", "{\"t\":\"b\"}").is(201);
    let before = server.body(POSTS);
    post(&server, "k", "{\"t\":\"other\"}").problem(422);
    post(&server, "k", "{\"t\":\"b\",\"u\":1}").problem(422);
    keyed(
        &server,
        "POST",
        "/students.json",
        "k",
        JSON,
        "{\"t\":\"b\"}",
    )
    .problem(422);
    keyed(&server, "PATCH", POSTS, "k", MERGE_PATCH, "{\"t\":\"b\"}").problem(422);
    keyed(
        &server,
        "PATCH",
        "/posts.json/1",
        "k",
        MERGE_PATCH,
        "{\"t\":\"b\"}",
    )
    .problem(422);
    assert_eq!(server.body(POSTS), before);
    post(&server, "k", "{\"t\":\"b\"}").is(201);
    let server = Server::start(server.kill(), &[]);
    post(&server, "k", "{\"t\":\"other\"}").problem(422);
    assert_eq!(server.body(POSTS), before);
}

#[test]
fn the_first_answer_is_given_after_kill_9_and_after_a_stop() {
    let server = server();
    let patch = "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]";
    let first = post(&server, "k", "{\"t\":\"b\"}").is(201);
    let second = keyed(&server, "PATCH", "/log.json", "p", JSON_PATCH, patch).is(200);
    let server = Server::start(server.kill(), &[]);
    check_same(&first, &post(&server, "k", "{\"t\":\"b\"}"));
    check_same(
        &second,
        &keyed(&server, "PATCH", "/log.json", "p", JSON_PATCH, patch),
    );
    let third = post(&server, "k3", "{\"t\":\"c\"}").is(201);
    let server = Server::start(server.stop().folder, &[]);
    check_same(&first, &post(&server, "k", "{\"t\":\"b\"}"));
    check_same(&third, &post(&server, "k3", "{\"t\":\"c\"}"));
    let server = Server::start(server.kill(), &[]);
    check_same(&first, &post(&server, "k", "{\"t\":\"b\"}"));
    assert_eq!(
        (count(&server, POSTS), server.body("/log.json")),
        (3, "[1]\n".to_owned())
    );
}

#[test]
fn kill_9_during_keyed_requests_never_doubles_one() {
    let mut server = server();
    for round in 0..5 {
        let mut wires: Vec<_> = (0..8).map(|_| server.connect()).collect();
        for (number, wire) in wires.iter_mut().enumerate() {
            let key = format!("Idempotency-Key: \"{round}-{number}\"");
            let body = format!("{{\"round\":{round},\"number\":{number}}}").into_bytes();
            wire.send(crate::support::render("POST", POSTS, &[JSON, &key], &body));
        }
        // Some of them are answered, of the others nobody knows.
        wires[0].reply().is(201);
        server = Server::start(server.kill(), &[]);
        for number in 0..8 {
            let body = format!("{{\"round\":{round},\"number\":{number}}}");
            post(&server, &format!("{round}-{number}"), &body).is(201);
        }
        let found = server.json(POSTS);
        let mut numbers: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .filter(|record| record["round"] == round)
            .map(|record| record["number"].as_u64().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>(), "round {round}");
    }
}

#[test]
fn of_simultaneous_requests_with_one_key_one_adds_a_record() {
    let server = Arc::new(server());
    for round in 0..5 {
        let start = Arc::new(Barrier::new(16));
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let (server, start) = (Arc::clone(&server), Arc::clone(&start));
                std::thread::spawn(move || {
                    let mut wire = server.connect();
                    start.wait();
                    let key = format!("Idempotency-Key: \"same-{round}\"");
                    wire.request("POST", POSTS, &[JSON, &key], "{\"t\":\"x\"}")
                        .one_of(&[201, 409])
                })
            })
            .collect();
        let replies: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        let done: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert!(!done.is_empty());
        for reply in &done {
            check_same(done[0], reply);
        }
        assert_eq!(count(&server, POSTS), 2 + round, "one record for the key");
    }
}

#[test]
fn a_key_means_nothing_to_methods_that_are_idempotent_anyway() {
    let server = server();
    let target = "/students.json/Da_Eun/grade";
    for value in ["\"1\"", "\"2\""] {
        keyed(&server, "PUT", target, "k", JSON, value).is(200);
        assert_eq!(server.body(target), format!("{value}\n"));
    }
    keyed(&server, "GET", target, "k", "Accept: */*", "").is(200);
    keyed(&server, "DELETE", target, "k", "Accept: */*", "").is(200);
    keyed(&server, "DELETE", target, "k", "Accept: */*", "").problem(404);
    post(&server, "k", "{\"t\":\"b\"}").is(201);
}

#[test]
fn keys_are_opaque_and_odd_ones_do_no_harm() {
    let server = server();
    let keys = [
        "a b",
        "\\\"",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        "K",
        "k",
        "%00",
        "{}",
    ];
    for (number, key) in keys.iter().enumerate() {
        let first = post(&server, key, "{\"t\":\"b\"}").is(201);
        check_same(&first, &post(&server, key, "{\"t\":\"b\"}"));
        assert_eq!(count(&server, POSTS), number + 2, "{key}");
    }
    let before = count(&server, POSTS);
    for field in [
        format!("Idempotency-Key: \"{}\"", "x".repeat(20_000)),
        "Idempotency-Key:".to_owned(),
    ] {
        let reply = server.request("POST", POSTS, &[JSON, &field], "{\"t\":\"b\"}");
        assert!(reply.status < 500, "{}", reply.text());
    }
    let two = ["Idempotency-Key: \"a\"", "Idempotency-Key: \"b\"", JSON];
    assert!(server.request("POST", POSTS, &two, "{\"t\":\"b\"}").status < 500);
    assert!(count(&server, POSTS) <= before + 3);
}
