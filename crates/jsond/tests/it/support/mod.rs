//! What every end-to-end test stands on: a folder, the server as a process, a socket that checks
//! every reply it reads. No test sleeps: it polls what it waits for, with a bound.

mod folder;
mod reply;
mod server;
mod wire;

pub(crate) use folder::Folder;
pub(crate) use reply::Reply;
pub(crate) use server::{Server, run_to_end, scrubbed, wait_for};
pub(crate) use wire::{Wire, render};

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
