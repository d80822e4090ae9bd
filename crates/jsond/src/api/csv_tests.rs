//! Tests of CSV: cells, columns, what has no form as a table, and that it reads back.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn render_text(collection: &str) -> Result<String, CsvError> {
    let value = Value::parse(collection.as_bytes()).unwrap();
    render(&value, "id").map(|pieces| String::from_utf8(pieces.concat()).unwrap())
}

#[track_caller]
fn check(collection: &str, rows: &[&str]) {
    let expected: String = rows.iter().map(|row| format!("{row}\r\n")).collect();
    assert_eq!(render_text(collection).unwrap(), expected, "{collection}");
}

#[track_caller]
fn check_error(collection: &str, expected: &CsvError, pointer: Option<&str>) {
    let error = render_text(collection).unwrap_err();
    assert_eq!(error, *expected, "{collection}");
    let found = error.pointer().map(|pointer| pointer.to_string());
    assert_eq!(found.as_deref(), pointer, "{collection}");
}

#[test]
fn an_object_collection_has_its_names_in_a_first_column() {
    check(
        r#"{"Chan_Jin":{"grade":4.50,"age":20},"a,b":{"age":21},"":{"grade":1}}"#,
        &[
            "key,grade,age",
            "Chan_Jin,4.50,20",
            "\"a,b\",,21",
            "\"\",1,",
        ],
    );
}

#[test]
fn columns_come_in_the_order_in_which_they_first_appear() {
    check(
        r#"[{"b":1,"a":2},{"a":3,"c":4},{"c":5,"b":6,"a":7},{}]"#,
        &["b,a,c", "1,2,", ",3,4", "6,7,5", ",,"],
    );
}

#[test]
fn a_name_is_one_column_however_it_is_spelled() {
    check(
        r#"[{"id":1,"\u0061":2},{"id":2,"a":3},{"a":4,"\u0069d":3}]"#,
        &["id,a", "1,2", "2,3", "3,4"],
    );
}

#[test]
fn scalars_are_written_as_they_are_spelled() {
    check(
        r#"[{"id":1.50,"b":true,"c":-0,"d":1e400,"e":9007199254740993,"f":false}]"#,
        &["id,b,c,d,e,f", "1.50,true,-0,1e400,9007199254740993,false"],
    );
}

#[test]
fn null_and_missing_are_empty_and_the_empty_string_is_not() {
    check(
        r#"[{"a":1,"b":null},{"a":2},{"a":3,"b":""}]"#,
        &["a,b", "1,", "2,", "3,\"\""],
    );
}

#[test]
fn texts_that_could_be_misread_are_quoted() {
    let cases = [
        (r#""plain text""#, "plain text"),
        (r#""a,b""#, "\"a,b\""),
        (r#""say \"x\"""#, "\"say \"\"x\"\"\""),
        (r#""\"""#, "\"\"\"\""),
        (r#""a\r\nb""#, "\"a\r\nb\""),
        (r#""a\nb""#, "\"a\nb\""),
        (r#""a\rb""#, "\"a\rb\""),
        (r#""a\tb""#, "\"a\tb\""),
        (r#"" a""#, "\" a\""),
        (r#""a ""#, "\"a \""),
        (r#"" ""#, "\" \""),
        (r#""a\u0000""#, "\"a\0\""),
        (r#""\ud834\udd1e é한""#, "\u{1d11e} é한"),
        (r#""a;b'c""#, "a;b'c"),
    ];
    for (spelled, cell) in cases {
        check(
            &format!(r#"[{{"id":1,"x":{spelled}}}]"#),
            &["id,x", &format!("1,{cell}")],
        );
        check(
            &format!(r#"[{{"id":1,{spelled}:2}}]"#),
            &[&format!("id,{cell}"), "1,2"],
        );
    }
    check(r#"[{"id":1,"":2}]"#, &["id,\"\"", "1,2"]);
}

#[test]
fn an_empty_collection_is_a_header_row() {
    check("{}", &["key"]);
    check("[]", &["id"]);
    check(r#"{"a":{},"b":{}}"#, &["key", "a", "b"]);
    check("[{},{}]", &["id", "\"\"", "\"\""]);
}

#[test]
fn a_row_is_never_an_empty_line() {
    check(
        r#"[{"a":1},{},{"a":null},{"a":""}]"#,
        &["a", "1", "\"\"", "\"\"", "\"\""],
    );
}

#[test]
fn what_is_not_flat_is_named() {
    let not_flat = |record: &str, member: &str| CsvError::NotFlat {
        record: record.to_owned(),
        member: member.to_owned(),
    };
    check_error(
        r#"{"a":{"x":1},"b/c":{"y":[]}}"#,
        &not_flat("b/c", "y"),
        Some("/b~1c/y"),
    );
    check_error(
        r#"[{"id":1},{"id":2,"\u0070":{}}]"#,
        &not_flat("1", "p"),
        Some("/1/p"),
    );
    let no_record = CsvError::NotARecord {
        record: "1".to_owned(),
    };
    check_error(r#"[{"id":1},5]"#, &no_record, Some("/1"));
    check_error("17", &CsvError::NotMany, None);
    let words = not_flat("Chan \"J\"", "x").to_string();
    assert!(
        words.contains(r#"in "Chan \"J\"" the member "x""#),
        "{words}"
    );
}

#[test]
fn a_large_record_and_a_large_collection_are_written_whole() {
    let long = "x,".repeat(10_000);
    let records: Vec<_> = (0..5000)
        .map(|n| format!(r#"{{"id":{n},"x":"{n}","l":null}}"#))
        .collect();
    let text = format!(r#"[{},{{"l":"{long}","id":5000}}]"#, records.join(","));
    let mut expected = "id,x,l\r\n".to_owned();
    expected.extend((0..5000).map(|n| format!("{n},{n},\r\n")));
    expected += &format!("5000,,\"{long}\"\r\n");
    assert!(render_text(&text).unwrap() == expected);
}

#[test]
fn records_with_nothing_in_common_are_refused_before_they_fill_the_memory() {
    let begun = Instant::now();
    let strange: Vec<_> = (0..20_000).map(|n| format!(r#"{{"a{n}":1}}"#)).collect();
    check_error(
        &format!("[{}]", strange.join(",")),
        &CsvError::TooSparse,
        None,
    );
    let wide: Vec<_> = (0..=CSV_COLUMNS_MAX)
        .map(|n| format!(r#""a{n}":1"#))
        .collect();
    check_error(
        &format!("[{{{}}}]", wide.join(",")),
        &CsvError::TooSparse,
        None,
    );
    check_error(
        &format!("[{{{}}}{}]", wide[1..].join(","), ",{}".repeat(10_000)),
        &CsvError::TooSparse,
        None,
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(render_text(&format!("[{{{}}}]", wide[1..].join(","))).is_ok());
}

/// Reads RFC 4180 text back; none stands for an empty cell without quotes.
fn read_back(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        row.push(read_cell(&mut rest));
        match rest.next().unwrap() {
            ',' => {}
            end => {
                assert_eq!((end, rest.next()), ('\r', Some('\n')));
                rows.push(std::mem::take(&mut row));
            }
        }
    }
    rows
}

fn read_cell(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut cell = String::new();
    if rest.next_if_eq(&'"').is_none() {
        while let Some(letter) = rest.next_if(|letter| !matches!(letter, ',' | '\r')) {
            cell.push(letter);
        }
        return (!cell.is_empty()).then_some(cell);
    }
    loop {
        match rest.next().unwrap() {
            '"' if rest.next_if_eq(&'"').is_none() => return Some(cell),
            letter => cell.push(letter),
        }
    }
}

proptest! {
    #[test]
    fn every_text_reads_back_as_it_was(
        rows in prop::collection::vec(prop::option::of("[ab ,\"\r\n\t\u{e9}]{0,6}"), 1..8),
    ) {
        let spell = |cell: &Option<String>| cell.as_ref().map_or("null".to_owned(), |it| quote(it));
        let records: Vec<_> = rows.iter().enumerate()
            .map(|(n, cell)| format!(r#"{{"id":{n},"x":{},"y":{}}}"#, spell(cell), spell(cell)))
            .collect();
        let found = read_back(&render_text(&format!("[{}]", records.join(","))).unwrap());
        prop_assert_eq!(found.len(), rows.len() + 1);
        for (n, cell) in rows.iter().enumerate() {
            let expected = [Some(n.to_string()), cell.clone(), cell.clone()];
            prop_assert_eq!(&found[n + 1], &expected);
        }
    }
}
