//! A journal that cannot be right: the start is refused, says where and what to do, and changes
//! nothing; `jsond check` judges, and `jsond repair` keeps what is good and loses no byte.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::{Eof, Expect, Session};
use serde_json::json;

use crate::support::{
    Folder, JSON, STUDENTS, Server, Tree, eventually, killed_while_pending, run_to_end, scrubbed,
};

/// Five batches that are in the journal only.
const WRITES: [[&str; 2]; 5] = [
    ["/students.json/k1", "{\"n\":\"one\"}"],
    ["/students.json/k2", "{\"n\":\"two\"}"],
    ["/students.json/k3", "{\"n\":\"three\"}"],
    ["/students.json/k4", "{\"n\":\"four\"}"],
    ["/students.json/k5", "{\"n\":\"five\"}"],
];

fn pending() -> Arc<Folder> {
    killed_while_pending(Folder::school, &[], "students.json", &WRITES)
}

/// The segments, in their order.
fn segments(folder: &Folder) -> Vec<PathBuf> {
    let own = fs::read_dir(folder.file(".jsond")).unwrap();
    let mut found: Vec<_> = own.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| file_name(path).starts_with("journal-"));
    found.sort();
    found
}

fn file_name(path: &std::path::Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The only segment, as text.
fn journal(folder: &Folder) -> (PathBuf, String) {
    let segments = segments(folder);
    assert_eq!(segments.len(), 1, "{segments:?}");
    let text = String::from_utf8(fs::read(&segments[0]).unwrap()).unwrap();
    (segments[0].clone(), text)
}

/// Changes one letter of the second of the five writes; gives the segment and where its line is.
fn damage(folder: &Folder) -> (PathBuf, std::ops::Range<usize>) {
    let (segment, text) = journal(folder);
    let place = text.find("\"two\"").expect("the write is in the journal") + 2;
    let line = text[..place].rfind('\n').unwrap() + 1;
    let end = place + text[place..].find('\n').unwrap();
    let mut bytes = text.into_bytes();
    bytes[place] ^= 1;
    fs::write(&segment, bytes).unwrap();
    (segment, line..end)
}

fn run(verb: &str, folder: &Folder) -> (Option<i32>, String) {
    let path = folder.path().to_str().unwrap();
    let mut words = vec![verb, path];
    if verb == "serve" {
        words.extend(["--port", "0", "--lang", "en"]);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = run_to_end(&words);
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

/// The start is refused with code 1 and these words, and nothing at all is changed by it.
#[track_caller]
fn check_refused(folder: &Folder, words: &[&str]) -> String {
    let before = Tree::of(folder.path());
    let (code, said) = run("serve", folder);
    before.is_still(folder.path());
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// `jsond check` ends with this code, and changes nothing.
#[track_caller]
fn check_judged(folder: &Folder, expected: i32) -> String {
    let before = Tree::of(folder.path());
    let (code, said) = run("check", folder);
    before.is_still(folder.path());
    assert_eq!(code, Some(expected), "{said}");
    said
}

#[test]
fn damage_before_the_last_batch_is_refused_with_segment_byte_and_way_out() {
    let folder = pending();
    let (segment, line) = damage(&folder);
    let said = check_refused(&folder, &[file_name(&segment), "jsond repair"]);
    let without_name = said.replace(file_name(&segment), "");
    let mut numbers = without_name.split(|letter: char| !letter.is_ascii_digit());
    let is_named = numbers.any(|number| number.parse().is_ok_and(|byte| line.contains(&byte)));
    assert!(is_named, "a byte in {line:?}: {said}");
}

#[test]
fn a_damaged_header_with_entries_behind_it_is_refused() {
    let folder = pending();
    let (segment, text) = journal(&folder);
    let mut bytes = text.into_bytes();
    bytes[12] ^= 1;
    fs::write(&segment, bytes).unwrap();
    check_refused(&folder, &[file_name(&segment)]);
    check_judged(&folder, 1);
}

#[test]
fn a_segment_of_another_folder_is_refused() {
    let other = pending();
    let server = Server::school();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let folder = server.stop().folder;
    let (segment, _) = journal(&other);
    let name = file_name(&segment);
    fs::copy(&segment, folder.file(".jsond").join(name)).unwrap();
    check_refused(&folder, &[name]);
    check_judged(&folder, 1);
}

/// Three segments or more, killed before their file was written.
fn many_segments() -> Arc<Folder> {
    for _ in 0..20 {
        let server = Server::start(Folder::empty().with("big.json", "{}\n"), &[]);
        let mut wire = server.connect();
        let body = format!("{{\"text\":\"{}\"}}", "x".repeat(1_200_000));
        for number in 0..6 {
            let target = format!("/big.json/k{number}");
            wire.request("PUT", &target, &[JSON], &body).is(201);
        }
        let folder = server.kill();
        if segments(&folder).len() >= 3 {
            return folder;
        }
    }
    panic!("there are never three segments at once");
}

#[test]
fn a_missing_segment_in_the_middle_is_refused() {
    let folder = many_segments();
    let segments = segments(&folder);
    fs::remove_file(&segments[1]).unwrap();
    // One of its neighbours is where the gap shows.
    let said = check_refused(&folder, &["journal-"]);
    let is_named = segments[..3]
        .iter()
        .any(|path| said.contains(file_name(path)));
    assert!(is_named, "{said}");
    check_judged(&folder, 1);
}

#[test]
fn check_is_content_with_what_a_start_is_content_with() {
    let fresh = Folder::school();
    check_judged(&fresh, 0);
    assert!(!fresh.file(".jsond").exists(), "nothing was made");
    let folder = pending();
    check_judged(&folder, 0);
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/students.json/k5/n"), json!("five"));
    let folder = server.stop().folder;
    check_judged(&folder, 0);
}

#[test]
fn check_names_the_damage_and_the_way_out() {
    let folder = pending();
    let (segment, _) = damage(&folder);
    let said = check_judged(&folder, 1);
    for word in [file_name(&segment), "jsond repair"] {
        assert!(said.contains(word), "{word:?} in {said}");
    }
}

/// A start goes on with such a file, so the exit code is left open.
#[test]
fn check_names_broken_json_in_the_folder() {
    let folder = Folder::school().with("broken.json", "{\"a\": 1,,}\n");
    let before = Tree::of(folder.path());
    let (code, said) = run("check", &folder);
    before.is_still(folder.path());
    assert!(matches!(code, Some(0 | 1)), "{said}");
    assert!(said.contains("broken.json"), "{said}");
}

/// The prefix is served, the rest lies aside, byte for byte, and was spoken of.
#[track_caller]
fn check_repaired(folder: Arc<Folder>, said: &str) {
    let tree = Tree::of(folder.path());
    for word in ["\"three\"", "\"four\"", "\"five\""] {
        assert!(
            tree.holds(".jsond/", word.as_bytes()),
            "{word} was thrown away"
        );
    }
    let is_said = said.contains(".jsond") || said.contains("journal-");
    assert!(is_said, "what was lost, and where it lies: {said}");
    assert_eq!(folder.text("students.json"), STUDENTS);
    check_judged(&folder, 0);
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/students.json/k1/n"), json!("one"));
    for key in ["k2", "k3", "k4", "k5"] {
        server.get(&format!("/students.json/{key}")).is(404);
    }
    server.put("/students.json/k6", "{\"n\":6}").is(201);
    let folder = server.kill();
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/students.json/k6/n"), json!(6));
}

#[test]
fn repair_keeps_the_good_prefix_and_sets_the_rest_aside() {
    let folder = pending();
    damage(&folder);
    let (code, said) = run("repair", &folder);
    assert_eq!(code, Some(0), "{said}");
    check_repaired(folder, &said);
}

#[test]
fn repair_leaves_a_good_folder_as_it_is() {
    let folder = pending();
    let before = Tree::of(folder.path());
    let (code, said) = run("repair", &folder);
    assert_eq!(code, Some(0), "{said}");
    before.is_still(folder.path());
}

#[test]
fn repair_keeps_off_a_folder_that_is_served() {
    let server = Server::school();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let (code, said) = run("repair", &server.folder);
    assert_eq!(code, Some(1), "{said}");
    server.put("/students.json/Da_Eun/grade", "\"5.0\"").is(200);
}

/// Runs `jsond repair` on a terminal, and answers its question.
fn repair_on_terminal(folder: &Folder, answer: &str) -> (i32, String) {
    let mut command = scrubbed();
    command
        .arg("repair")
        .arg(folder.path())
        .env("TERM", "xterm");
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    let question = session.expect("?").expect("it asks");
    let mut said = String::from_utf8_lossy(question.as_bytes()).into_owned();
    session.send_line(answer).unwrap();
    let rest = session.expect(Eof).unwrap();
    said += &String::from_utf8_lossy(rest.as_bytes());
    match session.get_process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (code, said),
        status => panic!("{status:?}: {said}"),
    }
}

#[test]
fn repair_asks_first_on_a_terminal_and_takes_no_for_an_answer() {
    let folder = pending();
    damage(&folder);
    let before = Tree::of(folder.path());
    for answer in ["n", "", "no"] {
        let (code, said) = repair_on_terminal(&folder, answer);
        assert!([0, 1].contains(&code), "{said}");
        before.is_still(folder.path());
    }
    let (code, said) = repair_on_terminal(&folder, "y");
    assert_eq!(code, 0, "{said}");
    check_repaired(folder, &said);
}

#[test]
fn a_torn_tail_is_said_and_dropped() {
    let folder = pending();
    let (segment, text) = journal(&folder);
    let last = text.rfind("\"five\"").unwrap();
    let mut bytes = text.into_bytes();
    bytes[last..].fill(0);
    fs::write(&segment, bytes).unwrap();
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/students.json/k4/n"), json!("four"));
    server.get("/students.json/k5").is(404);
    let said = server.stderr();
    assert!(said.contains(file_name(&segment)), "{said}");
    let expected = server.json("/students.json");
    eventually("the files have the rest", Duration::from_secs(5), || {
        let value = serde_json::from_slice(&server.folder.bytes("students.json"));
        let value: serde_json::Value = value.ok()?;
        (value == expected).then_some(())
    });
}
