//! Colours of JSON on a terminal. Pure; the text is harmless already.

use anstyle::{AnsiColor, Style};

const NAME: Style = color(AnsiColor::Blue);
const TEXT: Style = color(AnsiColor::Green);
const NUMBER: Style = color(AnsiColor::Cyan);
const WORD: Style = color(AnsiColor::Magenta);

const fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// The text with its names, strings, numbers and words in colours.
pub(super) fn json(text: &str) -> String {
    let mut painted = String::with_capacity(2 * text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_bytes(rest),
            _ if is_of_scalar(first) => rest
                .find(|character| !is_of_scalar(character))
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let style = match first {
            '"' if after.trim_start().starts_with(':') => Some(NAME),
            '"' => Some(TEXT),
            '-' | '0'..='9' => Some(NUMBER),
            _ if is_of_scalar(first) => Some(WORD),
            _ => None,
        };
        match style {
            Some(style) => painted.push_str(&format!("{style}{token}{style:#}")),
            None => painted.push_str(token),
        }
        rest = after;
    }
    painted
}

fn is_of_scalar(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+-.".contains(character)
}

/// The length of the string at the beginning, with its quotes.
fn string_bytes(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_colours_is_added() {
        for text in [
            "{\n  \"a\\\"\": [1, -2.50e+3, true, null, \"x:\"],\n  \"b\" : {}\n}\n",
            "\"not closed",
            "plain text, no JSON at all: 학생",
            "",
        ] {
            let painted = json(text);
            assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text);
        }
    }

    #[test]
    fn names_and_values_are_told_apart() {
        let painted = json("{\"a\": \"b\", \"c\": -1.5, \"d\": false}");
        for token in [
            format!("{NAME}\"a\"{NAME:#}"),
            format!("{TEXT}\"b\"{TEXT:#}"),
            format!("{NUMBER}-1.5{NUMBER:#}"),
            format!("{WORD}false{WORD:#}"),
        ] {
            assert!(painted.contains(&token), "{painted}");
        }
    }
}
