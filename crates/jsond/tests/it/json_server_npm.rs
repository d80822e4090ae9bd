//! The real json-server of npm, in both versions that jsond speaks like, beside jsond: the same
//! requests to both, from lists in the folder beside this file, and the same front end against
//! both. What is meant to be different is marked in the lists, with the reason.
//!
//! `JSOND_JSON_SERVER_1` and `JSOND_JSON_SERVER_017` name the two programs (`npm install
//! json-server@1.0.0-beta.15`, then `node_modules/.bin/json-server`); Node has to be there too.

mod compare;
mod list;
mod npm;
mod plain;
mod tree;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use self::compare::{Side, judge};
use self::list::{Row, Rule, parse_list};
use self::npm::{JsonServer, Version};
use crate::support::{Folder, Server, wait_for};

const SEED_1: &str = include_str!("json_server_npm/seed-1.json");
const SEED_017: &str = include_str!("json_server_npm/seed-017.json");

const LISTS_1: [&str; 3] = [
    include_str!("json_server_npm/list-1-read.txt"),
    include_str!("json_server_npm/list-1-write.txt"),
    include_str!("json_server_npm/list-1-refuse.txt"),
];
const LISTS_017: [&str; 3] = [
    include_str!("json_server_npm/list-017-read.txt"),
    include_str!("json_server_npm/list-017-write.txt"),
    include_str!("json_server_npm/list-017-refuse.txt"),
];
const LIST_READ_ONLY: &str = include_str!("json_server_npm/list-017-read-only.txt");

const FRONT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/json_server_npm/front.mjs"
);
const FRONT_LINES_MIN: usize = 20;

fn rows_of(lists: &[&str]) -> Vec<Row> {
    lists.iter().flat_map(|list| parse_list(list)).collect()
}

/// jsond on a copy of the seed.
fn start_jsond(version: Version, seed: &str, flags: &[&str]) -> Server {
    let folder = Folder::empty().with("db.json", seed);
    let file = folder.file("db.json");
    let flags = [&["--like", version.like()], flags].concat();
    Server::start_on(folder.into(), file.to_str().unwrap(), &flags)
}

/// Sends every row to both, and says all that is wrong at once.
fn compare_all(version: Version, rows: &[Row], theirs: SocketAddr, ours: SocketAddr) {
    let mut theirs = Side::new(theirs, version);
    let mut ours = Side::new(ours, version);
    let faults: Vec<String> = rows
        .iter()
        .filter_map(|row| judge(row, &theirs.ask(row), &ours.ask(row)).err())
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {} rows:\n{}",
        faults.len(),
        rows.len(),
        faults.join("\n")
    );
}

fn compare_version(version: Version, seed: &str, lists: &[&str], flags: [&[&str]; 2]) {
    let test = format!("side by side with {version:?}");
    let Some(program) = version.program(&test) else {
        return;
    };
    let [their_flags, our_flags] = flags;
    let theirs = JsonServer::start(version, &program, seed, their_flags);
    let ours = start_jsond(version, seed, &[&["--strict"], our_flags].concat());
    compare_all(version, &rows_of(lists), theirs.address, ours.address());
}

#[test]
fn version_1_with_strict_answers_as_the_real_one_but_where_the_list_says() {
    compare_version(Version::One, SEED_1, &LISTS_1, [&[], &[]]);
}

#[test]
fn version_0_17_with_strict_answers_as_the_real_one_but_where_the_list_says() {
    compare_version(Version::ZeroSeventeen, SEED_017, &LISTS_017, [&[], &[]]);
}

#[test]
fn version_0_17_that_is_read_only_refuses_as_the_real_one() {
    let flags: [&[&str]; 2] = [&["--read-only"], &["--read-only"]];
    compare_version(Version::ZeroSeventeen, SEED_017, &[LIST_READ_ONLY], flags);
}

/// Runs the front end against a server, and gives what it saw.
fn run_front(address: SocketAddr, version: Version) -> String {
    let paging = match version {
        Version::One => "envelope",
        Version::ZeroSeventeen => "header",
    };
    let url = format!("http://{address}");
    let output = wait_for(Command::new("node").args([FRONT, &url, paging]));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{version:?} at {url}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Ids are what they are in the files of those who use the version: texts, then numbers.
fn run_front_on_both(version: Version, program: &Path) {
    let seed = match version {
        Version::One => include_str!("json_server_npm/seed-front-1.json"),
        Version::ZeroSeventeen => include_str!("json_server_npm/seed-front-017.json"),
    };
    let theirs = JsonServer::start(version, program, seed, &[]);
    let ours = start_jsond(version, seed, &[]);
    let expected = run_front(theirs.address, version);
    let lines = expected.lines().count();
    assert!(lines >= FRONT_LINES_MIN, "only {lines} lines:\n{expected}");
    assert_eq!(run_front(ours.address(), version), expected);
}

#[test]
fn a_front_end_written_for_version_1_runs_unchanged() {
    let version = Version::One;
    if let Some(program) = version.program("the front end on version 1") {
        run_front_on_both(version, &program);
    }
}

#[test]
fn a_front_end_written_for_version_0_17_runs_unchanged() {
    let version = Version::ZeroSeventeen;
    if let Some(program) = version.program("the front end on version 0.17") {
        run_front_on_both(version, &program);
    }
}

#[test]
fn the_lists_are_long_enough_and_most_rows_are_to_be_the_same() {
    for lists in [LISTS_1, LISTS_017] {
        let rows = rows_of(&lists);
        let is_same = |row: &&Row| matches!(row.rule, Rule::Same);
        let same = rows.iter().filter(is_same).count();
        assert!(rows.len() >= 150 && same >= 150, "{same} of {}", rows.len());
    }
}
