//! What can be wrong with a query, and what can be too much about it.

/// Says that a text is no JSONPath query, where, and what to do.
///
/// *Units*: `offset` in bytes from the start of the query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at byte {offset} of the query")]
pub struct JsonPathError {
    /// Where the query cannot be read on.
    pub offset: usize,
    /// What is wrong and what to do, in words.
    pub message: String,
}

impl JsonPathError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
        }
    }
}

/// Says that a query asks for more than its bounds allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonPathOverrun {
    /// The evaluation took more than this number of steps.
    #[error("the query takes more than {0} steps; ask for less, or of a smaller part")]
    Steps(usize),
    /// The result is longer than this number of bytes.
    #[error("the result of the query is longer than {0} bytes; ask for less")]
    ResultBytes(usize),
    /// The evaluation went down more than this number of levels, all queries in queries together.
    #[error("the query goes down more than {0} levels; put fewer queries into queries")]
    Levels(usize),
    /// A regular expression that was found in the document is larger than can be used.
    #[error("a regular expression in the document is too large; use a shorter one")]
    Pattern,
}
