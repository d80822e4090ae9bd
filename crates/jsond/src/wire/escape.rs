//! Makes what a client sent fit for a log line or a terminal.
//!
//! A control character could move the cursor or forge a second log line, a bidirectional control
//! could show a line in another order than it was sent, and a byte that is not UTF-8 could be
//! anything. All three are written out; every other text, Korean too, stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Writes control characters, bidirectional controls and invalid UTF-8 out in ASCII.
///
/// *Shape*: `\n`, `\r`, `\t`, `\x1b` for a control character, `\u{202e}` for a character that only
/// changes how a line is shown, `\xff` for a byte that is not UTF-8.
/// *Cost*: one pass; nothing is allocated when nothing needs it.
#[must_use]
pub fn escape_control<T: AsRef<[u8]> + ?Sized>(text: &T) -> Cow<'_, str> {
    let bytes = text.as_ref();
    // Nearly all of what is looked at is plain, and looking at all of it is faster than stopping.
    let is_plain = |all, byte: &u8| all & matches!(byte, b' '..=b'~');
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().fold(true, is_plain) => Cow::Borrowed(text),
        Ok(text) if !text.chars().any(needs_escape) => Cow::Borrowed(text),
        _ => Cow::Owned(escape_all(bytes)),
    }
}

/// Writes the same characters out in a JSON text, where they stand in strings only.
///
/// *Shape*: `\u001b`, as JSON has it; what JSON escapes already has no such character left.
#[must_use]
pub fn escape_in_json(text: &str) -> Cow<'_, str> {
    let is_loose = |character: char| needs_escape(character) && character != '\n';
    if !text.chars().any(is_loose) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_loose(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn escape_all(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        chunk
            .valid()
            .chars()
            .for_each(|character| push_escaped(&mut escaped, character));
        chunk
            .invalid()
            .iter()
            .for_each(|&byte| push_byte(&mut escaped, byte));
    }
    escaped
}

fn push_escaped(escaped: &mut String, character: char) {
    match character {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        _ if !needs_escape(character) => escaped.push(character),
        _ => match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => push_byte(escaped, byte),
            _ => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
            }
        },
    }
}

fn push_byte(escaped: &mut String, byte: u8) {
    let _ = write!(escaped, "\\x{byte:02x}");
}

fn needs_escape(character: char) -> bool {
    character.is_control() || is_bidirectional_control(character) || is_line_separator(character)
}

fn is_bidirectional_control(character: char) -> bool {
    matches!(character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_line_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sent: &[u8], shown: &str) {
        assert_eq!(escape_control(sent), shown, "{sent:?}");
    }

    #[test]
    fn ordinary_text_stays_as_it_is_and_is_not_copied() {
        for text in ["GET students.json", "김민수 4.3", "C:\\new", "", "👩‍👩‍👧"] {
            assert!(matches!(escape_control(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_characters_are_written_out() {
        check(b"a\r\nb\tc", "a\\r\\nb\\tc");
        check(b"\x1b[31m\x00\x7f", "\\x1b[31m\\x00\\x7f");
        check("\u{85}\u{9b}".as_bytes(), "\\u{85}\\u{9b}");
    }

    #[test]
    fn characters_that_reorder_or_break_a_line_are_written_out() {
        check("a\u{202e}b\u{2066}c".as_bytes(), "a\\u{202e}b\\u{2066}c");
        check(
            "\u{200f}\u{61c}\u{2028}".as_bytes(),
            "\\u{200f}\\u{61c}\\u{2028}",
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_written_out_one_by_one() {
        check(b"a\xff\xfeb", "a\\xff\\xfeb");
        check(b"\xea\xb9", "\\xea\\xb9");
    }
}
