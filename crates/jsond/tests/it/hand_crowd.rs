//! `git checkout` changes two hundred files while four clients write to them: every edit by hand is
//! taken in or kept beside its file, and every acknowledged write is there where no hand undid it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Folder, JSON, PATIENCE, Server, Wire, eventually, has_program};

const FILES: usize = 200;
/// Clients write to the first of them only: the rest has to be noticed without a write.
const TOUCHED: usize = 160;
const CLIENTS: usize = 4;

fn name(number: usize) -> String {
    format!("f{number:03}.json")
}

/// A file in which `git` changes one record and clients another.
fn text(hand: u32) -> String {
    format!("{{\n  \"hand\": {{\"v\": {hand}}},\n  \"api\": {{\"n\": 0}}\n}}\n")
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@localhost"])
        .args(["-c", "commit.gpgsign=false", "-C"])
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
}

/// A repository whose branch `edited` has another version of every file.
fn repository() -> Folder {
    let folder = Folder::empty().with(".gitignore", ".jsond/\n*.conflict-*\n");
    for hand in [0, 1] {
        for number in 0..FILES {
            folder.write(&name(number), text(hand));
        }
        if hand == 0 {
            git(folder.path(), &["init", "-q", "-b", "plain"]);
        } else {
            git(folder.path(), &["checkout", "-q", "-b", "edited"]);
        }
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-q", "-m", "files"]);
    }
    git(folder.path(), &["checkout", "-q", "plain"]);
    folder
        .with("mine0.json", "{\"api\": {\"n\": 0}}\n")
        .with("mine1.json", "{\"api\": {\"n\": 0}}\n")
        .with("mine2.json", "{\"api\": {\"n\": 0}}\n")
        .with("mine3.json", "{\"api\": {\"n\": 0}}\n")
}

/// Counts up in a file; whether it was acknowledged. In the moment in which `git` has removed a file
/// and not written it yet, the file may be missing or broken.
fn count_up(wire: &mut Wire, file: &str, number: u64) -> bool {
    let target = format!("/{file}/api/n");
    let reply = wire.request("PUT", &target, &[JSON], &number.to_string());
    let is_own = file.starts_with("mine");
    let expected = if is_own { &[200][..] } else { &[200, 404, 409] };
    reply.one_of(expected).status == 200
}

/// One client: its own file, and every fourth of the others, until it is told to stop. Gives the
/// last acknowledged number of each file.
fn write(wire: &mut Wire, client: usize, stop: &AtomicBool, all: &AtomicU64) -> Ledger {
    let mut ledger = Ledger::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        for place in (client..TOUCHED).step_by(CLIENTS) {
            number += 1;
            let mine = format!("mine{client}.json");
            for file in [name(place), mine] {
                if count_up(wire, &file, number) {
                    ledger.insert(file, number);
                    all.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
    ledger
}

type Ledger = BTreeMap<String, u64>;

/// Runs the clients, and `git checkout` once they are at it; gives what they were told.
fn check_out_under_load(server: &Server) -> Ledger {
    let (stop, all) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (stop, all) = (Arc::clone(&stop), Arc::clone(&all));
            let mut wire = server.connect();
            std::thread::spawn(move || write(&mut wire, client, &stop, &all))
        })
        .collect();
    let waits_for = |count: u64| {
        eventually("the clients write", PATIENCE, || {
            let is_reached = all.load(Ordering::Relaxed) >= count;
            let is_over = clients.iter().any(std::thread::JoinHandle::is_finished);
            (is_reached || is_over).then_some(())
        });
    };
    waits_for(50);
    git(server.folder.path(), &["checkout", "-q", "-f", "edited"]);
    waits_for(all.load(Ordering::Relaxed) + 400);
    stop.store(true, Ordering::Relaxed);
    let ledgers = clients.into_iter().map(|client| client.join().unwrap());
    ledgers.flatten().collect()
}

/// Whether the edit of a file was taken in, with a new tag, or kept beside it, and said.
fn is_accounted_for(server: &Server, number: usize, before: &str) -> bool {
    let file = name(number);
    let reply = server.get(&format!("/{file}"));
    if reply.status == 200 && reply.json()["hand"]["v"] == 1 {
        return reply.etag() != before;
    }
    let mut conflicts = server.folder.conflicts(&file).into_iter();
    conflicts.any(|(kept, content)| content == text(1) && server.stderr().contains(&kept))
}

/// What is served is what was acknowledged, or what the hand put in its place.
fn check_writes(server: &Server, ledger: &Ledger) {
    for (file, last) in ledger {
        let found = server.json(&format!("/{file}/api/n"));
        let undone = found == 0 && file.starts_with('f');
        assert!(found == *last || undone, "{file}: {found}, not {last}");
    }
}

#[test]
fn a_git_checkout_under_four_writing_clients_loses_neither_edits_nor_writes() {
    if !has_program("git checkout", "git", &["--version"]) {
        return;
    }
    let server = Server::start(repository(), &[]);
    let tags: Vec<_> = (0..FILES)
        .map(|number| server.get(&format!("/{}", name(number))).is(200).etag())
        .collect();
    let ledger = check_out_under_load(&server);
    let mut open: Vec<_> = (0..FILES).collect();
    eventually(
        "every edit is accounted for",
        Duration::from_secs(15),
        || {
            open.retain(|number| !is_accounted_for(&server, *number, &tags[*number]));
            open.is_empty().then_some(())
        },
    );
    check_writes(&server, &ledger);

    // Once all of it is settled, writes go on, and the files are what is served.
    let mut wire = server.connect();
    for number in 0..FILES {
        assert!(count_up(&mut wire, &name(number), 1_000_000), "{number}");
    }
    let image: Vec<Value> = (0..FILES)
        .map(|number| server.json(&format!("/{}", name(number))))
        .collect();
    assert!(
        image
            .iter()
            .all(|file| file["api"]["n"] == json!(1_000_000))
    );
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    for (number, expected) in image.iter().enumerate() {
        let text = exit.folder.bytes(&name(number));
        let value: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(value, *expected, "{}", name(number));
    }
}
