//! The wire view: every byte of both directions, as it crosses the socket.
//!
//! What is shown is what the socket moved, piece by piece; nothing is put together anew. A line that
//! begins with `>` was sent, one with `<` was received; one with `*` is the view's own. Control
//! characters are spelled out, the line ends too, and a backslash is doubled: the bytes can be read
//! back from the view.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::escape::escape_exactly;
use super::secret::Secrets;
use super::transcript::{Direction, Link, Tap};

/// How bytes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Off,
    Text,
    Hex,
}

/// Shows what crosses the wire.
pub(super) struct Wire {
    pub(super) mode: Mode,
    out: Box<dyn Write>,
    sent: Way,
    received: Way,
}

/// One direction.
#[derive(Default)]
struct Way {
    secrets: Secrets,
    has_hidden: bool,
    /// How many bytes went before, for the view in hexadecimal.
    offset: u64,
}

impl Wire {
    /// A view that writes to `out`.
    pub(super) fn new(mode: Mode, out: Box<dyn Write>) -> Self {
        Self {
            mode,
            out,
            sent: Way::default(),
            received: Way::default(),
        }
    }

    fn say(&mut self, text: &str) {
        // Nobody looking is no reason to stop.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

impl Tap for Wire {
    fn opened(&mut self, link: &Link) {
        self.sent = Way::default();
        self.received = Way::default();
        if self.mode == Mode::Off {
            return;
        }
        let Link { local, peer, .. } = link;
        let tls = match link.is_secure {
            true => ", TLS: what is in it is shown",
            false => "",
        };
        self.say(&format!("* {local} connected to {peer}{tls}\n"));
    }

    fn began(&mut self) {
        for way in [&mut self.sent, &mut self.received] {
            way.secrets = Secrets::default();
        }
    }

    fn moved(&mut self, direction: Direction, at: Duration, bytes: &[u8]) {
        let way = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        let offset = way.offset;
        way.offset += bytes.len() as u64;
        let hidden = way.secrets.hide(bytes);
        let mut text = String::new();
        if self.mode != Mode::Off && !way.has_hidden && *hidden != *bytes {
            way.has_hidden = true;
            text.push_str("* secrets are hidden behind asterisks\n");
        }
        match self.mode {
            Mode::Off => return,
            Mode::Text => text_of(direction, at, &hidden, &mut text),
            Mode::Hex => hex_of(direction, (at, offset), &hidden, &mut text),
        }
        .expect("INVARIANT: writing into a String cannot fail");
        self.say(&text);
    }
}

fn mark(direction: Direction) -> (char, &'static str, Style) {
    let (mark, verb, color) = match direction {
        Direction::Sent => ('>', "sent", AnsiColor::Cyan),
        Direction::Received => ('<', "received", AnsiColor::Green),
    };
    (mark, verb, Style::new().fg_color(Some(color.into())))
}

/// The line before the bytes of a piece.
fn begin(direction: Direction, at: Duration, bytes: usize, out: &mut String) -> std::fmt::Result {
    let (_, verb, style) = mark(direction);
    let milliseconds = at.as_secs_f64() * 1000.0;
    let plural = if bytes == 1 { "" } else { "s" };
    writeln!(
        out,
        "{style}* {milliseconds:.3} ms: {verb} {bytes} byte{plural}{style:#}"
    )
}

fn text_of(direction: Direction, at: Duration, bytes: &[u8], out: &mut String) -> std::fmt::Result {
    begin(direction, at, bytes.len(), out)?;
    let (mark, _, style) = mark(direction);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        writeln!(out, "{style}{mark} {}{style:#}", escape_exactly(line))?;
    }
    Ok(())
}

/// Sixteen bytes on a line, in hexadecimal and as characters.
fn hex_of(
    direction: Direction,
    (at, offset): (Duration, u64),
    bytes: &[u8],
    out: &mut String,
) -> std::fmt::Result {
    const LINE_BYTES: usize = 16;
    begin(direction, at, bytes.len(), out)?;
    let (mark, _, style) = mark(direction);
    for (n, line) in bytes.chunks(LINE_BYTES).enumerate() {
        write!(
            out,
            "{style}{mark} {:08x} ",
            offset + (n * LINE_BYTES) as u64
        )?;
        for column in 0..LINE_BYTES {
            let gap = if column == LINE_BYTES / 2 { " " } else { "" };
            match line.get(column) {
                Some(byte) => write!(out, "{gap} {byte:02x}")?,
                None => write!(out, "{gap}   ")?,
            }
        }
        let shown = line.iter().map(|byte| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        });
        let shown: String = shown.collect();
        writeln!(out, "  {shown}{style:#}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::io;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(mode: Mode, pieces: &[(Direction, &[u8])]) -> String {
        let kept = Kept::default();
        let mut wire = Wire::new(mode, Box::new(kept.clone()));
        wire.began();
        for (direction, bytes) in pieces {
            wire.moved(*direction, Duration::from_micros(312), bytes);
        }
        let bytes = kept.0.borrow().clone();
        anstream::adapter::strip_str(std::str::from_utf8(&bytes).unwrap()).to_string()
    }

    #[test]
    fn text_shows_every_byte_line_by_line() {
        let pieces: [(_, &[u8]); 3] = [
            (Direction::Sent, b"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
            (Direction::Received, b"HTTP/1.1 200 OK\n\n\x1b[2J\xff"),
            (Direction::Received, "학".as_bytes()),
        ];
        let expected = "* 0.312 ms: sent 30 bytes\n\
             > GET /a\\\\b HTTP/1.1\\r\\n\n> Host: a\\r\\n\n> \\r\\n\n\
             * 0.312 ms: received 22 bytes\n\
             < HTTP/1.1 200 OK\\n\n< \\n\n< \\x1b[2J\\xff\n\
             * 0.312 ms: received 3 bytes\n< 학\n";
        assert_eq!(shown(Mode::Text, &pieces), expected);
        assert_eq!(shown(Mode::Off, &pieces), "");
    }

    #[test]
    fn hexadecimal_counts_from_the_beginning_of_the_connection() {
        let pieces: [(_, &[u8]); 2] = [
            (Direction::Sent, b"0123456789abcdefg"),
            (Direction::Sent, b"\r\n"),
        ];
        let expected = "* 0.312 ms: sent 17 bytes\n\
             > 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n\
             > 00000010  67                                                g\n\
             * 0.312 ms: sent 2 bytes\n\
             > 00000011  0d 0a                                             ..\n";
        assert_eq!(shown(Mode::Hex, &pieces), expected);
    }

    #[test]
    fn a_secret_is_hidden_and_it_is_said_once() {
        let head: &[u8] = b"GET / HTTP/1.1\r\nAuthorization: abc\r\nCookie: d\r\n\r\n";
        let text = shown(Mode::Text, &[(Direction::Sent, head)]);
        assert!(
            text.contains("> Authorization: ***\\r\\n\n> Cookie: *\\r\\n\n"),
            "{text}"
        );
        assert_eq!(text.matches("secrets are hidden").count(), 1, "{text}");
    }
}
