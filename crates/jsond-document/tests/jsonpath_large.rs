//! Large values are kept in another way than small ones; a query must not be able to tell.
//!
//! The same document is made small and, with a long member that no query asks for, large.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use jsond_document::{JsonPath, JsonPathBounds, Value};
use proptest::prelude::*;

const BOUNDS: JsonPathBounds = JsonPathBounds {
    steps_max: 10_000_000,
    result_bytes_max: 100_000_000,
};

/// Eleven records and an object of their names, with so much text in each record.
fn document(pad_bytes: usize) -> Value {
    let pad = "x".repeat(pad_bytes);
    let record = |n: usize| format!("{{\"v\":{n},\"w\":[{n},\"{n}\"],\"pad\":\"{pad}\"}}");
    let records: Vec<_> = (0..11).map(record).collect();
    let members: Vec<_> = (0..11)
        .map(|n| format!("\"k\\u006{n:x}\":{}", record(n)))
        .collect();
    let text = format!(
        "{{\"list\":[{}],\"map\":{{{}}},\"pad\":\"{pad}\"}}",
        records.join(","),
        members.join(",")
    );
    Value::parse(text.as_bytes()).unwrap()
}

fn paths(query: &str, document: &Value) -> Vec<String> {
    let query = JsonPath::parse(query).unwrap();
    let found = query.find(document, BOUNDS).unwrap();
    found.into_iter().map(|found| found.path).collect()
}

#[track_caller]
fn check(query: &str, count: usize) {
    let small = paths(query, &document(0));
    assert_eq!(small.len(), count, "{query} {small:?}");
    assert_eq!(paths(query, &document(1000)), small, "{query}, as a tree");
    assert_eq!(
        paths(query, &document(10_000)),
        small,
        "{query}, as a tree of trees"
    );
}

#[test]
fn small_and_large_documents_give_the_same_places() {
    check("$", 1);
    check("$.*", 3);
    check("$.list[*].v", 11);
    check("$.list[-1,0,10,11,-12].v", 3);
    check("$.list[::-1].v", 11);
    check("$.list[::-4].w[::-1]", 6);
    check("$.list[1:9:3]", 3);
    check("$.map.kb.v", 1);
    check("$.map.kz.v", 0);
    check("$.map['ka','kd'].v", 2);
    check("$.map.*.w[-1]", 11);
    check("$..v", 22);
    check("$..w[?@ == 3]", 2);
    check("$..[?@.v == 3].w", 2);
    check("$.list[?@ == $.map.kc]", 1);
    check("$.list[?@ != $.list[2]]", 10);
    check("$[?@ == $.list]", 1);
    check("$[?@ == $.map]", 1);
    check("$[?length(@) == 11]", 2);
    check("$[?count(@.*) == 11][?@.w[0] >= 8]", 6);
    check("$.list[?value($.map..v) == 1]", 0);
    check("$.list[?@.v == value($.map.kd.v)]", 1);
    check("$..*", 3 + 22 + 66 + 44);
}

/// *Source*: RFC 9535 §2.3.4.2.2, word for word.
fn sliced(length: i64, start: Option<i64>, end: Option<i64>, step: i64) -> Vec<i64> {
    let normalize = |i: i64| if i >= 0 { i } else { length + i };
    let mut all = Vec::new();
    if step > 0 {
        let lower = normalize(start.unwrap_or(0)).max(0).min(length);
        let upper = normalize(end.unwrap_or(length)).max(0).min(length);
        let mut i = lower;
        while i < upper {
            all.push(i);
            i += step;
        }
    } else if step < 0 {
        let upper = normalize(start.unwrap_or(length - 1))
            .max(-1)
            .min(length - 1);
        let lower = normalize(end.unwrap_or(-length - 1))
            .max(-1)
            .min(length - 1);
        let mut i = upper;
        while lower < i {
            all.push(i);
            i += step;
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn slices_of_every_length_are_those_of_the_rfc(
        length in prop_oneof![0..20_i64, 4000..4020_i64],
        start in prop::option::of(prop_oneof![-25..25_i64, -5000..5000_i64]),
        end in prop::option::of(prop_oneof![-25..25_i64, -5000..5000_i64]),
        step in prop_oneof![-12..12_i64, -5000..5000_i64],
    ) {
        let numbers: Vec<_> = (0..length).map(|n| n.to_string()).collect();
        let array = Value::parse(format!("[{}]", numbers.join(",")).as_bytes()).unwrap();
        let text = |bound: Option<i64>| bound.map_or(String::new(), |it| it.to_string());
        let query = format!("$[{}:{}:{step}]", text(start), text(end));
        let values = JsonPath::parse(&query).unwrap().values(&array, BOUNDS).unwrap();
        let expected: Vec<_> = sliced(length, start, end, step).iter().map(i64::to_string).collect();
        prop_assert_eq!(values.as_str(), format!("[{}]", expected.join(",")), "{} of {}", query, length);
    }

    #[test]
    fn no_text_makes_the_parser_or_the_evaluation_fail(
        parts in prop::collection::vec(prop_oneof![
            Just("["), Just("]"), Just("?"), Just("@"), Just("$"), Just(".v"), Just(".."), Just("*"),
            Just("'k\\u006"), Just("'"), Just("\""), Just("=="), Just("<"), Just("&&"), Just("||"),
            Just("!"), Just("("), Just(")"), Just("length("), Just("count("), Just("match("),
            Just("search("), Just("value("), Just(","), Just("-1"), Just("1:"), Just("1e3"),
            Just("null"), Just("\\ud834"), Just("\u{e9}"), Just(" "), Just("[?@.v"), Just("[?@"),
        ], 0..12)
    ) {
        let query = format!("${}", parts.concat());
        match JsonPath::parse(&query) {
            Ok(path) => {
                let bounds = JsonPathBounds { steps_max: 10_000, ..BOUNDS };
                let _ = path.values_by_path(&document(0), bounds);
            }
            Err(error) => prop_assert!(error.offset <= query.len(), "{query} {error}"),
        }
    }
}
