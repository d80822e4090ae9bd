//! Where things are written: bodies to standard output, everything human to standard error.
//!
//! On a terminal what a server sent is escaped, and JSON is shaped for people once it is complete;
//! into a pipe or a file a body goes byte for byte. Writers are given, so that tests can read them.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{Escaper, escape_bytes_line, escape_line, escape_text};
use super::failure::Failure;
use super::head::Head;
use super::limit;
use super::memory::Response;
use super::paint;
use super::render::{self, Form};
use super::secret::is_secret;
use super::session::Audience;
use super::transcript::{Direction, Transcript};

/// What is shown besides the body.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Show {
    /// Status lines of final responses, on standard error.
    pub(super) status: bool,
    /// The response head before the body, on standard output.
    pub(super) head: bool,
    /// Both heads on standard error.
    pub(super) both_heads: bool,
}

/// The two outputs of the client.
pub(super) struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    error: Box<dyn Write + 'a>,
    show: Show,
    /// Present when standard output is a terminal.
    escaper: Option<Escaper>,
    /// A body that is shaped when it is complete.
    held: Option<(Form, Vec<u8>)>,
    /// The body so far does not end with a line feed.
    within_line: bool,
    /// The request was a HEAD: the answer is the head.
    is_for_head: bool,
    /// The status of the last final response.
    pub(super) status: Option<u16>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(
        out: Box<dyn Write + 'a>,
        error: Box<dyn Write + 'a>,
        show: Show,
        escapes: bool,
    ) -> Self {
        let escaper = escapes.then(Escaper::default);
        Self {
            out,
            error,
            show,
            escaper,
            held: None,
            within_line: false,
            is_for_head: false,
            status: None,
        }
    }

    /// Gets ready for what comes of a request with this method.
    pub(super) fn begin(&mut self, method: &str) {
        self.status = None;
        self.held = None;
        self.is_for_head = method == "HEAD";
    }

    /// Says something to the person. Nobody listening is no reason to stop.
    pub(super) fn say(&mut self, text: &str) {
        let _ = writeln!(self.error, "{}", text.trim_end_matches('\n'));
        let _ = self.error.flush();
    }

    /// Shows the status line of a response, with the place of what was created.
    pub(super) fn say_status(&mut self, head: &Head) {
        let color = match head.status {
            200..=299 | 304 => AnsiColor::Green,
            300..=399 => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(color.into()));
        let mut line = format!("{style}{} {}", head.status, escape_line(&head.reason));
        if let Some(location) = head.header("location") {
            let target = render::target(location);
            line.push_str(&format!("  {}", escape_bytes_line(target.as_bytes(), 1024)));
        }
        line.push_str(&format!("{style:#}"));
        self.say(&line);
    }

    /// Ends a line that a failure left within.
    pub(super) fn break_off(&mut self) {
        // The failure itself is what the person is told.
        let _ = self.let_go();
        if self.within_line {
            let _ = self.finish();
        }
    }

    /// Writes what was held as it is.
    fn let_go(&mut self) -> Result<(), Failure> {
        match self.held.take() {
            Some((_, bytes)) => self.write_text(&bytes),
            None => Ok(()),
        }
    }

    /// Writes what was held as people read it.
    fn write_held(&mut self) -> Result<(), Failure> {
        let Some((form, bytes)) = self.held.take() else {
            return Ok(());
        };
        let text = form
            .render(&bytes)
            .or_else(|| String::from_utf8(bytes.clone()).ok());
        match text {
            Some(text) if form == Form::Json => {
                let text = paint::json(&escape_text(&text));
                self.print(&text)
            }
            Some(text) => self.write_text(text.as_bytes()),
            None => self.write_text(&bytes),
        }
    }

    /// Writes a text of our own to standard output.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.within_line = !text.is_empty() && !text.ends_with('\n');
        let written = self.out.write_all(text.as_bytes());
        let flushed = written.and_then(|()| self.out.flush());
        flushed.map_err(|error| Failure::output(&error))
    }

    /// Shows a response once more.
    pub(super) fn show(&mut self, response: &Response) -> Result<(), Failure> {
        self.say_status(&response.head);
        self.hold(&response.head);
        Audience::body(self, &response.body)?;
        Audience::end(self)
    }

    /// How wide the terminal is that bodies are shown on.
    pub(super) fn width(&self) -> Option<u16> {
        self.escaper.as_ref()?;
        let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
        (size.ws_col > 0).then_some(size.ws_col)
    }

    /// From now on the body is held, if it is to be shaped.
    fn hold(&mut self, head: &Head) {
        self.held = Form::of(head)
            .filter(|_| self.escaper.is_some() && !self.show.head)
            .map(|form| (form, Vec::new()));
    }

    fn write_text(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.escaper {
            Some(escaper) => escaper.push(bytes, &mut *self.out),
            None => self.out.write_all(bytes),
        };
        if let Some(last) = bytes.last() {
            self.within_line = *last != b'\n';
        }
        written.map_err(|error| Failure::output(&error))
    }

    fn write_head(&mut self, transcript: &Transcript) -> Result<(), Failure> {
        for mut line in transcript.head_lines(Direction::Received) {
            line.push(b'\n');
            self.write_text(&line)?;
        }
        self.write_text(b"\n")
    }

    fn say_heads(&mut self, transcript: &Transcript) {
        for (direction, mark) in [(Direction::Sent, '>'), (Direction::Received, '<')] {
            for line in transcript.head_lines(direction) {
                let text = mask(&escape_bytes_line(&line, 8192));
                self.say(&format!("{mark} {text}"));
            }
        }
    }

    /// The header fields, as the answer to a HEAD.
    fn say_fields(&mut self, transcript: &Transcript) {
        for line in transcript.head_lines(Direction::Received).iter().skip(1) {
            let text = mask(&escape_bytes_line(line, 8192));
            self.say(&format!("  {text}"));
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(escaper) = &mut self.escaper {
            escaper.finish(&mut *self.out)?;
            if self.within_line {
                self.out.write_all(b"\n")?;
            }
        }
        self.within_line = false;
        self.out.flush()
    }
}

impl Audience for Screen<'_> {
    fn head(&mut self, head: &Head, transcript: &Transcript) -> Result<(), Failure> {
        self.status = Some(head.status);
        self.hold(head);
        if self.show.both_heads {
            self.say_heads(transcript);
        } else if self.show.status {
            self.say_status(head);
            if self.is_for_head && !self.show.head {
                self.say_fields(transcript);
            }
        }
        if self.show.head {
            self.write_head(transcript)
        } else {
            Ok(())
        }
    }

    fn question(&mut self, head: &Head, _body: &[u8], transcript: &Transcript) {
        if self.show.both_heads {
            self.say_heads(transcript);
        } else {
            self.say_status(head);
        }
    }

    fn body(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let Some((_, held)) = &mut self.held else {
            return self.write_text(piece);
        };
        held.extend_from_slice(piece);
        if held.len() > limit::HELD_BODY_BYTES_MAX {
            return self.let_go();
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.write_held()?;
        self.finish().map_err(|error| Failure::output(&error))
    }
}

/// Hides the value of a field that holds a secret.
fn mask(line: &str) -> String {
    match line.split_once(':') {
        Some((name, _)) if is_secret(name) => format!("{name}: ••••"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(escapes: bool, pieces: &[&[u8]], expected: &str) {
        let (mut out, mut error) = (Vec::new(), Vec::new());
        let mut screen = Screen::new(
            Box::new(&mut out),
            Box::new(&mut error),
            Show::default(),
            escapes,
        );
        for piece in pieces {
            screen.body(piece).unwrap();
        }
        screen.end().unwrap();
        drop(screen);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_pipe_gets_the_bytes_and_a_terminal_what_is_safe() {
        check(false, &[b"\x1b[2J", b"x"], "\x1b[2Jx");
        check(true, &[b"\x1b[2J", b"x"], "\\x1b[2Jx\n");
        check(true, &[b"x\n"], "x\n");
        check(true, &[], "");
    }

    /// What a terminal shows of a body in pieces; `ends` unless the connection broke.
    fn shown(content_type: &str, pieces: &[&[u8]], ends: bool) -> String {
        let mut out = Vec::new();
        let show = Show::default();
        let mut screen = Screen::new(Box::new(&mut out), Box::new(io::sink()), show, true);
        let head = Head {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            ..Head::default()
        };
        screen
            .head(&head, &Transcript::start(None, None, 0))
            .unwrap();
        for piece in pieces {
            screen.body(piece).unwrap();
        }
        match ends {
            true => screen.end().unwrap(),
            false => screen.break_off(),
        }
        drop(screen);
        let text = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_terminal_shows_json_indented_and_a_problem_as_a_sentence() {
        let (json, problem) = ("application/json", "application/problem+json");
        assert_eq!(
            shown(json, &[b"{\"a\"", b":1}\n"], true),
            "{\n  \"a\": 1\n}\n"
        );
        assert_eq!(
            shown(json, &[b"{\"a\":\"\xc2\x9b\"}"], true),
            "{\n  \"a\": \"\\u{9b}\"\n}\n"
        );
        assert_eq!(
            shown(problem, &[b"{\"detail\":\"No.\\u001b[2J\"}"], true),
            "No.\\x1b[2J\n"
        );
        assert_eq!(shown("text/plain", &[b"{\"a\":1}"], true), "{\"a\":1}\n");
    }

    #[test]
    fn a_body_that_breaks_off_or_is_long_is_shown_as_it_came() {
        let json = "application/json";
        assert_eq!(shown(json, &[b"{\"a\""], false), "{\"a\"\n");
        let long = format!("[{}1]", "1,".repeat(limit::HELD_BODY_BYTES_MAX / 2));
        assert_eq!(
            shown(json, &[long.as_bytes(), b"\n"], true),
            format!("{long}\n")
        );
    }

    #[test]
    fn a_status_line_cannot_bring_escape_sequences() {
        let mut error = Vec::new();
        let head = Head {
            status: 201,
            reason: "Cre\u{1b}ated".into(),
            headers: vec![("location".into(), "/a\u{202e}".into())],
        };
        Screen::new(
            Box::new(io::sink()),
            Box::new(&mut error),
            Show::default(),
            false,
        )
        .say_status(&head);
        let said = String::from_utf8(error).unwrap();
        assert!(
            said.contains("201 Cre\\x1bated") && said.contains("  /a\\u{202e}"),
            "{said}"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(mask("Authorization: Bearer abc"), "Authorization: ••••");
        assert_eq!(mask("Host: a"), "Host: a");
    }
}
