//! Who stands back when there is one core for all: the threads behind the writer.

use crate::support::Server;

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
#[test]
#[cfg(target_os = "linux")]
fn threads_that_nobody_waits_for_stand_back() {
    let server = Server::school();
    let threads = threads(server.process());
    let nice = |name: &str| {
        let found = threads.iter().find(|(it, _)| it.starts_with(name));
        found
            .unwrap_or_else(|| panic!("no {name} in {threads:?}"))
            .1
            .clone()
    };
    assert_eq!(nice("jsond-writer"), "0");
    assert_eq!(nice("jsond-worker"), "0");
    assert_eq!(nice("jsond-checkpoin"), "10");
    assert_eq!(nice("jsond-keys"), "10");
}
