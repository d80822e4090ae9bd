//! One field line, cut strictly into its name and value.
//!
//! It serves the head's check and the trailer section. Control characters and line ends are judged
//! before, by the caller; what a field means is [`super::facts`]'s business.

use memchr::memchr;

use super::refusal::Refusal;

/// Cuts a line, without its line end, into the name and the value without surrounding white space.
///
/// *Source* RFC 9112 §5
pub(super) fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    if line.first().is_some_and(|&byte| is_blank(byte)) {
        return Err(Refusal::FoldedField);
    }
    let colon = memchr(b':', line).ok_or(Refusal::MissingColon)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.last().is_some_and(|&byte| is_blank(byte)) {
        return Err(Refusal::SpaceBeforeColon);
    }
    if !is_token(name) {
        return Err(Refusal::MalformedFieldName);
    }
    Ok((name, trim_blanks(value)))
}

/// Whether `word` is a token. *Source* RFC 9110 §5.6.2
pub(super) fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| is_token_byte(byte))
}

/// Whether a token may contain `byte`.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The value without the optional white space around it. *Source* RFC 9110 §5.6.3
pub(super) fn trim_blanks(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_blank(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_blank(*last)
    {
        value = rest;
    }
    value
}

/// Whether `byte` is a control character that no line of a head may contain. HTAB may.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_line_is_cut_at_its_first_colon() {
        assert_eq!(split_field(b"Host: a:1"), Ok((&b"Host"[..], &b"a:1"[..])));
        assert_eq!(split_field(b"x:"), Ok((&b"x"[..], &b""[..])));
        assert_eq!(split_field(b"x:\t a b \t"), Ok((&b"x"[..], &b"a b"[..])));
    }

    #[test]
    fn a_malformed_field_line_is_named() {
        for (line, refusal) in [
            (&b" x: 1"[..], Refusal::FoldedField),
            (b"\tx: 1", Refusal::FoldedField),
            (b"x", Refusal::MissingColon),
            (b"x : 1", Refusal::SpaceBeforeColon),
            (b"x\t: 1", Refusal::SpaceBeforeColon),
            (b": 1", Refusal::MalformedFieldName),
            (b"a b: 1", Refusal::MalformedFieldName),
            (b"caf\xc3\xa9: 1", Refusal::MalformedFieldName),
            (b"a\"b: 1", Refusal::MalformedFieldName),
        ] {
            assert_eq!(split_field(line), Err(refusal), "{line:?}");
        }
    }
}
