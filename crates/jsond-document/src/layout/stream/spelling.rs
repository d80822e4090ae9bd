//! Judges whether text that passes by is a value's compact text with white space between tokens.
//!
//! Compares byte by byte, with no digest and no trust in what the trees say that they share. Takes
//! text in pieces of any size, and does not keep any of it.

use bytes::Bytes;

/// The compact text that is expected, and how far it was seen.
pub(super) struct Spelling {
    pieces: std::vec::IntoIter<Bytes>,
    /// The piece that is being compared.
    piece: Bytes,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    String,
    /// In a string, behind a backslash.
    Escape,
}

impl Spelling {
    pub(super) fn new(compact: Vec<Bytes>) -> Self {
        Self {
            pieces: compact.into_iter(),
            piece: Bytes::new(),
            at: 0,
            state: State::Between,
        }
    }

    /// Takes the next piece of laid-out text and judges whether it goes on as expected.
    pub(super) fn accept(&mut self, laid: &[u8]) -> bool {
        let mut at = 0;
        while at < laid.len() {
            let rest = &laid[at..];
            let length = match self.state {
                State::Between => self.token(rest),
                State::String => self.characters(rest),
                State::Escape => {
                    self.state = State::String;
                    1
                }
            };
            if length == 0 {
                at += 1;
            } else if self.compare(&rest[..length]) {
                at += length;
            } else {
                return false;
            }
        }
        true
    }

    /// Judges whether all that was expected was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.at == self.piece.len() && self.pieces.as_slice().iter().all(Bytes::is_empty)
    }

    /// Measures what comes before white space, up to the opening quote of a string.
    fn token(&mut self, text: &[u8]) -> usize {
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => return at,
                b'"' => {
                    self.state = State::String;
                    return at + 1;
                }
                _ => {}
            }
        }
        text.len()
    }

    /// Measures what is left of a string, up to its end or behind a backslash.
    fn characters(&mut self, text: &[u8]) -> usize {
        let Some(at) = memchr::memchr2(b'"', b'\\', text) else {
            return text.len();
        };
        self.state = match text[at] {
            b'"' => State::Between,
            _ => State::Escape,
        };
        at + 1
    }

    fn compare(&mut self, mut text: &[u8]) -> bool {
        loop {
            let expected = &self.piece[self.at..];
            let length = expected.len().min(text.len());
            if text[..length] != expected[..length] {
                return false;
            }
            self.at += length;
            text = &text[length..];
            if text.is_empty() {
                return true;
            }
            let Some(next) = self.pieces.next() else {
                return false;
            };
            (self.piece, self.at) = (next, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a text in pieces of every size against compact text in pieces of every size.
    fn check(laid: &str, compact: &str, expected: bool) {
        for size in 1..=laid.len() {
            for part in 1..=compact.len() {
                let pieces = compact.as_bytes().chunks(part).map(Bytes::copy_from_slice);
                let mut spelling = Spelling::new(pieces.collect());
                let is_accepted = laid
                    .as_bytes()
                    .chunks(size)
                    .all(|chunk| spelling.accept(chunk));
                let found = is_accepted && spelling.is_complete();
                assert_eq!(found, expected, "{laid:?} by {size}, {compact:?} by {part}");
            }
        }
    }

    #[test]
    fn white_space_between_tokens_does_not_count_and_that_in_strings_does() {
        check(" { \"a b\" :\r\n[ 1 , 2 ] }\n", r#"{"a b":[1,2]}"#, true);
        check(r#"["\" ", 1]"#, r#"["\" ",1]"#, true);
        check(r#"["\\" , 1]"#, r#"["\\",1]"#, true);
        check(r#"["a b"]"#, r#"["ab"]"#, false);
        check(r#"["ab"]"#, r#"["a b"]"#, false);
    }

    #[test]
    fn too_much_and_too_little_are_no_spelling() {
        check("[1] ", "[1]", true);
        check("[1]]", "[1]", false);
        check("[1", "[1]", false);
        check("[1,2]", "[1,3]", false);
    }
}
