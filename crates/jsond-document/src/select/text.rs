//! Texts of stored strings, and looking into them without regard to case.
//!
//! Case is ignored by taking every character's lower case, on both sides.

use crate::string::unquote;
use memchr::memmem::Finder;
use std::borrow::Cow;

/// Reads the bytes of a spelled string, quotes included; they are UTF-8.
///
/// *Cost*: borrows when there is no escape in it.
pub(super) fn bytes_of(spelled: &[u8]) -> Cow<'_, [u8]> {
    let inner = &spelled[1..spelled.len() - 1];
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    Cow::Owned(unquote(spelled).into_owned().into_bytes())
}

/// Room for one text in lower case, used again for the next.
#[derive(Debug, Default)]
pub(super) struct Lower(Vec<u8>);

impl Lower {
    /// Puts a spelled string into lower case.
    pub(super) fn of_spelled(&mut self, spelled: &[u8]) -> &[u8] {
        self.of_text(&bytes_of(spelled))
    }

    /// Puts UTF-8 into lower case.
    pub(super) fn of_text(&mut self, text: &[u8]) -> &[u8] {
        self.0.clear();
        if text.is_ascii() {
            self.0.extend(text.iter().map(u8::to_ascii_lowercase));
        } else {
            push_lower(&String::from_utf8_lossy(text), &mut self.0);
        }
        &self.0
    }
}

/// Appends every character's lower case, whatever stands around it.
fn push_lower(text: &str, out: &mut Vec<u8>) {
    for character in text.chars() {
        if character.is_ascii() {
            out.extend(u8::try_from(character.to_ascii_lowercase()));
        } else {
            for lower in character.to_lowercase() {
                out.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// A text that is sought in others without regard to case.
#[derive(Debug, Clone)]
pub(super) struct Needle(Finder<'static>);

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let mut lower = Vec::with_capacity(text.len());
        push_lower(text, &mut lower);
        Self(Finder::new(&lower).into_owned())
    }

    /// The text in lower case.
    fn text(&self) -> &[u8] {
        self.0.needle()
    }

    pub(super) fn is_in(&self, lower: &[u8]) -> bool {
        self.0.find(lower).is_some()
    }

    pub(super) fn starts(&self, lower: &[u8]) -> bool {
        lower.starts_with(self.text())
    }

    pub(super) fn ends(&self, lower: &[u8]) -> bool {
        lower.ends_with(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(needle: &str, spelled: &str, expected: [bool; 3]) {
        let (needle, mut room) = (Needle::new(needle), Lower::default());
        room.of_spelled(br#""what stood here before""#);
        let text = room.of_spelled(spelled.as_bytes());
        let found = [needle.is_in(text), needle.starts(text), needle.ends(text)];
        assert_eq!(found, expected, "{spelled}");
    }

    #[test]
    fn case_is_ignored_on_both_sides() {
        check("KIM", r#""Kim Jin""#, [true, true, false]);
        check("jin", r#""KIM J\u0049N""#, [true, false, true]);
        check("ÄRGER", r#""ärger""#, [true, true, true]);
        check("k", "\"\u{212a}elvin\"", [true, true, false]);
        check("Σ", r#""ΣΟΦΟΣ""#, [true, true, true]);
        check("김", r#""김 진""#, [true, true, false]);
        check("", r#""""#, [true, true, true]);
        check("a", r#""""#, [false, false, false]);
    }
}
