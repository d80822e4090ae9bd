//! One JSON text, checked and compact, cheap to clone and to slice.

use crate::check::Bounds;
use crate::compact::{compact, compact_in_place};
use crate::error::SyntaxError;
use crate::scan;
use bytes::Bytes;

/// The six kinds of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are JSON's own")]
pub enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// Reads the kind from the first byte of a value's text.
    #[must_use]
    pub fn of(first: u8) -> Self {
        match first {
            b'n' => Self::Null,
            b't' | b'f' => Self::Boolean,
            b'"' => Self::String,
            b'[' => Self::Array,
            b'{' => Self::Object,
            _ => Self::Number,
        }
    }

    /// Names the kind as JSON does, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// A JSON value as its compact text: no insignificant white space, everything else as spelled.
///
/// INVARIANT: the text was accepted by [`Json::parse`] or put together from such texts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Bytes);

impl Json {
    /// Parses a text, drops a byte order mark and insignificant white space.
    ///
    /// *Errors*: everything in [`crate::SyntaxFault`], pointing into `input`.
    pub fn parse(input: &[u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(input, Bounds::default())
    }

    /// Parses a text within bounds of the caller's own.
    ///
    /// *Errors*: as [`Json::parse`].
    pub fn parse_within(input: &[u8], bounds: Bounds) -> Result<Self, SyntaxError> {
        compact(input, bounds).map(|text| Self(Bytes::from(text)))
    }

    /// Parses a text as [`Json::parse`] does, in the buffer it came in.
    ///
    /// *Cost*: linear, and no memory beside the buffer; what white space leaves free at its end is
    /// given back when it is more than a quarter. *Errors*: as [`Json::parse`].
    pub fn parse_owned(input: Vec<u8>) -> Result<Self, SyntaxError> {
        Self::parse_owned_within(input, Bounds::default())
    }

    /// Parses a text in the buffer it came in, within bounds of the caller's own.
    ///
    /// *Cost*: as [`Json::parse_owned`]. *Errors*: as [`Json::parse`].
    pub fn parse_owned_within(mut input: Vec<u8>, bounds: Bounds) -> Result<Self, SyntaxError> {
        compact_in_place(&mut input, bounds)?;
        Ok(Self(Bytes::from(input)))
    }

    /// Spells a text as a JSON string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self(Bytes::from(crate::quote(text)))
    }

    /// Takes text that is already known to be compact JSON.
    pub(crate) fn from_compact(text: impl Into<Bytes>) -> Self {
        let text = text.into();
        debug_assert!(
            compact(&text, Bounds::NONE).is_ok_and(|compact| compact == text),
            "INVARIANT: compact JSON, but {:?}",
            String::from_utf8_lossy(&text)
        );
        Self(text)
    }

    /// The compact text.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The compact text as a string.
    ///
    /// *Cost*: linear, the bytes are checked once more.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("INVARIANT: checked UTF-8")
    }

    /// The kind of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of(self.0[0])
    }

    /// The value's text if it is a string, with escapes resolved.
    #[must_use]
    pub fn as_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        (self.kind() == Kind::String).then(|| crate::unquote(&self.0))
    }

    /// The hash of the text, the same as that of the equal [`crate::Value`].
    #[must_use]
    pub fn digest(&self) -> crate::Digest {
        crate::Digest::of(&self.0)
    }

    /// Finds a member of an object by its name.
    ///
    /// *Cost*: linear in the text before the member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        self.find_member(name).map(|entry| self.slice(entry.value))
    }

    /// Counts the levels of nested arrays and objects; a scalar has none.
    #[must_use]
    pub fn depth(&self) -> usize {
        scan::depth(&self.0)
    }

    pub(crate) fn find_member(&self, name: &str) -> Option<scan::Entry> {
        if self.kind() != Kind::Object {
            return None;
        }
        scan::members(&self.0, 0)
            .find(|entry| crate::string::reads_as(&self.0[entry.name.clone()], name))
    }

    /// Takes one value out of text that is known to be compact JSON.
    pub(crate) fn part_of(text: &Bytes, range: std::ops::Range<usize>) -> Self {
        Self(text.slice(range))
    }

    /// Shares the part of the text that holds one value.
    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self(self.0.slice(range))
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
