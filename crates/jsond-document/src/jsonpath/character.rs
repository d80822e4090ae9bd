//! The characters of a spelled JSON string, one after the other, without making the whole text.

/// Steps through the characters of a JSON string, escapes resolved.
#[derive(Debug, Clone)]
pub(super) struct Characters<'a> {
    rest: &'a [u8],
}

impl<'a> Characters<'a> {
    /// Reads a spelled string, quotes included.
    pub(super) fn of(spelled: &'a [u8]) -> Self {
        Self {
            rest: inner(spelled),
        }
    }

    fn escaped(&mut self) -> char {
        let letter = self.rest[1];
        self.rest = &self.rest[2..];
        match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point(),
            other => char::from(other),
        }
    }

    fn code_point(&mut self) -> char {
        let high = self.code_unit();
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        self.rest = &self.rest[2..];
        let low = self.code_unit();
        let point = 0x10000 + ((high - 0xd800) << 10) + (low & 0x3ff);
        char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn code_unit(&mut self) -> u32 {
        let (digits, rest) = self.rest.split_at(4);
        self.rest = rest;
        digits.iter().fold(0, |unit, &digit| {
            unit * 16 + char::from(digit).to_digit(16).unwrap_or_default()
        })
    }

    fn wide(&mut self, first: u8) -> char {
        let length = match first {
            0xf0.. => 4,
            0xe0.. => 3,
            _ => 2,
        };
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let first = *self.rest.first()?;
        Some(match first {
            b'\\' => self.escaped(),
            0x80.. => self.wide(first),
            _ => {
                self.rest = &self.rest[1..];
                char::from(first)
            }
        })
    }
}

/// A spelled string without its quotes.
pub(super) fn inner(spelled: &[u8]) -> &[u8] {
    &spelled[1..spelled.len() - 1]
}

/// Counts the characters of a spelled string.
pub(super) fn count(spelled: &[u8]) -> usize {
    let inner = inner(spelled);
    if memchr::memchr(b'\\', inner).is_some() {
        return Characters::of(spelled).count();
    }
    // Every character has one byte that does not continue another.
    inner.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_those_that_the_string_reads_as() {
        for spelled in [
            r#""""#,
            r#""abc""#,
            r#""a\u0062\n\\\/\"\b\f\r\t""#,
            r#""\ud834\udd1e\u00E9\uFFFF""#,
            "\"\u{e9}\u{20ac}\u{1d11e}x\"",
            "\"\u{1d11e}\\u0000\"",
        ] {
            let text = crate::unquote(spelled.as_bytes());
            let characters: String = Characters::of(spelled.as_bytes()).collect();
            assert_eq!(characters, text);
            assert_eq!(count(spelled.as_bytes()), text.chars().count());
        }
    }
}
