//! What can be wrong with a JSON text, and where.

use std::fmt;

/// Says that a text is not JSON that jsond keeps, and points at the place.
///
/// *Units*: `offset` in bytes from the start of the input, `line` and `column` from 1, the column
/// in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at line {line}, column {column}")]
pub struct SyntaxError {
    /// What is wrong.
    pub fault: SyntaxFault,
    /// Where, in bytes from the start of the input.
    pub offset: usize,
    /// Where, as a line from 1.
    pub line: usize,
    /// Where, as a character of that line from 1.
    pub column: usize,
}

/// The ways in which a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxFault {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The JSON grammar does not allow this; the parser's own words.
    Grammar(String),
    /// An object names a member twice.
    DuplicateName(String),
    /// A `\u` escape names half of a surrogate pair.
    LoneSurrogate,
    /// Arrays and objects are nested deeper than the bound.
    TooDeep(usize),
    /// A number's text is longer than the bound.
    NumberTooLong(usize),
}

impl fmt::Display for SyntaxFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("the text is not UTF-8"),
            Self::Grammar(words) => f.write_str(words),
            Self::DuplicateName(name) => {
                write!(
                    f,
                    "the member name {} stands twice in one object",
                    crate::quote(name)
                )
            }
            Self::LoneSurrogate => f.write_str("a \\u escape names half of a surrogate pair"),
            Self::TooDeep(bound) => write!(f, "values are nested deeper than {bound}"),
            Self::NumberTooLong(bound) => {
                write!(f, "a number's text is longer than {bound} characters")
            }
        }
    }
}

impl SyntaxError {
    /// Makes an error that points at `offset` in `input`.
    pub(crate) fn at(input: &[u8], offset: usize, fault: SyntaxFault) -> Self {
        let before = &input[..offset.min(input.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1;
        Self {
            fault,
            offset,
            line,
            column,
        }
    }
}
