//! JSON strings: from their spelled form to text and back.

use std::borrow::Cow;

/// Spells `text` as a JSON string with its quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("INVARIANT: every str is a JSON string")
}

/// Reads the text of a spelled JSON string, quotes included.
///
/// *Cost*: borrows when there is no escape in it.
#[must_use]
pub fn unquote(spelled: &[u8]) -> Cow<'_, str> {
    let inner = &spelled[1..spelled.len() - 1];
    if memchr::memchr(b'\\', inner).is_none() {
        return String::from_utf8_lossy(inner);
    }
    let text: String = serde_json::from_slice(spelled).expect("INVARIANT: a checked string");
    Cow::Owned(text)
}

/// Judges whether a spelled string, quotes included, reads as `text`.
pub(crate) fn reads_as(spelled: &[u8], text: &str) -> bool {
    let inner = &spelled[1..spelled.len() - 1];
    // What is spelled with an escape is longer than what it reads as.
    if inner.len() <= text.len() {
        return inner == text.as_bytes() && memchr::memchr(b'\\', inner).is_none();
    }
    memchr::memchr(b'\\', inner).is_some() && unquote(spelled) == text
}

/// Judges whether a text has a spelling that is itself between quotes.
pub(crate) fn needs_no_escape(text: &str) -> bool {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
    !text.as_bytes().iter().any(is_special)
}

/// Judges whether a string that is spelled as `text` between quotes stands at the beginning, where
/// `text` needs no escape.
pub(crate) fn starts_as(spelled: &[u8], text: &str) -> bool {
    let end = text.len() + 1;
    // The names of a collection are mostly of one length, and begin alike.
    spelled.get(end) == Some(&b'"')
        && spelled.get(end - 1) == Some(text.as_bytes().last().unwrap_or(&b'"'))
        && spelled[1..end] == *text.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_read_as_their_characters() {
        assert_eq!(unquote(br#""a\u0062\n\ud834\udd1e""#), "ab\n\u{1d11e}");
        assert!(reads_as(br#""\u0061""#, "a"));
        assert!(reads_as(br#""\\""#, "\\"));
        assert!(!reads_as(br#""\\""#, "\\\\"));
        assert!(!reads_as(br#""a""#, "b"));
    }

    #[test]
    fn a_plain_name_is_known_by_its_bytes() {
        assert!(starts_as(br#""ab":1"#, "ab"));
        assert!(!starts_as(br#""ab":1"#, "a"));
        assert!(!starts_as(br#""ab":1"#, "abc"));
        assert!(!starts_as(br#""a"#, "ab"));
        assert!(needs_no_escape("한 a/b") && !needs_no_escape("a\"") && !needs_no_escape("\n"));
        assert!(!needs_no_escape("a\\"));
    }

    #[test]
    fn a_raw_backslash_sequence_is_not_its_own_spelling() {
        assert!(!reads_as(br#""\n""#, "\\n"));
    }
}
