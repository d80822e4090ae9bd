//! What lies beside the files, and where nothing can be written: `.jsond/` removed or in the way,
//! `--journal`, `--history`, a second server, a read-only file system, a second signal.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    Folder, JSON, PATIENCE, STUDENTS, Server, Tree, Wire, eventually, killed_while_pending,
    may_mount, run_to_end,
};

const GRADE: &str = "/students.json/Da_Eun/grade";
const WRITE: [&str; 2] = [GRADE, "\"4.0\""];

fn written() -> String {
    STUDENTS.replace("\"3.9\"", "\"4.0\"")
}

/// Whether a segment with this text lies in a folder.
fn has_segment_with(folder: &Path, text: &str) -> bool {
    folder.exists() && Tree::of(folder).holds("journal-", text.as_bytes())
}

#[test]
fn a_journal_that_is_removed_while_it_runs_refuses_writes_and_loses_none() {
    let server = Server::school();
    server.put(GRADE, "\"4.0\"").is(200);
    fs::remove_dir_all(server.folder.file(".jsond")).unwrap();
    let refusal = server.put(GRADE, "\"5.0\"").is(503);
    assert!(
        refusal.text().contains("storage-failed"),
        "{}",
        refusal.text()
    );
    server.put(GRADE, "\"6.0\"").is(503);
    assert_eq!(server.json(GRADE), json!("4.0"));
    server.get("/_/health/live").is(200);
    let exit = server.stop();
    assert_eq!(exit.code, Some(1), "{}", exit.stderr);
    assert_eq!(exit.folder.text("students.json"), written());
    let server = Server::start(exit.folder, &[]);
    assert_eq!(server.json(GRADE), json!("4.0"));
    server.put(GRADE, "\"5.0\"").is(200);
}

#[test]
fn a_journal_that_is_removed_between_writes_loses_none() {
    let server = Server::school();
    server.put(GRADE, "\"4.0\"").is(200);
    server.folder.becomes("students.json", &written());
    fs::remove_dir_all(server.folder.file(".jsond")).unwrap();
    let status = server
        .put("/students.json/k1", "{\"n\":1}")
        .one_of(&[201, 503])
        .status;
    let exit = server.stop();
    let server = Server::start(exit.folder, &[]);
    assert_eq!(server.json(GRADE), json!("4.0"));
    if status == 201 {
        assert_eq!(server.json("/students.json/k1"), json!({"n": 1}));
    }
}

#[test]
fn a_file_in_the_place_of_the_own_folder_is_a_clear_refusal() {
    let folder = Folder::school().with(".jsond", "mine");
    let before = Tree::of(folder.path());
    let output = run_to_end(&["serve", folder.path().to_str().unwrap(), "--port", "0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(".jsond") && !said.contains("panicked"),
        "{said}"
    );
    before.is_still(folder.path());
}

#[test]
fn a_journal_elsewhere_keeps_the_folder_clean_and_loses_nothing_by_kill_9() {
    let elsewhere = tempfile::tempdir().unwrap();
    let flags = ["--journal", elsewhere.path().to_str().unwrap()];
    let folder = killed_while_pending(Folder::school, &flags, "students.json", &[WRITE]);
    assert!(!folder.file(".jsond").exists(), "nothing beside the files");
    let server = Server::start(folder, &flags);
    assert_eq!(server.json(GRADE), json!("4.0"));
    server.folder.becomes("students.json", &written());
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(
        !exit.folder.file(".jsond").exists(),
        "nothing beside the files"
    );
}

#[test]
fn a_second_server_is_refused_whatever_its_journal_is() {
    let server = Server::school();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().to_str().unwrap();
    let path = server.folder.path().to_str().unwrap();
    let output = run_to_end(&["serve", path, "--port", "0", "--journal", elsewhere]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(path) && !said.contains("panicked"), "{said}");
    server.put(GRADE, "\"4.0\"").is(200);
}

#[test]
fn kill_9_leaves_no_lock_whatever_the_journal_is() {
    let elsewhere = tempfile::tempdir().unwrap();
    let flags = ["--journal", elsewhere.path().to_str().unwrap()];
    let mut folder = Arc::new(Folder::school());
    for _ in 0..3 {
        folder = Server::start(folder, &flags).kill();
    }
    Server::start(folder, &[]).still_serves();
}

#[test]
fn with_history_the_segments_stay_and_without_it_they_go() {
    for history in [true, false] {
        let flags: &[&str] = if history { &["--history"] } else { &[] };
        let server = Server::start(Folder::school(), flags);
        server.put(GRADE, "\"4.0\"").is(200);
        server.folder.becomes("students.json", &written());
        let exit = server.stop();
        assert_eq!(exit.code, Some(0), "{}", exit.stderr);
        let is_kept = has_segment_with(&exit.folder.file(".jsond"), "\"4.0\"");
        assert_eq!(is_kept, history, "{flags:?}");
        let server = Server::start(exit.folder, flags);
        assert_eq!(server.json(GRADE), json!("4.0"));
        server.put(GRADE, "\"5.0\"").is(200);
        let exit = server.stop();
        let own = exit.folder.file(".jsond");
        assert_eq!(has_segment_with(&own, "\"4.0\""), history, "{flags:?}");
        fs::remove_dir_all(own).unwrap();
        let server = Server::start(exit.folder, &[]);
        assert_eq!(server.json(GRADE), json!("5.0"), "no data depends on it");
    }
}

/// Either is well: it reads and refuses writes, or it says why it does not start.
#[test]
fn a_read_only_folder_is_read_or_clearly_refused() {
    if !may_mount("a read-only folder") {
        return;
    }
    let folder = Folder::in_memory("4m").with("students.json", STUDENTS);
    folder.becomes_read_only();
    let path = folder.path().to_str().unwrap().to_owned();
    let mut command = crate::support::scrubbed();
    let port_file = tempfile::tempdir().unwrap();
    let port = port_file.path().join("port");
    command.args(["serve", &path, "--port", "0", "--port-file"]);
    let mut child = command.arg(&port).stderr(Stdio::null()).spawn().unwrap();
    let ended = eventually("it starts or ends", PATIENCE, || {
        let ended = child.try_wait().unwrap();
        (ended.is_some() || fs::read(&port).is_ok_and(|text| text.ends_with(b"\n")))
            .then_some(ended)
    });
    let Some(status) = ended else {
        let _ = child.kill();
        let _ = child.wait();
        let server = Server::start(folder, &[]);
        assert_eq!(server.json(GRADE), json!("3.9"));
        server.put(GRADE, "\"4.0\"").one_of(&[503, 507]);
        return;
    };
    assert_eq!(status.code(), Some(1));
    let output = run_to_end(&["serve", &path, "--port", "0", "--lang", "en"]);
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(
        said.contains("read-only") && !said.contains("panicked"),
        "{said}"
    );
}

#[test]
fn a_folder_that_becomes_read_only_keeps_what_was_acknowledged() {
    if !may_mount("a folder that becomes read-only") {
        return;
    }
    let folder = Folder::in_memory("16m").with("students.json", STUDENTS);
    let server = Server::start(folder, &[]);
    // The kernel remounts only where no file is open for writing, so nothing was written before.
    server.folder.becomes_read_only();
    let refusal = server.put(GRADE, "\"4.0\"").one_of(&[503, 507]);
    assert!(refusal.text().contains("problems.md"), "{}", refusal.text());
    assert_eq!(server.json(GRADE), json!("3.9"));
    server.still_serves();
    let exit = server.stop();
    assert!(exit.code.is_some(), "ended by itself: {}", exit.stderr);
    assert_eq!(exit.folder.text("students.json"), STUDENTS);
}

#[test]
fn a_second_signal_stops_at_once() {
    for signal in ["INT", "TERM"] {
        assert_it_stops_at_once(signal, |server, idle| {
            server.signal(signal);
            idle.closes();
        });
    }
}

/// The listener for the second was once made after the first had come: a second right behind it was
/// lost, and the stop waited for the slow request.
#[test]
fn a_second_signal_right_behind_the_first_stops_at_once() {
    assert_it_stops_at_once("CONT", |server, _| {
        for signal in ["STOP", "INT", "TERM"] {
            server.signal(signal);
        }
    });
}

fn assert_it_stops_at_once(last: &str, begin: impl Fn(&Server, &mut Wire)) {
    let server = Server::school();
    server.put(GRADE, "\"4.0\"").is(200);
    // A request that is under way holds the stop up.
    let mut slow = server.connect();
    let head = format!("PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n");
    slow.send(format!(
        "{head}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    ));
    assert_eq!(slow.interim(), 100, "it waits for the body");
    let mut idle = server.connect();
    idle.get("/students.json").is(200);
    begin(&server, &mut idle);
    let start = Instant::now();
    let exit = server.end(last);
    let time = start.elapsed();
    assert!(time < Duration::from_secs(3), "{time:?}");
    let server = Server::start(exit.folder, &[]);
    assert_eq!(server.json(GRADE), json!("4.0"));
}
