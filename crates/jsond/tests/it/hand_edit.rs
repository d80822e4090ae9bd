//! Other programs change the folder while it is served: editors, `mv`, `rm`, `mkdir`. Every edit is
//! taken in within two seconds, with a new ETag, and nothing that is no file is ever overwritten.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Folder, PATIENCE, STUDENTS, Server, has_program};

/// What the contract promises.
const NOTICED: Duration = Duration::from_secs(2);
const NOTICED_BY_POLLING: Duration = Duration::from_secs(6);

/// On a loaded machine, where it is not the time that is tested.
const SURELY: Duration = Duration::from_secs(8);

const GRADE: &str = "/students.json/Da_Eun/grade";

fn students(grade: &str) -> String {
    STUDENTS.replace("\"3.9\"", &format!("\"{grade}\""))
}

/// An edit shows, the tag is another, and a write of another record goes on from it.
fn check_taken_in(server: &Server, grade: &str, before: &str) {
    server.shows(GRADE, &json!(grade), SURELY);
    assert_ne!(server.get("/students.json").etag(), before, "a new tag");
    server
        .put("/students.json/Chan_Jin/grade", "\"1.5\"")
        .is(200);
    let expected = students(grade).replace("\"4.1\"", "\"1.5\"");
    server.folder.becomes("students.json", &expected);
    assert!(server.folder.conflicts("students.json").is_empty());
}

#[test]
fn a_save_by_rename_is_taken_in() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    server
        .folder
        .save_by_rename("students.json", students("2.0"));
    check_taken_in(&server, "2.0", &before);
}

#[test]
fn a_save_in_place_is_taken_in() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    server.folder.write("students.json", students("2.0"));
    check_taken_in(&server, "2.0", &before);
}

#[test]
fn a_save_in_place_in_pieces_shows_the_old_version_until_it_is_whole() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    let text = students("2.0");
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = fs::File::create(server.folder.file("students.json")).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    let start = Instant::now();
    while start.elapsed() < NOTICED {
        let reply = server.get(GRADE).is(200);
        assert_eq!(reply.json(), json!("3.9"), "the last good version");
    }
    assert_eq!(server.folder.text("students.json"), first);
    file.write_all(second.as_bytes()).unwrap();
    drop(file);
    check_taken_in(&server, "2.0", &before);
}

#[test]
fn a_few_bytes_overwritten_in_place_are_taken_in() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    let place = STUDENTS.find("3.9").unwrap();
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .open(server.folder.file("students.json"));
    let mut file = file.unwrap();
    file.seek(SeekFrom::Start(place as u64)).unwrap();
    file.write_all(b"2.0").unwrap();
    check_taken_in(&server, "2.0", &before);
}

#[test]
fn an_edit_is_noticed_within_two_seconds() {
    let server = Server::school();
    let quickest = ["1.0", "2.0", "3.0"].map(|grade| {
        server
            .folder
            .save_by_rename("students.json", students(grade));
        let start = Instant::now();
        server.shows(GRADE, &json!(grade), SURELY);
        start.elapsed()
    });
    let quickest = quickest.into_iter().min().unwrap();
    assert!(quickest < NOTICED, "{quickest:?}");
}

#[test]
fn an_edit_is_noticed_within_six_seconds_by_polling() {
    let server = Server::start(Folder::school(), &["--watch", "poll"]);
    server
        .folder
        .save_by_rename("students.json", students("2.0"));
    server.shows(GRADE, &json!("2.0"), NOTICED_BY_POLLING);
    server.folder.write("new.json", "{\"a\": {\"n\": 1}}\n");
    fs::remove_file(server.folder.file("students.json")).unwrap();
    server.shows("/new.json/a/n", &json!(1), NOTICED_BY_POLLING);
    server.turns("/students.json", 404, NOTICED_BY_POLLING);
}

#[test]
fn without_a_watcher_an_edit_is_taken_in_before_the_next_checkpoint() {
    let server = Server::start(Folder::school(), &["--watch", "off"]);
    server
        .folder
        .save_by_rename("students.json", students("2.0"));
    server
        .put("/students.json/Chan_Jin/grade", "\"1.5\"")
        .is(200);
    let expected = students("2.0").replace("\"4.1\"", "\"1.5\"");
    server.folder.becomes("students.json", &expected);
    server.shows(GRADE, &json!("2.0"), SURELY);
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), expected);
    assert!(exit.folder.conflicts("students.json").is_empty());
}

#[test]
fn a_new_file_is_served_and_written() {
    let server = Server::school();
    server.get("/new.json").is(404);
    server
        .folder
        .write("new.json", "{\n  \"a\": {\"n\": 1}\n}\n");
    server.shows("/new.json/a/n", &json!(1), SURELY);
    assert!(server.body("/").contains("new.json"), "it is listed");
    server.put("/new.json/a/n", "2").is(200);
    server
        .folder
        .becomes("new.json", "{\n  \"a\": {\"n\": 2}\n}\n");
}

#[test]
fn a_removed_file_is_gone_and_stays_so() {
    let server = Server::start(Folder::school().with("other.json", "{}\n"), &[]);
    fs::remove_file(server.folder.file("students.json")).unwrap();
    server.turns("/students.json", 404, SURELY);
    assert!(!server.body("/").contains("students.json"), "not listed");
    server.put("/other.json/a", "{\"n\":1}").is(201);
    server.folder.holds("other.json", &json!({"a": {"n": 1}}));
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(
        !exit.folder.file("students.json").exists(),
        "it stays removed"
    );
    let server = Server::start(exit.folder, &[]);
    server.get("/students.json").is(404);
}

#[test]
fn a_renamed_file_goes_by_its_new_name() {
    let server = Server::school();
    let (old, new) = ("students.json", "pupils.json");
    fs::rename(server.folder.file(old), server.folder.file(new)).unwrap();
    server.shows("/pupils.json/Da_Eun/grade", &json!("3.9"), SURELY);
    server.turns("/students.json", 404, SURELY);
    server.put("/pupils.json/Da_Eun/grade", "\"2.0\"").is(200);
    server.folder.becomes(new, &students("2.0"));
    assert!(!server.folder.file(old).exists());
}

#[test]
fn a_new_folder_with_files_is_served_and_one_that_is_renamed_or_removed_is_followed() {
    let server = Server::school();
    let folder = &server.folder;
    folder.write("more/deep/a.json", "{\"a\": {\"n\": 1}}\n");
    folder.write("more/b.json", "{\"b\": {\"n\": 2}}\n");
    server.shows("/more/deep/a.json/a/n", &json!(1), SURELY);
    server.shows("/more/b.json/b/n", &json!(2), SURELY);
    // What comes later into a new folder is noticed, too.
    folder.save_by_rename("more/deep/a.json", "{\"a\": {\"n\": 3}}\n");
    server.shows("/more/deep/a.json/a/n", &json!(3), SURELY);
    server.put("/more/deep/a.json/a/n", "4").is(200);
    folder.becomes("more/deep/a.json", "{\"a\": {\"n\": 4}}\n");
    fs::rename(folder.file("more"), folder.file("less")).unwrap();
    server.shows("/less/deep/a.json/a/n", &json!(4), SURELY);
    server.turns("/more/b.json", 404, SURELY);
    fs::remove_dir_all(folder.file("less")).unwrap();
    server.turns("/less/b.json", 404, SURELY);
}

#[test]
fn what_jsond_writes_itself_is_no_edit_by_hand() {
    let server = Server::school();
    for number in 0..30 {
        let body = format!("\"{number}\"");
        let tag = server.put(GRADE, &body).is(200).etag();
        server
            .folder
            .becomes("students.json", &students(&number.to_string()));
        assert_eq!(server.get(GRADE).etag(), tag);
    }
    assert!(server.folder.conflicts("students.json").is_empty());
    assert!(!server.stderr().contains("by hand"), "{}", server.stderr());
}

/// Replaces the file by something else, and asserts that this stays, that nothing hangs, and that
/// whatever is acknowledged nevertheless is kept.
fn check_replaced(make: impl Fn(&Folder), is_still_there: impl Fn(&fs::Metadata) -> bool) {
    let server = Server::start(Folder::school().with("other.json", "{}\n"), &[]);
    let path = server.folder.file("students.json");
    fs::remove_file(&path).unwrap();
    make(&server.folder);
    let statuses = ["5.0", "6.0", "7.0"].map(|grade| {
        server.get("/students.json").one_of(&[200, 404, 409, 500]);
        let reply = server.put(GRADE, &format!("\"{grade}\""));
        // Checkpoints come to it.
        server
            .put("/other.json/a", &format!("{{\"n\":{grade}}}"))
            .one_of(&[200, 201]);
        let value = json!({"a": {"n": grade.parse::<f64>().unwrap()}});
        server.folder.holds("other.json", &value);
        reply.one_of(&[200, 201, 404, 409]).status
    });
    let acknowledged = statuses.iter().rposition(|status| *status < 300);
    let expected = acknowledged.map(|place| ["5.0", "6.0", "7.0"][place]);
    let metadata = path.symlink_metadata().expect("it is still there");
    assert!(is_still_there(&metadata), "overwritten: {metadata:?}");
    server.get("/_/health/live").is(200);
    let exit = server.stop();
    let metadata = path.symlink_metadata().expect("it is still there");
    assert!(is_still_there(&metadata), "overwritten at the stop");
    if metadata.is_dir() {
        fs::remove_dir_all(&path).unwrap();
    } else {
        fs::remove_file(&path).unwrap();
    }
    let server = Server::start(exit.folder, &[]);
    if let Some(grade) = expected {
        assert_eq!(server.json(GRADE), json!(grade), "{statuses:?}");
    }
}

#[test]
fn a_file_that_became_a_folder_is_never_overwritten() {
    let make = |folder: &Folder| folder.write("students.json/inside.txt", "x");
    check_replaced(make, fs::Metadata::is_dir);
}

#[test]
fn a_file_that_became_a_fifo_is_never_overwritten_and_hangs_nothing() {
    if !has_program("a FIFO", "mkfifo", &["--version"]) {
        return;
    }
    let make = |folder: &Folder| {
        let status = Command::new("mkfifo")
            .arg(folder.file("students.json"))
            .status();
        assert!(status.unwrap().success());
    };
    check_replaced(make, |metadata| metadata.file_type().is_fifo());
}

#[test]
fn a_change_by_hand_is_told_to_those_who_ask_whether_it_is_new() {
    let server = Server::school();
    let tag = server.get(GRADE).is(200).etag();
    let fields = [format!("If-None-Match: {tag}")];
    let fields = fields.each_ref().map(String::as_str);
    server.ask_for(GRADE, &fields).is(304);
    server
        .folder
        .save_by_rename("students.json", students("2.0"));
    crate::support::eventually("it is new", PATIENCE, || {
        (server.ask_for(GRADE, &fields).status == 200).then_some(())
    });
    let precondition = format!("If-Match: {tag}");
    server
        .request("PUT", GRADE, &[&precondition], "\"9.9\"")
        .is(412);
    server.folder.becomes("students.json", &students("2.0"));
}
