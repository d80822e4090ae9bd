//! The beginning of a value: enough for a cell of a table, in time that its size does not change.

use jsond_document::{Kind, Value, unquote};

/// The beginning of a text, and how much of it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The beginning, or all of it.
    pub(super) text: String,
    /// What is left out, in bytes of the value's text.
    pub(super) more_bytes: usize,
}

/// A value of fewer bytes is copied at once; a larger one is stepped through.
const COPIED_BYTES_MAX: usize = 8 << 10;

impl Excerpt {
    /// Takes the first characters of a spelled string, quotes included, with escapes resolved.
    ///
    /// *Cost*: linear in what is taken.
    pub(super) fn of_string(spelled: &[u8], characters_max: usize) -> Self {
        let mut end = 1;
        for _ in 0..characters_max {
            if spelled[end] == b'"' {
                break;
            }
            end += character_bytes(&spelled[end..]);
        }
        let mut part = spelled[..end].to_vec();
        part.push(b'"');
        Self {
            text: unquote(&part).into_owned(),
            more_bytes: spelled.len() - part.len(),
        }
    }

    /// Takes the first characters of the compact text of a value.
    ///
    /// *Cost*: linear in what is taken.
    pub(super) fn of_compact(value: &Value, characters_max: usize) -> Self {
        let mut taken = Vec::new();
        take(value, characters_max * 4, &mut taken);
        let valid = taken.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let text: String = valid.chars().take(characters_max).collect();
        Self {
            more_bytes: value.len_bytes() - text.len(),
            text,
        }
    }

    /// Takes the first characters of a text.
    pub(super) fn of_text(text: &str, characters_max: usize) -> Self {
        let end = text
            .char_indices()
            .nth(characters_max)
            .map_or(text.len(), |(at, _)| at);
        Self {
            text: text[..end].to_owned(),
            more_bytes: text.len() - end,
        }
    }

    /// Takes the first characters of a scalar or of the compact text of an array or object.
    pub(super) fn of_value(value: &Value, characters_max: usize) -> Self {
        if value.kind() == Kind::String {
            Self::of_string(value.to_json().as_bytes(), characters_max)
        } else {
            Self::of_compact(value, characters_max)
        }
    }

    /// The beginning with an ellipsis where something is left out.
    pub(super) fn to_line(&self) -> String {
        let ellipsis = if self.more_bytes > 0 { "…" } else { "" };
        format!("{}{ellipsis}", self.text)
    }
}

/// The length of the first character of a spelled string; a pair of surrogates is one.
fn character_bytes(spelled: &[u8]) -> usize {
    match spelled {
        [
            b'\\',
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
            ..,
        ] => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\' | 0xc0..=0xdf, ..] => 2,
        [0xe0..=0xef, ..] => 3,
        [0xf0..=0xff, ..] => 4,
        _ => 1,
    }
}

/// Appends the compact text of a value up to about `bytes_max`; a large value is never made whole.
fn take(value: &Value, bytes_max: usize, out: &mut Vec<u8>) {
    let is_scalar = !matches!(value.kind(), Kind::Array | Kind::Object);
    if is_scalar || value.len_bytes() <= COPIED_BYTES_MAX {
        return push_some(value.to_json().as_bytes(), bytes_max, out);
    }
    let is_object = value.kind() == Kind::Object;
    out.push(if is_object { b'{' } else { b'[' });
    for (n, member) in value.members().enumerate() {
        if out.len() >= bytes_max {
            return;
        }
        if n > 0 {
            out.push(b',');
        }
        if let Some(name) = &member.spelled_name {
            push_some(name, bytes_max, out);
            out.push(b':');
        }
        take(&member.value, bytes_max, out);
    }
    out.push(if is_object { b'}' } else { b']' });
}

fn push_some(text: &[u8], bytes_max: usize, out: &mut Vec<u8>) {
    let room = bytes_max.saturating_sub(out.len());
    out.extend_from_slice(&text[..room.min(text.len())]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, characters_max: usize, expected: &str, more_bytes: usize) {
        let value = Value::parse(text.as_bytes()).unwrap();
        let excerpt = Excerpt::of_value(&value, characters_max);
        assert_eq!(excerpt.text, expected, "{text}");
        assert_eq!(excerpt.more_bytes, more_bytes, "{text}");
    }

    #[test]
    fn a_string_is_cut_between_characters_and_never_in_an_escape() {
        check(r#""abc""#, 3, "abc", 0);
        check(r#""abc""#, 2, "ab", 1);
        check(r#""가나다""#, 2, "가나", 3);
        check(r#""\u00e9\n\ud834\udd1ex""#, 3, "é\n\u{1d11e}", 1);
        check(r#""\\\"/""#, 2, "\\\"", 1);
        check(r#""""#, 0, "", 0);
    }

    #[test]
    fn other_values_show_the_beginning_of_their_text() {
        check("1.50", 9, "1.50", 0);
        check(r#"{"a":[1,2]}"#, 6, r#"{"a":["#, 5);
        check(r#"["가"]"#, 3, "[\"가", 2);
    }

    #[test]
    fn a_large_value_begins_like_its_whole_text() {
        let records: Vec<_> = (0..9000)
            .map(|n| format!("{{\"가\":[{n},\"x\"]}}"))
            .collect();
        let array = format!("[{}]", records.join(","));
        let object = format!("{{\"a\":{array},\"b\":{{}}}}");
        for text in [array, object] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let excerpt = Excerpt::of_value(&value, 500);
            let whole: String = text.chars().take(500).collect();
            assert_eq!(excerpt.text, whole);
            assert_eq!(excerpt.more_bytes, text.len() - whole.len());
        }
    }
}
