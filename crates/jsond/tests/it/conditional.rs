//! Entity tags and preconditions, in the order RFC 9110 §13.2.2 gives them.

use std::sync::{Arc, Barrier};

use crate::support::{Folder, Reply, STUDENTS, Server};

const GRADE: &str = "/students.json/Da_Eun/grade";

fn conditional(server: &Server, method: &str, target: &str, fields: &[&str]) -> Reply {
    let body = if method == "PUT" { "\"changed\"" } else { "" };
    server.request(
        method,
        target,
        &[fields, &["Content-Type: application/json"]].concat(),
        body,
    )
}

#[test]
fn equal_bytes_have_equal_tags_and_different_bytes_different_ones() {
    let server = Server::school();
    let first = server.get(GRADE).etag();
    let other = server.get("/students.json/So_Jeong/grade").etag();
    assert_ne!(first, other);
    server.put(GRADE, "\"4.0\"").is(200);
    assert_ne!(server.get(GRADE).etag(), first);
    server.put(GRADE, "\"3.9\"").is(200);
    assert_eq!(server.get(GRADE).etag(), first);
    server.put(GRADE, "3.9").is(200);
    assert_ne!(
        server.get(GRADE).etag(),
        first,
        "the number is not the string"
    );
    server.put(GRADE, "3.90").is(200);
    let spelled = server.get(GRADE).etag();
    server.put(GRADE, "3.9").is(200);
    assert_ne!(
        server.get(GRADE).etag(),
        spelled,
        "equal as numbers, different as bytes"
    );
}

#[test]
fn a_change_moves_the_tags_of_its_ancestors_and_of_nobody_else() {
    let server = Server::school();
    let tags = |server: &Server| {
        [
            "/students.json",
            "/students.json/Da_Eun",
            GRADE,
            "/students.json/So_Jeong",
        ]
        .map(|target| server.get(target).etag())
    };
    let before = tags(&server);
    server.put(GRADE, "\"4.0\"").is(200);
    let after = tags(&server);
    let moved: Vec<_> = before
        .iter()
        .zip(&after)
        .map(|(old, new)| old != new)
        .collect();
    assert_eq!(moved, [true, true, true, false]);
}

#[test]
fn a_get_with_a_known_tag_is_304_without_a_body() {
    let server = Server::school();
    for target in [
        "/students.json",
        "/students.json/Da_Eun",
        GRADE,
        "/students/Da_Eun",
    ] {
        let full = server.get(target).is(200);
        let tag = full.etag();
        for field in [
            format!("If-None-Match: {tag}"),
            format!("If-None-Match: W/{tag}"),
            format!("If-None-Match: \"x\", {tag}"),
            format!("If-None-Match: \"x\",{tag} ,W/\"y\""),
            format!("if-none-match:,, \"a,b\" , {tag}"),
            "If-None-Match: *".to_owned(),
        ] {
            let mut wire = server.connect();
            let reply = wire.request("GET", target, &[&field], "").is(304);
            assert_eq!(reply.etag(), tag, "{field}");
            assert!(reply.field("Content-Type").is_none() || reply.body.is_empty());
            let head = wire.request("HEAD", target, &[&field], "");
            assert_eq!(head.status, 304, "{field}");
            wire.get(target).is(200);
        }
    }
}

#[test]
fn a_get_with_other_tags_is_the_whole() {
    let server = Server::school();
    let tag = server.get(GRADE).etag();
    let inner = tag.trim_matches('"').to_owned();
    for field in [
        "If-None-Match: \"other\"".to_owned(),
        format!("If-None-Match: \"{inner}x\""),
        format!("If-None-Match: \"x, {inner}\""),
        "If-None-Match: \"\"".to_owned(),
    ] {
        server.request("GET", GRADE, &[&field], "").is(200);
    }
    server
        .request("GET", "/missing.json", &["If-None-Match: *"], "")
        .is(404);
}

#[test]
fn two_lines_of_tags_are_one_list() {
    let server = Server::school();
    let tag = server.get(GRADE).etag();
    let line = format!("If-None-Match: {tag}");
    server
        .request("GET", GRADE, &["If-None-Match: \"x\"", &line], "")
        .is(304);
    let line = format!("If-Match: {tag}");
    conditional(&server, "PUT", GRADE, &["If-Match: \"x\"", &line]).is(200);
}

#[test]
fn a_put_or_delete_with_the_right_tag_is_done_and_with_another_412() {
    let server = Server::school();
    for method in ["PUT", "DELETE"] {
        for field in [
            "If-Match: \"other\"".to_owned(),
            format!("If-Match: W/{}", server.get(GRADE).etag()),
            "If-Match: \"a\", \"b\"".to_owned(),
            "If-Match: \"\"".to_owned(),
        ] {
            conditional(&server, method, GRADE, &[&field]).problem(412);
        }
    }
    assert_eq!(
        server.json("/students.json"),
        serde_json::from_str::<serde_json::Value>(STUDENTS).unwrap()
    );
    let old = server.get(GRADE).etag();
    let right = format!("If-Match: \"x\", {old}");
    conditional(&server, "PUT", GRADE, &[&right]).is(200);
    conditional(&server, "PUT", GRADE, &[&right]).problem(412);
    let tag = format!("If-Match: {}", server.get(GRADE).etag());
    conditional(&server, "DELETE", GRADE, &[&tag]).is(200);
}

#[test]
fn the_tag_a_write_answers_with_is_good_for_the_next_one() {
    let server = Server::school();
    let mut tag = server.get(GRADE).etag();
    for number in 0..20 {
        let field = format!("If-Match: {tag}");
        let fields = [field.as_str(), "Content-Type: application/json"];
        tag = server
            .request("PUT", GRADE, &fields, &number.to_string())
            .is(200)
            .etag();
    }
    assert_eq!(server.body(GRADE), "19\n");
}

#[test]
fn if_match_works_on_get_and_on_records_and_files() {
    let server = Server::school();
    for target in [GRADE, "/students.json/Da_Eun", "/students.json"] {
        let tag = server.get(target).etag();
        let right = format!("If-Match: {tag}");
        conditional(&server, "GET", target, &[&right]).is(200);
        conditional(&server, "GET", target, &["If-Match: *"]).is(200);
        conditional(&server, "GET", target, &["If-Match: \"other\""]).problem(412);
    }
    let tag = format!("If-Match: {}", server.get("/students.json").etag());
    let fields = [tag.as_str(), "Content-Type: application/json"];
    server
        .request("POST", "/students.json", &fields, "{\"new\":{}}")
        .is(201);
    server
        .request("POST", "/students.json", &fields, "{\"newer\":{}}")
        .problem(412);
    server.get("/students.json/newer").is(404);
}

#[test]
fn if_match_star_on_a_missing_record_creates_nothing() {
    let server = Server::school();
    conditional(&server, "PUT", "/students.json/New", &["If-Match: *"]).problem(412);
    conditional(&server, "PUT", "/new.json", &["If-Match: *"]).problem(412);
    conditional(&server, "PUT", "/students.json/New", &["If-Match: \"x\""]).problem(412);
    conditional(&server, "DELETE", "/students.json/New", &["If-Match: *"]).problem(404);
    conditional(&server, "GET", "/students.json/New", &["If-Match: *"]).problem(404);
    assert!(!server.folder.file("new.json").exists());
}

#[test]
fn if_none_match_star_on_put_creates_only() {
    let server = Server::school();
    let only = ["If-None-Match: *"];
    conditional(&server, "PUT", GRADE, &only).problem(412);
    conditional(&server, "PUT", "/students.json", &only).problem(412);
    conditional(&server, "PUT", "/students.json/Da_Eun/city", &only).is(201);
    conditional(&server, "PUT", "/new.json", &only).is(201);
    conditional(&server, "PUT", "/new.json", &only).problem(412);
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn a_write_with_if_none_match_of_the_current_tag_is_412() {
    let server = Server::school();
    let tag = server.get(GRADE).etag();
    for field in [
        format!("If-None-Match: {tag}"),
        format!("If-None-Match: W/{tag}, \"y\""),
    ] {
        conditional(&server, "PUT", GRADE, &[&field]).problem(412);
        conditional(&server, "DELETE", GRADE, &[&field]).problem(412);
    }
    conditional(&server, "PUT", GRADE, &["If-None-Match: \"other\""]).is(200);
}

#[test]
fn if_match_is_judged_before_if_none_match() {
    let server = Server::school();
    let tag = server.get(GRADE).etag();
    let same = format!("If-None-Match: {tag}");
    let right = format!("If-Match: {tag}");
    conditional(&server, "GET", GRADE, &[&same, "If-Match: \"other\""]).problem(412);
    conditional(&server, "GET", GRADE, &[&same, &right]).is(304);
    conditional(&server, "PUT", GRADE, &[&right, &same]).problem(412);
    conditional(&server, "PUT", GRADE, &[&right, "If-None-Match: *"]).problem(412);
    conditional(&server, "PUT", GRADE, &[&right, "If-None-Match: \"other\""]).is(200);
}

#[test]
fn a_precondition_that_is_no_list_of_tags_is_never_taken_as_fulfilled() {
    let server = Server::school();
    let inner = server.get(GRADE).etag().trim_matches('"').to_owned();
    for value in [
        inner.as_str(),
        "",
        "\"open",
        "* , \"x\"",
        "w/\"x\"",
        "\"a\" \"b\"",
    ] {
        let status = conditional(&server, "PUT", GRADE, &[&format!("If-Match: {value}")]).status;
        assert!([400, 412].contains(&status), "{value:?}: {status}");
    }
    assert_eq!(server.body(GRADE), "\"3.9\"\n");
}

#[test]
fn of_fifty_simultaneous_creations_one_wins() {
    let server = Server::school();
    for target in ["/students.json/prize", "/prize.json"] {
        let start = Arc::new(Barrier::new(50));
        let threads: Vec<_> = (0..50)
            .map(|number| {
                let mut wire = server.connect();
                let start = Arc::clone(&start);
                std::thread::spawn(move || {
                    start.wait();
                    let fields = ["If-None-Match: *", "Content-Type: application/json"];
                    wire.request("PUT", target, &fields, &format!("{{\"n\":{number}}}"))
                        .status
                })
            })
            .collect();
        let statuses: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        let winners: Vec<_> = (0..50).filter(|number| statuses[*number] == 201).collect();
        assert_eq!(winners.len(), 1, "{statuses:?}");
        assert!(
            statuses.iter().all(|status| [201, 412].contains(status)),
            "{statuses:?}"
        );
        assert_eq!(server.json(&format!("{target}/n")), winners[0]);
    }
}

#[test]
fn of_many_writers_with_the_same_tag_one_wins() {
    let server = Server::start(Folder::empty().with("n.json", "{\"n\":0}"), &[]);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mut wire = server.connect();
            std::thread::spawn(move || {
                let mut done = 0;
                while done < 25 {
                    let seen = wire.get("/n.json/n").is(200);
                    let next = seen.json().as_u64().unwrap() + 1;
                    let tag = format!("If-Match: {}", seen.etag());
                    let fields = [tag.as_str(), "Content-Type: application/json"];
                    let reply = wire.request("PUT", "/n.json/n", &fields, &next.to_string());
                    if reply.one_of(&[200, 412]).status == 200 {
                        done += 1;
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(
        server.body("/n.json"),
        "{\"n\":100}\n",
        "no increment was lost"
    );
}
