//! People's own tools, unchanged: Python requests, Node's fetch and curl each run a script of thirty
//! steps against a fresh school.

use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Folder, Server, has_program};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/script");
const SCHOOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/school");

/// The folder of the examples, copied.
fn school() -> Folder {
    let mut folder = Folder::empty();
    for entry in std::fs::read_dir(SCHOOL).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "json") {
            let name = path.file_name().unwrap().to_str().unwrap();
            folder = folder.with(name, std::fs::read(&path).unwrap());
        }
    }
    folder
}

/// Runs a script to its end, within a minute.
fn run(program: &str, script: &str, address: &str) -> Output {
    let mut child = Command::new(program)
        .arg(format!("{SCRIPTS}/{script}"))
        .arg(address)
        .env("no_proxy", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > Duration::from_secs(60) {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn check(program: &str, script: &str) {
    let folder = Arc::new(school());
    let server = Server::start(folder, &[]);
    let output = run(
        program,
        script,
        &format!("http://127.0.0.1:{}", server.port),
    );
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{script} ended with {}\n{printed}{errors}",
        output.status
    );
    let steps = printed
        .lines()
        .filter(|line| line.starts_with("ok "))
        .count();
    assert_eq!(steps, 30, "{printed}");
}

#[test]
fn python_requests_runs_its_thirty_steps() {
    if has_program("python_requests", "python3", &["-c", "import requests"]) {
        check("python3", "requests.py");
    }
}

#[test]
fn node_fetch_runs_its_thirty_steps() {
    if has_program(
        "node_fetch",
        "node",
        &["-e", "if (typeof fetch !== 'function') process.exit(1)"],
    ) {
        check("node", "fetch.mjs");
    }
}

#[test]
fn curl_runs_its_thirty_steps() {
    let tools = has_program("curl_steps", "curl", &["--version"])
        && has_program("curl_steps", "bash", &["-c", "true"])
        && has_program("curl_steps", "python3", &["-c", "import json"]);
    if tools {
        check("bash", "steps.sh");
    }
}
