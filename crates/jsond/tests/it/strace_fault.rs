//! System calls that fail in a running server, injected with strace: each sync and each append of a
//! script of twelve writes in turn, then a restart on what is on the disk.
//!
//! Every write of the script adds one record to two files at once, so half a write shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Call, Folder, JSON_PATCH, PATIENCE, Server, Strace, Wire, numbers_in};

const WRITES: u16 = 12;
/// After these the script waits until both files are written.
const PAUSES: [u16; 3] = [4, 8, 12];
const FILES: [&str; 2] = ["a.json", "b.json"];
const CALLS: &str = "trace=pwrite64,writev,sendto,fsync,fdatasync";

/// What came of a script under one fault.
struct Story {
    fault: String,
    /// Of each write, the last one sent when all the others were through.
    statuses: Vec<u16>,
    /// Whether the journal had failed before the last of them was sent.
    failed_early: bool,
    /// The records that GET showed at the end, of each file.
    shown: [Value; 2],
    calls: Vec<Call>,
    code: Option<i32>,
    stderr: String,
    folder: Arc<Folder>,
}

fn keys(number: u16) -> String {
    format!("k{number}")
}

fn write(wire: &mut Wire, number: u16) -> u16 {
    let operation = |file: &str| {
        let (path, value) = (format!("/{file}/{}", keys(number)), json!({"n": number}));
        json!({"op": "add", "path": path, "value": value})
    };
    let patch = json!(FILES.map(operation)).to_string();
    wire.request("PATCH", "/", &[JSON_PATCH], &patch).status
}

fn on_disk(folder: &Folder) -> [Value; 2] {
    FILES.map(|file| serde_json::from_slice(&folder.bytes(file)).expect("whole JSON"))
}

fn served(server: &Server) -> [Value; 2] {
    FILES.map(|file| server.json(&format!("/{file}")))
}

/// Waits until the files hold what is served, or a fault of the journal forbids it.
fn pause(server: &Server, strace: &Strace) {
    let expected = served(server);
    let start = Instant::now();
    while on_disk(&server.folder) != expected && !strace.calls().iter().any(is_fault_of_journal) {
        assert!(start.elapsed() < PATIENCE, "never written: {expected:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_fault_of_journal(call: &Call) -> bool {
    call.is_injected() && call.path().contains("/.jsond")
}

/// Runs the script under a fault, in words of strace; under none when empty.
fn run_script(fault: &str) -> Story {
    let folder = Folder::empty()
        .with(FILES[0], "{}\n")
        .with(FILES[1], "{}\n");
    let server = Server::start(folder, &[]);
    let inject = format!("inject={fault}");
    let mut arguments = vec!["-e", CALLS];
    if !fault.is_empty() {
        arguments.extend(["-e", &inject]);
    }
    let strace = Strace::attach(&server, &arguments);
    let mut wire = server.connect();
    let mut statuses = Vec::new();
    for number in 1..=WRITES {
        statuses.push(write(&mut wire, number));
        if PAUSES.contains(&number) {
            pause(&server, &strace);
        }
    }
    let failed_early = strace.calls().iter().any(is_fault_of_journal);
    statuses.push(write(&mut wire, WRITES + 1));
    let shown = served(&server);
    server.get("/_/health/live").is(200);
    drop(wire);
    let exit = server.stop();
    Story {
        fault: fault.to_owned(),
        statuses,
        failed_early,
        shown,
        calls: strace.finish(),
        code: exit.code,
        stderr: exit.stderr,
        folder: exit.folder,
    }
}

impl Story {
    fn acknowledged(&self) -> Vec<u16> {
        let numbered = (1..).zip(&self.statuses);
        let good = numbered.filter(|(_, status)| **status < 300);
        good.map(|(number, _)| number).collect()
    }

    /// What the acknowledged writes made.
    fn expected(&self) -> Value {
        let records = self.acknowledged().into_iter();
        records
            .map(|number| (keys(number), json!({"n": number})))
            .collect()
    }

    /// The statuses, what was shown, and the exit code.
    fn check_run(&self) -> Result<(), String> {
        let first_refusal = self.statuses.iter().position(|status| *status >= 300);
        let refused = first_refusal.map_or(&[][..], |place| &self.statuses[place..]);
        if refused.iter().any(|status| *status != 503) {
            return Err(format!("503 for ever, not {:?}", self.statuses));
        }
        let failed = self.calls.iter().find(|call| is_fault_of_journal(call));
        if self.failed_early && refused.is_empty() {
            return Err(format!("all went on after {failed:?}"));
        }
        match failed {
            Some(call) => self.check_answers_before(call)?,
            None if !refused.is_empty() => {
                return Err("a failed checkpoint latched the store".to_owned());
            }
            None => {}
        }
        if self.shown.iter().any(|shown| *shown != self.expected()) {
            return Err(format!("{:?} shown, not {}", self.shown, self.expected()));
        }
        // A fault during the stop itself may go either way.
        let code = Some(i32::from(self.failed_early));
        if self.code != code && (self.failed_early || failed.is_none()) {
            return Err(format!("exit code {:?}, not {code:?}", self.code));
        }
        Ok(())
    }

    /// Everything that was acknowledged was so before the journal failed.
    fn check_answers_before(&self, failed: &Call) -> Result<(), String> {
        let answers = self
            .calls
            .iter()
            .filter(|call| call.begin < failed.end && call.arguments.contains("\"HTTP/1.1 2"));
        // The reads of the pauses are among them. The last answer may still be on its way: its write
        // was synced, and what failed was the mark of a checkpoint.
        let early = answers.count() + 1;
        if self.acknowledged().len() > early {
            return Err(format!(
                "{:?} acknowledged, only {early} of them before the failure",
                self.acknowledged()
            ));
        }
        Ok(())
    }

    /// What a restart finds: every acknowledged write, every other one wholly or not at all.
    fn check_restart(&self) -> Result<(), String> {
        on_disk(&self.folder);
        let server = Server::start(Arc::clone(&self.folder), &[]);
        let [first, second] = served(&server);
        if first != second {
            return Err(format!("half a write: {first} and {second}"));
        }
        let acknowledged = self.acknowledged();
        let found = first.as_object().expect("an object");
        for number in 1..=WRITES + 1 {
            let record = found.get(&keys(number));
            let is_whole = record.is_none_or(|record| *record == json!({"n": number}));
            if !is_whole || (record.is_none() && acknowledged.contains(&number)) {
                return Err(format!("{}: {record:?} after a restart", keys(number)));
            }
        }
        if found.len() > usize::from(WRITES) + 1 {
            return Err(format!("nobody wrote all of {first}"));
        }
        Ok(())
    }

    #[track_caller]
    fn check(&self, judge: impl Fn(&Self) -> Result<(), String>) {
        if let Err(fault) = judge(self) {
            let hit = self.calls.iter().filter(|call| call.is_injected());
            let hit: Vec<_> = hit.map(|call| (&call.name, call.path())).collect();
            panic!(
                "{}, which hit {hit:?}: {fault}\n{:?}\n{}",
                self.fault, self.statuses, self.stderr
            );
        }
    }
}

/// Runs the script once for each K of calls that fill no segment with zeros, four at a time, and judges each.
fn fail_each(name: &str, fault: &str, judge: fn(&Story) -> Result<(), String>) {
    let calm = run_script("");
    calm.check(Story::check_run);
    calm.check(Story::check_restart);
    let calls: Vec<_> = calm
        .calls
        .iter()
        .filter(|call| call.name == name)
        .cloned()
        .collect();
    let numbers: Vec<_> = numbers_in(&calls, calm.folder.path()).into_iter().collect();
    assert!(numbers.len() > 5, "{name} only {} times", numbers.len());
    let next = AtomicUsize::new(0);
    let hits = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let story = run_script(&format!("{name}:{fault}:when={number}"));
                    let hit = story.calls.iter().any(Call::is_injected);
                    hits.fetch_add(usize::from(hit), Ordering::Relaxed);
                    story.check(judge);
                    story.check(Story::check_restart);
                }
            });
        }
    });
    // Late ones may not come to pass: checkpoints are not the same in number each time.
    let hits = hits.into_inner();
    let all = numbers.len();
    assert!(2 * hits > all, "only {hits} of {all} faults were hit");
}

#[test]
fn each_failed_sync_of_the_journal_latches_and_loses_nothing() {
    if Strace::is_there("fdatasync fails") {
        fail_each("fdatasync", "error=EIO", Story::check_run);
    }
}

#[test]
fn each_failed_sync_of_a_checkpoint_is_tried_again_and_latches_nothing() {
    if Strace::is_there("fsync fails") {
        fail_each("fsync", "error=EIO", Story::check_run);
    }
}

#[test]
fn each_append_that_is_interrupted_goes_on() {
    if Strace::is_there("EINTR") {
        fail_each("pwrite64", "error=EINTR", |story| {
            let all = story.statuses.iter().all(|status| *status < 300);
            all.then_some(()).ok_or("refused".to_owned())
        });
    }
}

#[test]
fn each_append_that_writes_nothing_latches_and_loses_nothing() {
    if Strace::is_there("short writes") {
        fail_each("pwrite64", "retval=0", Story::check_run);
    }
}

/// 507 says that it was surely not stored, and the writes after it are taken again.
#[test]
fn each_append_without_room_is_507_and_writes_go_on_by_themselves() {
    if !Strace::is_there("ENOSPC") {
        return;
    }
    fail_each("pwrite64", "error=ENOSPC", |story| {
        let refused = story.statuses.iter().filter(|status| **status >= 300);
        let refused: Vec<_> = refused.collect();
        let is_stored = story.shown.iter().any(|shown| *shown != story.expected());
        if refused.iter().any(|status| **status != 507) || refused.len() > 1 || is_stored {
            return Err(format!("{refused:?}, {:?}", story.shown));
        }
        let files = on_disk(&story.folder);
        if files.iter().any(|file| *file != story.expected()) || story.code != Some(0) {
            return Err(format!("{:?} leaves {files:?}", story.code));
        }
        Ok(())
    });
}

/// The negative control: each kind of loss is found out.
#[test]
fn the_judge_of_the_script_finds_every_doctored_loss() {
    if !Strace::is_there("doctored losses") {
        return;
    }
    let mut story = run_script("");
    story.check(Story::check_run);
    story.check(Story::check_restart);
    story.statuses.push(200);
    assert!(story.check_run().is_err(), "shown less than acknowledged");
    story.statuses.pop();
    story.failed_early = true;
    assert!(story.check_run().is_err(), "went on after a failed sync");
    story.failed_early = false;
    story.statuses[5] = 503;
    assert!(story.check_run().is_err(), "refused, and then not");
    story.statuses.truncate(6);
    assert!(story.check_run().is_err(), "latched without a failure");
    story.statuses = vec![200; 13];
    story.code = Some(1);
    assert!(story.check_run().is_err(), "a wrong exit code");
    let text = story.folder.text("b.json");
    let without = text.replace("\"k3\"", "\"k33\"");
    story.folder.write("b.json", &without);
    assert!(story.check_restart().is_err(), "half a write");
    let shown = story.folder.text("a.json").replace("\"k3\"", "\"k33\"");
    story.folder.write("a.json", shown);
    assert!(
        story.check_restart().is_err(),
        "an acknowledged write is gone"
    );
}
