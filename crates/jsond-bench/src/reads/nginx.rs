//! nginx on a folder: one worker, static files, keep-alive without an end, a log as jsond writes one.

use crate::http::Connection;
use crate::setup::Setup;
use anyhow::{Context as _, Result, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(10);

/// A running nginx; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Nginx {
    child: Child,
    pub(super) port: u16,
    /// Which one it is, for the report.
    pub(super) words: String,
}

impl Nginx {
    /// Starts it on the core of the servers, and waits until it answers.
    ///
    /// *Errors*: it is not installed, or does not start.
    pub(super) fn start(setup: &Setup, folder: &Path) -> Result<Self> {
        let version = Command::new("nginx").arg("-v").output();
        let version = version.context("nginx is not installed (Debian: nginx-light)")?;
        let version = String::from_utf8_lossy(&version.stderr).trim().to_owned();
        // It takes no port 0: one that was free a moment ago.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let own = setup.folder().join("nginx");
        std::fs::create_dir(&own)?;
        let (own_shown, folder) = (own.display(), folder.display());
        let file = own.join("nginx.conf");
        let configuration = format!(
            "daemon off; master_process off; worker_processes 1; pid {own_shown}/pid;
             error_log {own_shown}/error.log;
             events {{ worker_connections 2048; }}
             http {{
               access_log {own_shown}/access.log; keepalive_requests 1000000000; keepalive_timeout 600;
               sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=1000;
               client_body_temp_path {own_shown}/b; proxy_temp_path {own_shown}/p;
               fastcgi_temp_path {own_shown}/f; uwsgi_temp_path {own_shown}/u; scgi_temp_path {own_shown}/s;
               types {{ application/json json; }}
               server {{ listen 127.0.0.1:{port}; root {folder}; }}
             }}"
        );
        std::fs::write(&file, configuration)?;
        let error_log = format!("{own_shown}/error.log");
        let child = setup
            .pinning
            .command(Path::new("nginx"))
            .arg("-c")
            .arg(&file)
            .args(["-e", &error_log])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut nginx = Self {
            child,
            port,
            words: format!("{version}, one worker, access log on, open_file_cache on"),
        };
        nginx.wait_until_it_answers(&error_log)?;
        Ok(nginx)
    }

    /// All of its processes.
    pub(super) fn pids(&self) -> Result<Vec<u32>> {
        Ok(vec![self.child.id()])
    }

    fn wait_until_it_answers(&mut self, error_log: &str) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            if Connection::open(self.port).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(error_log).unwrap_or_default();
                bail!("it ended at the start with {status}: {}", log.trim());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("no answer within {} s", START_MAX.as_secs());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
