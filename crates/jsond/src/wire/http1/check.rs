//! Judges a head line by line, each line once, as soon as it has ended.
//!
//! It names the first fault of a head, whether the head is whole or still arriving, so that a
//! client learns of a mistake at once and not after a timeout, and so that the name does not
//! depend on how the bytes were cut. A head without fault never comes here: httparse takes it.

use memchr::memchr;

use super::facts::Facts;
use super::field::{is_control, split_field};
use super::refusal::Refusal;
use super::request_line::check_request_line;
use super::scan::is_bare;

/// How far a head has been judged.
#[derive(Debug, Default, Clone)]
pub(super) struct Checker {
    /// Where the first line that is not judged yet begins.
    line_start: usize,
    /// Up to where that line is known to have no control character.
    clean: usize,
    /// How the request line ended, once it has.
    request_line_is_crlf: Option<bool>,
    facts: Facts,
}

impl Checker {
    /// Judges what is new in `bytes`, which begins with the head's first byte.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        while let Some(offset) = memchr(b'\n', &bytes[self.clean..]) {
            let line_feed = self.clean + offset;
            self.check_line(&bytes[self.line_start..line_feed])?;
            self.line_start = line_feed + 1;
            self.clean = self.line_start;
        }
        self.check_beginning(bytes)
    }

    /// Judges what is certain of a line that has not ended; a CR at its end may be half a CRLF.
    fn check_beginning(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.check_fold(&bytes[self.line_start..])?;
        let end = bytes.len() - usize::from(bytes.last() == Some(&b'\r'));
        if self.clean < end {
            check_characters(&bytes[self.clean..end])?;
            self.clean = end;
        }
        Ok(())
    }

    fn check_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.check_fold(line)?;
        let content = line.strip_suffix(b"\r").unwrap_or(line);
        let is_crlf = content.len() < line.len();
        check_characters(content)?;
        let Some(request_line_is_crlf) = self.request_line_is_crlf else {
            self.request_line_is_crlf = Some(is_crlf);
            return check_request_line(content).map(drop);
        };
        if content.is_empty() {
            return Ok(());
        }
        if is_bare(is_crlf, request_line_is_crlf) {
            return Err(Refusal::BareLineFeed);
        }
        let (name, value) = split_field(content)?;
        self.facts.note(name, value)
    }

    /// White space at the beginning of a field line is wrong whatever follows, so it is first.
    fn check_fold(&self, line: &[u8]) -> Result<(), Refusal> {
        let is_field = self.request_line_is_crlf.is_some();
        if is_field && matches!(line, [b' ' | b'\t', ..]) {
            return Err(Refusal::FoldedField);
        }
        Ok(())
    }
}

fn check_characters(text: &[u8]) -> Result<(), Refusal> {
    match text.iter().find(|&&byte| is_control(byte)) {
        None => Ok(()),
        Some(b'\r') => Err(Refusal::BareCarriageReturn),
        Some(_) => Err(Refusal::ControlCharacter),
    }
}
