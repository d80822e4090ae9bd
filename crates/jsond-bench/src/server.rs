//! One run of the release binary of jsond, from its start until it has stopped. What it prints goes
//! to a file, as it would for a user who keeps a log.

use crate::http::Connection;
use crate::process;
use crate::setup::Setup;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_micros(200);

/// A running jsond; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// From the start of the process until the port gave an answer.
    pub(crate) start_time: Duration,
    log: PathBuf,
}

impl Server {
    /// Starts it on a folder with more flags, and waits until it answers.
    pub(crate) fn start(setup: &Setup, folder: &Path, flags: &[&str]) -> Result<Self> {
        let command = setup.pinning.command(&setup.program);
        Self::start_by(command, setup, folder, flags)
    }

    /// The same on all cores.
    pub(crate) fn start_unpinned(setup: &Setup, folder: &Path, flags: &[&str]) -> Result<Self> {
        let command = setup.pinning.command_on_all(&setup.program);
        Self::start_by(command, setup, folder, flags)
    }

    fn start_by(
        mut command: Command,
        setup: &Setup,
        folder: &Path,
        flags: &[&str],
    ) -> Result<Self> {
        let log = setup.folder().join("log");
        let port_file = setup.folder().join("port");
        fs::remove_file(&port_file).ok();
        command.args(["serve", "--lang", "en", "--port", "0", "--port-file"]);
        command.arg(&port_file).args(flags).arg(folder);
        for name in ["JSOND_HOST", "JSOND_PORT", "JSOND_LANG", "JSOND_LOG"] {
            command.env_remove(name);
        }
        let out = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begin = Instant::now();
        let child = command.stderr(out).spawn();
        let child = child.with_context(|| setup.program.display().to_string())?;
        let mut server = Self {
            child,
            port: 0,
            start_time: Duration::ZERO,
            log,
        };
        server.port = server.wait_for_port(&port_file, begin)?;
        let answer = Connection::open(server.port)?
            .exchange("GET", "/_/health/ready", "")?
            .status;
        ensure!(answer == 200, "not ready after the start: {answer}");
        server.start_time = begin.elapsed();
        Ok(server)
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A line of its status in bytes, such as `VmRSS`.
    pub(crate) fn memory_bytes(&self, name: &str) -> Result<u64> {
        process::memory_bytes(self.pid(), name)
    }

    /// How much it has printed.
    pub(crate) fn log_bytes(&self) -> Result<u64> {
        Ok(fs::metadata(&self.log)?.len())
    }

    /// Asks it to stop, and waits until it has; gives the time that took.
    ///
    /// *Errors*: it does not end, or not with 0.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let begin = Instant::now();
        let pid = self.pid().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status()?;
        ensure!(told.success(), "kill could not reach the server");
        while begin.elapsed() < STOP_MAX {
            if let Some(status) = self.child.try_wait()? {
                ensure!(
                    status.success(),
                    "stopped with {status}: {}",
                    self.last_words()
                );
                return Ok(begin.elapsed());
            }
            std::thread::sleep(PAUSE);
        }
        bail!("it did not stop within {} s", STOP_MAX.as_secs());
    }

    fn wait_for_port(&mut self, port_file: &Path, begin: Instant) -> Result<u16> {
        while begin.elapsed() < START_MAX {
            let text = fs::read_to_string(port_file).unwrap_or_default();
            if text.ends_with('\n')
                && let Ok(port) = text.trim().parse()
            {
                return Ok(port);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "jsond ended at the start with {status}: {}",
                    self.last_words()
                );
            }
            std::thread::sleep(PAUSE);
        }
        bail!("no answer within {} s", START_MAX.as_secs());
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let start = log.len().saturating_sub(2000);
        log.get(start..).unwrap_or(&log).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
