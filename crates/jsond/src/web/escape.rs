//! Makes any text fit for a page: as text, as the value of an attribute, and so that it shows.
//!
//! `<`, `>`, `&` and quotes become references, so no text becomes markup. Characters that nobody
//! sees, or that show a line in another order than it is written, become marks that everybody sees:
//! a name must not pass for another one. Korean, emoji and every other script stay as they are.

use std::fmt::Write as _;

/// What becomes of characters that nobody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// All are marked, with an element around the mark.
    Marked,
    /// All but line feeds and tabs are marked: for places that keep white space.
    MarkedButSpace,
    /// All are named without an element: for attributes and the title.
    Named,
}

/// Appends a text with everything escaped.
pub(super) fn push(out: &mut String, text: &str, hidden: Hidden) {
    let mut from = 0;
    for (at, character) in text.char_indices() {
        if !needs_escape(character) {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + character.len_utf8();
        match reference(character) {
            Some(reference) => out.push_str(reference),
            None => push_hidden(out, character, hidden),
        }
    }
    out.push_str(&text[from..]);
}

fn reference(character: char) -> Option<&'static str> {
    match character {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

fn push_hidden(out: &mut String, character: char, hidden: Hidden) {
    match (hidden, character) {
        (Hidden::MarkedButSpace, '\n' | '\t') => out.push(character),
        (Hidden::Named, _) => push_name(out, character),
        (Hidden::Marked | Hidden::MarkedButSpace, _) => {
            out.push_str("<mark>");
            push_name(out, character);
            out.push_str("</mark>");
        }
    }
}

/// Names a character as everybody who meets it does.
fn push_name(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let _ = write!(out, "U+{:04X}", u32::from(character));
        }
    }
}

fn needs_escape(character: char) -> bool {
    reference(character).is_some() || is_hidden(character)
}

/// Judges whether a character is not seen where it stands, or changes how others are seen.
///
/// The joiners U+200C and U+200D stay: words and emoji are written with them.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Soft hyphen, marks of direction, embeddings and isolates.
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Separators of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // Fillers, the byte order mark, annotations, characters of their own use.
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, hidden: Hidden, expected: &str) {
        let mut out = String::new();
        push(&mut out, text, hidden);
        assert_eq!(out, expected, "{text:?}");
    }

    #[test]
    fn no_text_becomes_markup() {
        for hidden in [Hidden::Marked, Hidden::MarkedButSpace, Hidden::Named] {
            check("a<b>&c", hidden, "a&lt;b&gt;&amp;c");
            check(
                "\"><script>alert('x')</script>",
                hidden,
                "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
            );
            check("&lt;&#60;", hidden, "&amp;lt;&amp;#60;");
        }
    }

    #[test]
    fn ordinary_text_of_every_script_stays_as_it_is() {
        for text in [
            "",
            "students.json",
            "한 글  가나다",
            "👩‍👩‍👧 🇰🇷",
            "שלום",
            "é e\u{301}",
        ] {
            check(text, Hidden::Marked, text);
        }
    }

    #[test]
    fn characters_that_nobody_sees_are_marked() {
        check(
            "a\0\u{1b}b",
            Hidden::Marked,
            "a<mark>U+0000</mark><mark>U+001B</mark>b",
        );
        check(
            "\u{85}\u{7f}",
            Hidden::Marked,
            "<mark>U+0085</mark><mark>U+007F</mark>",
        );
        check("a\u{202e}b", Hidden::Marked, "a<mark>U+202E</mark>b");
        check("\u{2066}\u{feff}", Hidden::Named, "U+2066U+FEFF");
        check(
            "\u{200b}ㅤ",
            Hidden::Marked,
            "<mark>U+200B</mark><mark>U+3164</mark>",
        );
    }

    #[test]
    fn line_ends_are_marked_on_a_line_and_kept_in_a_block() {
        check(
            "a\r\n\tb",
            Hidden::Marked,
            "a<mark>\\r</mark><mark>\\n</mark><mark>\\t</mark>b",
        );
        check("a\r\n\tb", Hidden::MarkedButSpace, "a<mark>\\r</mark>\n\tb");
        check("a\n", Hidden::Named, "a\\n");
    }
}
