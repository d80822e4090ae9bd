//! A person in front of `jsond client`, through a pseudo-terminal: sees, types, presses.
//!
//! With an answering terminal reedline edits; without one keys are read plainly. Nothing sleeps: a
//! person waits for what they expect to see, and is patient for a bounded time.

use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect, Session};

use crate::client_support::program;

const CURSOR_QUESTION: &str = "\u{1b}[6n";

/// A person in front of `jsond client …`.
pub(crate) struct Person {
    session: OsSession,
    /// The terminal tells where its cursor is.
    answers: bool,
    /// Everything seen so far.
    screen: String,
    _home: tempfile::TempDir,
}

impl Person {
    pub(crate) fn at(words: &[&str], answers: bool) -> Self {
        Self::with(words, answers, |_| {})
    }

    /// The same, with something changed about how the program is run.
    pub(crate) fn with(words: &[&str], answers: bool, change: impl FnOnce(&mut Command)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.arg("client").args(words);
        change(&mut command);
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        Self {
            session,
            answers,
            screen: String::new(),
            _home: home,
        }
    }

    /// The first prompt is plain; the terminal's answer to the question behind it brings the editor.
    pub(crate) fn sees_first_prompt(&mut self, prompt: &str) {
        if self.answers {
            self.sees(prompt);
            self.answers_question();
        }
        self.sees_prompt(prompt);
    }

    /// Waits for a prompt, and as a terminal answers what it is asked on the way.
    pub(crate) fn sees_prompt(&mut self, prompt: &str) {
        if self.answers {
            self.answers_question();
        }
        self.sees(prompt);
    }

    fn answers_question(&mut self) {
        self.sees(CURSOR_QUESTION);
        self.session.send("\u{1b}[1;1R").unwrap();
    }

    pub(crate) fn sees(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self
                .screen
                .push_str(&String::from_utf8_lossy(found.as_bytes())),
            Err(error) => panic!(
                "{text:?} was not seen: {error}; before it {:?}",
                self.screen
            ),
        }
    }

    /// Types at a prompt.
    pub(crate) fn replies(&mut self, prompt: &str, line: &str) {
        self.sees_prompt(prompt);
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

    /// Waits for the end; gives everything that was on the screen, without what a terminal obeys.
    pub(crate) fn ends_with(mut self, code: i32) -> String {
        let rest = self.session.expect(Eof).unwrap();
        self.screen
            .push_str(&String::from_utf8_lossy(rest.as_bytes()));
        match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, found) => assert_eq!(found, code, "{}", self.screen),
            status => panic!("{status:?}"),
        }
        self.screen
            .replace(CURSOR_QUESTION, "")
            .replace("\r\n", "\n")
    }
}
