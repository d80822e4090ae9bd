//! The plain files stay the truth: a change of one field is a change of one line, layout, order and
//! spelling are kept, and the change is there soon.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Folder, STUDENTS, Server};

/// Writes to a file of the given layout, and asserts what it becomes.
#[track_caller]
fn check_put(before: &str, target: &str, body: &str, after: &str) {
    let server = Server::start(Folder::empty().with("f.json", before), &[]);
    server
        .put(&format!("/f.json{target}"), body)
        .one_of(&[200, 201]);
    server.folder.becomes("f.json", after);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(
        exit.folder.text("f.json"),
        after,
        "the same after a clean stop"
    );
}

#[test]
fn a_change_of_one_field_is_a_change_of_one_line() {
    let after = STUDENTS.replace("\"3.9\"", "\"4.0\"");
    check_put(STUDENTS, "/Da_Eun/grade", "\"4.0\"", &after);
    assert_eq!(
        STUDENTS
            .lines()
            .zip(after.lines())
            .filter(|(old, new)| old != new)
            .count(),
        1
    );
}

#[test]
fn a_change_is_in_the_file_soon() {
    let server = Server::school();
    let quickest = (0..5).map(|number| {
        let text = STUDENTS.replace("\"3.9\"", &number.to_string());
        server
            .put("/students.json/Da_Eun/grade", &number.to_string())
            .is(200);
        let start = Instant::now();
        server.folder.becomes("students.json", &text);
        start.elapsed()
    });
    let quickest = quickest.min().unwrap();
    assert!(
        quickest < Duration::from_millis(400),
        "200 ms when idle, not {quickest:?}"
    );
}

#[test]
fn two_four_and_no_spaces_are_kept() {
    for indent in ["  ", "    ", "\t", " "] {
        let text = format!("{{\n{indent}\"a\": {{\n{indent}{indent}\"n\": 1\n{indent}}}\n}}\n");
        check_put(&text, "/a/n", "2", &text.replace(": 1", ": 2"));
        let added = text.replace(
            &format!("1\n{indent}}}\n"),
            &format!("1\n{indent}}},\n{indent}\"b\": {{\n{indent}{indent}\"n\": 2\n{indent}}}\n"),
        );
        check_put(&text, "/b", "{\"n\":2}", &added);
    }
    check_put(
        "{\"a\":{\"n\":1}}",
        "/b",
        "{\"n\": 2}",
        "{\"a\":{\"n\":1},\"b\":{\"n\":2}}",
    );
    check_put(
        "{\"a\": {\"n\": 1}}\n",
        "/a/n",
        "2",
        "{\"a\": {\"n\": 2}}\n",
    );
}

#[test]
fn newline_kind_final_newline_and_byte_order_mark_are_kept() {
    let text = "{\n  \"a\": {\n    \"n\": 1\n  }\n}";
    let windows = text.replace('\n', "\r\n");
    check_put(text, "/a/n", "2", &text.replace('1', "2"));
    check_put(&windows, "/a/n", "2", &windows.replace('1', "2"));
    check_put(
        &format!("{windows}\r\n"),
        "/a/n",
        "2",
        &format!("{}\r\n", windows.replace('1', "2")),
    );
    check_put(
        &format!("\u{feff}{text}\n"),
        "/a/n",
        "2",
        &format!("\u{feff}{}\n", text.replace('1', "2")),
    );
}

#[test]
fn records_on_one_line_stay_on_one_line() {
    let text = "{\n  \"a\": {\"n\": 1, \"s\": \"x\"},\n  \"b\": {\"n\": 2, \"s\": \"y\"}\n}\n";
    check_put(text, "/b/n", "3", &text.replace("\"n\": 2", "\"n\": 3"));
    check_put(
        text,
        "/c",
        "{\"n\":3,\"s\":\"z\"}",
        &text.replace("\"y\"}\n", "\"y\"},\n  \"c\": {\"n\": 3, \"s\": \"z\"}\n"),
    );
}

#[test]
fn untouched_records_keep_their_very_bytes() {
    let odd = "{\n\t\"a\":   { \"n\":1.00 ,\"s\" : \"\\u0041\\/\" },\n\n\t\"b\": {\n\t\t\"n\": 2\n\t},\n\t\"c\" : {\"x\":[ 1,2 ]}\n}\n";
    check_put(odd, "/b/n", "3", &odd.replace("\"n\": 2", "\"n\": 3"));
}

#[test]
fn order_and_spelling_are_kept() {
    let text = "{\n\t\"z\": {\n\t\t\"n\": 1e400\n\t},\n\t\"a\": {\n\t\t\"n\": 1.0\n\t},\n\t\"m\": {\n\t\t\"n\": -0\n\t}\n}\n";
    check_put(text, "/a/n", "1.00", &text.replace("1.0\n", "1.00\n"));
    let server = Server::start(Folder::empty().with("f.json", text), &[]);
    server.delete("/f.json/z").is(200);
    server.folder.becomes(
        "f.json",
        &text.replace("\t\"z\": {\n\t\t\"n\": 1e400\n\t},\n", ""),
    );
    server.put("/f.json/z", "{\"n\":1E2}").is(201);
    server.folder.becomes(
        "f.json",
        "{\n\t\"a\": {\n\t\t\"n\": 1.0\n\t},\n\t\"m\": {\n\t\t\"n\": -0\n\t},\n\t\"z\": {\n\t\t\"n\": 1E2\n\t}\n}\n",
    );
}

#[test]
fn a_new_file_of_one_line_is_laid_out_with_tabs_and_another_keeps_its_text() {
    let server = Server::school();
    server
        .put("/line.json", "{\"a\":{\"n\":1,\"s\":\"x\"},\"b\":{}}")
        .is(201);
    server
        .folder
        .holds("line.json", &json!({"a": {"n": 1, "s": "x"}, "b": {}}));
    let text = server.folder.text("line.json");
    assert!(text.starts_with("{\n\t\"a\": {"), "one tab: {text:?}");
    let own = "{ \"a\" : 1,\n    \"b\" : [ 1,\n 2 ] }\n";
    server.put("/own.json", own).is(201);
    server.folder.becomes("own.json", own);
}

#[test]
fn arrays_keep_their_layout() {
    let text = "[\n  { \"id\": 1, \"t\": \"a\" },\n  { \"id\": 2, \"t\": \"b\" }\n]\n";
    check_put(text, "/2/t", "\"c\"", &text.replace("\"b\"", "\"c\""));
    let server = Server::start(Folder::empty().with("f.json", text), &[]);
    server.delete("/f.json/1").is(200);
    server
        .folder
        .becomes("f.json", "[\n  { \"id\": 2, \"t\": \"b\" }\n]\n");
}

#[test]
fn mode_is_kept_and_nothing_else_is_left_in_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::school();
    let path = folder.file("students.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let server = Server::start(folder, &[]);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    server
        .folder
        .becomes("students.json", &STUDENTS.replace("\"3.9\"", "\"4.0\""));
    let exit = server.stop();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names: Vec<_> = std::fs::read_dir(exit.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".jsond")
        .collect();
    assert_eq!(names, ["students.json"]);
}

#[test]
fn a_file_is_whole_json_at_every_moment_of_many_writes() {
    let server = Server::school();
    let path = server.folder.file("students.json");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reader = std::thread::spawn({
        let stop = std::sync::Arc::clone(&stop);
        move || {
            let mut reads = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let text = std::fs::read(&path).expect("the file is there at every moment");
                serde_json::from_slice::<serde_json::Value>(&text)
                    .expect("whole JSON at every moment");
                reads += 1;
            }
            reads
        }
    });
    let mut wire = server.connect();
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < Duration::from_secs(2) {
        let target = format!("/students.json/k{}", number % 50);
        let body = format!("{{\"n\":{number}}}");
        wire.request("PUT", &target, &["Content-Type: application/json"], &body)
            .one_of(&[200, 201]);
        number += 1;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reader.join().unwrap() > 10);
    server
        .folder
        .holds("students.json", &server.json("/students.json"));
}
