//! Kill -9 at each system call of writes, checkpoints and a clean stop in turn: strace sends the
//! signal when the call begins. Then a start on what is there. The same for a file that is
//! overwritten in place because it is bind-mounted alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{
    Bound, Folder, JSON, PATIENCE, Server, Strace, Wire, may_mount, numbers_in, render,
};

const FILE: &str = "f.json";
const WRITES: u64 = 2;

/// Each kind of call with which something reaches the disk.
const CALLS: [&str; 8] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "renameat",
    "renameat2",
    "unlinkat",
];

/// Where the file lies.
enum Place {
    Plain(Arc<Folder>),
    Alone(Bound),
}

impl Place {
    fn new(is_alone: bool, text: &str) -> Self {
        if is_alone {
            return Self::Alone(Bound::new(FILE, text));
        }
        Self::Plain(Arc::new(Folder::empty().with(FILE, text)))
    }

    fn folder(&self) -> Arc<Folder> {
        Arc::clone(match self {
            Self::Plain(folder) => folder,
            Self::Alone(bound) => &bound.inside,
        })
    }
}

/// 100 KB, so that an overwriting is no single moment.
fn text(number: u64) -> String {
    let record = |number: usize| format!("  \"r{number}\": {{\"text\": \"{}\"}}", "x".repeat(80));
    let records: Vec<_> = (0..1000).map(record).collect();
    let records = records.join(",\n");
    format!("{{\n  \"counter\": {{\"n\": {number}}},\n{records}\n}}\n")
}

/// What a client was told.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    acknowledged: u64,
    sent: u64,
}

/// Counts up; nothing when the server is gone.
fn count_to(wire: &mut Wire, told: &mut Told, number: u64) -> Option<()> {
    told.sent = number;
    let body = number.to_string();
    let request = render("PUT", "/f.json/counter/n", &[JSON], body.as_bytes());
    if !wire.send_if_read(request) {
        return None;
    }
    wire.try_reply()?.is(200);
    told.acknowledged = number;
    Some(())
}

/// Waits for a checkpoint; nothing when the server is gone.
fn checkpoint(server: &Server, number: u64) -> Option<()> {
    let (expected, start) = (text(number), Instant::now());
    while server.folder.text(FILE) != expected {
        if is_gone(server) {
            return None;
        }
        assert!(start.elapsed() < PATIENCE, "{number} is never written");
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(())
}

/// Whether the process has ended and nobody has asked for its exit code yet.
fn is_gone(server: &Server) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", server.process())).unwrap();
    status
        .rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
}

fn run_writes(server: &Server, told: &mut Told) -> Option<()> {
    let mut wire = server.connect();
    for number in 2..2 + WRITES {
        count_to(&mut wire, told, number)?;
        checkpoint(server, number)?;
    }
    Some(())
}

/// Runs writes, checkpoints and a stop, and kills at the K-th such call of a thread, or never. Gives
/// which calls of a thread were to files of the folder, and whether it was killed.
fn run_until(is_alone: bool, call: &str, kill_at: Option<usize>) -> (BTreeSet<usize>, bool) {
    let place = Place::new(is_alone, &text(0));
    let server = Server::start(place.folder(), &[]);
    let mut told = Told::default();
    // The segment is there before strace counts.
    count_to(&mut server.connect(), &mut told, 1).unwrap();
    checkpoint(&server, 1).unwrap();
    let trace = format!("trace={call}");
    let inject = kill_at.map(|number| format!("inject={call}:signal=KILL:when={number}"));
    let mut arguments = vec!["-e", &trace];
    if let Some(inject) = &inject {
        arguments.extend(["-e", inject]);
    }
    let strace = Strace::attach(&server, &arguments);
    let is_through = run_writes(&server, &mut told).is_some();
    assert!(is_through || kill_at.is_some(), "nobody killed it");
    let exit = server.end("TERM");
    let calls = strace.finish();
    let what = format!("{call} {kill_at:?}, {told:?}, {:?}", exit.code);
    let folder = Arc::clone(&exit.folder);
    check_restart(exit.folder, told, is_alone, &what);
    (numbers_in(&calls, folder.path()), exit.code.is_none())
}

/// The last acknowledged number is there, or one that was sent after it, and the file is whole.
fn check_restart(folder: Arc<Folder>, told: Told, is_alone: bool, what: &str) {
    let on_disk = folder.bytes(FILE);
    let is_whole = serde_json::from_slice::<Value>(&on_disk).is_ok();
    assert!(is_whole || is_alone, "half a file: {what}");
    let server = Server::start(folder, &[]);
    let found = server.json("/f.json/counter/n").as_u64().unwrap();
    assert!(
        (told.acknowledged..=told.sent).contains(&found),
        "{found} after {what}"
    );
    server.folder.becomes(FILE, &text(found));
    let conflicts = server.folder.conflicts(FILE);
    assert!(conflicts.is_empty(), "no hand did it: {what}");
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{what}: {}", exit.stderr);
    let names = std::fs::read_dir(exit.folder.path()).unwrap();
    let names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".jsond")
        .collect();
    assert_eq!(names, [FILE], "a temporary file is left: {what}");
}

/// Each call of each kind, four at a time.
fn kill_at_each(is_alone: bool) {
    let mut faults = Vec::new();
    for call in CALLS {
        let (numbers, _) = run_until(is_alone, call, None);
        faults.extend(numbers.into_iter().map(|number| (call, number)));
    }
    assert!(faults.len() > 12, "{faults:?}");
    let (next, kills) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((call, number)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (_, is_killed) = run_until(is_alone, call, Some(*number));
                    kills.fetch_add(usize::from(is_killed), Ordering::Relaxed);
                }
            });
        }
    });
    // Late ones may not come to pass: checkpoints are not the same in number each time.
    let kills = kills.into_inner();
    assert!(2 * kills > faults.len(), "{kills} of {}", faults.len());
}

#[test]
fn kill_9_at_each_system_call_loses_nothing_and_tears_no_file() {
    if Strace::is_there("kill -9 at each call") {
        kill_at_each(false);
    }
}

#[test]
fn kill_9_at_each_system_call_beside_a_bound_file_loses_nothing() {
    let test = "kill -9 at each call beside a bound file";
    if Strace::is_there(test) && may_mount(test) {
        kill_at_each(true);
    }
}
