//! Lines from a person: reedline, once the terminal has shown that it is one.
//!
//! reedline asks the terminal where its cursor is and waits two seconds for the answer, before it
//! shows a prompt at all; something that is only a pseudo-terminal never answers. So the first
//! prompt is written at once with that question behind it, and keys are read plainly. As soon as
//! the answer is among them, reedline takes over with what was typed so far; without it, plain
//! reading goes on.

use std::borrow::Cow;
use std::io::{self, Write};

use reedline::{
    Highlighter, Prompt, PromptEditMode, PromptHistorySearch, Reedline, Signal, StyledText,
};
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use super::keys::{Effect, Keys};
use super::{Lines, Purpose, Typed};
use crate::client::escape::escape_line;
use crate::client::words::take_line;

/// A person at a terminal.
pub(in crate::client) struct Keyboard {
    keys: Keys,
    /// The terminal may be asked where its cursor is.
    may_ask: bool,
    editors: Option<Editors>,
    /// What was pasted together with the last line, after it.
    pasted: String,
}

/// One editor with the history of requests, one without any for answers.
struct Editors {
    request: Reedline,
    answer: Reedline,
}

impl Keyboard {
    /// A keyboard on standard input; `editing` when both outputs are the terminal too, and it is
    /// not a dumb one.
    pub(in crate::client) fn new(editing: bool) -> Self {
        Self {
            keys: Keys::default(),
            may_ask: editing,
            editors: None,
            pasted: String::new(),
        }
    }

    /// Reads keys until they make a line; `None` when reedline has to take over.
    fn read_plainly(&mut self, prompt: &str) -> io::Result<Option<Typed>> {
        let _mode = KeyMode::enter()?;
        let mut terminal = io::stderr();
        let question = if std::mem::take(&mut self.may_ask) {
            "\x1b[6n"
        } else {
            ""
        };
        terminal.write_all(format!("{prompt}{question}").as_bytes())?;
        loop {
            let typed = match read_key()? {
                None => Typed::End,
                Some(byte) => match self.keys.feed(byte) {
                    Effect::Nothing => continue,
                    Effect::Echo(text) => {
                        terminal.write_all(text.as_bytes())?;
                        continue;
                    }
                    Effect::CursorReported => {
                        terminal.write_all(b"\r\x1b[K")?;
                        return Ok(None);
                    }
                    Effect::Line(line) => Typed::Line(line),
                    Effect::GivenUp => Typed::GivenUp,
                    Effect::End => Typed::End,
                },
            };
            terminal.write_all(b"\n")?;
            return Ok(Some(typed));
        }
    }

    fn take_over(&mut self) -> &mut Editors {
        let typed = self.keys.take_line();
        let editors = self.editors.insert(Editors {
            request: editor(),
            answer: editor(),
        });
        let insert = [reedline::EditCommand::InsertString(typed)];
        editors.request.run_edit_commands(&insert);
        editors
    }
}

impl Keyboard {
    /// The next line of a paste, shown as if it had been typed.
    fn next_pasted(&mut self, prompt: &str, purpose: Purpose) -> io::Result<Option<Typed>> {
        let Some(line) = take_line(&mut self.pasted, purpose == Purpose::Request) else {
            return Ok(None);
        };
        writeln!(io::stderr(), "{prompt}{}", escape_line(&line))?;
        Ok(Some(Typed::Line(line)))
    }
}

impl Lines for Keyboard {
    fn next(&mut self, prompt: &str, purpose: Purpose) -> io::Result<Typed> {
        if let Some(typed) = self.next_pasted(prompt, purpose)? {
            return Ok(typed);
        }
        if self.editors.is_none() {
            if let Some(typed) = self.read_plainly(prompt)? {
                return Ok(typed);
            }
            self.take_over();
        }
        let editors = self
            .editors
            .as_mut()
            .expect("the editors have just been made");
        let editor = match purpose {
            Purpose::Request => &mut editors.request,
            Purpose::Answer => &mut editors.answer,
        };
        match editor.read_line(&PlainPrompt(prompt))? {
            Signal::Success(text) => {
                self.pasted = text;
                let line = take_line(&mut self.pasted, purpose == Purpose::Request);
                Ok(Typed::Line(line.unwrap_or_default()))
            }
            Signal::CtrlC => Ok(Typed::GivenUp),
            _ => Ok(Typed::End),
        }
    }
    fn forget(&mut self) {
        self.pasted.clear();
    }
}

fn editor() -> Reedline {
    Reedline::create()
        .with_highlighter(Box::new(NoHighlighter))
        .with_ansi_colors(false)
        .use_bracketed_paste(true)
}

/// Reads one byte, so that what follows stays in the terminal for reedline.
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

/// A prompt that is only its text.
struct PlainPrompt<'a>(&'a str);

impl Prompt for PlainPrompt<'_> {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("… ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(history: {}) ", search.term))
    }
}

/// What is typed is shown as it is.
struct NoHighlighter;

impl Highlighter for NoHighlighter {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut text = StyledText::new();
        text.push((Default::default(), line.to_owned()));
        text
    }
}
