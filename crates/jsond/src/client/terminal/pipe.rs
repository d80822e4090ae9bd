//! Lines of standard input when no person types them.

use std::io::{self, BufRead, Read};

use super::{Lines, Purpose, Typed};
use crate::client::limit;

/// Lines of a pipe or a file. Never prompts.
#[derive(Debug)]
pub(in crate::client) struct Pipe<R>(R);

impl<R: BufRead> Pipe<R> {
    pub(in crate::client) fn new(input: R) -> Self {
        Self(input)
    }
}

impl<R: BufRead> Lines for Pipe<R> {
    /// Errors: `InvalidData` when a line is not UTF-8 or too long.
    fn next(&mut self, _prompt: &str, _purpose: Purpose) -> io::Result<Typed> {
        let mut line = Vec::new();
        (&mut self.0)
            .take(limit::LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(Typed::End);
        }
        if line.len() as u64 > limit::LINE_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the line is too long",
            ));
        }
        let line = String::from_utf8(line).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "the line is not UTF-8 text")
        })?;
        Ok(Typed::Line(line.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_any_kind_are_taken_off() {
        let mut pipe = Pipe::new(&b"one\r\n\ntwo"[..]);
        let mut next = || pipe.next("", Purpose::Request).unwrap();
        assert_eq!(next(), Typed::Line("one".into()));
        assert_eq!(next(), Typed::Line(String::new()));
        assert_eq!(next(), Typed::Line("two".into()));
        assert_eq!(next(), Typed::End);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut pipe = Pipe::new(io::BufReader::new(io::repeat(b'a')));
        assert!(pipe.next("", Purpose::Request).is_err());
    }
}
