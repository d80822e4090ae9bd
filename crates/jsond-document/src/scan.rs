//! Steps through the text of valid JSON: where a value ends, which members it has.
//!
//! Everything here takes text that the parser accepted, compact or laid out, and does not check it
//! again; on other input it may return nonsense or panic, never more.

use std::ops::Range;

/// Where a member of an object or an element of an array stands in the text.
///
/// *Shape*: `name` covers the member name with its quotes and is empty for an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The member name with its quotes; empty for an element.
    pub name: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

impl Entry {
    /// Covers the entry from its name (or value) to the end of its value.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        let start = if self.name.is_empty() {
            self.value.start
        } else {
            self.name.start
        };
        start..self.value.end
    }
}

/// Finds the first byte at or after `at` that is not white space.
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// So many bytes of a string are looked at one by one: most names are shorter, and then it is what
/// costs least.
const SHORT_BYTES: usize = 16;

/// Finds the end of the string whose opening quote stands at `at`.
pub(crate) fn string_end(text: &[u8], at: usize) -> usize {
    let mut from = at + 1;
    let near = text.len().min(from + SHORT_BYTES);
    while from < near && text[from] != b'\\' {
        from += 1;
        if text[from - 1] == b'"' {
            return from;
        }
    }
    loop {
        let found = memchr::memchr2(b'"', b'\\', &text[from..]).expect("INVARIANT: valid JSON");
        from += found + 1;
        if text[from - 1] == b'"' {
            return from;
        }
        from += 1;
    }
}

/// Finds the end of the value that starts at `at`.
///
/// *Cost*: linear in the value's text.
#[must_use]
pub fn value_end(text: &[u8], at: usize) -> usize {
    match text[at] {
        b'"' => string_end(text, at),
        b'{' | b'[' => container_end(text, at),
        _ => scalar_end(text, at),
    }
}

fn scalar_end(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    text[at..]
        .iter()
        .position(ends)
        .map_or(text.len(), |length| at + length)
}

fn container_end(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    loop {
        match text[at] {
            b'"' => {
                at = string_end(text, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Counts the levels of nested arrays and objects in a text.
pub(crate) fn depth(text: &[u8]) -> usize {
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while at < text.len() {
        match text[at] {
            b'"' => {
                at = string_end(text, at);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Steps through the members of the object whose `{` stands at `at`.
#[must_use]
pub fn members(text: &[u8], at: usize) -> Entries<'_> {
    debug_assert_eq!(text[at], b'{');
    Entries {
        text,
        at: at + 1,
        named: true,
    }
}

/// Steps through the elements of the array whose `[` stands at `at`.
#[must_use]
pub fn elements(text: &[u8], at: usize) -> Entries<'_> {
    debug_assert_eq!(text[at], b'[');
    Entries {
        text,
        at: at + 1,
        named: false,
    }
}

/// Steps through the entries of the array or object that starts at `at`.
pub(crate) fn entries(text: &[u8], at: usize) -> Entries<'_> {
    Entries {
        text,
        at: at + 1,
        named: text[at] == b'{',
    }
}

/// The entries of one array or object, in order.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    text: &'a [u8],
    at: usize,
    named: bool,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let mut at = skip_space(self.text, self.at);
        match self.text.get(at) {
            None | Some(b'}' | b']') => return None,
            Some(b',') => at = skip_space(self.text, at + 1),
            Some(_) => {}
        }
        let name = if self.named {
            at..string_end(self.text, at)
        } else {
            at..at
        };
        let start = if self.named {
            let colon = skip_space(self.text, name.end);
            skip_space(self.text, colon + 1)
        } else {
            at
        };
        self.at = value_end(self.text, start);
        Some(Entry {
            name,
            value: start..self.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = entries(text.as_bytes(), 0)
            .map(|entry| (&text[entry.name.clone()], &text[entry.value.clone()]))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn entries_of_compact_and_laid_out_text_are_the_same() {
        check(
            r#"{"a":1,"b":[1,{"c":"}"}]}"#,
            &[("\"a\"", "1"), ("\"b\"", r#"[1,{"c":"}"}]"#)],
        );
        check(
            "{ \"a\" : 1 ,\r\n\t\"b\" : null }",
            &[("\"a\"", "1"), ("\"b\"", "null")],
        );
        check(
            r#"["\\", "\"]", true]"#,
            &[("", r#""\\""#), ("", r#""\"]""#), ("", "true")],
        );
        check("{ }", &[]);
        check("[]", &[]);
    }
}
