//! Tokens for tests: made by the program, kept in a file of their own.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Folder, Server, run_to_end};

/// A folder of tokens, and what they are.
pub(crate) struct Keys {
    folder: TempDir,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// Makes a token with the program, and gives it.
    pub(crate) fn make(&self, name: &str, role: &str, paths: &[&str]) -> String {
        let file = self.file();
        let mut words = vec!["token", "new", name, "--role", role];
        paths.iter().for_each(|path| words.extend(["--path", path]));
        words.extend(["--token-file", file.to_str().unwrap()]);
        let output = run_to_end(&words);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end().to_owned()
    }

    pub(crate) fn serve(&self, folder: impl Into<Arc<Folder>>, flags: &[&str]) -> Server {
        let file = self.file();
        let own = ["--token-file", file.to_str().unwrap()];
        Server::start(folder, &[&own, flags].concat())
    }
}

pub(crate) fn bearer(secret: &str) -> String {
    format!("Authorization: Bearer {secret}")
}
