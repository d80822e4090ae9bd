//! A JSON Patch on `/`: several files in one request, all or nothing; and the bounds of a patch, which
//! hold whatever it asks for.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Folder, JSON_PATCH, Server};

fn three_files() -> Server {
    let folder = Folder::school()
        .with("log.json", "[\"begin\"]\n")
        .with("more/n.json", "{\n  \"n\" : 1.0\n}\n");
    Server::start(folder, &[])
}

const NAMES: [&str; 3] = ["students.json", "log.json", "more/n.json"];

/// The bytes on disk and the tag of each file.
fn state(server: &Server) -> Vec<(Vec<u8>, String)> {
    let look = |name: &str| {
        let tag = server.get(&format!("/{name}")).is(200).etag();
        (server.folder.bytes(name), tag)
    };
    NAMES.map(look).into()
}

#[test]
fn a_patch_on_the_root_reaches_across_files() {
    let server = three_files();
    let patch = r#"[
        {"op":"test","path":"/students.json/Chan_Jin/grade","value":"4.1"},
        {"op":"replace","path":"/students.json/Chan_Jin/grade","value":"4.5"},
        {"op":"add","path":"/log.json/-","value":{"who":"Chan_Jin"}},
        {"op":"replace","path":"/more/n.json/n","value":2.50},
        {"op":"copy","from":"/students.json/Da_Eun/grade","path":"/more/n.json/copied"},
        {"op":"move","from":"/students.json/So_Jeong","path":"/more/n.json/moved"}]"#;
    server.json_patch("/", patch).is(200);
    assert_eq!(server.body("/students.json/Chan_Jin/grade"), "\"4.5\"\n");
    assert_eq!(
        server.json("/log.json"),
        json!(["begin", {"who": "Chan_Jin"}])
    );
    let moved = r#"{"student_number":"20191357","grade":"4.4","department":"mathematics"}"#;
    assert_eq!(
        server.body("/more/n.json"),
        format!("{{\"n\":2.50,\"copied\":\"3.9\",\"moved\":{moved}}}\n")
    );
    server.get("/students.json/So_Jeong").problem(404);
    for name in NAMES {
        server.folder.holds(name, &server.json(&format!("/{name}")));
    }
    let server = Server::start(server.kill(), &[]);
    assert_eq!(server.body("/students.json/Chan_Jin/grade"), "\"4.5\"\n");
    assert_eq!(server.json("/more/n.json/copied"), "3.9");
}

#[test]
fn when_the_nth_operation_fails_no_byte_and_no_tag_of_any_file_changes() {
    let server = three_files();
    let good = [
        r#"{"op":"replace","path":"/students.json/Chan_Jin/grade","value":"4.5"}"#,
        r#"{"op":"add","path":"/log.json/-","value":1}"#,
        r#"{"op":"remove","path":"/more/n.json/n"}"#,
        r#"{"op":"move","from":"/students.json/So_Jeong","path":"/more/n.json/x"}"#,
    ];
    let bad = [
        r#"{"op":"test","path":"/students.json/Da_Eun/grade","value":"9"}"#,
        r#"{"op":"remove","path":"/students.json/Nobody"}"#,
        r#"{"op":"replace","path":"/nothing.json/a","value":1}"#,
        r#"{"op":"add","path":"/log.json/99","value":1}"#,
        r#"{"op":"copy","from":"/no/where","path":"/log.json/-"}"#,
        r#"{"op":"move","from":"/students.json","path":"/students.json/Da_Eun/x"}"#,
    ];
    let before = state(&server);
    for place in 0..=good.len() {
        for fault in bad {
            let mut operations = good.to_vec();
            operations.insert(place, fault);
            let patch = format!("[{}]", operations.join(","));
            let reply = server.json_patch("/", &patch);
            assert!(
                [400, 409, 422].contains(&reply.status),
                "{patch}: {}",
                reply.text()
            );
            let status = reply.status;
            reply.problem(status);
            assert_eq!(state(&server), before, "{patch}");
        }
    }
    let folder = server.kill();
    let server = Server::start(folder, &[]);
    assert_eq!(state(&server), before, "also after a restart");
}

#[test]
fn a_condition_on_the_root_is_judged_for_all_files() {
    let server = three_files();
    let patch = r#"[{"op":"replace","path":"/more/n.json/n","value":3}]"#;
    let tag = format!("If-Match: {}", server.get("/").etag());
    let before = state(&server);
    server
        .request("PATCH", "/", &[JSON_PATCH, "If-Match: \"other\""], patch)
        .problem(412);
    assert_eq!(state(&server), before);
    server
        .request("PATCH", "/", &[JSON_PATCH, &tag], patch)
        .is(200);
    server
        .request("PATCH", "/", &[JSON_PATCH, &tag], patch)
        .problem(412);
    assert_eq!(server.body("/more/n.json/n"), "3\n");
}

#[test]
fn a_patch_reaches_nothing_that_is_not_served() {
    let folder = Folder::school()
        .with("plain.txt", "text")
        .with(".hidden.json", "{\"a\":1}");
    let server = Server::start(folder, &[]);
    for path in [
        "/plain.txt/a",
        "/.hidden.json/a",
        "/.jsond/a",
        "/../outside.json/a",
        "/..~1outside.json",
        "/_/version/name",
        "/students.json~1Da_Eun/grade",
    ] {
        let patch = format!(r#"[{{"op":"add","path":"{path}","value":1}}]"#);
        let status = server.json_patch("/", &patch).status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    assert_eq!(server.folder.text("plain.txt"), "text");
    assert_eq!(server.folder.text(".hidden.json"), "{\"a\":1}");
    assert!(!server.folder.file("../outside.json").exists());
}

#[test]
fn fifty_patches_at_once_across_files_are_all_there_or_not_at_all() {
    let server = Server::start(
        Folder::empty().with("a.json", "[]").with("b.json", "[]"),
        &[],
    );
    std::thread::scope(|scope| {
        for number in 0..10 {
            let server = &server;
            scope.spawn(move || {
                let mut wire = server.connect();
                for step in 0..5 {
                    let value = number * 10 + step;
                    let patch = format!(
                        r#"[{{"op":"add","path":"/a.json/-","value":{value}}},
                            {{"op":"add","path":"/b.json/-","value":{value}}}]"#
                    );
                    wire.request("PATCH", "/", &[JSON_PATCH], &patch).is(200);
                }
            });
        }
    });
    let (first, second) = (server.json("/a.json"), server.json("/b.json"));
    assert_eq!(first, second, "one order for both files");
    assert_eq!(first.as_array().unwrap().len(), 50);
}

#[test]
fn a_document_that_copies_itself_into_itself_thirty_times_is_refused() {
    let text = format!("{{\"s\":\"{}\"}}", "x".repeat(2000));
    let folder = Folder::school()
        .with("bomb.json", &text)
        .with("list.json", "[[1]]");
    let server = Server::start(folder, &[]);
    let copies = |target: &str| {
        let operation = |n| format!(r#"{{"op":"copy","from":"{target}","path":"{target}/c{n}"}}"#);
        format!("[{}]", (0..30).map(operation).collect::<Vec<_>>().join(","))
    };
    let begin = Instant::now();
    for (target, patch) in [("/bomb.json", copies("")), ("/", copies("/bomb.json"))] {
        let reply = server.request_patiently("PATCH", target, &[JSON_PATCH], &patch);
        assert!([409, 413, 422].contains(&reply.status), "{}", reply.text());
        let status = reply.status;
        reply.problem(status);
    }
    let doubled = [r#"{"op":"copy","from":"/0","path":"/0/-"}"#; 30].join(",");
    server
        .request_patiently(
            "PATCH",
            "/list.json",
            &[JSON_PATCH],
            &format!("[{doubled}]"),
        )
        .one_of(&[409, 413, 422]);
    // A build without optimization takes ten times as long.
    let bound = Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 4 });
    assert!(begin.elapsed() < bound, "{:?}", begin.elapsed());
    assert!(
        server.memory_bytes_max() < 600 << 20,
        "{} bytes",
        server.memory_bytes_max()
    );
    assert_eq!(server.folder.text("bomb.json"), text);
    assert_eq!(server.body("/list.json"), "[[1]]\n");
    server.still_serves();
}

#[test]
fn a_patch_of_more_than_ten_thousand_operations_is_413() {
    let server = Server::school();
    let tag = server.get("/students.json").etag();
    let operations = |count: usize| {
        let operation = r#"{"op":"test","path":"/Da_Eun/grade","value":"3.9"}"#;
        format!("[{}]", vec![operation; count].join(","))
    };
    server
        .json_patch("/students.json", &operations(10_000))
        .is(200);
    server
        .json_patch("/students.json", &operations(10_001))
        .problem(413);
    server.json_patch("/", "[]").is(200);
    assert_eq!(server.get("/students.json").etag(), tag);
}

#[test]
fn ten_thousand_insertions_at_the_front_end_in_bounded_time() {
    let server = Server::start(Folder::school().with("list.json", "[]"), &[]);
    let operations = vec![r#"{"op":"add","path":"/0","value":[]}"#; 10_000].join(",");
    let begin = Instant::now();
    server
        .request_patiently(
            "PATCH",
            "/list.json",
            &[JSON_PATCH],
            &format!("[{operations}]"),
        )
        .one_of(&[200, 413, 422]);
    assert!(
        begin.elapsed() < Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 5 }),
        "{:?}",
        begin.elapsed()
    );
    server.still_serves();
}

#[test]
fn a_patch_may_not_nest_deeper_than_the_file_may() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let folder = Folder::school().with("deep.json", format!("{{\"a\":{}}}", nested(100)));
    let server = Server::start(folder, &[]);
    let tag = server.get("/deep.json").etag();
    let into = |value: &str| {
        format!(
            r#"[{{"op":"add","path":"/a{}/-","value":{value}}}]"#,
            "/0".repeat(99)
        )
    };
    for reply in [
        server.json_patch("/deep.json", &into(&nested(28))),
        server.json_patch("/deep.json", &into(&nested(200))),
        server.merge_patch("/deep.json", &format!("{{\"b\":{}}}", nested(128))),
    ] {
        let status = reply.one_of(&[400, 422]).status;
        assert_ne!(status, 200);
    }
    let copy = format!(
        r#"[{{"op":"copy","from":"/a","path":"/a{}/-"}}]"#,
        "/0".repeat(99)
    );
    server.json_patch("/deep.json", &copy).problem(422);
    assert_eq!(server.get("/deep.json").etag(), tag);
    server.json_patch("/deep.json", &into(&nested(27))).is(200);
    server
        .merge_patch("/deep.json", &format!("{{\"b\":{}}}", nested(127)))
        .is(200);
    server.still_serves();
}

#[test]
fn a_patch_can_make_and_take_back_a_new_file_or_says_that_it_cannot() {
    let server = Server::school();
    let patch = r#"[{"op":"add","path":"/new.json","value":{"a":1}},
        {"op":"replace","path":"/students.json/Da_Eun/grade","value":"1"},
        {"op":"test","path":"/students.json/Da_Eun/grade","value":"2"}]"#;
    let status = server.json_patch("/", patch).status;
    assert!([409, 422].contains(&status), "{status}");
    server.get("/new.json").problem(404);
    assert_eq!(server.body("/students.json/Da_Eun/grade"), "\"3.9\"\n");
    assert!(!server.stop().folder.file("new.json").exists());
}

/// The story: the final slash of a folder was taken for an empty token, so that the very folder that
/// OPTIONS offers PATCH for was not found.
#[test]
fn a_patch_on_a_sub_folder_reaches_its_files() {
    let server = three_files();
    let allow = server.request("OPTIONS", "/more/", &[], "").is(204);
    if !allow.need("Allow").contains("PATCH") {
        server.json_patch("/more/", "[]").problem(405);
        return;
    }
    let patch = r#"[{"op":"replace","path":"/n.json/n","value":2}]"#;
    let reply = server.json_patch("/more/", patch).is(200);
    assert_eq!(reply.text(), server.body("/more/"));
    assert_eq!(server.body("/more/n.json/n"), "2\n");
    server.json_patch("/more", patch).is(308);
}
