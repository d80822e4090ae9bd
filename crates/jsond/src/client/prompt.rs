//! How the fields of a question are laid out: names in one column, answers in the next.

use unicode_width::UnicodeWidthStr;

use super::choices::{Choices, Field};
use super::escape::escape_bytes_line;
use super::language::Language;

/// The widest column of names.
const COLUMN_MAX: usize = 24;

/// How wide the column of names is.
pub(super) fn column(choices: &Choices, language: Language) -> usize {
    let fields = choices.fields.iter();
    let widths = fields.map(|field| label(field, language).width());
    widths.max().unwrap_or(0).min(COLUMN_MAX)
}

/// The prompt of one field.
pub(super) fn field(field: &Field, column: usize, language: Language) -> String {
    let label = label(field, language);
    let padding = " ".repeat(column.saturating_sub(label.width()));
    format!("  {label}{padding} : ")
}

/// The name, and what has to be typed where that is not any text.
fn label(field: &Field, language: Language) -> String {
    let name = escape_bytes_line(field.name.as_bytes(), 64);
    let kind = field.kind.as_deref().and_then(|kind| language.kind(kind));
    kind.map_or(name.clone(), |kind| format!("{name} ({kind})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: &str, expected: &[&str]) {
        let choices = Choices::parse(prompt.as_bytes()).unwrap();
        let column = column(&choices, Language::En);
        let prompts: Vec<_> = choices
            .fields
            .iter()
            .map(|wanted| field(wanted, column, Language::En))
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
        check(
            r#"{"fields":[{"name":"a","type":"string"},{"name":"seats","type":"number"}]}"#,
            &["  a              : ", "  seats (number) : "],
        );
        check("Enter : k\x1b[2J", &["  k\\x1b[2J : "]);
    }
}
