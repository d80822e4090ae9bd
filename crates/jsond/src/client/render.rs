//! Bodies and targets as people read them at a terminal: JSON indented, a problem as its sentence.
//!
//! Pure. Only what is shown is shaped; a pipe or a file gets a body byte for byte. Nothing here makes
//! text harmless: that is done where it is written.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::value::RawValue;

use super::head::Head;

/// How deep lines are indented; what is deeper stays in that column, so that a hostile body cannot
/// become hundreds of times as long.
const INDENT_DEPTH_MAX: usize = 16;

/// The members of a problem that its sentence and the status line already tell.
const TOLD: [&str; 9] = [
    "type", "title", "status", "detail", "instance", "offset", "line", "column", "allowed",
];

/// What a body is, of the kinds that are shaped for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    /// RFC 9457.
    Problem,
}

impl Form {
    /// The form that the head says; `None` for a body that is shown as it is.
    pub(super) fn of(head: &Head) -> Option<Self> {
        let content_type = head.header("content-type")?;
        let essence = content_type.split(';').next()?.trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/problem+json" => Some(Self::Problem),
            "application/json" => Some(Self::Json),
            _ => essence.ends_with("+json").then_some(Self::Json),
        }
    }

    /// The body for a person; `None` when it is best shown as it is.
    pub(super) fn render(self, body: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(body).ok()?;
        match self {
            Self::Problem => problem(text).or_else(|| indented(text)),
            Self::Json => indented(text),
        }
    }
}

/// The sentence of a problem, and a line for each member that says more than it.
fn problem(text: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(text).ok()?;
    let sentence = ["detail", "title"]
        .iter()
        .find_map(|name| problem.get(name)?.as_str())?;
    let mut lines = format!("{sentence}\n");
    for (name, value) in problem.as_object()? {
        if !TOLD.contains(&name.as_str()) {
            writeln!(lines, "  {name}: {value}").expect("writing into a String cannot fail");
        }
    }
    Some(lines)
}

/// JSON that came on one line, on as many as it has values. What has lines already keeps them.
fn indented(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    if text.contains('\n') {
        return None;
    }
    serde_json::from_str::<&RawValue>(text).ok()?;
    let mut indenter = Indenter::default();
    text.chars().for_each(|character| indenter.push(character));
    indenter.text.push('\n');
    Some(indenter.text)
}

/// Lays out the text of one JSON value; numbers and strings stay as they are spelled.
#[derive(Default)]
struct Indenter {
    text: String,
    depth: usize,
    within_string: bool,
    /// After a backslash.
    is_escaped: bool,
    /// After an opening bracket, when it is not known yet whether something is in it.
    has_opened: bool,
}

impl Indenter {
    fn push(&mut self, character: char) {
        if self.within_string {
            self.text.push(character);
            self.within_string = self.is_escaped || character != '"';
            self.is_escaped = !self.is_escaped && character == '\\';
        } else if !character.is_ascii_whitespace() {
            self.push_token(character);
        }
    }

    fn push_token(&mut self, character: char) {
        let closes = matches!(character, '}' | ']');
        self.depth -= usize::from(closes);
        if std::mem::take(&mut self.has_opened) != closes {
            self.begin_line();
        }
        self.text.push(character);
        match character {
            '{' | '[' => {
                self.depth += 1;
                self.has_opened = true;
            }
            ',' => self.begin_line(),
            ':' => self.text.push(' '),
            '"' => self.within_string = true,
            _ => {}
        }
    }

    fn begin_line(&mut self) {
        self.text.push('\n');
        let columns = 2 * self.depth.min(INDENT_DEPTH_MAX);
        self.text.extend(std::iter::repeat_n(' ', columns));
    }
}

/// A target with the letters of all languages instead of their percent encoding; what means something
/// in a target, or breaks a line of words, stays encoded, so that it can be typed again as shown.
pub(super) fn target(encoded: &str) -> String {
    let mut shown = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while !rest.is_empty() {
        let (text, length) = match percent_run(rest) {
            0 => {
                let end = rest[1..].find('%').map_or(rest.len(), |at| at + 1);
                (rest[..end].to_owned(), end)
            }
            length => (letters(&rest[..length]), length),
        };
        shown.push_str(&text);
        rest = &rest[length..];
    }
    shown
}

/// How many bytes at the beginning are percent encodings of bytes that are not ASCII.
fn percent_run(text: &str) -> usize {
    let is_encoded = |triple: &&[u8]| {
        triple[0] == b'%'
            && matches!(triple[1].to_ascii_lowercase(), b'8'..=b'9' | b'a'..=b'f')
            && triple[2].is_ascii_hexdigit()
    };
    3 * text
        .as_bytes()
        .chunks_exact(3)
        .take_while(is_encoded)
        .count()
}

/// The letters that a run of percent encodings stands for, or the run if they are not all visible.
fn letters(run: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(run).decode_utf8();
    let is_visible = |letter: char| !letter.is_whitespace() && !letter.is_control();
    match decoded {
        Ok(text) if text.chars().all(is_visible) => text.into_owned(),
        _ => run.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, body: &str, expected: Option<&str>) {
        assert_eq!(form.render(body.as_bytes()).as_deref(), expected, "{body}");
    }

    #[test]
    fn json_on_one_line_is_indented_and_keeps_its_spelling() {
        let body = "{\"a\":{\"b\":4.10,\"c\":[]},\"d\":[1, {}],\"e{\\\"\":\"x, \\\\\"}\n";
        let lines = "{\n  \"a\": {\n    \"b\": 4.10,\n    \"c\": []\n  },\n  \"d\": [\n    1,\n    \
                     {}\n  ],\n  \"e{\\\"\": \"x, \\\\\"\n}\n";
        check(Form::Json, body, Some(lines));
        check(Form::Json, "4.50\n", Some("4.50\n"));
        check(Form::Json, "{ }", Some("{}\n"));
    }

    #[test]
    fn what_has_lines_or_is_not_json_stays_as_it_is() {
        check(Form::Json, "{\n\t\"a\": 1\n}\n", None);
        check(Form::Json, "{\"a\":1}}", None);
        check(Form::Json, "", None);
        check(Form::Json, &"[".repeat(100_000), None);
        assert_eq!(Form::Json.render(b"\"\xff\""), None);
    }

    #[test]
    fn indentation_ends_at_a_depth() {
        let body = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let longest = indented(&body).unwrap().lines().map(str::len).max();
        assert_eq!(longest, Some(2 * INDENT_DEPTH_MAX + 2));
    }

    #[test]
    fn a_problem_is_its_sentence_and_what_else_it_says() {
        let body = r#"{"type":"/p#x","title":"Conflict","status":409,"detail":"It is there.",
            "instance":"/a","line":1,"pointer":"/a/b"}"#;
        check(
            Form::Problem,
            body,
            Some("It is there.\n  pointer: \"/a/b\"\n"),
        );
        check(Form::Problem, r#"{"title":"Gone"}"#, Some("Gone\n"));
        check(
            Form::Problem,
            r#"{"code":1}"#,
            Some("{\n  \"code\": 1\n}\n"),
        );
        check(Form::Problem, "nonsense", None);
    }

    #[test]
    fn the_content_type_says_the_form() {
        let of = |value: &str| {
            Form::of(&Head {
                headers: vec![("content-type".into(), value.into())],
                ..Head::default()
            })
        };
        assert_eq!(of("application/json; charset=utf-8"), Some(Form::Json));
        assert_eq!(of("Application/Problem+JSON"), Some(Form::Problem));
        assert_eq!(of("application/hal+json"), Some(Form::Json));
        assert_eq!(of("application/x-ndjson"), None);
        assert_eq!(of("text/plain"), None);
    }

    #[test]
    fn a_target_shows_letters_and_keeps_what_means_something() {
        assert_eq!(target("/a.json/%EA%B9%80%20%EB%AF%BC"), "/a.json/김%20민");
        assert_eq!(target("/a%2Fb%C3%A9c?x=%26"), "/a%2Fbéc?x=%26");
        for kept in ["/%E3%80%80", "/%ff", "/%C2%85", "/%e", "%", "/100%é", ""] {
            assert_eq!(target(kept), kept);
        }
    }
}
