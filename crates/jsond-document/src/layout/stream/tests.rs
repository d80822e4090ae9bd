//! Laying out in pieces by example: what stays, how little is looked at, and what is refused.

use super::*;
use crate::{IdRule, Json, Layout, ValueEdit, relayout};
use std::fmt::Write;

/// Lays `value` over a text that comes in chunks of one size.
pub(super) fn in_pieces(
    old: &[u8],
    base: &Value,
    value: &Value,
    chunk_bytes: usize,
) -> Result<Vec<u8>, PiecesError<()>> {
    let mut chunks = old.chunks(chunk_bytes).map(Bytes::copy_from_slice);
    let mut out = Vec::new();
    relayout_pieces(
        || Ok(chunks.next()),
        &Skeleton::of(base),
        value,
        |piece| {
            out.extend_from_slice(piece);
            Ok(())
        },
    )?;
    Ok(out)
}

fn value(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

/// A file of 200 records, more than a leaf can hold; every seventh has a layout of its own.
fn file() -> String {
    let mut text = "{\n  \"version\": 1,\n  \"posts\": [\n".to_owned();
    for id in 0..200 {
        let end = if id == 199 { "" } else { "," };
        let title = format!("post number {id} with a title that takes some room");
        if id % 7 == 0 {
            writeln!(
                text,
                "    {{ \"id\":{id},\n      \"title\":\"{title}\" }}{end}"
            )
            .unwrap();
        } else {
            writeln!(text, "    {{\"id\": {id}, \"title\": \"{title}\"}}{end}").unwrap();
        }
    }
    text.push_str("  ],\n  \"name\" : \"school\"\n}\n");
    text
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(str::to_owned).collect()
}

fn edit(base: &Value, edits: &[(&str, ValueEdit<'_>)]) -> Value {
    let places: Vec<_> = edits.iter().map(|(pointer, _)| tokens(pointer)).collect();
    let edits = places.iter().zip(edits);
    let placed: Vec<_> = edits
        .map(|(place, (_, edit))| (place.as_slice(), *edit))
        .collect();
    base.edit_many(&placed, &IdRule::default()).unwrap()
}

/// Checks edits of the file against a text, and against what is laid out in one.
fn check(edits: &[(&str, ValueEdit<'_>)], expected: &str) {
    let text = file();
    let base = value(&text);
    let new = edit(&base, edits);
    for bytes in [text.len(), 1000, 7] {
        let found = in_pieces(text.as_bytes(), &base, &new, bytes).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expected, "by {bytes}");
    }
    let whole = relayout(text.as_bytes(), &new.to_json());
    assert_eq!(String::from_utf8(whole).unwrap(), expected, "in one");
}

#[test]
fn one_changed_field_changes_its_bytes_only() {
    let text = file();
    check(
        &[("/posts/77/title", ValueEdit::Replace(&value("\"x\"")))],
        &text.replace("post number 77 with a title that takes some room", "x"),
    );
    check(
        &[("/version", ValueEdit::Replace(&value("2")))],
        &text.replace("\"version\": 1", "\"version\": 2"),
    );
    check(
        &[("/name", ValueEdit::Replace(&value("null")))],
        &text.replace("\"school\"", "null"),
    );
}

#[test]
fn a_record_goes_and_comes_with_its_line() {
    let text = file();
    let line = |id: usize| {
        let start = text.find(&format!("    {{\"id\": {id},")).unwrap();
        let end = start + text[start..].find('\n').unwrap() + 1;
        text[start..end].to_owned()
    };
    check(
        &[("/posts/100", ValueEdit::Remove)],
        &text.replace(&line(100), ""),
    );
    let last = line(199);
    check(
        &[("/posts/199", ValueEdit::Remove)],
        &text.replace(&format!(",\n{last}"), "\n"),
    );
    let new = value(r#"{"id":"new","title":""}"#);
    let shown = "    {\"id\": \"new\", \"title\": \"\"}";
    check(
        &[("/posts/-", ValueEdit::Add(&new))],
        &text.replace(&last, &format!("{},\n{shown}\n", last.trim_end())),
    );
    check(
        &[("/posts/101", ValueEdit::Add(&new))],
        &text.replace(&line(101), &format!("{shown},\n{}", line(101))),
    );
    check(
        &[
            ("/posts/0", ValueEdit::Remove),
            ("/posts/0", ValueEdit::Remove),
        ],
        &{
            let start = text.find("    { \"id\":0,").unwrap();
            let end = text.find("    {\"id\": 2,").unwrap();
            [&text[..start], &text[end..]].concat()
        },
    );
}

#[test]
fn changes_next_to_a_large_value_do_not_touch_it() {
    let text = file();
    check(
        &[
            ("/version", ValueEdit::Remove),
            ("/name", ValueEdit::Remove),
            ("/posts/3/id", ValueEdit::Replace(&value("333"))),
        ],
        &text
            .replace("  \"version\": 1,\n", "")
            .replace(",\n  \"name\" : \"school\"", "")
            .replace("{\"id\": 3,", "{\"id\": 333,"),
    );
}

#[test]
fn hundreds_of_records_come_and_go_at_once() {
    let text = file();
    let base = value(&text);
    let more = value(r#"{"id":"new","title":""}"#);
    let mut new = base.clone();
    for _ in 0..300 {
        new = edit(&new, &[("/posts/150", ValueEdit::Add(&more))]);
    }
    for back in [
        base.clone(),
        edit(&base, &[("/posts/20", ValueEdit::Remove)]),
    ] {
        let found = in_pieces(text.as_bytes(), &base, &new, 4096).unwrap();
        assert_eq!(found, relayout(text.as_bytes(), &new.to_json()));
        let again = in_pieces(&found, &new, &back, 4096).unwrap();
        assert_eq!(again, relayout(&found, &back.to_json()));
    }
}

#[test]
fn values_that_share_nothing_are_compared_by_their_text() {
    let text = file();
    let other = text.replace("number 5 ", "number five ");
    let found = in_pieces(text.as_bytes(), &value(&text), &value(&other), 512).unwrap();
    assert_eq!(String::from_utf8(found).unwrap(), other);
}

#[test]
fn chunks_of_every_size_make_no_difference() {
    let text = format!("\u{feff}{}", file());
    let base = value(&text);
    let record = value(r#"{"id":1000,"title":{"a":[]}}"#);
    let new = edit(
        &base,
        &[
            ("/posts/7/title", ValueEdit::Replace(&record)),
            ("/posts/60", ValueEdit::Remove),
            ("/posts/61", ValueEdit::Remove),
            ("/posts/66", ValueEdit::Add(&record)),
            ("/version", ValueEdit::Remove),
            ("/x", ValueEdit::Add(&record)),
        ],
    );
    let whole = relayout(text.as_bytes(), &new.to_json());
    for bytes in (1..300).chain((300..text.len() + 2).step_by(97)) {
        let found = in_pieces(text.as_bytes(), &base, &new, bytes).unwrap();
        assert!(found == whole, "by {bytes}");
    }
}

#[test]
fn a_text_that_is_not_its_value_is_refused() {
    let text = file();
    let base = value(&text);
    let new = edit(&base, &[("/posts/77/id", ValueEdit::Replace(&value("0")))]);
    let check = |text: &str| {
        let found = in_pieces(text.as_bytes(), &base, &new, 1000);
        assert_eq!(found, Err(PiecesError::Mismatch));
    };
    check("");
    check("[]");
    check(&text[..text.len() / 2]);
    check(&text.replace("number 3 ", "number 4 "));
    check(&text.replace("number 150 ", "number 151 "));
    check(&text.replace("\"name\"", "\"nam\""));
    check(&text.replacen("{\"id\": 1,", "{\"id\" 1,", 1));
    check(&text.replacen("{\"id\": 78,", "{\"id\" 78,", 1));
    check(&format!("{text} 1"));
    let shared = edit(&base, &[("/version", ValueEdit::Remove)]);
    let found = in_pieces(text.as_bytes(), &base, &Value::from(Json::string("")), 10);
    assert_eq!(found, Err(PiecesError::Mismatch));
    assert!(in_pieces(text.as_bytes(), &shared, &shared, 10).is_err());
}

#[test]
fn a_broken_text_never_panics() {
    let text = file();
    let base = value(&text);
    let new = edit(&base, &[("/posts/77/id", ValueEdit::Replace(&value("0")))]);
    let near = text.find("{\"id\": 76").unwrap()..text.find("{\"id\": 79").unwrap();
    for at in (0..text.len()).step_by(53).chain(near) {
        for byte in *b"{}[],:\"\\ x0" {
            let mut broken = text.clone().into_bytes();
            broken[at] = byte;
            if let Ok(found) = in_pieces(&broken, &base, &new, 4000) {
                assert_eq!(Json::parse(&found).unwrap(), new.to_json());
            }
        }
        let found = in_pieces(&text.as_bytes()[..at], &base, &new, 4000);
        assert_eq!(found, Err(PiecesError::Mismatch));
    }
}

#[test]
fn failures_of_both_sides_are_passed_on() {
    let text = file();
    let base = value(&text);
    let skeleton = Skeleton::of(&base);
    let unread = relayout_pieces(|| Err("read"), &skeleton, &base, |_| Ok(()));
    assert_eq!(unread, Err(PiecesError::Chunk("read")));
    let mut chunks = std::iter::once(Bytes::from(text));
    let unwritten = relayout_pieces(|| Ok(chunks.next()), &skeleton, &base, |_| Err("write"));
    assert_eq!(unwritten, Err(PiecesError::Chunk("write")));
}

#[test]
fn what_is_printed_afresh_follows_the_sample_of_the_file() {
    let numbers: Vec<_> = (0..5000).map(|n| n.to_string()).collect();
    let text = format!("{{\r\n\t\"a\": [{}]\r\n}}", numbers.join(", "));
    let base = value(&text);
    let new = edit(&base, &[("/b", ValueEdit::Add(&value(r#"{"c":[[1,2]]}"#)))]);
    let found = in_pieces(text.as_bytes(), &base, &new, 4096).unwrap();
    assert_eq!(found, relayout(text.as_bytes(), &new.to_json()));
    assert_eq!(
        Layout::detect(&found).indent,
        Layout::detect(text.as_bytes()).indent
    );
}
