//! The words of an answer.
//!
//! Any white space separates them, the Korean keyboard's wide space too. A word that begins with a
//! quote is a JSON string, so that a value can hold a space, a quote or nothing at all.

use super::reason::Reason;

/// One word of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// What it says; of a quoted word, without its quotes and escapes.
    pub text: String,
    /// Whether it was quoted, and so is a string whatever it looks like.
    pub quoted: bool,
}

/// Parses one line of words, without its line end.
///
/// *Errors*: the line is not UTF-8, or a quoted word is malformed.
pub fn parse_words(line: &[u8]) -> Result<Vec<Word>, Reason> {
    let text = std::str::from_utf8(line).map_err(|_| Reason::NotUtf8)?;
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = if rest.starts_with('"') {
            split_quoted(rest)?
        } else {
            split_bare(rest)
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn split_bare(text: &str) -> (Word, &str) {
    let (word, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (
        Word {
            text: word.to_owned(),
            quoted: false,
        },
        after,
    )
}

fn split_quoted(text: &str) -> Result<(Word, &str), Reason> {
    let end = find_closing_quote(text).ok_or(Reason::UnterminatedString)?;
    let (quoted, after) = text.split_at(end + 1);
    let word = serde_json::from_str(quoted).map_err(|_| Reason::MalformedString)?;
    if !after.is_empty() && !after.starts_with(char::is_whitespace) {
        return Err(Reason::TextAfterString);
    }
    Ok((
        Word {
            text: word,
            quoted: true,
        },
        after,
    ))
}

/// The place of the quote that closes the one at the beginning.
fn find_closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(place, byte)| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes.then_some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, bool)]) {
        let expected: Vec<Word> = expected
            .iter()
            .map(|&(text, quoted)| Word {
                text: text.to_owned(),
                quoted,
            })
            .collect();
        assert_eq!(parse_words(line.as_bytes()), Ok(expected), "{line:?}");
    }

    #[test]
    fn white_space_separates_words() {
        check(
            "Seung_Hyun 20213100 4.3 software",
            &[
                ("Seung_Hyun", false),
                ("20213100", false),
                ("4.3", false),
                ("software", false),
            ],
        );
        check(
            "  a\t\tb \u{3000}c\u{a0}d\r e ",
            &[
                ("a", false),
                ("b", false),
                ("c", false),
                ("d", false),
                ("e", false),
            ],
        );
        check("", &[]);
        check(" \t ", &[]);
        check(
            "it's a\"b\" \\n",
            &[("it's", false), ("a\"b\"", false), ("\\n", false)],
        );
    }

    #[test]
    fn a_quoted_word_is_a_json_string() {
        check(r#""Kim Minsu" 3"#, &[("Kim Minsu", true), ("3", false)]);
        check(r#""" "4.3""#, &[("", true), ("4.3", true)]);
        check(
            r#""a\"b\\" "\u00e9\n\ud83d\ude00""#,
            &[("a\"b\\", true), ("é\n😀", true)],
        );
        check("\"김 민수\"\u{3000}x", &[("김 민수", true), ("x", false)]);
    }

    #[test]
    fn a_malformed_answer_has_a_reason() {
        for (line, reason) in [
            (&b"\"Kim Minsu"[..], Reason::UnterminatedString),
            (b"a \"", Reason::UnterminatedString),
            (br#""a\""#, Reason::UnterminatedString),
            (br#""a"b"#, Reason::TextAfterString),
            (br#""a""b""#, Reason::TextAfterString),
            (br#""\x""#, Reason::MalformedString),
            (br#""\ud800""#, Reason::MalformedString),
            (b"\"a\tb\"", Reason::MalformedString),
            (b"a \xff", Reason::NotUtf8),
            (b"\xea\xb9", Reason::NotUtf8),
        ] {
            assert_eq!(parse_words(line), Err(reason), "{line:?}");
        }
    }
}
