//! Where things are written: bodies to standard output, everything human to standard error.
//!
//! On a terminal what a server sent is escaped; into a pipe or a file a body goes byte for byte.
//! Writers are given, so that tests can read what was written.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{Escaper, escape_bytes_line, escape_line};
use super::failure::Failure;
use super::head::Head;
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
    /// The body so far does not end with a line feed.
    within_line: bool,
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
            within_line: false,
            status: None,
        }
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
            line.push_str(&format!(
                "  {}",
                escape_bytes_line(location.as_bytes(), 1024)
            ));
        }
        line.push_str(&format!("{style:#}"));
        self.say(&line);
    }

    /// Ends a line that a failure left within.
    pub(super) fn break_off(&mut self) {
        if self.within_line {
            // The failure itself is what the person is told.
            let _ = self.finish();
        }
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
        if self.show.both_heads {
            self.say_heads(transcript);
        } else if self.show.status {
            self.say_status(head);
        }
        if self.show.head {
            self.write_head(transcript)
        } else {
            Ok(())
        }
    }

    fn question(&mut self, head: &Head, transcript: &Transcript) {
        if self.show.both_heads {
            self.say_heads(transcript);
        } else {
            self.say_status(head);
        }
    }

    fn body(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.write_text(piece)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.finish().map_err(|error| Failure::output(&error))
    }
}

/// Hides the value of a field that holds a secret.
fn mask(line: &str) -> String {
    const SECRETS: [&str; 4] = [
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
    ];
    match line.split_once(':') {
        Some((name, _)) if SECRETS.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}: ••••")
        }
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
