//! JSON pointers: a list of reference tokens.
//!
//! *Source*: RFC 6901.

use crate::string::needs_no_escape;
use std::borrow::Cow;
use std::fmt;

/// A list of reference tokens, unescaped.
///
/// *Source*: RFC 6901 §3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pointer(Vec<String>);

/// Says that a text is no JSON pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// A pointer that is not empty begins with `/`.
    #[error("a JSON pointer is empty or begins with /")]
    NoSlash,
    /// `~` stands only in `~0` and `~1`.
    #[error("in a JSON pointer ~ stands only in ~0 and ~1")]
    Escape,
}

impl Pointer {
    /// The pointer to the whole document.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Makes a pointer of tokens as they are, unescaped.
    pub fn from_tokens(tokens: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(tokens.into_iter().map(Into::into).collect())
    }

    /// Parses the text form.
    ///
    /// *Errors*: see [`PointerError`]. *Source*: RFC 6901 §3.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PointerError::NoSlash);
        };
        rest.split('/')
            .map(unescape)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The reference tokens, unescaped.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Makes the pointer to a child.
    #[must_use]
    pub fn child(&self, token: impl Into<String>) -> Self {
        let mut tokens = self.0.clone();
        tokens.push(token.into());
        Self(tokens)
    }

    /// Appends the text form as a JSON string, with its quotes.
    pub fn write_quoted(&self, out: &mut Vec<u8>) {
        let is_plain = |token: &String| !has_escape(token) && needs_no_escape(token);
        if !self.0.iter().all(is_plain) {
            let text = self.to_string();
            return serde_json::to_writer(out, &text).expect("INVARIANT: every str is JSON");
        }
        out.push(b'"');
        for token in &self.0 {
            out.push(b'/');
            out.extend_from_slice(token.as_bytes());
        }
        out.push(b'"');
    }

    /// Adds a token at the end.
    pub fn push(&mut self, token: impl Into<String>) {
        self.0.push(token.into());
    }
}

fn unescape(token: &str) -> Result<String, PointerError> {
    let mut text = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        match character {
            '~' => match characters.next() {
                Some('0') => text.push('~'),
                Some('1') => text.push('/'),
                _ => return Err(PointerError::Escape),
            },
            other => text.push(other),
        }
    }
    Ok(text)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            f.write_str("/")?;
            f.write_str(&escape(token))?;
        }
        Ok(())
    }
}

/// Judges whether a token is spelled with an escape in a pointer.
fn has_escape(token: &str) -> bool {
    token.bytes().any(|byte| matches!(byte, b'~' | b'/'))
}

fn escape(token: &str) -> Cow<'_, str> {
    match has_escape(token) {
        true => Cow::Owned(token.replace('~', "~0").replace('/', "~1")),
        false => Cow::Borrowed(token),
    }
}

/// Reads an array index: digits without a leading zero.
///
/// *Source*: RFC 6901 §4.
#[must_use]
pub fn array_index(token: &str) -> Option<usize> {
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (token == "0" || !token.starts_with('0')))
        .then(|| token.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, tokens: &[&str]) {
        let pointer = Pointer::parse(text).unwrap();
        assert_eq!(pointer.tokens(), tokens, "{text}");
        assert_eq!(pointer.to_string(), text);
    }

    #[test]
    fn the_examples_of_rfc_6901_are_read_and_written() {
        check("", &[]);
        check("/", &[""]);
        check("/foo/0", &["foo", "0"]);
        check("/a~1b/m~0n", &["a/b", "m~n"]);
        check("/~01", &["~1"]);
        check("/ /c%d", &[" ", "c%d"]);
    }

    #[test]
    fn a_text_that_is_no_pointer_is_refused() {
        assert_eq!(Pointer::parse("a"), Err(PointerError::NoSlash));
        assert_eq!(Pointer::parse("/~"), Err(PointerError::Escape));
        assert_eq!(Pointer::parse("/~2"), Err(PointerError::Escape));
    }

    #[test]
    fn an_index_has_no_leading_zero_and_no_sign() {
        assert_eq!(array_index("0"), Some(0));
        assert_eq!(array_index("17"), Some(17));
        for token in ["", "-", "01", "+1", "1e0", "99999999999999999999999"] {
            assert_eq!(array_index(token), None, "{token}");
        }
    }
}
