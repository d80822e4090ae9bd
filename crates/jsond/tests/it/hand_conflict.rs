//! Edits by hand that meet writes over HTTP: other records merge, the same record keeps the value
//! that was acknowledged and the hand's version beside the file. Broken JSON is left alone. The same
//! while the server is down.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::support::{
    Exit, Folder, PATIENCE, STUDENTS, Server, eventually, killed_while_pending,
    stopped_while_pending,
};

const SURELY: Duration = Duration::from_secs(8);
const GRADE: &str = "/students.json/Da_Eun/grade";
const WRITE: [&str; 2] = [GRADE, "\"4.0\""];

/// What the hand writes: the record of the pending write, and another one.
fn hand() -> String {
    STUDENTS
        .replace("\"3.9\"", "\"1.0\"")
        .replace("\"4.1\"", "\"2.0\"")
}

/// Only a record that no pending write touches.
fn hand_elsewhere() -> String {
    STUDENTS.replace("\"4.1\"", "\"2.0\"")
}

/// What both together make.
fn merged() -> String {
    STUDENTS
        .replace("\"3.9\"", "\"4.0\"")
        .replace("\"4.1\"", "\"2.0\"")
}

/// The acknowledged value stays, the hand's version is kept, and both are said.
#[track_caller]
fn check_conflict(server: &Server) {
    let kept = eventually("a conflict file", SURELY, || {
        server.folder.conflicts("students.json").pop()
    });
    assert_eq!(kept.1, hand(), "the hand's very bytes");
    let revision = kept.0.trim_start_matches("students.json.conflict-");
    assert!(revision.parse::<u64>().is_ok(), "{}", kept.0);
    server.shows("/students.json/Chan_Jin/grade", &json!("2.0"), SURELY);
    assert_eq!(server.json(GRADE), json!("4.0"));
    server.folder.becomes("students.json", &merged());
    assert_eq!(server.folder.conflicts("students.json").len(), 1);
    server.prints("of the conflict", |line| line.contains(&kept.0));
}

#[test]
fn the_same_record_by_hand_and_over_http_keeps_both_versions() {
    let server = stopped_while_pending(Folder::school, &[], "students.json", WRITE);
    server.folder.save_by_rename("students.json", hand());
    server.signal("CONT");
    check_conflict(&server);
}

#[test]
fn the_same_record_in_place_and_over_http_keeps_both_versions() {
    let server = stopped_while_pending(Folder::school, &[], "students.json", WRITE);
    server.folder.write("students.json", hand());
    server.signal("CONT");
    check_conflict(&server);
}

#[test]
fn other_records_merge_without_a_conflict_file() {
    let server = stopped_while_pending(Folder::school, &[], "students.json", WRITE);
    server
        .folder
        .save_by_rename("students.json", hand_elsewhere());
    server.signal("CONT");
    server.folder.becomes("students.json", &merged());
    server.shows("/students.json/Chan_Jin/grade", &json!("2.0"), SURELY);
    assert_eq!(server.json(GRADE), json!("4.0"));
    let conflicts = server.folder.conflicts("students.json");
    assert!(conflicts.is_empty(), "{conflicts:?}");
}

#[test]
fn a_file_removed_while_a_write_is_pending_comes_back_with_the_write() {
    let server = stopped_while_pending(Folder::school, &[], "students.json", WRITE);
    fs::remove_file(server.folder.file("students.json")).unwrap();
    server.signal("CONT");
    server.prints("of the removal", |line| {
        line.contains("students.json") && line.contains("removed")
    });
    assert_eq!(server.json(GRADE), json!("4.0"));
    eventually("the file is back", PATIENCE, || {
        let text = fs::read(server.folder.file("students.json")).ok()?;
        let value: serde_json::Value = serde_json::from_slice(&text).ok()?;
        (value["Da_Eun"]["grade"] == "4.0").then_some(())
    });
}

const BROKEN: &str = "{\n\t\"Da_Eun\": {\n\t\t\"grade\": 2.0,,\n\t}\n}\n";

/// The last good version is served, the place is said, and nothing is overwritten.
fn check_broken(server: &Server) {
    server.prints("with line and column", |line| {
        let in_words = line.contains("line 3") && line.contains("column 16");
        line.contains("students.json") && (in_words || line.contains("3:16"))
    });
    let refusal = server
        .put("/students.json/Chan_Jin/grade", "\"1.5\"")
        .is(409);
    assert!(refusal.text().contains("broken-file"), "{}", refusal.text());
    assert_eq!(refusal.json()["line"], 3, "{}", refusal.text());
    let patch = r#"[{"op":"replace","path":"/students.json/Da_Eun/grade","value":1}]"#;
    server.json_patch("/", patch).is(409);
    assert_eq!(server.folder.text("students.json"), BROKEN);
}

#[test]
fn broken_json_by_hand_is_left_alone_until_it_is_mended() {
    let server = Server::school();
    server.folder.write("students.json", BROKEN);
    check_broken(&server);
    assert_eq!(server.json(GRADE), json!("3.9"), "the last good version");
    server.put("/other.json", "{\"a\":{\"n\":1}}").is(201);
    server.folder.save_by_rename("students.json", hand());
    server.shows(GRADE, &json!("1.0"), SURELY);
    server
        .put("/students.json/So_Jeong/grade", "\"1.5\"")
        .is(200);
    let expected = hand().replace("\"4.4\"", "\"1.5\"");
    server.folder.becomes("students.json", &expected);
    assert!(server.folder.conflicts("students.json").is_empty());
}

#[test]
fn a_stop_leaves_broken_json_alone() {
    let server = Server::school();
    server.folder.write("students.json", BROKEN);
    check_broken(&server);
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), BROKEN);
}

#[test]
fn a_pending_write_to_a_file_that_is_broken_by_hand_waits_for_its_mending() {
    let server = stopped_while_pending(Folder::school, &[], "students.json", WRITE);
    server.folder.write("students.json", BROKEN);
    server.signal("CONT");
    check_broken(&server);
    assert_eq!(
        server.json(GRADE),
        json!("4.0"),
        "what was acknowledged is shown"
    );
    server
        .folder
        .save_by_rename("students.json", hand_elsewhere());
    server.folder.becomes("students.json", &merged());
    assert_eq!(server.json(GRADE), json!("4.0"));
}

#[test]
fn a_pending_write_outlives_broken_json_and_kill_9_and_a_clean_stop() {
    let folder = killed_while_pending(Folder::school, &[], "students.json", &[WRITE]);
    folder.write("students.json", BROKEN);
    let server = Server::start(folder, &[]);
    server
        .put("/students.json/Chan_Jin/grade", "\"1.5\"")
        .is(409);
    assert_eq!(server.folder.text("students.json"), BROKEN);
    let Exit { folder, .. } = server.stop();
    assert_eq!(folder.text("students.json"), BROKEN);
    folder.save_by_rename("students.json", hand_elsewhere());
    let server = Server::start(folder, &[]);
    assert_eq!(server.json(GRADE), json!("4.0"));
    assert_eq!(server.json("/students.json/Chan_Jin/grade"), json!("2.0"));
}

fn restart_after(edit: impl Fn(&Folder)) -> Server {
    let folder = killed_while_pending(Folder::school, &[], "students.json", &[WRITE]);
    edit(&folder);
    Server::start(folder, &[])
}

#[test]
fn an_edit_of_other_records_while_it_was_down_merges_without_a_conflict_file() {
    let server = restart_after(|folder| folder.write("students.json", hand_elsewhere()));
    assert_eq!(server.json(GRADE), json!("4.0"));
    assert_eq!(server.json("/students.json/Chan_Jin/grade"), json!("2.0"));
    server.folder.becomes("students.json", &merged());
    let conflicts = server.folder.conflicts("students.json");
    assert!(conflicts.is_empty(), "{conflicts:?}");
}

#[test]
fn an_edit_of_the_same_record_while_it_was_down_keeps_both_versions() {
    let server = restart_after(|folder| folder.save_by_rename("students.json", hand()));
    check_conflict(&server);
}

#[test]
fn records_added_and_removed_on_both_sides_while_it_was_down_all_merge() {
    let text = "[\n  { \"id\": 1, \"t\": \"a\" },\n  { \"id\": 2, \"t\": \"b\" },\n  { \"id\": 3, \"t\": \"c\" }\n]\n";
    let writes = [
        ["/f.json/2/t", "\"B\""],
        ["/f.json/9", "{\"id\":9,\"t\":\"i\"}"],
    ];
    let make = || Folder::empty().with("f.json", text);
    let folder = killed_while_pending(make, &[], "f.json", &writes);
    // In front of the record that a pending write changes; another one is gone.
    let hand = "[\n  { \"id\": 7, \"t\": \"new\" },\n  { \"id\": 1, \"t\": \"a\" },\n  { \"id\": 2, \"t\": \"b\" }\n]\n";
    folder.write("f.json", hand);
    let server = Server::start(folder, &[]);
    for (id, letter) in [(7, "new"), (1, "a"), (2, "B"), (9, "i")] {
        assert_eq!(
            server.json(&format!("/f.json/{id}/t")),
            json!(letter),
            "{id}"
        );
    }
    server.get("/f.json/3").is(404);
    let conflicts = server.folder.conflicts("f.json");
    assert!(conflicts.is_empty(), "{conflicts:?}");
}

#[test]
fn a_file_removed_while_it_was_down_comes_back_with_the_pending_write() {
    let server = restart_after(|folder| {
        fs::remove_file(folder.file("students.json")).unwrap();
    });
    assert_eq!(server.json(GRADE), json!("4.0"));
    server.prints("of the removal", |line| {
        line.contains("students.json") && line.contains("removed")
    });
}

#[test]
fn an_edit_after_a_clean_stop_is_simply_taken() {
    let server = Server::school();
    server.put(WRITE[0], WRITE[1]).is(200);
    let exit = server.stop();
    exit.folder.write("students.json", hand());
    let server = Server::start(exit.folder, &[]);
    assert_eq!(server.json(GRADE), json!("1.0"));
    server
        .put("/students.json/So_Jeong/grade", "\"1.5\"")
        .is(200);
    let expected = hand().replace("\"4.4\"", "\"1.5\"");
    server.folder.becomes("students.json", &expected);
    assert!(server.folder.conflicts("students.json").is_empty());
}

/// Kill -9 again and again while the merge of a start is under way.
#[test]
fn a_merge_at_start_that_is_killed_is_made_by_the_next_start() {
    let mut folder: Arc<Folder> =
        killed_while_pending(Folder::school, &[], "students.json", &[WRITE]);
    folder.save_by_rename("students.json", hand());
    for _ in 0..5 {
        let server = Server::start(folder, &[]);
        assert_eq!(server.json(GRADE), json!("4.0"));
        assert_eq!(server.json("/students.json/Chan_Jin/grade"), json!("2.0"));
        folder = server.kill();
    }
    let server = Server::start(folder, &[]);
    server.folder.becomes("students.json", &merged());
    let conflicts = server.folder.conflicts("students.json");
    assert!(conflicts.iter().all(|(_, text)| *text == hand()));
    assert!(!conflicts.is_empty(), "the hand's version is kept");
}
