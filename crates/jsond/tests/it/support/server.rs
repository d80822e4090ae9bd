//! The program as a process: started on a folder, observed until it is ready, ended with the test.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Folder, PATIENCE, Reply, Wire, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jsond");

/// A running `jsond serve`.
pub(crate) struct Server {
    pub(crate) folder: Arc<Folder>,
    pub(crate) port: u16,
    child: Child,
    stderr: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// How a server ended.
pub(crate) struct Exit {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) folder: Arc<Folder>,
}

impl Server {
    /// The three students, in English.
    pub(crate) fn school() -> Self {
        Self::start(Folder::school(), &[])
    }

    /// Starts on port 0 with `flags` added; `--lang en` unless they say another.
    pub(crate) fn start(folder: impl Into<Arc<Folder>>, flags: &[&str]) -> Self {
        let folder = folder.into();
        let path = folder.path().to_owned();
        Self::start_on(folder, path.to_str().unwrap(), flags)
    }

    /// Starts on a PATH of its own (none when empty) in `folder`, which is kept alive.
    pub(crate) fn start_on(folder: Arc<Folder>, path: &str, flags: &[&str]) -> Self {
        Self::launch(scrubbed(), folder, path, flags)
    }

    /// Starts through a shell that first runs `preparation`, as `ulimit -n 40`.
    pub(crate) fn start_after(preparation: &str, folder: Arc<Folder>, flags: &[&str]) -> Self {
        let mut command = bare("sh");
        let script = format!("{preparation} && exec \"$0\" \"$@\"");
        command.args(["-c", &script, PROGRAM]);
        let path = folder.path().to_owned();
        Self::launch(command, folder, path.to_str().unwrap(), flags)
    }

    fn launch(mut command: Command, folder: Arc<Folder>, path: &str, flags: &[&str]) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let port_file = scratch.path().join("port");
        command
            .arg("serve")
            .args(Some(path).filter(|path| !path.is_empty()));
        command
            .arg("--port-file")
            .arg(&port_file)
            .args(flags)
            .current_dir(folder.path());
        for (flag, value) in [("--port", "0"), ("--lang", "en")] {
            if !flags.contains(&flag) {
                command.args([flag, value]);
            }
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let reader = collect(child.stderr.take().unwrap(), Arc::clone(&stderr));
        let mut server = Self {
            folder,
            port: 0,
            child,
            stderr,
            reader: Some(reader),
        };
        server.port = eventually("the port file holds a port", PATIENCE, || {
            server.assert_running();
            let text = std::fs::read_to_string(&port_file).ok()?;
            text.strip_suffix('\n')?.parse().ok()
        });
        // Where TLS is spoken, plain words are answered by 400.
        let speaks_tls = flags.iter().any(|flag| flag.starts_with("--tls"));
        let ready = if speaks_tls { 400 } else { 200 };
        eventually("/_/health/ready is answered", PATIENCE, || {
            server.assert_running();
            (server.get("/_/health/ready").status == ready).then_some(())
        });
        server
    }

    fn assert_running(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(
            ended.is_none(),
            "the server ended ({ended:?}): {}",
            self.stderr()
        );
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The most memory that the server has held so far.
    ///
    /// *Units*: bytes.
    pub(crate) fn memory_bytes_max(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let mut words = line.expect("Linux says the peak").split_whitespace();
        let kibibytes: usize = words.nth(1).unwrap().parse().unwrap();
        kibibytes << 10
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn connect(&self) -> Wire {
        Wire::open(self.address())
    }

    /// What the server has printed so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().unwrap()).into_owned()
    }

    /// Waits for a line on standard error.
    #[track_caller]
    pub(crate) fn prints(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            if let Some(line) = self.stderr().lines().find(|line| is_it(line)) {
                return line.to_owned();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "no line {what} in\n{}",
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// One request on a connection of its own.
    pub(crate) fn request(&self, method: &str, target: &str, fields: &[&str], body: &str) -> Reply {
        self.connect().request(method, target, fields, body)
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.connect().get(target)
    }

    /// The body of a GET that must succeed.
    #[track_caller]
    pub(crate) fn body(&self, target: &str) -> String {
        self.get(target).is(200).text().to_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self, target: &str) -> serde_json::Value {
        self.get(target).is(200).json()
    }

    /// Polls a target until it is 200 with this value.
    #[track_caller]
    pub(crate) fn shows(&self, target: &str, expected: &serde_json::Value, bound: Duration) {
        let mut last = String::new();
        let start = Instant::now();
        while start.elapsed() < bound {
            let reply = self.get(target);
            if reply.status == 200 && reply.json() == *expected {
                return;
            }
            last = format!("{} {}", reply.status, reply.text());
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{target} does not show {expected} within {bound:?}: {last}");
    }

    /// Polls a target until its status is this.
    #[track_caller]
    pub(crate) fn turns(&self, target: &str, status: u16, bound: Duration) {
        let mut last = 0;
        let start = Instant::now();
        while start.elapsed() < bound {
            last = self.get(target).status;
            if last == status {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{target} is {last} after {bound:?}, not {status}");
    }

    /// Writes JSON with its media type.
    pub(crate) fn put(&self, target: &str, body: &str) -> Reply {
        self.request("PUT", target, &["Content-Type: application/json"], body)
    }

    pub(crate) fn post(&self, target: &str, body: &str) -> Reply {
        self.request("POST", target, &["Content-Type: application/json"], body)
    }

    pub(crate) fn delete(&self, target: &str) -> Reply {
        self.request("DELETE", target, &[], "")
    }

    /// Sends the bytes to the dialogue door, and reads the first reply.
    #[track_caller]
    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> (Wire, Reply) {
        let mut wire = self.connect();
        wire.send(bytes);
        let reply = wire.dialogue_reply();
        (wire, reply)
    }

    /// A whole dialogue: the line, a 300, the answer with a line end, the final reply.
    #[track_caller]
    pub(crate) fn guided(&self, line: &str, answer: &str) -> Reply {
        let (mut wire, prompt) = self.ask(format!("{line}\r\n\r\n"));
        prompt.is(300);
        wire.send(format!("{answer}\r\n"));
        wire.dialogue_reply()
    }

    /// Asserts that the server still answers everybody else.
    #[track_caller]
    pub(crate) fn still_serves(&self) {
        self.get("/_/health/live").is(200);
        self.get("/students.json/Da_Eun/grade").is(200);
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status()
            .unwrap();
        assert!(sent.success(), "kill -{name} {process}");
    }

    /// A clean stop, and how it ended.
    pub(crate) fn stop(self) -> Exit {
        self.end("TERM")
    }

    /// Kill -9: no goodbye; the folder stays.
    pub(crate) fn kill(self) -> Arc<Folder> {
        self.end("KILL").folder
    }

    pub(crate) fn end(mut self, signal: &str) -> Exit {
        self.signal(signal);
        let status = eventually("the server ends", PATIENCE, || {
            self.child.try_wait().unwrap()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        Exit {
            code: status.code(),
            stderr: self.stderr(),
            folder: Arc::clone(&self.folder),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- standard error of the server\n{}---", self.stderr());
        }
    }
}

fn collect(pipe: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while lines
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            into.lock().unwrap().append(&mut line);
        }
    })
}

/// The program with nothing of the tester's environment.
pub(crate) fn scrubbed() -> Command {
    bare(PROGRAM)
}

fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs the program with arguments that make it end by itself, within a bound.
pub(crate) fn run_to_end(arguments: &[&str]) -> Output {
    wait_for(scrubbed().args(arguments))
}

/// Runs a command that ends by itself; it is killed, and the test fails, when it does not.
pub(crate) fn wait_for(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            let output = child.wait_with_output().unwrap();
            panic!("did not end by itself: {output:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}
