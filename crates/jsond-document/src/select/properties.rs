//! Random selections of random collections are what the plain reference says.

use super::reference::{Asked, Doc, Question, Spelled};
use super::*;
use crate::id_name::IdName;
use crate::leaf::Piece;
use crate::tree::Tree;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

/// Spelled names and what they read as; some read alike.
const NAMES: [(&str, &str); 13] = [
    ("a", "a"),
    ("\\u0061", "a"),
    ("b", "b"),
    ("a.b", "a.b"),
    ("b.a", "b.a"),
    ("0", "0"),
    ("", ""),
    ("__proto__", "__proto__"),
    ("학과", "학과"),
    ("q\\\"", "q\""),
    ("\\\\", "\\"),
    ("a!", "a!"),
    ("c:d", "c:d"),
];

const TEXTS: [(&str, &str); 20] = [
    ("", ""),
    ("a", "a"),
    ("A", "A"),
    ("\\u0061b", "ab"),
    ("b a", "b a"),
    ("Kim Jin", "Kim Jin"),
    ("KIM", "KIM"),
    ("김진", "김진"),
    ("진\\n", "진\n"),
    ("\\ud834\\udd1e", "\u{1d11e}"),
    ("\u{ffff}", "\u{ffff}"),
    ("é", "é"),
    ("\\u00c9", "É"),
    ("\\\"a\\\":1", "\"a\":1"),
    ("\\\\", "\\"),
    ("},{", "},{"),
    ("3", "3"),
    ("1.0", "1.0"),
    ("null", "null"),
    ("[1]", "[1]"),
];

const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "0.0",
    "1",
    "1.0",
    "10e-1",
    "-1",
    "3",
    "3.00",
    "0.1",
    "0.10000000000000000000000001",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0",
    "1e400",
    "10E399",
    "1e-400",
    "-1e400",
    "123456789012345678901234567890",
    "123456789012345678901234567891",
    "12345678901234567890123456789e1",
    "999999999999999999",
];

/// What conditions compare with, besides texts and numbers.
const VALUES: [&str; 8] = [
    "true",
    "false",
    "null",
    "[1.0]",
    "[]",
    "{}",
    r#"{"a":1}"#,
    "01",
];

const PATHS: [&str; 16] = [
    "a",
    "a",
    "b",
    "a.b",
    "b.a",
    "a.a",
    "a.0",
    "b.0.a",
    "0",
    "",
    "__proto__",
    "학과",
    "q\"",
    "\\",
    "c:d",
    "none",
];

const OPERATORS: [&str; 12] = [
    "eq",
    "eq",
    "ne",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "contains",
    "startsWith",
    "endsWith",
    "exists",
];

fn spelled((spelled, text): (&str, &str)) -> Spelled {
    Spelled {
        spelled: format!("\"{spelled}\""),
        text: text.to_owned(),
    }
}

fn object(members: Vec<((&str, &str), Doc)>) -> Doc {
    let mut object: Vec<(Spelled, Doc)> = Vec::new();
    for (name, value) in members {
        if object.iter().all(|(it, _)| it.text != name.1) {
            object.push((spelled(name), value));
        }
    }
    Doc::Object(object)
}

fn value() -> impl Strategy<Value = Doc> {
    let scalar = prop_oneof![
        1 => Just(Doc::Null),
        1 => any::<bool>().prop_map(Doc::Boolean),
        3 => select(&NUMBERS[..]).prop_map(|text| Doc::Number(text.to_owned())),
        3 => select(&TEXTS[..]).prop_map(|text| Doc::Text(spelled(text))),
    ];
    scalar.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Doc::Array),
            vec((select(&NAMES[..5]), inner), 0..4).prop_map(object),
        ]
    })
}

/// A record, now and then with members that make it a tree, which hold what is sought too.
fn record() -> impl Strategy<Value = Doc> {
    let members = vec((select(&NAMES[..]), value()), 0..6);
    let padding = prop_oneof![30 => Just(0), 4 => Just(100), 1 => Just(2000)];
    (members, padding, any::<bool>(), value()).prop_map(|(members, length, is_first, more)| {
        let Doc::Object(mut members) = object(members) else {
            unreachable!("INVARIANT: an object")
        };
        if length > 0 {
            let name = if is_first {
                ("b", "b")
            } else {
                ("padding", "padding")
            };
            let elements = vec![Doc::Object(vec![(spelled(("a", "a")), more)]); length / 2];
            members.retain(|it| it.0.text != name.1);
            let at = if is_first { 0 } else { members.len() };
            members.insert(at, (spelled(name), Doc::Array(elements)));
        }
        Doc::Object(members)
    })
}

fn records() -> impl Strategy<Value = Vec<(Spelled, Doc)>> {
    let count = prop_oneof![3 => 0..12_usize, 1 => 50..90_usize];
    count
        .prop_flat_map(|count| vec(record(), count))
        .prop_map(|docs| {
            let name = |n: usize| match n % 7 {
                0 => spelled((&format!("\\u0072{n}\\\""), &format!("r{n}\""))),
                _ => spelled((&format!("김 {n}"), &format!("김 {n}"))),
            };
            docs.into_iter()
                .enumerate()
                .map(|(n, doc)| (name(n), doc))
                .collect()
        })
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(&TEXTS[..]).prop_map(|(_, text)| text.to_owned()),
        3 => select(&NUMBERS[..]).prop_map(str::to_owned),
        2 => select(&VALUES[..]).prop_map(str::to_owned),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let plain = (
        select(&PATHS[..]),
        select(&OPERATORS[..]),
        vec(literal(), 1..4),
        any::<bool>(),
    );
    let plain = plain.prop_map(|(name, operator, values, flag)| {
        let value = match operator {
            "in" => values.join(","),
            "exists" => flag.to_string(),
            _ => values[0].clone(),
        };
        (name.to_owned(), operator, value)
    });
    const EXPRESSIONS: [&str; 7] = ["^k", "i.$", "a|b", "^$", "진", "[^a]", "\\."];
    let matches = (select(&PATHS[..]), select(&EXPRESSIONS[..]))
        .prop_map(|(name, value)| (name.to_owned(), "matches", value.to_owned()));
    prop_oneof![8 => plain, 1 => matches]
}

fn question() -> impl Strategy<Value = Question> {
    let path = || select(&PATHS[..]).prop_map(str::to_owned);
    let words = select(
        &[
            "", "", "a", "kim", "J k", "É", "진 a", "\"a\"", " \t", "none",
        ][..],
    );
    let slice = option::of((0..30_usize, 0..40_usize));
    let sort = vec((any::<bool>(), path()), 0..3);
    let fields = option::weighted(0.3, vec(path(), 1..4));
    (vec(asked(), 0..3), words, sort, slice, fields).prop_map(
        |(conditions, words, sort, slice, fields)| Question {
            conditions,
            words: words.to_owned(),
            sort,
            slice: slice.map(|(start, length)| (start, start + length)),
            fields,
        },
    )
}

fn selection(question: &Question) -> Selection {
    let mut selection = Selection::default();
    for (name, operator, value) in &question.conditions {
        let needs_no_operator = *operator == "eq" && !name.contains(':') && value.len() % 2 == 0;
        let name = match needs_no_operator {
            true => name.clone(),
            false => format!("{name}:{operator}"),
        };
        selection.with_condition(&name, value).unwrap();
    }
    selection.with_search(&question.words).unwrap();
    for (is_descending, name) in &question.sort {
        let sign = if *is_descending { "-" } else { "" };
        selection.with_sort(&format!("{sign}{name}")).unwrap();
    }
    if let Some(fields) = &question.fields {
        selection.with_fields(&fields.join(",")).unwrap();
    }
    selection.part = question.slice.map(|(start, end)| match start % 2 {
        0 => Part::Slice {
            start,
            end: Some(end),
            limit: None,
        },
        _ => Part::Slice {
            start,
            end: None,
            limit: Some(end - start),
        },
    });
    selection
}

fn show(records: &[(Spelled, Doc)], is_object: bool) -> String {
    let docs = records.iter().cloned();
    match is_object {
        true => Doc::Object(docs.collect()).show(),
        false => Doc::Array(docs.map(|it| it.1).collect()).show(),
    }
}

/// The same value, with a tree wherever there may be one.
fn as_trees(value: &Value) -> Value {
    if !matches!(value.kind(), Kind::Array | Kind::Object) {
        return value.clone();
    }
    let pieces: Vec<_> = value
        .members()
        .map(|member| Piece {
            name: member.spelled_name,
            value: as_trees(&member.value),
        })
        .collect();
    Value::large(Arc::new(Tree::build(
        value.kind(),
        &pieces,
        IdName::default(),
    )))
}

proptest! {
    #[test]
    fn a_selection_is_what_the_reference_says(
        records in records(), question in question(), is_object in any::<bool>(),
    ) {
        let text = show(&records, is_object);
        let (total, json) = question.answer(&records, is_object);
        let value = Value::parse(text.as_bytes()).unwrap();
        for value in [as_trees(&value), value] {
            let selected = selection(&question).apply(&value).unwrap();
            prop_assert_eq!(selected.json.as_str(), &json, "{:?} of {}", question, text);
            prop_assert_eq!(selected.total, total);
            let (start, end) = question.slice.unwrap_or((0, total));
            prop_assert_eq!(selected.range, start.min(total)..end.min(total));
        }
    }

    #[test]
    fn pages_together_are_the_whole(
        records in records(), mut question in question(), per_page in 1..40_usize,
    ) {
        question.slice = None;
        let (total, whole) = question.answer(&records, false);
        let value = Value::parse(show(&records, false).as_bytes()).unwrap();
        let (mut selection, mut pages) = (selection(&question), Vec::new());
        for page in 1..=total.div_ceil(per_page).max(1) {
            selection.part = Some(Part::Page { page, per_page });
            let selected = selection.apply(&value).unwrap();
            prop_assert_eq!(selected.range.start, (page - 1) * per_page);
            let json = selected.json.as_str();
            pages.push(json[1..json.len() - 1].to_owned());
        }
        prop_assert_eq!(format!("[{}]", pages.join(",")), whole);
        selection.part = Some(Part::Page { page: pages.len() + 1, per_page });
        let last = pages.len();
        let past = SelectError::PastTheEnd { page: last + 1, last };
        prop_assert_eq!(selection.apply(&value).unwrap_err(), past);
    }
}

#[test]
fn a_tree_and_a_text_of_the_same_value_give_the_same() {
    let record = |n: usize| {
        format!(
            r#""r{n}":{{"n":{},"\u0074":["x{n}",{{"deep":{n}.0}}]}}"#,
            n % 7
        )
    };
    let text = format!("{{{}}}", (0..120).map(record).collect::<Vec<_>>().join(","));
    let small = Value::parse(text.as_bytes()).unwrap();
    let large = as_trees(&small);
    assert!(small.as_tree().is_none() && large.as_tree().is_some());
    let mut selection = Selection::default();
    selection.with_condition("t.1.deep:gt", "17").unwrap();
    selection.with_search("X1").unwrap();
    selection.with_sort("-n,t.0").unwrap();
    selection.with_fields("n,t.1.deep").unwrap();
    let [a, b] = [&small, &large].map(|value| selection.apply(value).unwrap());
    assert_eq!((&a.json, a.total), (&b.json, b.total));
    assert!(a.total > 3);
}
