//! A collection as a table: a row for each record, a column for each member. Pure.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use serde_json::value::RawValue;

use super::escape::escape_line;
use super::limit;
use super::members::Members;

/// How wide a cell may be before it is shortened.
const CELL_CHARACTERS_MAX: usize = 40;

/// The table of an array or object of records; `None` for what is none.
///
/// Numbers keep their spelling; a value that is no text is its JSON on one line.
pub(super) fn of_collection(body: &[u8], width: Option<u16>) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let rows = rows_of(text)?;
    let mut columns: Vec<String> = Vec::new();
    for (_, record) in &rows {
        for (name, _) in record {
            if !columns.contains(name) && columns.len() < limit::TABLE_COLUMNS_MAX {
                columns.push(name.clone());
            }
        }
    }
    let mut table = plain(width);
    let has_keys = rows.iter().any(|(key, _)| key.is_some());
    let key_column = has_keys.then(|| "key".to_owned());
    table.set_header(
        key_column
            .into_iter()
            .chain(columns.iter().map(|it| shown(it))),
    );
    for (key, record) in &rows {
        let cell = |column: &String| {
            let found = record.iter().find(|(name, _)| name == column);
            found.map(|(_, value)| cell(value)).unwrap_or_default()
        };
        let key = has_keys.then(|| shown(key.as_deref().unwrap_or_default()));
        table.add_row(key.into_iter().chain(columns.iter().map(cell)));
    }
    Some(finish(&table))
}

/// A table with these rows.
pub(super) fn of_rows(header: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let mut table = plain(width);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| shown(cell)));
    }
    finish(&table)
}

fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    table
}

fn finish(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

type Record = Vec<(String, Box<RawValue>)>;

/// The records with their keys, in their order.
fn rows_of(text: &str) -> Option<Vec<(Option<String>, Record)>> {
    let is_array = text.trim_ascii_start().starts_with('[');
    let members: Vec<(Option<String>, Box<RawValue>)> = match is_array {
        true => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|item| (None, item)).collect()
        }
        false => {
            let members: Members = serde_json::from_str(text).ok()?;
            let members = members.0.into_iter();
            members.map(|(key, value)| (Some(key), value)).collect()
        }
    };
    let is_record = |value: &RawValue| value.get().starts_with('{');
    if members.is_empty() || !members.iter().any(|(_, value)| is_record(value)) {
        return None;
    }
    let row = |(key, value): (Option<String>, Box<RawValue>)| {
        let record = match is_record(&value) {
            true => serde_json::from_str::<Members>(value.get()).ok()?.0,
            false => vec![("value".to_owned(), value)],
        };
        Some((key, record))
    };
    members.into_iter().map(row).collect()
}

fn cell(value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => shown(&text),
        _ => shown(value.get()),
    }
}

fn shown(text: &str) -> String {
    let mut line = escape_line(&text.chars().take(CELL_CHARACTERS_MAX).collect::<String>());
    if text.chars().nth(CELL_CHARACTERS_MAX).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let table = of_collection(body.as_bytes(), None);
        assert_eq!(table.as_deref(), Some(expected), "{body}");
    }

    #[test]
    fn records_of_an_object_have_their_keys() {
        check(
            r#"{"Da_Eun":{"grade":"3.9","n":4.10},"김":{"grade":"4.0","tags":["a", 1]}}"#,
            " key     grade  n     tags\n Da_Eun  3.9    4.10\n 김      4.0          [\"a\", 1]\n",
        );
    }

    #[test]
    fn records_of_an_array_have_none_and_a_scalar_is_a_value() {
        check(
            r#"[{"id":1,"a":null},{"id":2},3]"#,
            " id  a     value\n 1   null\n 2\n           3\n",
        );
    }

    #[test]
    fn what_is_no_collection_has_no_table() {
        for body in ["1", "{}", "[]", "[1,2]", r#"{"a":1}"#, "x", "[{]"] {
            assert_eq!(of_collection(body.as_bytes(), None), None, "{body}");
        }
    }

    #[test]
    fn a_cell_is_one_line_and_brings_no_escape_sequence() {
        let body = format!(r#"[{{"a":"b\nc\u001b[2J","l":"{}"}}]"#, "x".repeat(100));
        let table = of_collection(body.as_bytes(), None).unwrap();
        assert!(table.contains(r"b\nc\x1b[2J"), "{table}");
        assert!(table.contains(&format!("{}…", "x".repeat(40))), "{table}");
        assert_eq!(table.lines().count(), 2);
    }
}
