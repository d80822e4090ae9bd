//! Text from a server, made harmless for a terminal.
//!
//! Control characters and those that change the direction of writing are spelled out; bytes that
//! are not UTF-8 too. Works on pieces: a character cut in two by the network is put together.
//! Into a pipe or a file nothing of this is applied.

use std::io::{self, Write};

/// Passes text through, escaping what a terminal would obey instead of show.
#[derive(Debug, Default)]
pub(super) struct Escaper {
    /// The beginning of a character whose other bytes have not come yet: at most three bytes.
    pending: Vec<u8>,
}

impl Escaper {
    /// Writes a piece of a body; line feeds and tabs stay as they are.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => return write_text(text, out),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    write_text(std::str::from_utf8(good).unwrap_or_default(), out)?;
                    let Some(length) = error.error_len() else {
                        self.pending = bad.to_vec();
                        return Ok(());
                    };
                    write_bytes(&bad[..length], out)?;
                    rest = &bad[length..];
                }
            }
        }
        Ok(())
    }

    /// Writes what is left of a body that ends within a character.
    pub(super) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write_bytes(&std::mem::take(&mut self.pending), out)
    }
}

/// A server's text for one line of a message: as in a body, and line feeds and tabs escaped too.
pub(super) fn escape_line(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut line, character| {
            match character {
                '\n' => line.push_str("\\n"),
                '\t' => line.push_str("\\t"),
                _ => push_escaped(character, &mut line),
            }
            line
        })
}

/// The same for bytes, shortened to `characters_max`.
pub(super) fn escape_bytes_line(bytes: &[u8], characters_max: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut line = escape_line(&text.chars().take(characters_max).collect::<String>());
    if text.chars().nth(characters_max).is_some() {
        line.push('…');
    }
    line
}

/// A server's text of many lines, as a terminal may show it.
pub(super) fn escape_text(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut safe, character| {
            push_escaped(character, &mut safe);
            safe
        })
}

/// Bytes so that they can be read back: control characters and bytes that are not UTF-8 are spelled
/// out, and a backslash is doubled.
pub(super) fn escape_exactly(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut line = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => line.push_str("\\\\"),
                '\n' => line.push_str("\\n"),
                '\t' => line.push_str("\\t"),
                _ => push_escaped(character, &mut line),
            }
        }
        for byte in chunk.invalid() {
            write!(line, "\\x{byte:02x}").expect("writing into a String cannot fail");
        }
    }
    line
}

fn write_text(text: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(escape_text(text).as_bytes())
}

fn write_bytes(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    bytes
        .iter()
        .try_for_each(|byte| write!(out, "\\x{byte:02x}"))
}

fn push_escaped(character: char, line: &mut String) {
    use std::fmt::Write as _;
    let written = match character {
        '\n' | '\t' => {
            line.push(character);
            Ok(())
        }
        '\r' => line.write_str("\\r"),
        '\u{0}'..='\u{1f}' | '\u{7f}' => write!(line, "\\x{:02x}", u32::from(character)),
        _ if is_obeyed(character) => write!(line, "\\u{{{:x}}}", u32::from(character)),
        _ => line.write_char(character),
    };
    written.expect("writing into a String cannot fail");
}

/// Whether a terminal acts on the character, or shows what is around it in another order.
fn is_obeyed(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]], expected: &str) {
        let mut out = Vec::new();
        let mut escaper = Escaper::default();
        for piece in pieces {
            escaper.push(piece, &mut out).unwrap();
        }
        escaper.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn escape_sequences_are_spelled_out() {
        check(&[b"\x1b[2J{\"a\":\t1}\n"], "\\x1b[2J{\"a\":\t1}\n");
        check(
            &["\u{9b}31m\u{202e}x\r".as_bytes()],
            "\\u{9b}31m\\u{202e}x\\r",
        );
    }

    #[test]
    fn hangul_cut_in_two_arrives_whole() {
        let text = "학생".as_bytes();
        for cut in 0..=text.len() {
            check(&[&text[..cut], &text[cut..]], "학생");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_bytes() {
        check(&[b"a\xff\xfeb"], "a\\xff\\xfeb");
        check(&[b"a\xed\x95"], "a\\xed\\x95");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(escape_line("a\nb\tc\u{7}"), "a\\nb\\tc\\x07");
        assert_eq!(escape_bytes_line("한국어\n".as_bytes(), 2), "한국…");
    }
}
