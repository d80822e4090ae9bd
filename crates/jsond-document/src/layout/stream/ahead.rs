//! Reads entries of the old text before the walk comes to them, to compare them with new ones.
//!
//! A leaf of the old value is read as a whole, as compact text; what does not have its digest is
//! refused. Nothing is sent on, and the chunks that were read ahead wait for the walk.

use super::PiecesError;
use super::reader::Reader;
use super::side::Run;
use crate::layout::skeleton::{Big, Bone};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64;

/// The walk does not stay further behind than this when nothing that was read is left to compare.
const BEHIND_BYTES_MAX: usize = 1024 * 1024;

/// The old text, and how far the walk has come in the array or object.
pub(super) struct Ahead<'r, 'a, E> {
    pub(super) reader: &'r mut Reader<'a, E>,
    /// The number of the next old entry.
    pub(super) index: usize,
    /// What stands before the next entry was stepped over.
    pub(super) is_begun: bool,
}

/// How far some leaves of the old text were read.
pub(super) struct Lookout<'a> {
    /// The place in the old text.
    at: usize,
    /// The number of the entry there.
    index: usize,
    /// What stands before it was stepped over.
    is_begun: bool,
    /// Large entries from there on that need not be read, but stepped over.
    passed: VecDeque<&'a Big>,
}

impl<'a> Lookout<'a> {
    /// Starts at an entry that the walk has not passed.
    pub(super) fn new(index: usize) -> Self {
        Self {
            at: 0,
            index,
            is_begun: false,
            passed: VecDeque::new(),
        }
    }

    /// Goes on behind an entry that is large.
    pub(super) fn pass(&mut self, big: &'a Big) {
        self.passed.push_back(big);
    }

    /// Reads a leaf of small entries; none if the walk has to follow first, which may be only if
    /// `is_needed` is not set.
    pub(super) fn read<E>(
        &mut self,
        bone: &Bone,
        is_needed: bool,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<Run<'a>>, PiecesError<E>> {
        self.follow(ahead);
        let passed: usize = self.passed.iter().map(|big| big.bytes()).sum();
        let behind = self.at.saturating_sub(ahead.reader.position());
        if !is_needed && behind + passed >= BEHIND_BYTES_MAX {
            return Ok(None);
        }
        while let Some(big) = self.passed.pop_front() {
            self.compact(big.bytes(), 1, ahead)?;
        }
        let compact = self.compact(bone.bytes(), bone.entries(), ahead)?;
        if compact.starts.len() != bone.entries() || xxh3_64(&compact.text) != bone.digest() {
            return Err(PiecesError::Mismatch);
        }
        let text = Bytes::from(compact.text);
        Ok(Some(Run::new(text, Cow::Owned(compact.starts))))
    }

    /// Notes what the walk passed.
    fn follow<E>(&mut self, ahead: &Ahead<'_, '_, E>) {
        while self.index < ahead.index && self.passed.pop_front().is_some() {
            self.index += 1;
        }
        if self.index == ahead.index {
            self.at = ahead.reader.position();
            self.is_begun = ahead.is_begun;
        }
    }

    /// Reads some entries whose compact text has this length.
    fn compact<E>(
        &mut self,
        bytes: usize,
        entries: usize,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Compact, PiecesError<E>> {
        let has_comma = self.index > 0 && !self.is_begun;
        let mut length = 2 * bytes;
        loop {
            let text = ahead.reader.ahead(self.at, length)?;
            let mut compact = Compact::new(bytes);
            match compact.read(&text, has_comma) {
                Found::End(end) => {
                    self.at += end;
                    self.index += entries;
                    self.is_begun = false;
                    return Ok(compact);
                }
                Found::Shorter if text.len() >= length => length = 2 * text.len(),
                Found::Shorter | Found::Other => return Err(PiecesError::Mismatch),
            }
        }
    }
}

/// What came of reading.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// All of it, up to this place.
    End(usize),
    /// The text ends before.
    Shorter,
    /// Something else.
    Other,
}

/// Entries without white space, up to a length that is known.
struct Compact {
    text: Vec<u8>,
    starts: Vec<u32>,
    bytes: usize,
    depth: usize,
}

impl Compact {
    fn new(bytes: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            starts: vec![0],
            bytes,
            depth: 0,
        }
    }

    fn read(&mut self, old: &[u8], has_comma: bool) -> Found {
        let mut at = 0;
        let mut has_comma = has_comma;
        while self.text.len() < self.bytes {
            let rest = &old[at..];
            let length = match rest.first() {
                None => return Found::Shorter,
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    at += 1;
                    continue;
                }
                Some(b',') if has_comma => {
                    has_comma = false;
                    at += 1;
                    continue;
                }
                Some(_) if has_comma => return Found::Other,
                Some(b'"') => string_length(rest),
                Some(_) => self.tokens(&rest[..rest.len().min(self.bytes - self.text.len())]),
            };
            let Some(length) = length else {
                return Found::Shorter;
            };
            self.text.extend_from_slice(&rest[..length]);
            at += length;
        }
        match self.text.len() == self.bytes {
            true => Found::End(at),
            false => Found::Other,
        }
    }

    /// Measures what comes before white space or a string, and notes the entries that begin.
    fn tokens(&mut self, text: &[u8]) -> Option<usize> {
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b'"' => return Some(at),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth == 0 => {
                    self.starts
                        .push(u32::try_from(self.text.len() + at + 1).ok()?);
                }
                _ => {}
            }
        }
        Some(text.len())
    }
}

fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)? + 1;
        if text[at - 1] == b'"' {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, has_comma: bool, compact: &str, expected: &Found, starts: &[u32]) {
        let mut found = Compact::new(compact.len());
        assert_eq!(found.read(text.as_bytes(), has_comma), *expected);
        if let Found::End(_) = expected {
            assert_eq!(found.text, compact.as_bytes());
            assert_eq!(found.starts, starts);
        }
    }

    #[test]
    fn entries_are_read_up_to_their_length() {
        check("1 , [2, 3] ]", false, "1,[2,3]", &Found::End(10), &[0, 2]);
        check(
            " , \"a\\\" ,\" : {}}",
            true,
            "\"a\\\" ,\":{}",
            &Found::End(15),
            &[0],
        );
        check("12,3", false, "12", &Found::End(2), &[0]);
        check("\"ab\"", false, "\"a", &Found::Other, &[]);
        check(" 1", true, "1", &Found::Other, &[]);
        check(" , ", true, "1", &Found::Shorter, &[]);
        check("\"a\\", false, "\"a\"", &Found::Shorter, &[]);
    }
}
