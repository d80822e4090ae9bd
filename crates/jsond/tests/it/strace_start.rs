//! System calls that fail, and kill -9, during a start that has something to recover: the start after
//! it finds every acknowledged write. The start itself goes on, or ends with a clear message.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{
    Call, Folder, PATIENCE, Server, Strace, eventually, killed_while_pending, numbers_in,
    parse_trace, scrubbed,
};

const CALLS: [&str; 8] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "renameat",
    "renameat2",
    "unlinkat",
    "ftruncate",
];

const BEFORE: &str = "{\n  \"a\": {\"n\": 1},\n  \"b\": {\"n\": 1}\n}\n";

/// Two pending writes, a batch behind them that was never whole, and an edit by hand of a record
/// that a write touches and of one that none does.
fn folder_to_recover() -> Arc<Folder> {
    let writes = [["/f.json/a/n", "2"], ["/f.json/c", "{\"n\":3}"]];
    let make = || Folder::empty().with("f.json", BEFORE);
    let folder = killed_while_pending(make, &[], "f.json", &writes);
    let own = std::fs::read_dir(folder.file(".jsond")).unwrap();
    let mut paths = own.map(|entry| entry.unwrap().path());
    let segment = paths.find(|path| path.to_string_lossy().contains("journal-"));
    let segment = segment.expect("a segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    bytes[end..end + 11].copy_from_slice(b"0badc0de 9 ");
    std::fs::write(&segment, bytes).unwrap();
    let hand = BEFORE.replace("\"b\": {\"n\": 1}", "\"b\": {\"n\": 7}");
    let hand = hand.replace("\"a\": {\"n\": 1}", "\"a\": {\"n\": 9}");
    folder.save_by_rename("f.json", hand);
    folder
}

fn recovered() -> Value {
    json!({"a": {"n": 2}, "b": {"n": 7}, "c": {"n": 3}})
}

/// How a start under strace went.
struct Start {
    calls: Vec<Call>,
    /// Nothing when a signal ended it.
    code: Option<i32>,
    stderr: String,
}

/// Starts under strace; a server that gets through is killed as soon as it is ready.
fn start_under(folder: &Folder, call: &str, fault: &str) -> Start {
    let scratch = tempfile::tempdir().unwrap();
    let [log, port] = ["log", "port"].map(|name| scratch.path().join(name));
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-y", "-s", "1000", "-o"])
        .arg(&log);
    command.args(["-e", &format!("trace={call}")]);
    if !fault.is_empty() {
        command.args(["-e", &format!("inject={call}:{fault}")]);
    }
    let program = scrubbed();
    command
        .arg(program.get_program())
        .arg("serve")
        .arg(folder.path());
    command.args(["--port", "0", "--lang", "en", "--port-file"]);
    let mut child = command
        .arg(&port)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("it is ready or ends", PATIENCE, || {
        let is_ready = std::fs::read(&port).is_ok_and(|text| text.ends_with(b"\n"));
        (is_ready || child.try_wait().unwrap().is_some()).then_some(())
    });
    // No harm where it has ended.
    let _ = child.kill();
    // The end of standard error is the end of strace, too.
    let output = child.wait_with_output().unwrap();
    let log = std::fs::read(log).unwrap_or_default();
    Start {
        calls: parse_trace(&String::from_utf8_lossy(&log)),
        code: output.status.code(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Starts again without a fault: everything is there.
fn check_next_start(folder: Arc<Folder>, what: &str) {
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/f.json"), recovered(), "{what}");
    server.folder.holds("f.json", &recovered());
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{what}: {}", exit.stderr);
    let kept = exit.folder.conflicts("f.json");
    let is_hand =
        |text: &str| text.contains("\"b\": {\"n\": 7}") && text.contains("\"a\": {\"n\": 9}");
    assert!(
        kept.iter().all(|(_, text)| is_hand(text)),
        "{what}: {kept:?}"
    );
}

/// Each call of each kind fails once, four at a time.
fn fail_each(fault: &str) {
    let mut faults = Vec::new();
    for call in CALLS {
        let folder = folder_to_recover();
        let calm = start_under(&folder, call, "");
        faults.extend(
            numbers_in(&calm.calls, folder.path())
                .into_iter()
                .map(|number| (call, number)),
        );
        check_next_start(folder, "no fault");
    }
    assert!(faults.len() > 5, "{faults:?}");
    let (next, hits) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((call, number)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = folder_to_recover();
                    let start = start_under(&folder, call, &format!("{fault}:when={number}"));
                    let what = format!("{call} {number}, {:?}: {}", start.code, start.stderr);
                    // The kernel has neither error for a write that wakes a thread, so that nobody
                    // handles one.
                    let is_of_kernel =
                        |call: &Call| call.is_injected() && call.path().contains("eventfd");
                    let may_panic = start.calls.iter().any(is_of_kernel);
                    assert!(may_panic || !start.stderr.contains("panicked"), "{what}");
                    let is_hit =
                        start.calls.iter().any(Call::is_injected) || fault.contains("KILL");
                    hits.fetch_add(usize::from(is_hit), Ordering::Relaxed);
                    check_next_start(folder, &what);
                }
            });
        }
    });
    // What comes after the start was ready may not come to pass.
    let hits = hits.into_inner();
    assert!(hits > 5, "{hits} of {faults:?}");
}

#[test]
fn kill_9_at_each_system_call_of_a_start_loses_nothing() {
    if Strace::is_there("kill -9 during a start") {
        fail_each("signal=KILL");
    }
}

#[test]
fn each_failed_call_of_a_start_loses_nothing() {
    if Strace::is_there("EIO during a start") {
        fail_each("error=EIO");
    }
}

#[test]
fn no_room_for_any_call_of_a_start_loses_nothing() {
    if Strace::is_there("ENOSPC during a start") {
        fail_each("error=ENOSPC");
    }
}
