//! JSON text laid out and in colours, for people who want to see the text itself.

use crate::web::Html;
use jsond_document::{Indent, Layout, Value, pretty};

/// A longer value is not laid out on a page.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// Laid-out text behind this is cut.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Judges whether a value is short enough to be laid out.
pub(super) fn has_room(value: &Value) -> bool {
    value.len_bytes() <= VALUE_BYTES_MAX
}

/// Appends the text of a value, laid out with two spaces.
pub(super) fn render(html: &mut Html, value: &Value) {
    let layout = Layout {
        indent: Indent::Spaces(2),
        inline_arrays: true,
        ..Layout::tabs()
    };
    let mut text = pretty(&value.to_json(), &layout);
    text.truncate(TEXT_BYTES_MAX);
    let valid = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    html.element("pre", &[("tabindex", "0")], |html| push_tokens(html, valid));
}

/// Appends each token in an element of its class; the text may end anywhere.
fn push_tokens(html: &mut Html, text: &str) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '-' | '0'..='9' | 'a'..='z' => scalar_end(rest),
            _ => rest
                .find(['"', '-'])
                .unwrap_or(rest.len())
                .min(plain_end(rest)),
        };
        let (token, after) = rest.split_at(end);
        match first {
            '"' if after.starts_with(':') => html.span("span", "name", token),
            '-' | '0'..='9' => html.span("span", "number", token),
            'a'..='z' => html.span("span", "word", token),
            _ => html.block(token),
        };
        rest = after;
    }
}

fn plain_end(text: &str) -> usize {
    text.find(|letter: char| letter.is_ascii_alphanumeric())
        .unwrap_or(text.len())
}

fn scalar_end(text: &str) -> usize {
    text.find([',', '}', ']', '\n', '\r', ' '])
        .unwrap_or(text.len())
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut html = Html::new();
        push_tokens(&mut html, text);
        assert_eq!(html.as_str(), expected, "{text}");
    }

    #[test]
    fn names_numbers_and_words_are_told_apart() {
        check(
            "{\n  \"a\\\"\": [-1.5, true],\n  \"b\": \"x:1\"\n}",
            "{\n  <span class=\"name\">&quot;a\\&quot;&quot;</span>: [<span class=\"number\">-1.5\
             </span>, <span class=\"word\">true</span>],\n  <span class=\"name\">&quot;b&quot;\
             </span>: &quot;x:1&quot;\n}",
        );
    }

    #[test]
    fn a_text_that_is_cut_ends_where_it_ends() {
        check("[\"가", "[&quot;가");
        check("[nul", "[<span class=\"word\">nul</span>");
        check("", "");
    }

    #[test]
    fn a_long_value_is_not_laid_out() {
        let long = format!("[\"{}\"]", "x".repeat(VALUE_BYTES_MAX));
        assert!(!has_room(&Value::parse(long.as_bytes()).unwrap()));
        let deep = format!("{}1{}", "[1,".repeat(120), "]".repeat(120));
        let mut html = Html::new();
        render(&mut html, &Value::parse(deep.as_bytes()).unwrap());
        assert!(html.len() < 4 * TEXT_BYTES_MAX);
    }
}
