//! Bytes of a keyboard into a line: the editor for terminals on which nothing can be placed.
//!
//! Pure. Typing at the end, Backspace, Ctrl-U, Ctrl-W, Ctrl-C, Ctrl-D.

use unicode_width::UnicodeWidthStr;

/// What a byte brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// Write this to the terminal.
    Echo(String),
    Line(String),
    GivenUp,
    End,
}

/// The longest line that is kept.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// A line being typed.
#[derive(Debug, Default)]
pub(super) struct Keys {
    line: String,
    /// Bytes of a character or an escape sequence that is not complete yet.
    pending: Vec<u8>,
    after_return: bool,
}

impl Keys {
    /// What has been typed so far; it is taken away.
    fn take_line(&mut self) -> String {
        std::mem::take(&mut self.line)
    }

    /// Takes the next byte.
    pub(super) fn feed(&mut self, byte: u8) -> Effect {
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        if self.pending.first() == Some(&0x1b) {
            return self.feed_escape(byte);
        }
        match byte {
            b'\n' if after_return => Effect::Nothing,
            b'\r' | b'\n' => {
                self.pending.clear();
                Effect::Line(self.take_line())
            }
            0x03 => {
                self.pending.clear();
                self.line.clear();
                Effect::GivenUp
            }
            0x04 if self.line.is_empty() => Effect::End,
            0x7f | 0x08 => {
                let last = self.line.char_indices().next_back();
                self.erase_to(last.map_or(0, |(at, _)| at))
            }
            0x15 => self.erase_to(0),
            0x17 => {
                let words = self.line.trim_end();
                self.erase_to(words.rfind(char::is_whitespace).map_or(0, |at| at + 1))
            }
            0x1b => {
                self.pending = vec![byte];
                Effect::Nothing
            }
            b'\t' => self.insert(' '),
            0..=0x1f => Effect::Nothing,
            _ => self.feed_character(byte),
        }
    }

    fn feed_character(&mut self, byte: u8) -> Effect {
        self.pending.push(byte);
        match std::str::from_utf8(&self.pending) {
            Ok(text) => {
                let character = text.chars().next();
                self.pending.clear();
                character.map_or(Effect::Nothing, |character| self.insert(character))
            }
            Err(error) if error.error_len().is_none() => Effect::Nothing,
            Err(_) => {
                self.pending.clear();
                Effect::Nothing
            }
        }
    }

    /// Reads an escape sequence to its end: `ESC [ … letter`, `ESC O letter`, `ESC letter`.
    fn feed_escape(&mut self, byte: u8) -> Effect {
        self.pending.push(byte);
        let is_introducer = self.pending.len() == 2 && matches!(byte, b'[' | b'O');
        let is_parameter = self.pending.len() > 2 && matches!(byte, 0x20..=0x3f);
        if (is_introducer || is_parameter) && self.pending.len() < 32 {
            return Effect::Nothing;
        }
        self.pending.clear();
        Effect::Nothing
    }

    fn insert(&mut self, character: char) -> Effect {
        if self.line.len() >= LINE_BYTES_MAX || character.is_control() {
            return Effect::Nothing;
        }
        self.line.push(character);
        Effect::Echo(character.to_string())
    }

    fn erase_to(&mut self, at: usize) -> Effect {
        let columns = self.line[at..].width();
        self.line.truncate(at);
        match columns {
            0 => Effect::Nothing,
            _ => Effect::Echo("\u{8} \u{8}".repeat(columns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_effect(bytes: &[u8]) -> Effect {
        let mut keys = Keys::default();
        bytes.iter().map(|byte| keys.feed(*byte)).last().unwrap()
    }

    fn check(bytes: &[u8], line: &str) {
        assert_eq!(
            last_effect(bytes),
            Effect::Line(line.to_owned()),
            "{bytes:?}"
        );
    }

    #[test]
    fn a_line_ends_at_return_or_line_feed() {
        check(b"GET a\r", "GET a");
        check(b"GET a\n", "GET a");
        assert_eq!(last_effect(b"GET a\r\n"), Effect::Nothing);
    }

    #[test]
    fn mistakes_are_erased_with_the_width_they_had() {
        check(b"GEY\x7fT\n", "GET");
        check("학생\u{7f}교\n".as_bytes(), "학교");
        check(b"one two \x17x\n", "one x");
        check(b"one\x15two\n", "two");
        assert_eq!(
            last_effect("학\u{7f}".as_bytes()),
            Effect::Echo("\u{8} \u{8}".repeat(2))
        );
        assert_eq!(last_effect(b"\x7f"), Effect::Nothing);
    }

    #[test]
    fn escape_sequences_do_not_become_text() {
        check(b"a\x1b[Ab\x1b[3~\x1bOPc\n", "abc");
        assert_eq!(last_effect(b"ab\x1b[24;80R"), Effect::Nothing);
        assert_eq!(last_effect(b"\x1b[1;2;3R"), Effect::Nothing);
    }

    #[test]
    fn control_keys_mean_what_they_mean() {
        assert_eq!(last_effect(b"abc\x03"), Effect::GivenUp);
        assert_eq!(last_effect(b"\x04"), Effect::End);
        assert_eq!(last_effect(b"a\x04"), Effect::Nothing);
        check(b"\xff\xfea\n", "a");
    }
}
