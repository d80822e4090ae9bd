//! kill -9 in the middle of eight writers, fifty times on the same folder: what was acknowledged is
//! there, what was shown stays, and every file is whole JSON at every moment.
//!
//! `JSOND_KILL_ROUNDS` sets the number of rounds (10 here, 200 in the checks of the repository).

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Folder, Server, Wire, render};

const WRITERS: usize = 8;

/// After as many rounds a new folder is begun: all that was ever written is judged in each.
const ROUNDS_OF_A_FOLDER: usize = 50;

/// What a writer knows of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Sent, not acknowledged: there or not.
    AddSent,
    /// The 201 was read, or the entry was seen after a restart.
    There,
    /// Its removal was sent, not acknowledged.
    RemoveSent,
    /// The 200 of the removal was read.
    Gone,
}

/// What one writer was told.
#[derive(Debug, Clone, Default)]
struct Ledger {
    writer: usize,
    steps: u64,
    counter_sent: u64,
    counter_acknowledged: u64,
    entries: BTreeMap<String, Fate>,
}

impl Ledger {
    fn new(writer: usize) -> Self {
        Self {
            writer,
            ..Self::default()
        }
    }

    /// Judges the state after a restart, and takes what it shows as shown.
    fn check(&mut self, counters: &Value, log: &Value) -> Result<(), String> {
        let counter = counters[format!("w{}", self.writer)]["n"]
            .as_u64()
            .unwrap_or_default();
        if counter < self.counter_acknowledged || counter > self.counter_sent {
            return Err(format!("counter {counter} in {self:?}"));
        }
        self.counter_acknowledged = counter;
        let writer = self.writer;
        for (key, fate) in &mut self.entries {
            let entry = log.get(key);
            let is_whole = entry.is_none_or(|entry| entry["by"] == writer && entry["key"] == *key);
            let expected = match fate {
                Fate::There => entry.is_some(),
                Fate::Gone => entry.is_none(),
                Fate::AddSent | Fate::RemoveSent => true,
            };
            if !is_whole || !expected {
                return Err(format!("{key} is {fate:?}, and the log has {entry:?}"));
            }
            *fate = if entry.is_some() {
                Fate::There
            } else {
                Fate::Gone
            };
        }
        Ok(())
    }
}

/// Asserts that nobody wrote what the ledgers do not know, and that each writer's order was kept.
fn check_whole(ledgers: &[Ledger], log_text: &str) -> Result<(), String> {
    let mut last = [None; WRITERS];
    let keys = log_text.split('"').filter(|word| word.starts_with("key_"));
    for key in keys {
        let mut parts = key
            .split('_')
            .skip(1)
            .map(|part| part.parse::<usize>().unwrap());
        let (writer, step) = (parts.next().unwrap(), parts.next());
        if !ledgers[writer].entries.contains_key(key) {
            return Err(format!("nobody sent {key}"));
        }
        if last[writer] > step {
            return Err(format!(
                "{key} stands behind {:?} of the same writer",
                last[writer]
            ));
        }
        last[writer] = step;
    }
    Ok(())
}

/// Sends a request and waits for its status; nothing when the server is gone.
fn ask(wire: &mut Wire, method: &str, target: &str, body: &str) -> Option<u16> {
    let fields = ["Content-Type: application/json"];
    if !wire.send_if_read(render(method, target, &fields, body.as_bytes())) {
        return None;
    }
    wire.try_reply().map(|reply| reply.status)
}

/// One step: count, add an entry, now and then remove the one before. Nothing when cut off.
fn step(wire: &mut Wire, ledger: &mut Ledger, acknowledged: &AtomicUsize) -> Option<()> {
    ledger.steps += 1;
    let (writer, number) = (ledger.writer, ledger.steps);
    ledger.counter_sent = number;
    let status = ask(
        wire,
        "PUT",
        &format!("/counters.json/w{writer}"),
        &format!("{{\"n\":{number}}}"),
    )?;
    assert!([200, 201].contains(&status), "PUT: {status}");
    ledger.counter_acknowledged = number;

    let key = format!("key_{writer}_{number}");
    ledger.entries.insert(key.clone(), Fate::AddSent);
    let entry = format!("{{\"{key}\":{{\"by\":{writer},\"key\":\"{key}\"}}}}");
    let status = ask(wire, "POST", "/log.json", &entry)?;
    assert_eq!(status, 201, "POST of {key}");
    ledger.entries.insert(key, Fate::There);
    acknowledged.fetch_add(1, Ordering::Relaxed);

    let before = format!("key_{writer}_{}", number - 1);
    if number % 3 == 0 && ledger.entries.get(&before) == Some(&Fate::There) {
        ledger.entries.insert(before.clone(), Fate::RemoveSent);
        let status = ask(wire, "DELETE", &format!("/log.json/{before}"), "")?;
        assert_eq!(status, 200, "DELETE of {before}");
        ledger.entries.insert(before, Fate::Gone);
    }
    Some(())
}

/// Reads every file of the folder over and over, as another program would.
fn watch(files: &[PathBuf; 2], stop: &AtomicBool) -> usize {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        for file in files {
            let text = std::fs::read(file).expect("the file is there at every moment");
            let whole = serde_json::from_slice::<Value>(&text);
            assert!(whole.is_ok(), "torn: {}", String::from_utf8_lossy(&text));
            reads += 1;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    reads
}

/// Writes with all writers until enough is acknowledged, then kill -9.
fn run_round(server: Server, ledgers: &[Arc<Mutex<Ledger>>], enough: usize) -> Arc<Folder> {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = ledgers
        .iter()
        .map(|ledger| {
            let (ledger, acknowledged) = (Arc::clone(ledger), Arc::clone(&acknowledged));
            let mut wire = server.connect();
            std::thread::spawn(move || {
                let mut ledger = ledger.lock().unwrap();
                while step(&mut wire, &mut ledger, &acknowledged).is_some() {}
            })
        })
        .collect();
    let start = Instant::now();
    while acknowledged.load(Ordering::Relaxed) < enough && start.elapsed() < Duration::from_secs(20)
    {
        std::thread::yield_now();
        std::thread::sleep(Duration::from_micros(300));
    }
    let folder = server.kill();
    for thread in threads {
        thread
            .join()
            .expect("a writer saw only good answers until the end");
    }
    assert!(
        acknowledged.load(Ordering::Relaxed) >= enough,
        "too slow: {enough} writes in 20 s"
    );
    folder
}

fn check_after_restart(server: &Server, ledgers: &[Arc<Mutex<Ledger>>], round: usize) {
    let (counters, log) = (
        server.json("/counters.json"),
        server.get("/log.json").is(200),
    );
    let (mut seen, entries) = (Vec::new(), log.json());
    for ledger in ledgers {
        let mut ledger = ledger.lock().unwrap();
        if let Err(loss) = ledger.check(&counters, &entries) {
            panic!("round {round}: {loss}");
        }
        seen.push(ledger.clone());
    }
    if let Err(fault) = check_whole(&seen, log.text()) {
        panic!("round {round}: {fault}");
    }
}

#[test]
fn kill_9_under_eight_writers_loses_no_acknowledged_write_and_tears_no_file() {
    let rounds = std::env::var("JSOND_KILL_ROUNDS").map_or(10, |text| text.parse().unwrap());
    let mut done = 0;
    while done < rounds {
        let end = rounds.min(done + ROUNDS_OF_A_FOLDER);
        kill_in_each_round(done..end);
        done = end;
        eprintln!("{done} of {rounds} rounds of kill -9: nothing lost, nothing torn");
    }
}

fn kill_in_each_round(rounds: Range<usize>) {
    let folder = Folder::empty()
        .with("counters.json", "{}\n")
        .with("log.json", "{}\n");
    let files = [folder.file("counters.json"), folder.file("log.json")];
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || watch(&files, &stop)
    });
    let ledgers: Vec<_> = (0..WRITERS)
        .map(|writer| Arc::new(Mutex::new(Ledger::new(writer))))
        .collect();
    let mut server = Server::start(folder, &[]);
    for round in rounds.clone() {
        // Now early, now late, so that checkpoints are cut at all their places.
        let enough = 5 + (round * 7_919) % 400;
        let folder = run_round(server, &ledgers, enough);
        assert!(
            !watcher.is_finished(),
            "the watcher saw a torn file in round {round}"
        );
        server = Server::start(folder, &[]);
        check_after_restart(&server, &ledgers, round);
    }
    let (counters, log) = (server.json("/counters.json"), server.json("/log.json"));
    server.folder.holds("counters.json", &counters);
    server.folder.holds("log.json", &log);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    stop.store(true, Ordering::Relaxed);
    assert!(
        watcher.join().expect("no torn file") > rounds.len(),
        "the watcher read"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&exit.folder.text("log.json")).unwrap(),
        log
    );
}

/// The negative control: each kind of loss is found out.
#[test]
fn the_judge_of_the_kill_test_finds_every_doctored_loss() {
    let mut ledger = Ledger::new(0);
    (ledger.counter_sent, ledger.counter_acknowledged) = (5, 4);
    ledger.entries.insert("key_0_1".to_owned(), Fate::There);
    ledger.entries.insert("key_0_2".to_owned(), Fate::Gone);
    ledger.entries.insert("key_0_3".to_owned(), Fate::AddSent);
    let good = r#"{"key_0_1":{"by":0,"key":"key_0_1"},"key_0_3":{"by":0,"key":"key_0_3"}}"#;
    let judge = |counter: u64, log: &str| {
        let counters = serde_json::json!({"w0": {"n": counter}});
        let log_value = serde_json::from_str(log).unwrap();
        let mut ledgers = vec![Ledger::new(0); WRITERS];
        ledgers[0] = ledger.clone();
        ledgers[0]
            .check(&counters, &log_value)
            .and_then(|()| check_whole(&ledgers, log))
    };
    assert_eq!(judge(4, good), Ok(()));
    for (counter, log) in [
        (3, good.to_owned()),
        (6, good.to_owned()),
        (4, "{}".to_owned()),
        (4, r#"{"key_0_1":{"by":0,"key":"key_0_9"}}"#.to_owned()),
        (4, good.replace("\"key_0_3\":{", "\"key_0_2\":{")),
        (4, good.replace("\"key_0_3\":{\"by\":0,", "\"key_0_3\":{")),
        (4, good.replace("key_0_3", "key_0_7")),
        (
            4,
            r#"{"key_0_3":{"by":0,"key":"key_0_3"},"key_0_1":{"by":0,"key":"key_0_1"}}"#.to_owned(),
        ),
    ] {
        assert!(
            judge(counter, &log).is_err(),
            "went through: {counter}, {log}"
        );
    }
}
