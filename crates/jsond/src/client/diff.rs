//! What is different between two versions of something, line by line. Pure.

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::escape::escape_line;
use super::render::Form;

/// The lines around a change that are shown with it.
const CONTEXT_LINES: usize = 2;

/// The changes from the one to the other, each line with its mark; empty when there are none.
///
/// JSON on one line is laid out first, so that a change of a member is a change of a line.
pub(super) fn lines(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (laid_out(old), laid_out(new));
    let diff = TextDiff::from_lines(&old, &new);
    let mut text = String::new();
    for (n, group) in diff.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if n > 0 {
            text.push_str("  …\n");
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let (mark, color) = match change.tag() {
                ChangeTag::Delete => ('-', Some(AnsiColor::Red)),
                ChangeTag::Insert => ('+', Some(AnsiColor::Green)),
                ChangeTag::Equal => (' ', None),
            };
            let style = Style::new().fg_color(color.map(Into::into));
            let line = escape_line(change.value().trim_end_matches('\n'));
            text.push_str(&format!("{style}{mark} {line}{style:#}\n"));
        }
    }
    text
}

fn laid_out(body: &[u8]) -> String {
    match Form::Json.render(body) {
        Some(text) => text,
        None => String::from_utf8_lossy(body).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &str) {
        let text = lines(old.as_bytes(), new.as_bytes());
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
    }

    #[test]
    fn a_change_of_a_member_is_a_change_of_a_line() {
        check(
            r#"{"grade":"3.9","a":1}"#,
            r#"{"grade":"4.0","a":1}"#,
            "  {\n-   \"grade\": \"3.9\",\n+   \"grade\": \"4.0\",\n    \"a\": 1\n  }\n",
        );
        check("{}", "{}\n", "");
        check("\"a\"", "\"\x1b\"", "- \"a\"\n+ \"\\x1b\"\n");
    }
}
