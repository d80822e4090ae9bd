//! Lines from a person at a terminal: rustyline edits them, with history, completion and hints.
//!
//! Where standard output is no terminal, or a dumb one, keys are read plainly: the prompt goes to
//! standard error then, and a line can be erased and given up.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::path::PathBuf;

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use rustyline::completion::{Completer, Pair};
use rustyline::config::{BellStyle, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use super::keys::{Effect, Keys};
use super::{Lines, Purpose, Typed};
use crate::client::catalog::Catalog;
use crate::client::complete::{self, Name, Names as _, Offer};
use crate::client::escape::escape_line;
use crate::client::language::Language;
use crate::client::words::{split_request, take_line};

/// A person at a terminal.
pub(in crate::client) struct Keyboard<'a> {
    /// Absent where lines cannot be edited.
    editor: Option<LineEditor<'a>>,
    keys: Keys,
    /// What was pasted together with the last line, after it.
    pasted: String,
    /// Where requests are kept from one conversation to the next.
    history: Option<PathBuf>,
}

/// One editor for requests and answers, so that what is typed ahead of the one reaches the other.
struct LineEditor<'a> {
    editor: Editor<Assistant<'a>, FileHistory>,
    /// The history of what is not asked for now: of requests while an answer is, and none otherwise.
    other: FileHistory,
}

impl LineEditor<'_> {
    fn turn_to(&mut self, purpose: Purpose) {
        let Some(assistant) = self.editor.helper() else {
            return;
        };
        if assistant.purpose.replace(purpose) != purpose {
            std::mem::swap(self.editor.history_mut(), &mut self.other);
        }
    }
}

impl<'a> Keyboard<'a> {
    /// A keyboard that edits.
    ///
    /// Errors: those of the terminal.
    pub(in crate::client) fn editing(
        catalog: &'a Catalog<'a>,
        language: Language,
        history: Option<PathBuf>,
    ) -> io::Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .bell_style(BellStyle::None)
            .auto_add_history(false)
            .history_ignore_space(true)
            .build();
        let other = FileHistory::with_config(&config);
        let mut editor = Editor::with_config(config).map_err(to_io)?;
        editor.set_helper(Some(Assistant {
            catalog,
            language: Cell::new(language),
            purpose: Cell::new(Purpose::Request),
            offered: RefCell::default(),
            example: RefCell::default(),
            past: HistoryHinter {},
        }));
        if let Some(file) = &history {
            // A history that is not there yet, or cannot be read, is empty.
            let _ = editor.load_history(file);
        }
        Ok(Self {
            editor: Some(LineEditor { editor, other }),
            keys: Keys::default(),
            pasted: String::new(),
            history,
        })
    }

    /// A keyboard whose keys are read plainly.
    pub(in crate::client) fn plain() -> Self {
        Self {
            editor: None,
            keys: Keys::default(),
            pasted: String::new(),
            history: None,
        }
    }

    /// Reads keys until they make a line.
    fn read_plainly(&mut self, prompt: &str) -> io::Result<Typed> {
        let _mode = KeyMode::enter()?;
        let mut terminal = io::stderr();
        terminal.write_all(prompt.as_bytes())?;
        loop {
            let typed = match read_key()? {
                None => Typed::End,
                Some(byte) => match self.keys.feed(byte) {
                    Effect::Nothing => continue,
                    Effect::Echo(text) => {
                        terminal.write_all(text.as_bytes())?;
                        continue;
                    }
                    Effect::Line(line) => Typed::Line(line),
                    Effect::GivenUp => Typed::GivenUp,
                    Effect::End => Typed::End,
                },
            };
            terminal.write_all(b"\n")?;
            return Ok(typed);
        }
    }

    fn assistant(&self) -> Option<&Assistant<'a>> {
        self.editor.as_ref()?.editor.helper()
    }

    /// The next line of a paste, shown as if it had been typed.
    fn next_pasted(&mut self, prompt: &str, purpose: Purpose) -> io::Result<Option<Typed>> {
        let Some(line) = take_line(&mut self.pasted, purpose == Purpose::Request) else {
            return Ok(None);
        };
        writeln!(io::stderr(), "{prompt}{}", escape_line(&line))?;
        Ok(Some(Typed::Line(line)))
    }

    fn remember(&mut self, line: &str) {
        let Some(LineEditor { editor, .. }) = &mut self.editor else {
            return;
        };
        if line.trim().is_empty() || has_secret(line) {
            return;
        }
        // What cannot be kept is still in the history of this conversation.
        let _ = editor.add_history_entry(line);
        if let Some(file) = &self.history {
            if let Some(folder) = file.parent() {
                let _ = std::fs::create_dir_all(folder);
            }
            let _ = editor.append_history(file);
        }
    }
}

/// Whether a line has something that must not be kept: a word whose name sounds like a secret, with
/// a value.
fn has_secret(line: &str) -> bool {
    const NAMES: [&str; 9] = [
        "auth",
        "token",
        "cookie",
        "secret",
        "passw",
        "bearer",
        "session",
        "api-key",
        "credential",
    ];
    // As it is sent: without quotations.
    let words = split_request(line).unwrap_or_else(|| vec![line.replace(['"', '\''], "")]);
    words.iter().any(|word| {
        let name = word.split([':', '=']).next().unwrap_or_default();
        let has_value = name.len() < word.len();
        let name = name.to_ascii_lowercase().replace('_', "-");
        let name = name.replace("apikey", "api-key");
        has_value && NAMES.iter().any(|secret| name.contains(secret))
    })
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

impl Lines for Keyboard<'_> {
    fn next(&mut self, prompt: &str, purpose: Purpose) -> io::Result<Typed> {
        if let Some(typed) = self.next_pasted(prompt, purpose)? {
            return Ok(typed);
        }
        let Some(line_editor) = &mut self.editor else {
            return self.read_plainly(prompt);
        };
        line_editor.turn_to(purpose);
        match line_editor.editor.readline(prompt) {
            Ok(text) => {
                if purpose == Purpose::Request {
                    self.remember(&text);
                }
                self.pasted = text;
                let line = take_line(&mut self.pasted, purpose == Purpose::Request);
                Ok(Typed::Line(line.unwrap_or_default()))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::GivenUp),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(to_io(error)),
        }
    }

    fn forget(&mut self) {
        self.pasted.clear();
    }

    fn offer(&mut self, target: Option<&str>, example: Option<String>) {
        if let Some(assistant) = self.assistant() {
            let names = target.map(|target| assistant.catalog.below(target));
            assistant.offered.replace(names.unwrap_or_default());
            assistant.example.replace(example);
        }
    }

    fn speak(&mut self, language: Language) {
        if let Some(assistant) = self.assistant() {
            assistant.language.set(language);
        }
    }
}

/// Who helps while a line is edited.
struct Assistant<'a> {
    catalog: &'a Catalog<'a>,
    language: Cell<Language>,
    purpose: Cell<Purpose>,
    /// What can be answered.
    offered: RefCell<Vec<Name>>,
    /// What an answer looks like, in a sentence.
    example: RefCell<Option<String>>,
    past: HistoryHinter,
}

impl Helper for Assistant<'_> {}

impl Validator for Assistant<'_> {}

impl Completer for Assistant<'_> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = &line[..at];
        let Offer { start, words } = match self.purpose.get() {
            Purpose::Request => {
                complete::request(line, &self.catalog.folder.borrow(), self.catalog)
            }
            Purpose::Answer => complete::answer(line, &self.offered.borrow()),
        };
        let pairs = words.into_iter().map(|word| Pair {
            // What a server has must not reach the terminal as it is.
            display: escape_line(word.trim_end()),
            replacement: word,
        });
        Ok((start, pairs.collect()))
    }
}

/// How a line may go on.
struct Going {
    text: String,
    /// It can be taken over; otherwise it only says how.
    is_taken: bool,
}

impl Hint for Going {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_taken.then_some(&self.text)
    }
}

impl Hinter for Assistant<'_> {
    type Hint = Going;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Going> {
        if self.purpose.get() == Purpose::Answer {
            let example = self.example.borrow();
            let text = example.as_ref().filter(|_| line.is_empty())?.clone();
            let is_taken = false;
            return Some(Going { text, is_taken });
        }
        if line.is_empty() || at < line.len() {
            return None;
        }
        if let Some(text) = self.past.hint(line, at, context) {
            let is_taken = true;
            return Some(Going { text, is_taken });
        }
        let text = complete::usage(line, self.language.get())?.to_owned();
        let is_taken = false;
        Some(Going { text, is_taken })
    }
}

impl Highlighter for Assistant<'_> {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

/// Reads one byte, so that what follows stays in the terminal for the next line.
fn read_key() -> io::Result<Option<u8>> {
    let mut byte = [0];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
            // The other side of the terminal has gone: nobody types any more.
            Ok(0) | Err(rustix::io::Errno::IO) => return Ok(None),
            Ok(_) => return Ok(Some(byte[0])),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The terminal gives every key at once, does not echo and sends no signals, until this is dropped.
struct KeyMode(Termios);

impl KeyMode {
    fn enter() -> io::Result<Self> {
        let before = termios::tcgetattr(rustix::stdio::stdin())?;
        let mut mode = before.clone();
        mode.local_modes &=
            !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        mode.special_codes[termios::SpecialCodeIndex::VMIN] = 1;
        mode.special_codes[termios::SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &mode)?;
        Ok(Self(before))
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        // A terminal that has gone cannot be restored, and need not be.
        let _ = termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_secrets_are_not_kept() {
        for line in [
            "GET a Authorization:Bearer-abc",
            "GET a 'Authorization: Bearer abc'",
            "GET a cookie:a=b",
            "GET a?access_token=abc",
            "GET a token==S",
            "GET a X-Token:S",
            "GET a api_key==S",
            "GET a X-Auth-Key:S",
            "GET a authori\"zation:S\"",
            "GET 'a Authorization:S",
        ] {
            assert!(has_secret(line), "{line}");
        }
        for line in [
            "GET students.json",
            "PUT a.json/x key=1 author",
            "GET tokens.json",
        ] {
            assert!(!has_secret(line), "{line}");
        }
    }
}
