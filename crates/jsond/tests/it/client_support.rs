//! What the tests of the client share: the program in a scrubbed environment, and servers to talk to.
//!
//! Servers listen on port 0 and end by themselves. Nothing sleeps: a run that does not end in time
//! is killed and fails the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// No run of the client in a test takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) error: String,
}

impl Ran {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

/// The program, with nothing of our environment but a home of its own.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jsond"));
    command
        .env_clear()
        .env("HOME", home)
        .env("TERM", "xterm")
        .current_dir(home);
    command
}

/// Runs `jsond client …` with this on its standard input.
pub(crate) fn client(words: &[&str], input: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.arg("client").args(words);
    run(command, input.as_bytes())
}

/// Runs a command to its end; kills it and fails when it does not come to one.
pub(crate) fn run(mut command: Command, input: &[u8]) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A run that ends before it has read everything is no fault of the test.
    let _ = stdin.write_all(input);
    drop(stdin);
    finish(child)
}

/// Waits for the end of a child whose outputs are pipes.
pub(crate) fn finish(mut child: Child) -> Ran {
    let out = read_in_background(child.stdout.take().unwrap());
    let error = read_in_background(child.stderr.take().unwrap());
    let ended = out
        .recv_timeout(PATIENCE)
        .and_then(|out| Ok((out, error.recv_timeout(PATIENCE)?)));
    let Ok((out, error)) = ended else {
        child.kill().unwrap();
        panic!("the client did not end within {PATIENCE:?}");
    };
    let code = child.wait().unwrap().code();
    Ran {
        code,
        out,
        error: String::from_utf8(error).unwrap(),
    }
}

fn read_in_background(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

/// A server that answers every connection by a function of the request it read.
pub(crate) struct Canned {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl Canned {
    /// Answers every request with the same bytes, then closes.
    pub(crate) fn answering(answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::with(move |_, stream| {
            let _ = stream.write_all(&answer);
        })
    }

    /// Lets a function answer. It is given the request, head and body, and the connection.
    pub(crate) fn with(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                if request == "END" {
                    return;
                }
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || {
                    seen.lock().unwrap().push(request.clone());
                    answer(&request, &mut stream);
                });
            }
        });
        Self {
            address: format!("127.0.0.1:{port}"),
            requests,
            port,
        }
    }

    /// The requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.write_all(b"END");
        }
    }
}

/// Reads a head and the body its Content-Length says; less when the other side closes.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    let is_whole = |bytes: &[u8]| {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return false;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        bytes.len() >= end + 4 + length
    };
    while !is_whole(&bytes) && matches!(stream.read(&mut byte), Ok(1)) {
        bytes.push(byte[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A response with its length, as HTTP wants it.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A student's server in Python, over a folder with the three students.
pub(crate) struct Student {
    pub(crate) address: String,
    pub(crate) folder: tempfile::TempDir,
    /// The server ends when this is closed.
    _input: ChildStdin,
    child: Child,
    log: mpsc::Receiver<Vec<u8>>,
}

impl Student {
    /// Starts it; `None`, loudly, where there is no Python. Styles: `bare`, `words`.
    pub(crate) fn start(style: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let students = root.join("../../examples/school/students.json");
        std::fs::copy(students, folder.path().join("students.json")).unwrap();
        let spawned = Command::new("python3")
            .arg(root.join("tests/it/student_server.py"))
            .arg(folder.path())
            .arg(style)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = spawned else {
            // Past the harness, which would keep it to itself.
            let loud = b"SKIPPED: python3 is not here, so no student's server was talked to!\n";
            std::io::stderr().write_all(loud).unwrap();
            return None;
        };
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        Some(Self {
            address: format!("127.0.0.1:{}", port.trim()),
            folder,
            _input: child.stdin.take().unwrap(),
            log: read_in_background(child.stderr.take().unwrap()),
            child,
        })
    }

    /// The file as it is now.
    pub(crate) fn file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("students.json")).unwrap()
    }

    /// Ends the server; gives what it was asked.
    pub(crate) fn log(mut self) -> String {
        drop(self._input);
        let log = self.log.recv_timeout(PATIENCE).unwrap();
        self.child.wait().unwrap();
        String::from_utf8(log).unwrap()
    }
}
