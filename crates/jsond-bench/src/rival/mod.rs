//! The programs that jsond is compared with: each is started here, on the core of the servers, with
//! what it takes to give the same promise.

mod database;
mod json_server;
mod least;
mod nginx;

pub(crate) use database::{etcd, postgres, redis};
pub(crate) use json_server::json_server;
pub(crate) use least::{Least, least, serve as serve_least};
pub(crate) use nginx::nginx;

use crate::say;
use crate::setup::Setup;
use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(30);
const STOP_MAX: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);

/// A running program; it is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Rival {
    child: Child,
    pub(crate) port: u16,
    /// Which one it is, for the report.
    pub(crate) words: String,
}

impl Rival {
    /// Starts a program that will listen on a port, and waits until it does.
    ///
    /// *Errors*: it cannot be started, or ends; with the end of what it printed.
    fn start(mut command: Command, port: u16, words: String, log: &Path) -> Result<Self> {
        let out = File::create(log)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?);
        let child = command.stderr(out).spawn()?;
        let mut rival = Self { child, port, words };
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(rival);
            }
            if let Some(status) = rival.child.try_wait()? {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                let last = log.lines().last().unwrap_or_default();
                bail!("it ended at the start with {status}: {last}");
            }
            std::thread::sleep(PAUSE);
        }
        bail!("no answer within {} s", START_MAX.as_secs());
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let told = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let begin = Instant::now();
        while told && begin.elapsed() < STOP_MAX {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A rival that may be missing.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) rival: Result<Rival>,
}

impl Entry {
    /// Takes what starting it came to, and says so where it is missing.
    pub(crate) fn of(name: &'static str, rival: Result<Rival>) -> Self {
        if let Err(error) = &rival {
            say(&format!("{name} is missing from the tables: {error:#}"));
        }
        Self { name, rival }
    }

    /// Where it listens, if it does.
    pub(crate) fn port(&self) -> Option<u16> {
        self.rival.as_ref().ok().map(|it| it.port)
    }

    /// Which one it is, or why it is missing.
    pub(crate) fn words(&self) -> String {
        match &self.rival {
            Ok(rival) => rival.words.clone(),
            Err(error) => format!("{} is missing from the tables: {error:#}", self.name),
        }
    }
}

/// A port that was free a moment ago, for programs that take no port 0.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// What a program says of its version, in one line.
///
/// *Errors*: it is not installed.
fn version(program: &str, argument: &str, package: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.with_context(|| format!("{program} is not installed ({package})"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().next().unwrap_or_default().trim().to_owned())
}

/// A new folder among those that are generated.
fn own_folder(setup: &Setup, name: &str) -> Result<PathBuf> {
    let folder = setup.folder().join(name);
    std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}
