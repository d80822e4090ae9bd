//! How the fields of a question are laid out: names in one column, answers in the next.

use unicode_width::UnicodeWidthStr;

use super::choices::Choices;
use super::escape::escape_bytes_line;

/// The widest column of names.
const COLUMN_MAX: usize = 24;

/// How wide the column of names is.
pub(super) fn column(choices: &Choices) -> usize {
    let widths = choices
        .fields
        .iter()
        .map(|field| shown(&field.name).width());
    widths.max().unwrap_or(0).min(COLUMN_MAX)
}

/// The prompt of one field.
pub(super) fn field(name: &str, column: usize) -> String {
    let name = shown(name);
    let padding = " ".repeat(column.saturating_sub(name.width()));
    format!("  {name}{padding} : ")
}

fn shown(name: &str) -> String {
    escape_bytes_line(name.as_bytes(), 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: &str, expected: &[&str]) {
        let choices = Choices::parse(prompt.as_bytes()).unwrap();
        let column = column(&choices);
        let prompts: Vec<_> = choices
            .fields
            .iter()
            .map(|wanted| field(&wanted.name, column))
            .collect();
        assert_eq!(prompts, expected);
    }

    #[test]
    fn names_stand_in_a_column() {
        check(
            "Enter : key student_number",
            &["  key            : ", "  student_number : "],
        );
        check("Enter : 이름 a", &["  이름 : ", "  a    : "]);
        check("Enter : k\x1b[2J", &["  k\\x1b[2J : "]);
    }
}
