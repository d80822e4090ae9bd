//! What the figures depend on: cores, and the file system under a folder. Pins by the program
//! `taskset`; without it nothing is pinned, and the report says so.

use std::path::Path;
use std::process::{Command, Stdio};

/// Which core the server gets; the load has another.
#[derive(Debug)]
pub(crate) struct Pinning {
    server: Option<u32>,
    /// As `taskset` takes them.
    all: String,
    /// What was done, for the report.
    pub(crate) words: String,
}

impl Pinning {
    /// Pins this process and all threads that it will start to the second core that it may use,
    /// and keeps the first for the server.
    pub(crate) fn take() -> Self {
        let cores = allowed_cores();
        let not = |why: &str| Self {
            server: None,
            all: String::new(),
            words: format!("not pinned, {why}"),
        };
        let [server, load, ..] = cores[..] else {
            return not("there is one core");
        };
        if !pin_this_process(&load.to_string()) {
            return not("there is no taskset");
        }
        Self {
            server: Some(server),
            all: (cores.iter().map(u32::to_string))
                .collect::<Vec<_>>()
                .join(","),
            words: format!(
                "{} cores, the server pinned to one, the load to another",
                cores.len()
            ),
        }
    }

    /// Begins a command whose process runs on the core of the server.
    pub(crate) fn command(&self, program: &Path) -> Command {
        match self.server {
            None => Command::new(program),
            Some(core) => on_cores(&core.to_string(), program),
        }
    }

    /// Begins a command whose process runs on any core that this one was given.
    pub(crate) fn command_on_all(&self, program: &Path) -> Command {
        match self.server {
            None => Command::new(program),
            Some(_) => on_cores(&self.all, program),
        }
    }

    /// Lets this process run on any core that it was given.
    pub(crate) fn release(&self) {
        if self.server.is_some() {
            pin_this_process(&self.all);
        }
    }
}

fn on_cores(cores: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cores]).arg(program);
    command
}

fn allowed_cores() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.map(|list| parse_cores(list.trim()))
        .unwrap_or_default()
}

fn pin_this_process(cores: &str) -> bool {
    let pinned = Command::new("taskset")
        .args(["-c", "-p", cores, &std::process::id().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    pinned.is_ok_and(|status| status.success())
}

/// `0-2,5` is 0, 1, 2 and 5.
fn parse_cores(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The type of the file system that a folder lies on; `unknown` where the system does not tell.
pub(crate) fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    find_file_system(&mounts, folder).unwrap_or_else(|| "unknown".to_owned())
}

/// The mount with the longest path above the folder; of equals the last hides the others.
fn find_file_system(mounts: &str, folder: &Path) -> Option<String> {
    let above = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        let kind = kind.split(' ').next()?;
        folder
            .starts_with(point)
            .then(|| (point.len(), kind.to_owned()))
    };
    let found = mounts.lines().filter_map(above);
    found.max_by_key(|(length, _)| *length).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::{find_file_system, parse_cores};
    use std::path::Path;

    #[test]
    fn a_list_of_cores_is_ranges_and_single_ones() {
        assert_eq!(parse_cores("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(parse_cores("3"), [3]);
        assert_eq!(parse_cores(""), [0; 0]);
    }

    #[test]
    fn the_nearest_mount_above_a_folder_counts() {
        let mounts = "1 0 8:1 / / rw shared:1 - ext4 /dev/a rw\n\
                      2 1 0:5 / /tmp rw - tmpfs tmpfs rw\n\
                      3 1 0:6 / /tmp/disk rw - xfs /dev/b rw\n";
        let check = |folder: &str, expected: &str| {
            let found = find_file_system(mounts, Path::new(folder));
            assert_eq!(found.as_deref(), Some(expected), "{folder}");
        };
        check("/home/x", "ext4");
        check("/tmp/x", "tmpfs");
        check("/tmp/disk/x", "xfs");
        check("/tmpx", "ext4");
    }
}
