//! json-server as npm installs it, as a process: which versions there are, where they are found,
//! how one is started on a free port and ends with the test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::support::{Folder, PATIENCE, has_program, skip_unless_strict};

/// One of the two versions that jsond speaks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    ZeroSeventeen,
}

impl Version {
    /// The environment variable that names the program.
    fn variable(self) -> &'static str {
        match self {
            Self::One => "JSOND_JSON_SERVER_1",
            Self::ZeroSeventeen => "JSOND_JSON_SERVER_017",
        }
    }

    /// The value of `--like`.
    pub(super) fn like(self) -> &'static str {
        match self {
            Self::One => "json-server",
            Self::ZeroSeventeen => "json-server@0.17",
        }
    }

    /// How many characters an id has that the server makes at random.
    pub(super) fn id_length(self) -> usize {
        match self {
            Self::One => 11,
            Self::ZeroSeventeen => 7,
        }
    }

    /// The program, where it is there; else a test says that it is skipped.
    pub(super) fn program(self, test: &str) -> Option<PathBuf> {
        let Some(program) = std::env::var_os(self.variable()) else {
            skip_unless_strict(test, &format!("no {}", self.variable()));
            return None;
        };
        let program = PathBuf::from(program);
        let name = program.to_str().unwrap();
        let there =
            has_program(test, "node", &["--version"]) && has_program(test, name, &["--version"]);
        there.then_some(program)
    }
}

/// A running json-server.
pub(super) struct JsonServer {
    pub(super) address: SocketAddr,
    child: Child,
    /// Holds the file while the server runs.
    _folder: Folder,
}

impl JsonServer {
    /// Starts on a file of its own; the port may be taken by another between two lines of this.
    pub(super) fn start(version: Version, program: &Path, seed: &str, flags: &[&str]) -> Self {
        for _ in 0..5 {
            if let Some(server) = Self::try_start(version, program, seed, flags) {
                return server;
            }
        }
        panic!("{} does not start", program.display());
    }

    fn try_start(version: Version, program: &Path, seed: &str, flags: &[&str]) -> Option<Self> {
        let folder = Folder::empty().with("db.json", seed);
        if version == Version::One {
            // In production it does not start without this folder.
            folder.write("public/static.txt", "static\n");
        }
        let port = free_port();
        let child = Command::new(program)
            .args([
                "db.json",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
            ])
            .args(flags)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // Version 1 watches its own writes, and loses one that comes meanwhile; not so here.
            .env("NODE_ENV", "production")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            child,
            _folder: folder,
        };
        server.becomes_ready().then_some(server)
    }

    /// Waits for the port, and says whether the process lives to listen on it.
    fn becomes_ready(&mut self) -> bool {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            assert!(start.elapsed() < PATIENCE, "json-server does not listen");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        false
    }
}

impl Drop for JsonServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
