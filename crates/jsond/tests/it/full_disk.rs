//! A disk of 1 MB that fills up, in memory and mounted by the test: 507, reads go on, and so do
//! writes by themselves once there is room; what was acknowledged is in the files.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Folder, JSON, PATIENCE, STUDENTS, Server, Wire, eventually, may_mount};

const BALLAST: &str = "ballast.bin";

/// How soon after room was made a write has to go through.
const SOON: Duration = Duration::from_secs(10);

/// How long the text of a record is, so that a few dozen of them fill the disk.
const LETTERS: usize = 8000;

/// A folder of so many KiB with the school, and with a ballast that leaves so much room.
fn folder_with_room(size: usize, room: usize) -> Folder {
    let folder = Folder::in_memory(&format!("{size}k")).with("students.json", STUDENTS);
    // The school and the folder itself take a page each.
    fill(&folder, size - 12 - room);
    folder
}

/// Makes the ballast as large as it may become, at most so large.
fn fill(folder: &Folder, kibibytes: usize) {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.file(BALLAST)).unwrap();
    for _ in 0..kibibytes {
        if file.write_all(&[7; 1024]).is_err() {
            break;
        }
    }
}

fn record(number: usize, letters: usize) -> String {
    json!({"n": number, "text": "x".repeat(letters)}).to_string()
}

fn put(wire: &mut Wire, number: usize, letters: usize) -> u16 {
    let target = format!("/students.json/k{number}");
    wire.request("PUT", &target, &[JSON], &record(number, letters))
        .status
}

/// Asserts that a value has the students and the acknowledged records, and no other.
#[track_caller]
fn check_records(value: &Value, acknowledged: &BTreeSet<usize>, letters: usize) {
    let mut expected: Value = serde_json::from_str(STUDENTS).unwrap();
    for number in acknowledged {
        let record = serde_json::from_str(&record(*number, letters)).unwrap();
        expected[format!("k{number}")] = record;
    }
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert!(
        *value == expected,
        "{:?}, not {:?}",
        names(value),
        names(&expected)
    );
}

fn file_on_disk(folder: &Folder) -> Value {
    serde_json::from_slice(&folder.bytes("students.json")).expect("whole JSON at every moment")
}

/// Asserts that the server starts again on it, and has all of it.
#[track_caller]
fn check_restart(folder: Arc<Folder>, acknowledged: &BTreeSet<usize>, letters: usize) {
    let server = Server::start(folder, &[]);
    check_records(&server.json("/students.json"), acknowledged, letters);
}

#[test]
fn a_full_disk_is_507_and_writes_go_on_by_themselves_when_there_is_room() {
    if may_mount("a full disk") {
        check_full_and_on(1024, 512);
    }
}

#[test]
fn a_full_disk_with_room_for_a_long_segment_is_507_and_writes_go_on() {
    if may_mount("a full disk of 4 MB") {
        check_full_and_on(4096, 1700);
    }
}

fn check_full_and_on(size: usize, room: usize) {
    let server = Server::start(folder_with_room(size, room), &[]);
    let mut wire = server.connect();
    let mut acknowledged = BTreeSet::new();
    let mut refused = 0;
    for number in 0..200 {
        match put(&mut wire, number, LETTERS) {
            201 => acknowledged.insert(number),
            507 if refused < 5 => {
                refused += 1;
                true
            }
            507 => break,
            other => panic!("write {number}: {other}"),
        };
        file_on_disk(&server.folder);
    }
    assert!(refused > 0 && !acknowledged.is_empty(), "{acknowledged:?}");
    check_records(
        &wire.get("/students.json").is(200).json(),
        &acknowledged,
        LETTERS,
    );
    server.still_serves();

    std::fs::remove_file(server.folder.file(BALLAST)).unwrap();
    eventually("a write goes through again", SOON, || {
        let status = put(&mut wire, 1000, LETTERS);
        assert!([201, 507].contains(&status), "{status}");
        (status == 201).then_some(())
    });
    acknowledged.insert(1000);
    let image = server.json("/students.json");
    check_records(&image, &acknowledged, LETTERS);
    server.folder.holds("students.json", &image);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    check_records(&file_on_disk(&exit.folder), &acknowledged, LETTERS);
    check_restart(exit.folder, &acknowledged, LETTERS);
}

#[test]
fn kill_9_on_a_full_disk_loses_nothing() {
    if may_mount("kill -9 on a full disk") {
        check_kill_on_full(1024, 512);
    }
}

#[test]
fn kill_9_on_a_full_disk_with_room_for_a_long_segment_loses_nothing() {
    if may_mount("kill -9 on a full disk of 4 MB") {
        check_kill_on_full(4096, 1700);
    }
}

fn check_kill_on_full(size: usize, room: usize) {
    let server = Server::start(folder_with_room(size, room), &[]);
    let mut wire = server.connect();
    let mut acknowledged = BTreeSet::new();
    for number in 0..200 {
        match put(&mut wire, number, LETTERS) {
            201 => acknowledged.insert(number),
            507 => break,
            other => panic!("write {number}: {other}"),
        };
    }
    assert!(!acknowledged.is_empty(), "nothing was taken at all");
    let folder = server.kill();
    file_on_disk(&folder);
    // Still full: it starts all the same.
    let server = Server::start(folder, &[]);
    check_records(&server.json("/students.json"), &acknowledged, LETTERS);
    std::fs::remove_file(server.folder.file(BALLAST)).unwrap();
    let mut wire = server.connect();
    eventually("a write goes through again", SOON, || {
        (put(&mut wire, 1000, LETTERS) == 201).then_some(())
    });
    acknowledged.insert(1000);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    check_records(&file_on_disk(&exit.folder), &acknowledged, LETTERS);
}

#[test]
fn with_100_kib_of_room_it_starts_and_takes_small_writes() {
    if !may_mount("little room") {
        return;
    }
    let server = Server::start(folder_with_room(1024, 100), &[]);
    let mut wire = server.connect();
    let acknowledged: BTreeSet<_> = (0..20).collect();
    for number in &acknowledged {
        assert_eq!(put(&mut wire, *number, 20), 201, "write {number}");
    }
    let image = server.json("/students.json");
    check_records(&image, &acknowledged, 20);
    server.folder.holds("students.json", &image);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    check_restart(exit.folder, &acknowledged, 20);
}

#[test]
fn without_any_room_it_starts_and_reads_and_writes_once_there_is_some() {
    if !may_mount("no room") {
        return;
    }
    let folder = Folder::in_memory("1m").with("students.json", STUDENTS);
    // It has been served before: what is there only at the first start is there.
    let folder = Server::start(folder, &[]).stop().folder;
    fill(&folder, 1024);
    let server = Server::start(folder, &[]);
    let mut wire = server.connect();
    assert_eq!(put(&mut wire, 1, 20), 507);
    check_records(&server.json("/students.json"), &BTreeSet::new(), 20);
    assert_eq!(server.folder.text("students.json"), STUDENTS);
    std::fs::remove_file(server.folder.file(BALLAST)).unwrap();
    eventually("a write goes through", SOON, || {
        (put(&mut wire, 1, 20) == 201).then_some(())
    });
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    check_records(&file_on_disk(&exit.folder), &BTreeSet::from([1]), 20);
}

/// Another program fills the disk while the journal has room: what is acknowledged waits there.
#[test]
fn a_checkpoint_without_room_is_made_when_there_is_some() {
    if !may_mount("a checkpoint without room") {
        return;
    }
    let text = format!(
        "{{\n  \"a\": {{\"n\": 1}},\n  \"b\": \"{}\"\n}}\n",
        "x".repeat(200 << 10)
    );
    let folder = Folder::in_memory("4m").with("f.json", &text);
    let server = Server::start(folder, &[]);
    server.put("/f.json/a/n", "2").is(200);
    server
        .folder
        .becomes("f.json", &text.replace("\"n\": 1", "\"n\": 2"));
    fill(&server.folder, 4096);
    let status = server.put("/f.json/a/n", "3").one_of(&[200, 507]).status;
    if status == 200 {
        server.prints("that a file could not be written", |line| {
            line.contains("f.json") && !line.contains(" PUT ")
        });
        assert_eq!(server.json("/f.json/a/n"), 3);
    }
    let on_disk = server.folder.text("f.json");
    assert_eq!(
        on_disk,
        text.replace("\"n\": 1", "\"n\": 2"),
        "the old file"
    );
    std::fs::remove_file(server.folder.file(BALLAST)).unwrap();
    let last = if status == 200 { "3" } else { "2" };
    let expected = text.replace("\"n\": 1", &format!("\"n\": {last}"));
    eventually("the file is written", PATIENCE, || {
        (server.folder.text("f.json") == expected).then_some(())
    });
    server.put("/f.json/a/n", "4").is(200);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(
        exit.folder.text("f.json"),
        text.replace("\"n\": 1", "\"n\": 4")
    );
}
