//! Who stands back when there is one core for all: the threads behind the writer.

use crate::support::{PATIENCE, Server, eventually};

/// Name and nice value of each thread of a process.
fn threads(process: u32) -> Vec<(String, String)> {
    let folder = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let texts = folder.filter_map(|it| std::fs::read_to_string(it.ok()?.path().join("stat")).ok());
    let threads = texts.filter_map(|text| {
        let (before, after) = text.rsplit_once(") ")?;
        let name = before.split_once('(')?.1.to_owned();
        Some((name, after.split(' ').nth(16)?.to_owned()))
    });
    threads.collect()
}

/// A file of a hundred thousand records that was written beside 64 clients cost them a twentieth of
/// their writes, and the slowest of them a third of their time.
///
/// A thread gives itself its name and its place, and on a busy machine that may come after the port
/// answers.
#[test]
#[cfg(target_os = "linux")]
fn threads_that_nobody_waits_for_stand_back() {
    let server = Server::school();
    for (name, nice) in [
        ("jsond-checkpoin", "10"),
        ("jsond-keys", "10"),
        ("jsond-writer", "0"),
        ("jsond-worker", "0"),
    ] {
        eventually(&format!("{name} has nice {nice}"), PATIENCE, || {
            let all = threads(server.process());
            let mut here = all.iter().filter(|(it, _)| it.starts_with(name)).peekable();
            here.peek()?;
            here.all(|(_, its)| its == nice).then_some(())
        });
    }
}
