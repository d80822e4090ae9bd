//! Laying out in pieces where thousands of entries change at once, or stand on one line.
//!
//! More than is looked ahead, so that one change is laid out in several windows, one right after
//! the other. The reference is what is laid out in one.

use super::tests::in_pieces;
use super::*;
use crate::{Json, relayout};

/// How many records there are; a window has some 4000 at the most.
const RECORDS: usize = 9000;

/// A file of records on one line each.
fn file(records: impl Iterator<Item = String>) -> String {
    let lines: Vec<_> = records.map(|record| format!("\n\t{record}")).collect();
    format!("[{}\n]\n", lines.join(","))
}

fn record(number: usize) -> String {
    format!("{{\"n\": {number}}}")
}

fn records(numbers: impl IntoIterator<Item = usize>) -> String {
    file(numbers.into_iter().map(record))
}

/// Checks that one text becomes another, forth and back.
fn check(text: &str, other: &str) {
    check_forth(text, other);
    check_forth(other, text);
}

fn check_forth(from: &str, to: &str) {
    let found = lay(from, to);
    assert!(found == to.as_bytes(), "{}", first_difference(&found, to));
    let value = Json::parse(to.as_bytes()).unwrap();
    assert!(relayout(from.as_bytes(), &value) == to.as_bytes());
}

/// Lays the value of one text over another.
fn lay(from: &str, to: &str) -> Vec<u8> {
    let [base, value] = [from, to].map(|text| Value::parse(text.as_bytes()).unwrap());
    in_pieces(from.as_bytes(), &base, &value, 5000).unwrap()
}

fn first_difference(found: &[u8], expected: &str) -> String {
    let pairs = found.iter().zip(expected.as_bytes());
    let at = pairs.take_while(|(one, other)| one == other).count();
    let near =
        |text: &[u8]| String::from_utf8_lossy(&text[at..text.len().min(at + 80)]).into_owned();
    format!(
        "{:?} in place of {:?}",
        near(found),
        near(expected.as_bytes())
    )
}

#[test]
fn thousands_of_records_come_and_go_at_any_place() {
    let text = records(0..1500);
    check(&text, &records(0..RECORDS));
    check(&text, &records((RECORDS..20_000).chain(0..1500)));
    check(
        &text,
        &records((0..700).chain(RECORDS..20_000).chain(700..1500)),
    );
}

#[test]
fn thousands_of_records_change_at_once() {
    let text = records(0..RECORDS);
    check(&text, &records(10_000..10_000 + RECORDS));
    check(&text, &records(10_000..10_000 + 3 * RECORDS));
    check(&text, &records((10_000..30_000).chain(0..1)));
    check(&text, &records((0..1).chain(10_000..30_000)));
    check(&text, &records((0..RECORDS).rev()));
}

#[test]
fn records_that_changed_and_others_that_went_behind_them() {
    let text = records(0..RECORDS);
    check(&text, &records((10_000..15_000).chain(8000..8500)));
    check(&text, &records((10_000..15_000).chain(5500..6000)));
    check(&text, &records((10_000..14_096).chain(8999..RECORDS)));
}

#[test]
fn every_third_record_changes() {
    let changed = (0..RECORDS).map(|n| if n % 3 == 0 { n + 10_000 } else { n });
    check(&records(0..RECORDS), &records(changed));
    let fewer = (0..RECORDS).filter(|n| n % 40 != 0);
    check(&records(0..RECORDS), &records(fewer));
}

#[test]
fn a_value_in_the_middle_of_a_line_stands_in_as_far_as_the_line() {
    let number = |n: usize| match n % 30 {
        0 => format!("\n        {n}"),
        _ => format!(" {n}"),
    };
    let numbers: Vec<_> = (0..5000).map(number).collect();
    let text = format!("{{\n    \"x\": [{}\n    ]\n}}", numbers.join(","));
    let base = Value::parse(text.as_bytes()).unwrap();
    for n in ["15", "2085", "2094", "4985"] {
        let tokens = ["x".to_owned(), n.to_owned()];
        let fresh = Value::parse(br#"{"a":[{}]}"#).unwrap();
        let new = base.replace(&tokens, &fresh).unwrap();
        let found = in_pieces(text.as_bytes(), &base, &new, 5000).unwrap();
        let shown = "{\n            \"a\": [\n                {}\n            ]\n        }";
        let expected = text.replace(&format!(" {n},"), &format!(" {shown},"));
        assert!(
            found == expected.as_bytes(),
            "{}",
            first_difference(&found, &expected)
        );
        assert!(found == relayout(text.as_bytes(), &new.to_json()));
    }
}

#[test]
fn more_goes_at_once_than_is_held() {
    let long = |n: usize| format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(1000));
    let text = file((0..3000).map(long));
    check(&text, &file((0..20).chain(2980..3000).map(long)));
    check(&text, &file((0..20).map(long)));
    check(&text, &file((2980..3000).map(long)));
    check(
        &text,
        &file((0..20).chain([5000]).chain(2980..3000).map(long)),
    );
}

/// Once the place of a leaf was looked up by its digest alone, and the last of many equal ones was
/// found.
#[test]
fn equal_leaves_do_not_stand_for_each_other() {
    let zeros = |count: usize| vec!["0".to_owned(); count];
    let text = |parts: &[Vec<String>]| format!("[\n\t{}\n]", parts.concat().join(", "));
    let more = vec!["17".to_owned(), "18".to_owned()];
    check(
        &text(&[zeros(70_000)]),
        &text(&[zeros(30_000), more, zeros(40_000)]),
    );
}

#[test]
fn records_at_the_end_of_a_cut_leaf_keep_their_layout_when_more_go_than_are_seen() {
    let line = |n: usize| match n % 3 {
        0 => format!("{{ \"n\":{n} }}"),
        _ => record(n),
    };
    for kept in [20, 333, 1001] {
        let text = file((0..60_000).map(line));
        check_forth(&text, &file((60_000 - kept..60_000).map(line)));
        check_forth(&text, &file((0..7).chain(60_000 - kept..60_000).map(line)));
    }
}

#[test]
fn the_old_text_is_not_read_far_ahead_when_no_leaf_is_the_same() {
    let long = |n: usize| format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(200));
    let text = file((100_000..140_000).map(long));
    let more = file((99_999..140_000).map(long));
    let [base, value] = [&text, &more].map(|text| Value::parse(text.as_bytes()).unwrap());
    let mut chunks = text.as_bytes().chunks(5000).map(Bytes::copy_from_slice);
    let (read, mut written, mut ahead_max) = (std::cell::Cell::new(0), 0, 0);
    let next = || {
        let chunk = chunks.next();
        read.set(read.get() + chunk.as_ref().map_or(0, Bytes::len));
        Ok::<_, ()>(chunk)
    };
    let write = |piece: &[u8]| {
        written += piece.len();
        ahead_max = ahead_max.max(read.get().saturating_sub(written));
        Ok(())
    };
    relayout_pieces(next, &Skeleton::of(&base), &value, write).unwrap();
    assert!(read.get() == text.len() && written == more.len());
    assert!(ahead_max < 3 * 1024 * 1024, "{ahead_max}");
}

/// A database of collections that are too large to be held.
fn database(version: usize, collections: &[(&str, usize)]) -> String {
    let shown = |(name, salt): &(&str, usize)| {
        let lines = (0..RECORDS).map(|n| format!("\n\t\t{}", record(n * salt)));
        let lines = lines.collect::<Vec<_>>().join(",");
        format!("\t\"{name}\": [{lines}\n\t],\n\t\"{name} name\": {version}")
    };
    let shown: Vec<_> = collections.iter().map(shown).collect();
    format!("{{\n\t\"version\": {version},\n{}\n}}\n", shown.join(",\n"))
}

#[test]
fn large_values_next_to_each_other_change_each_by_itself() {
    let text = database(1, &[("a", 1), ("b", 2), ("c", 3)]);
    check(&text, &database(2, &[("a", 1), ("b", 2), ("c", 3)]));
    check(&text, &database(1, &[("a", 1), ("c", 3)]));
    check(&text, &database(2, &[("b", 2), ("c", 3)]));
    check(&text, &database(2, &[("a", 1), ("b", 5), ("c", 3)]));
    check(
        &text,
        &text.replacen("{\"n\": 200}", "{\"n\": 200, \"m\": 0}", 3),
    );
    let open = text.find("[").unwrap();
    let close = text.find("]").unwrap();
    let fewer = [&text[..open], "17", &text[close + 1..]].concat();
    let found = lay(&text, &fewer);
    assert!(
        found == fewer.as_bytes(),
        "{}",
        first_difference(&found, &fewer)
    );
}

#[test]
fn a_large_value_goes_and_what_is_left_is_small() {
    let text = database(1, &[("a", 1)]);
    check_forth(&text, "{\n\t\"version\": 1,\n\t\"a name\": 1\n}\n");
}
