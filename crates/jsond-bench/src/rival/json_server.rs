//! json-server on a file of its own, from npm.

use super::{Rival, free_port, own_folder, version};
use crate::setup::Setup;
use anyhow::{Context as _, Result};
use std::path::Path;

/// Starts it on a copy of this text.
///
/// *Errors*: it is not installed, or does not start.
pub(crate) fn json_server(setup: &Setup, program: &str, text: &str) -> Result<Rival> {
    let version = version(
        program,
        "--version",
        "npm install json-server@1.0.0-beta.15",
    )?;
    let port = free_port()?;
    let own = own_folder(setup, "json-server")?;
    let file = own.join("db.json");
    std::fs::write(&file, text)?;
    let program = find(program).context("json-server is not on the path")?;
    let mut command = setup.pinning.command(&program);
    command.args(["--port", &port.to_string()]).arg("db.json");
    command.current_dir(&own);
    let words = format!("json-server {version}");
    Rival::start(command, port, words, &own.join("out"))
}

/// The file of a program; one without a slash is looked for on the path.
fn find(program: &str) -> Option<std::path::PathBuf> {
    if program.contains('/') {
        return Path::new(program).canonicalize().ok();
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
