//! A folder of JSON files that lives as long as the test, and what a reader of the plain files sees.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{STUDENTS, eventually};

/// A temporary folder; removed at the end.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("jsond-it-")
            .tempdir()
            .unwrap();
        Self { folder }
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
