//! The HTTP door: from the request target to the value. Percent-decoding, names that need care,
//! `.json` left out, and everything that is not served.

use serde_json::json;

use crate::support::{Folder, STUDENTS, Server};

#[test]
fn a_name_may_leave_out_json_and_the_reply_says_the_canonical_one() {
    let server = Server::school();
    for (target, canonical) in [
        ("/students", "/students.json"),
        ("/students/Da_Eun", "/students.json/Da_Eun"),
        ("/students/Da_Eun/grade", "/students.json/Da_Eun/grade"),
    ] {
        let reply = server.get(target).is(200);
        assert_eq!(reply.need("Content-Location"), canonical, "{target}");
        assert_eq!(reply.etag(), server.get(canonical).etag());
    }
    assert_eq!(
        server
            .put("/students/Da_Eun/grade", "\"4.0\"")
            .is(200)
            .text(),
        "\"4.0\"\n"
    );
    let created = server.post("/students", "{\"Ann\":{}}").is(201);
    assert_eq!(created.need("Location"), "/students.json/Ann");
    assert!(!server.folder.file("students").exists());
}

#[test]
fn an_exact_name_wins_over_one_with_json_left_out() {
    let folder = Folder::empty()
        .with("x.json", "\"short\"")
        .with("x.json.json", "\"long\"")
        .with("y.json.json", "\"only long\"");
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/x.json"), "short");
    assert_eq!(server.json("/x.json.json"), "long");
    assert_eq!(server.json("/x"), "short");
    assert_eq!(server.json("/y.json"), "only long");
}

#[test]
fn a_folder_wins_over_a_file() {
    let folder = Folder::empty()
        .with("sub.json", "{\"in\":\"file\"}")
        .with("sub/in.json", "\"folder\"");
    let server = Server::start(folder, &[]);
    assert_eq!(server.get("/sub").is(308).need("Location"), "/sub/");
    assert_eq!(server.json("/sub/in"), "folder");
    assert_eq!(server.json("/sub.json/in"), "file");
}

#[test]
fn each_segment_is_percent_decoded_once_and_a_slash_in_it_belongs_to_the_name() {
    let odd = json!({
        "a/b": 1, "a b": 2, "~": 3, "a~1b": 4, "%41": 5, "": 6, "학과": 7, "a\"b": 8, "a?b": 9,
        "a#b": 10, "a+b": 11, ".": 12, "..": 13, "\\": 14, "é": 15, "a&b=c": 16,
    });
    let server = Server::start(Folder::empty().with("odd.json", odd.to_string()), &[]);
    for (segment, value) in [
        ("a%2Fb", 1),
        ("a%2fb", 1),
        ("a%20b", 2),
        ("~", 3),
        ("%7E", 3),
        ("a~1b", 4),
        ("%2541", 5),
        ("", 6),
        ("%ED%95%99%EA%B3%BC", 7),
        ("a%22b", 8),
        ("a%3Fb", 9),
        ("a%23b", 10),
        ("a+b", 11),
        ("%5C", 14),
        ("%C3%A9", 15),
        ("a&b=c", 16),
    ] {
        assert_eq!(
            server.json(&format!("/odd.json/{segment}")),
            value,
            "{segment}"
        );
    }
    server.get("/odd.json/a~1b~1").problem(404);
    server.get("/odd.json/A").problem(404);
}

#[test]
fn a_location_can_be_followed_whatever_the_key() {
    let server = Server::school();
    for key in [
        "Kim Minsu",
        "a/b",
        "학생",
        "100%",
        "a?b#c",
        "~1",
        "\\u0000x",
        "..",
        "a\"b",
    ] {
        let body = json!({ key: {"n": 1} }).to_string();
        let reply = server.post("/students.json", &body).is(201);
        let location = reply.need("Location").to_owned();
        assert!(location.is_ascii() && !location.contains(' '), "{location}");
        if key != ".." {
            assert_eq!(
                server.json(&format!("{location}/n")),
                1,
                "{key} at {location}"
            );
        }
    }
}

#[test]
fn a_target_that_cannot_be_decoded_is_refused() {
    let server = Server::school();
    for target in [
        "/%",
        "/%4",
        "/%zz",
        "/students.json/%G1",
        "/students.json/%ff%fe",
        "/%c0%ae",
    ] {
        server.get(target).one_of(&[400, 404]);
    }
    for target in ["/%zz", "/students.json/%"] {
        server.get(target).problem(400);
    }
}

#[test]
fn what_is_not_served_is_404_or_400_and_never_made() {
    let folder = Folder::school()
        .with(".secret.json", "\"secret\"")
        .with(".git/config.json", "\"secret\"")
        .with("notes.txt", "secret")
        .with("inner/x.json", "1");
    let outside = Folder::empty().with("outside.json", "\"secret\"");
    std::os::unix::fs::symlink(outside.file("outside.json"), folder.file("link.json")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.file("linked")).unwrap();
    std::fs::create_dir(folder.file("folder.json")).unwrap();
    let name = outside
        .path()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let server = Server::start(folder, &[]);
    let targets = [
        "/.secret.json".to_owned(),
        "/.secret".to_owned(),
        "/.git/config.json".to_owned(),
        "/.git/".to_owned(),
        "/.jsond/".to_owned(),
        "/.jsond/journal".to_owned(),
        "/notes.txt".to_owned(),
        "/link.json".to_owned(),
        "/link".to_owned(),
        "/linked/outside.json".to_owned(),
        format!("/../{name}/outside.json"),
        format!("/%2e%2e/{name}/outside.json"),
        format!("/..%2f{name}%2foutside.json"),
        format!("/inner/../../{name}/outside.json"),
        format!("/inner/%2e%2e/%2e%2e/{name}/outside.json"),
        format!("/..\\{name}\\outside.json"),
        format!("/..%5c{name}%5coutside.json"),
        "/inner/../.secret.json".to_owned(),
        format!(
            "/{}",
            outside
                .file("outside.json")
                .to_str()
                .unwrap()
                .replace('/', "%2f")
        ),
        format!("/{}", outside.file("outside.json").display()),
        "/students.json%00".to_owned(),
        "/students%00.json".to_owned(),
        "//students.json".to_owned(),
        "/./students.json".to_owned(),
        "/%2e/students.json".to_owned(),
        "/etc/passwd".to_owned(),
    ];
    for target in &targets {
        let reply = server.get(target).one_of(&[400, 404]);
        assert!(!reply.text().contains("\"secret\""), "{target}");
        let reply = server.put(target, "\"made\"");
        assert!(
            (400..500).contains(&reply.status),
            "PUT {target}: {}",
            reply.status
        );
    }
    assert_eq!(outside.text("outside.json"), "\"secret\"");
    assert_eq!(server.folder.text(".secret.json"), "\"secret\"");
    assert_eq!(server.folder.text("notes.txt"), "secret");
}

#[test]
fn a_name_that_no_file_system_takes_is_no_server_error() {
    let server = Server::school();
    let long = "a".repeat(300);
    server.get(&format!("/{long}.json")).problem(404);
    let status = server.put(&format!("/{long}.json"), "{}").status;
    assert!((400..500).contains(&status), "{status}");
    let deep = "a/".repeat(2_000);
    server.get(&format!("/{deep}x.json")).problem(404);
    server.get(&format!("/students.json/{deep}x")).problem(404);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
}

#[test]
fn a_put_to_a_name_that_is_not_served_makes_no_file() {
    let server = Server::school();
    for target in [
        "/new.txt",
        "/.new.json",
        "/.json",
        "/_/new.json",
        "/con%00.json",
        "/a%2Fb.json",
        "/",
    ] {
        let status = server.put(target, "{}").status;
        // `.json` may be left out: `new.txt` is then the file `new.txt.json`.
        assert!(
            (400..500).contains(&status) || target == "/new.txt",
            "{target}: {status}"
        );
    }
    let mut names: Vec<_> = std::fs::read_dir(server.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".jsond" && name != "new.txt.json")
        .collect();
    names.sort();
    assert_eq!(names, ["students.json"]);
}

#[test]
fn the_absolute_form_is_the_same_resource() {
    let server = Server::school();
    let target = format!(
        "http://localhost:{}/students.json/Da_Eun/grade",
        server.port
    );
    assert_eq!(server.get(&target).is(200).text(), "\"3.9\"\n");
    let bare = format!("http://127.0.0.1:{}", server.port);
    server.get(&bare).is(200);
}

#[test]
fn a_broken_file_names_line_and_column_and_the_others_are_served() {
    let broken = "{\n\t\"a\": {\"n\": 1},\n\t\"b\": {\"n\": }\n}\n";
    let folder = Folder::school()
        .with("broken.json", broken)
        .with("twice.json", "{\"a\":1,\"a\":2}")
        .with("empty.json", "")
        .with("latin.json", b"\"\xe9\"");
    let server = Server::start(folder, &[]);
    let problem = server.get("/broken.json").problem(500);
    assert_eq!(problem["line"], 3, "{problem}");
    let column = problem["column"].as_u64().unwrap_or_default();
    assert!((13..=14).contains(&column), "{problem}");
    for target in [
        "/twice.json",
        "/empty.json",
        "/latin.json",
        "/broken.json/a",
    ] {
        server.get(target).problem(500);
    }
    server.put("/broken.json", "{}").problem(409);
    server.put("/broken.json/a", "{}").problem(409);
    server.post("/broken.json", "{\"c\":{}}").problem(409);
    server
        .request("DELETE", "/broken.json", &["If-Match: *"], "")
        .one_of(&[409, 412]);
    server.delete("/broken.json/a").problem(409);
    assert_eq!(
        server.get("/students.json").is(200).json(),
        server.json("/students")
    );
    server.get("/").is(200);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(exit.folder.text("broken.json"), broken);
    assert_eq!(exit.folder.text("students.json"), STUDENTS);
    assert_eq!(exit.folder.text("empty.json"), "");
}
