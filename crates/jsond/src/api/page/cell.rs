//! How a value stands in a page: on a line of a table, or whole on its own page.
//!
//! A string shows its characters, with its quotes where it could be taken for another kind. Numbers
//! and the words `null`, `true`, `false` show as they are spelled and look different; an array or
//! object shows the beginning of its compact text, as a link to itself.

use super::excerpt::Excerpt;
use super::link::Link;
use super::words::bytes_text;
use crate::web::Html;
use jsond_document::{Kind, Value, is_number};

/// Appends an element that is a link where there is something to follow.
pub(super) fn link(html: &mut Html, href: Option<&str>, fill: impl FnOnce(&mut Html)) {
    match href {
        Some(href) => html.element("a", &[("href", href)], fill),
        None => html.element("bdi", &[], fill),
    };
}

/// Appends the beginning of a value on a line; what is cut is behind the link.
pub(super) fn line(html: &mut Html, value: &Value, excerpt: &Excerpt, to: &Link) {
    match value.kind() {
        Kind::Array | Kind::Object => {
            let text = excerpt.to_line();
            link(html, to.href().as_deref(), |html| {
                html.span("span", "nested", &text);
            });
        }
        kind => {
            scalar(html, kind, excerpt);
            if excerpt.more_bytes > 0 {
                link(html, to.href().as_deref(), |html| {
                    html.text("…");
                });
            }
        }
    }
}

/// Appends a scalar in a place that keeps its line ends, and says how much is left out.
pub(super) fn block(html: &mut Html, value: &Value, characters_max: usize) {
    let excerpt = Excerpt::of_value(value, characters_max);
    if value.kind() == Kind::String {
        string(html, &excerpt, Html::block);
    } else {
        scalar(html, value.kind(), &excerpt);
    }
    more(html, &excerpt);
}

/// Says how much of a text is left out.
pub(super) fn more(html: &mut Html, excerpt: &Excerpt) {
    if excerpt.more_bytes > 0 {
        let text = format!(" … {} more", bytes_text(excerpt.more_bytes));
        html.span("span", "more", &text);
    }
}

fn scalar(html: &mut Html, kind: Kind, excerpt: &Excerpt) {
    match kind {
        Kind::String => string(html, excerpt, Html::text),
        Kind::Number => {
            html.span("span", "number", &excerpt.text);
        }
        _ => {
            html.span("span", "word", &excerpt.text);
        }
    }
}

/// Appends a text in one of the two ways of [`Html`].
type Push = for<'a> fn(&'a mut Html, &str) -> &'a mut Html;

fn string(html: &mut Html, excerpt: &Excerpt, push: Push) {
    let is_quoted = excerpt.more_bytes == 0 && needs_quotes(&excerpt.text);
    html.element("bdi", &[], |html| {
        if is_quoted {
            html.span("span", "quote", "\"");
        }
        push(html, &excerpt.text);
        if is_quoted {
            html.span("span", "quote", "\"");
        }
    });
}

/// Judges whether a string without its quotes could be taken for something else, or for nothing.
fn needs_quotes(text: &str) -> bool {
    text.trim() != text
        || matches!(text, "" | "null" | "true" | "false")
        || text.starts_with(['{', '[', '"'])
        || is_number(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut html = Html::new();
        let value = Value::parse(text.as_bytes()).unwrap();
        let excerpt = Excerpt::of_value(&value, 12);
        line(&mut html, &value, &excerpt, &Link::to(&["a".into()]));
        assert_eq!(html.as_str(), expected, "{text}");
    }

    #[test]
    fn each_kind_shows_what_it_is() {
        check("1.50e3", "<span class=\"number\">1.50e3</span>");
        check("null", "<span class=\"word\">null</span>");
        check("\"가 <b>\"", "<bdi>가 &lt;b&gt;</bdi>");
        check(
            "[1,{}]",
            "<a href=\"/a\"><span class=\"nested\">[1,{}]</span></a>",
        );
        check(
            "\"a\\u0000\\u202e\"",
            "<bdi>a<mark>U+0000</mark><mark>U+202E</mark></bdi>",
        );
    }

    #[test]
    fn a_string_that_looks_like_another_kind_keeps_its_quotes() {
        let quote = "<span class=\"quote\">&quot;</span>";
        for text in ["", "4.1", "-0", "null", "true", "{}", "[", " a", "a "] {
            check(
                &format!("\"{text}\""),
                &format!("<bdi>{quote}{text}{quote}</bdi>"),
            );
        }
        for text in ["4.1.", "nulls", "a b", "01", "+1"] {
            check(&format!("\"{text}\""), &format!("<bdi>{text}</bdi>"));
        }
    }

    #[test]
    fn what_is_cut_is_behind_a_link() {
        check(
            "\"abcdefghijklm\"",
            "<bdi>abcdefghijkl</bdi><a href=\"/a\">…</a>",
        );
        check(
            "[1,2,3,4,5,6,7]",
            "<a href=\"/a\"><span class=\"nested\">[1,2,3,4,5,6…</span></a>",
        );
    }

    #[test]
    fn a_block_keeps_lines_and_says_what_is_left_out() {
        let mut html = Html::new();
        block(&mut html, &Value::parse(b"\"a\\nbc\"").unwrap(), 3);
        let more = "<span class=\"more\"> … 1 byte more</span>";
        assert_eq!(html.as_str(), format!("<bdi>a\nb</bdi>{more}"));
    }
}
