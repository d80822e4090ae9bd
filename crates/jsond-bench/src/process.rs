//! What the system knows of a process: memory, bytes written, CPU time of a thread. Read from
//! `/proc`; changes nothing.

use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// The clock ticks that `/proc` counts CPU time in; Linux shows a hundred a second everywhere.
const TICKS_PER_SECOND: u64 = 100;

/// The bytes that a process caused to be written to the disk, as `/proc/PID/io` counts them: when a
/// page becomes dirty.
pub(crate) fn written_bytes(pid: u32) -> Result<u64> {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).context("/proc/PID/io")?;
    find_number(&io, "write_bytes:").context("no write_bytes in /proc/PID/io")
}

/// A line of `/proc/PID/status` that is a number of kB, such as `VmRSS`, in bytes.
pub(crate) fn memory_bytes(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("/proc/PID/status")?;
    let kilobytes = find_number(&status, &format!("{name}:"));
    Ok(kilobytes.with_context(|| format!("no {name} in /proc/PID/status"))? * 1024)
}

/// The CPU time, user and system, of a process, with that of threads that have ended.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("/proc/PID/stat")?;
    let ticks = parse_ticks(&stat, "").context("no CPU time in /proc/PID/stat")?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// The CPU time, user and system, of all threads of a process whose name begins so.
pub(crate) fn thread_time(pid: u32, name: &str) -> Result<Duration> {
    let mut ticks = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("/proc/PID/task")? {
        // A thread may have ended meanwhile.
        let stat = fs::read_to_string(task?.path().join("stat")).unwrap_or_default();
        ticks += parse_ticks(&stat, name).unwrap_or(0);
    }
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn find_number(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The ticks in a line of `stat`, if the name in brackets begins so. The name may have spaces and
/// brackets of its own.
fn parse_ticks(stat: &str, name: &str) -> Option<u64> {
    let (before, rest) = stat.rsplit_once(") ")?;
    let (_, thread) = before.split_once('(')?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    thread.starts_with(name).then_some(user + system)
}

#[cfg(test)]
mod tests {
    use super::{find_number, parse_ticks};

    #[test]
    fn numbers_are_found_behind_their_labels() {
        let status = "Name:\tjsond\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(find_number(status, "VmRSS:"), Some(1024));
        assert_eq!(find_number(status, "VmSwap:"), None);
    }

    #[test]
    fn cpu_time_is_that_of_threads_with_the_name() {
        let stat = "7 (jsond-check) x) S 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20 0";
        assert_eq!(parse_ticks(stat, "jsond-check"), Some(281));
        assert_eq!(parse_ticks(stat, "jsond-writer"), None);
        assert_eq!(parse_ticks("", "x"), None);
    }
}
