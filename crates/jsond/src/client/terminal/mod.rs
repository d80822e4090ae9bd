//! Where lines come from: a person at a terminal, a pipe, or a test.
//!
//! The conversation asks for a line and does not know who types it.

mod keyboard;
mod keys;
mod pipe;

use std::io;

use super::language::Language;

pub(super) use keyboard::Keyboard;
pub(super) use pipe::Pipe;

/// What came instead of, or as, a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C: this line is given up.
    GivenUp,
    /// Ctrl-D, or the end of the input.
    End,
}

/// What a line is for; requests have a history, answers have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Request,
    Answer,
}

/// A source of lines.
pub(super) trait Lines {
    /// Waits for the next line; `prompt` is shown if there is somebody to see it.
    fn next(&mut self, prompt: &str, purpose: Purpose) -> io::Result<Typed>;

    /// Forgets lines that were given ahead, when the person has interrupted what they led to.
    fn forget(&mut self) {}

    /// The names below this target can be the next answer, and this is an example of it.
    fn offer(&mut self, _target: Option<&str>, _example: Option<String>) {}

    /// From now on hints are in this language.
    fn speak(&mut self, _language: Language) {}
}

#[cfg(test)]
pub(super) mod scripted {
    use super::{Lines, Purpose, Typed};

    /// Lines that a test wrote down, and the prompts they were asked with.
    #[derive(Debug, Default)]
    pub(crate) struct Scripted {
        pub(crate) typed: std::collections::VecDeque<Typed>,
        pub(crate) prompts: Vec<String>,
    }

    impl Scripted {
        pub(crate) fn of(lines: &[&str]) -> Self {
            let typed = lines
                .iter()
                .map(|line| Typed::Line((*line).to_owned()))
                .collect();
            Self {
                typed,
                prompts: Vec::new(),
            }
        }
    }

    impl Lines for Scripted {
        fn next(&mut self, prompt: &str, _purpose: Purpose) -> std::io::Result<Typed> {
            self.prompts.push(prompt.to_owned());
            Ok(self.typed.pop_front().unwrap_or(Typed::End))
        }
    }
}
