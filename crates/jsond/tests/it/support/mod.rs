//! What every end-to-end test stands on: a folder, the server as a process, a socket that checks
//! every reply it reads. No test sleeps: it polls what it waits for, with a bound.

mod folder;
pub(crate) mod frames;
mod hand;
pub(crate) mod http2;
pub(crate) mod json_server;
pub(crate) mod keys;
mod method;
mod mount;
mod reply;
pub(crate) mod secure;
mod server;
mod strace;
mod tree;
mod wire;

pub(crate) use folder::Folder;
pub(crate) use hand::{killed_while_pending, stopped_while_pending};
pub(crate) use method::{JSON, JSON_PATCH, MERGE_PATCH, encoded};
pub(crate) use mount::{Bound, Mount, may_mount};
pub(crate) use reply::Reply;
pub(crate) use server::{Exit, Server, run_to_end, scrubbed, wait_for};
pub(crate) use strace::{Call, Strace, numbers_in, parse_trace};
pub(crate) use tree::Tree;
pub(crate) use wire::{Wire, render};

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The three records of the contract, as the example file holds them.
pub(crate) const STUDENTS: &str = include_str!("../../../../../examples/school/students.json");

/// How long a test waits for something that ought to happen at once, on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Polls until `probe` gives a value, and panics with `what` after `bound`.
pub(crate) fn eventually<T>(
    what: &str,
    bound: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < bound, "not within {bound:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says on standard error, so that nobody overlooks it, that a test did not run.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("SKIPPED {test}: {reason}");
}

/// Says loudly that a test did not run, and fails it where `JSOND_NO_SKIP=1` says that everything
/// has to be there.
pub(crate) fn skip_unless_strict(test: &str, reason: &str) {
    let strict = std::env::var_os("JSOND_NO_SKIP").is_some_and(|value| value == "1");
    assert!(!strict, "{test}: {reason}, and JSOND_NO_SKIP=1");
    skip(test, reason);
}

/// Whether a program of the tester's machine is there; see [`skip_unless_strict`].
pub(crate) fn has_program(test: &str, program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let there = status.is_ok_and(|status| status.success());
    if !there {
        skip_unless_strict(test, &format!("no {program} {arguments:?}"));
    }
    there
}

/// A file or folder of the conformance data: below `JSOND_SUITES`, where it must be there, else
/// beside the repository, where its absence is said loudly.
pub(crate) fn suite(test: &str, name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites");
    let chosen = std::env::var_os("JSOND_SUITES");
    let path = chosen
        .as_ref()
        .map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let path = path.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(chosen.is_none(), "{test}: JSOND_SUITES has no {name}");
    skip(test, &format!("no {}", path.display()));
    None
}
