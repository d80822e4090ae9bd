//! The system calls of a running server, as strace sees them, with faults injected on demand. Calls
//! that another thread interrupts in the log are put together again.
//!
//! strace counts `when=K` for each thread on its own, from the moment it attaches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::mount::privileged;
use super::{PATIENCE, Server, eventually, has_program, skip_unless_strict};

/// One system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) thread: u32,
    pub(crate) name: String,
    /// With paths in angle brackets behind descriptors, and strings in C notation.
    pub(crate) arguments: String,
    /// What stands behind the last ` = `, with `(INJECTED)` where strace made it up.
    pub(crate) result: String,
    /// Numbers of lines of the log.
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

impl Call {
    pub(crate) fn is_injected(&self) -> bool {
        self.result.contains("INJECTED")
    }

    /// Whether the kernel did it, and without an error.
    pub(crate) fn is_done(&self) -> bool {
        !self.is_injected() && !self.result.starts_with(['-', '?'])
    }

    /// The path that the first descriptor names.
    pub(crate) fn path(&self) -> &str {
        let inner = self.arguments.split_once('<').map(|(_, rest)| rest);
        inner
            .and_then(|rest| rest.split_once('>'))
            .map_or("", |(path, _)| path)
    }
}

/// strace, attached to a server.
pub(crate) struct Strace {
    child: Child,
    scratch: TempDir,
}

impl Strace {
    /// Whether this tester may trace; a test that needs to says loudly that it is skipped.
    pub(crate) fn is_there(test: &str) -> bool {
        static MAY: OnceLock<bool> = OnceLock::new();
        if !has_program(test, "strace", &["--version"]) {
            return false;
        }
        let may = MAY.get_or_init(|| {
            let mut sleeper = Command::new("sleep").arg("20").spawn().unwrap();
            let attached = Self::attach_to(sleeper.id(), &["-e", "trace=none"]).is_some();
            let _ = sleeper.kill();
            let _ = sleeper.wait();
            attached
        });
        if !may {
            skip_unless_strict(test, "strace may not attach");
        }
        *may
    }

    /// Attaches to all threads of a server; `arguments` say which calls, and which faults.
    pub(crate) fn attach(server: &Server, arguments: &[&str]) -> Self {
        Self::attach_to(server.process(), arguments).expect("strace attaches")
    }

    fn attach_to(process: u32, arguments: &[&str]) -> Option<Self> {
        let scratch = tempfile::tempdir().unwrap();
        let mut child = privileged("strace")
            .args(["-f", "-y", "-s", "1000", "-o"])
            .arg(scratch.path().join("trace"))
            .args(arguments)
            .args(["-p", &process.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let is_attached = said.read_line(&mut line).is_ok() && line.contains(" attached");
        // It goes on to name new threads, and must not find the pipe closed.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let strace = Self { child, scratch };
        is_attached.then_some(strace)
    }

    /// The calls so far that have ended.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let log = std::fs::read(self.scratch.path().join("trace")).unwrap_or_default();
        parse_trace(&String::from_utf8_lossy(&log))
    }

    /// The calls of a server that has ended.
    pub(crate) fn finish(mut self) -> Vec<Call> {
        eventually("strace ends with what it traces", PATIENCE, || {
            self.child.try_wait().unwrap()
        });
        self.calls()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It lets go of what it traces; `sudo` hands the signal on.
            let process = self.child.id().to_string();
            let _ = privileged("kill").args(["-TERM", &process]).status();
            let _ = self.child.wait();
        }
    }
}

/// The numbers that `when=` gives to the calls of a folder: each thread is counted on its own. Zeros
/// written into a new segment are left out, because there are so many.
pub(crate) fn numbers_in(calls: &[Call], folder: &Path) -> BTreeSet<usize> {
    let folder = folder.to_str().unwrap();
    let mut counts = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for call in calls {
        let count = counts.entry(call.thread).or_insert(0);
        *count += 1;
        let is_filling = call.arguments.contains("\"\\0\\0\\0");
        if call.arguments.contains(folder) && !is_filling {
            numbers.insert(*count);
        }
    }
    numbers
}

/// Reads the log of `strace -f -o`.
pub(crate) fn parse_trace(log: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: Vec<(u32, String, usize)> = Vec::new();
    for (number, line) in log.lines().enumerate() {
        let Some((thread, text)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let (Ok(thread), text) = (thread.parse::<u32>(), text.trim_start()) else {
            continue;
        };
        // One space is of the remark; one before it may be of the call.
        if let Some(first) = text.strip_suffix(" <unfinished ...>") {
            open.push((thread, first.to_owned(), number));
            continue;
        }
        let mut begin = number;
        let mut whole = text.to_owned();
        if let Some(rest) = text.strip_prefix("<... ") {
            let Some((_, rest)) = rest.split_once(" resumed>") else {
                continue;
            };
            let Some(place) = open.iter().position(|(owner, _, _)| *owner == thread) else {
                continue;
            };
            let (_, first, first_line) = open.remove(place);
            (begin, whole) = (first_line, first + rest);
        }
        calls.extend(parse_call(thread, &whole, [begin, number]));
    }
    calls
}

fn parse_call(thread: u32, text: &str, [begin, end]: [usize; 2]) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    Some(Call {
        thread,
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        result: result.to_owned(),
        begin,
        end,
    })
}
