//! A folder of JSON files that lives as long as the test, and what a reader of the plain files sees.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{Mount, STUDENTS, eventually};

/// A temporary folder; removed at the end.
pub(crate) struct Folder {
    /// Taken off before the folder is removed: fields are dropped in this order.
    mount: Option<Mount>,
    folder: TempDir,
}

impl Folder {
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("jsond-it-")
            .tempdir()
            .unwrap();
        Self {
            mount: None,
            folder,
        }
    }

    /// A folder that is a file system of its own in memory, of a size as `1m`; see [`may_mount`].
    ///
    /// [`may_mount`]: super::may_mount
    pub(crate) fn in_memory(size: &str) -> Self {
        let mut folder = Self::empty();
        folder.mount = Some(Mount::tmpfs(size, folder.path()));
        folder
    }

    /// Makes a folder [`in_memory`](Self::in_memory) read-only.
    pub(crate) fn becomes_read_only(&self) {
        let mount = self.mount.as_ref().expect("a file system of its own");
        mount.remount_read_only();
    }

    /// The files that keep a hand's version of a file, with their contents.
    pub(crate) fn conflicts(&self, name: &str) -> Vec<(String, String)> {
        let start = format!("{name}.conflict-");
        let mut found: Vec<_> = std::fs::read_dir(self.path())
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|name| name.starts_with(&start))
            .map(|name| (name.clone(), self.text(&name)))
            .collect();
        found.sort();
        found
    }

    /// Replaces a file as most editors do: a new one beside it, synced and renamed over it.
    pub(crate) fn save_by_rename(&self, name: &str, content: impl AsRef<[u8]>) {
        let beside = self.file(&format!("{name}~"));
        let mut file = std::fs::File::create(&beside).unwrap();
        file.write_all(content.as_ref()).unwrap();
        file.sync_all().unwrap();
        std::fs::rename(beside, self.file(name)).unwrap();
    }

    /// The school of the contract: `students.json` with three records.
    pub(crate) fn school() -> Self {
        Self::empty().with("students.json", STUDENTS)
    }

    /// Adds a file, and the sub-folders on the way to it.
    pub(crate) fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(name, content);
        self
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    /// Waits until the file holds exactly `expected`; the contract promises 200 ms when idle, a
    /// loaded test machine gets more.
    pub(crate) fn becomes(&self, name: &str, expected: &str) {
        let mut last = String::new();
        let path = self.file(name);
        let bound = Duration::from_secs(5);
        let start = std::time::Instant::now();
        while start.elapsed() < bound {
            last = std::fs::read_to_string(&path).unwrap_or_default();
            if last == expected {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(last, expected, "{name} on disk after {bound:?}");
    }

    /// Waits until the file holds JSON equal to `expected`, whatever its layout.
    pub(crate) fn holds(&self, name: &str, expected: &serde_json::Value) {
        let path = self.file(name);
        eventually(
            &format!("{name} holds {expected}"),
            Duration::from_secs(5),
            || {
                let text = std::fs::read(&path).ok()?;
                let value: serde_json::Value = serde_json::from_slice(&text).ok()?;
                (value == *expected).then_some(())
            },
        );
    }
}
