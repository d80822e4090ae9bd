//! A person in front of `jsond client`, through a pseudo-terminal: sees, types, presses.
//!
//! At a terminal that can be edited on rustyline edits; at a dumb one keys are read plainly. Nothing
//! sleeps: a person waits for what they expect to see, and is patient for a bounded time.

use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect, Regex, Session};

use crate::client_support::program;

/// A screen on which every line of a test stays.
const ROWS: u16 = 500;
const COLUMNS: u16 = 160;

/// A person in front of `jsond client …`.
pub(crate) struct Person {
    session: OsSession,
    /// The terminal, as it shows what came.
    parser: vt100::Parser,
    /// How much of it was seen: so many lines, and so many bytes of the next.
    seen: (usize, usize),
    /// Every byte that came.
    raw: Vec<u8>,
    home: tempfile::TempDir,
}

impl Person {
    pub(crate) fn at(words: &[&str]) -> Self {
        Self::with(words, |_| {})
    }

    /// The same, with something changed about how the program is run.
    pub(crate) fn with(words: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.arg("client").args(words);
        change(&mut command);
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        let process = session.get_process_mut();
        process.set_window_size(COLUMNS, ROWS).unwrap();
        Self {
            session,
            parser: vt100::Parser::new(ROWS, COLUMNS, 0),
            seen: (0, 0),
            raw: Vec::new(),
            home,
        }
    }

    /// The folder the program runs in.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Waits until this is on the screen, behind what was seen before.
    pub(crate) fn sees(&mut self, text: &str) {
        let wanted = text.trim_end();
        loop {
            let shown = self.shown();
            let begin = self.seen_bytes(&shown);
            if let Some(at) = shown.get(begin..).and_then(|rest| rest.find(wanted)) {
                let end = begin + at + wanted.len();
                let row = shown[..end].matches('\n').count();
                let column = end - shown[..end].rfind('\n').map_or(0, |at| at + 1);
                self.seen = (row, column);
                return;
            }
            match self.session.expect(Regex("(?s).+")) {
                Ok(found) => self.take(found.as_bytes()),
                Err(error) => panic!("{text:?} was not seen: {error}; on the screen is\n{shown}"),
            }
        }
    }

    /// Where what was seen ends now: a line may have become shorter since.
    fn seen_bytes(&self, shown: &str) -> usize {
        let (row, column) = self.seen;
        let mut lines = shown.split_inclusive('\n');
        let above: usize = lines.by_ref().take(row).map(str::len).sum();
        let line = lines.next().unwrap_or_default().trim_end_matches('\n');
        above + column.min(line.len())
    }

    /// All lines of the screen, without what trails them.
    fn shown(&self) -> String {
        let lines = self.parser.screen().rows(0, COLUMNS);
        let lines: Vec<String> = lines
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
        lines.concat()
    }

    /// Types at a prompt.
    pub(crate) fn replies(&mut self, prompt: &str, line: &str) {
        self.sees(prompt);
        self.types(line);
    }

    pub(crate) fn types(&mut self, line: &str) {
        self.types_without_return(&format!("{line}\r"));
    }

    /// Pastes into the editor and presses return.
    pub(crate) fn pastes(&mut self, text: &str) {
        self.types_without_return(&format!("\u{1b}[200~{text}\u{1b}[201~"));
        self.types("");
    }

    pub(crate) fn types_without_return(&mut self, text: &str) {
        self.session.send(text).unwrap();
    }

    pub(crate) fn presses(&mut self, key: ControlCode) {
        self.session.send(key).unwrap();
    }

    /// Waits for the end; gives everything that is on the screen then, line by line.
    pub(crate) fn ends_with(mut self, code: i32) -> String {
        self.comes_to_its_end(code)
    }

    /// Waits for a good end; gives the screen, and every byte that the terminal was sent.
    pub(crate) fn ends_raw(mut self) -> (String, String) {
        let screen = self.comes_to_its_end(0);
        (screen, String::from_utf8_lossy(&self.raw).into_owned())
    }

    fn comes_to_its_end(&mut self, code: i32) -> String {
        let rest = self.session.expect(Eof).unwrap();
        self.take(rest.as_bytes());
        let screen = self.shown().trim_end_matches('\n').to_owned() + "\n";
        match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, found) => assert_eq!(found, code, "{screen}"),
            status => panic!("{status:?}"),
        }
        screen
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.raw.extend_from_slice(bytes);
    }
}
