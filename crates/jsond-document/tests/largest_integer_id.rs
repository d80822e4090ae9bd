//! The largest integer id of an array: kept in the sums of a tree through all edits, it is what
//! reading all records gives, also under another name and where some ids are no integers.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use jsond_document::{IdNames, IdRule, Json, Kind, Value, ValueEdit};
use proptest::prelude::*;

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

fn rule(id_name: &str) -> IdRule {
    IdNames::parse([id_name]).unwrap().rule("posts")
}

/// Reads all records, as they are spelled.
fn naive(value: &Value, id_name: &str) -> Option<u64> {
    let elements = value.members().map(|member| member.value);
    elements.map(|it| it.to_json()).try_fold(0, |largest, it| {
        let id = it.member(id_name).filter(|id| id.kind() == Kind::Number)?;
        Some(id.as_str().parse::<u64>().ok()?.max(largest))
    })
}

/// Checks both names by which the records of these tests may be identified.
#[track_caller]
fn check(value: &Value) {
    for id_name in ["id", "_id", "none"] {
        assert_eq!(
            value.largest_integer_id(id_name),
            naive(value, id_name),
            "by {id_name}"
        );
    }
}

/// Mostly integers, so that what is no integer comes and goes.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        3000 => (0..3000_u64).prop_map(|n| n.to_string()),
        30 => (u64::MAX - 3..=u64::MAX).prop_map(|n| n.to_string()),
        4 => prop::sample::select(vec![
            "7.0", "1e3", "-1", "-0", "18446744073709551616", "\"7\"", "\"x\"", "null", "[1]",
            "{\"id\":1}", "true",
        ])
        .prop_map(str::to_owned),
    ]
}

fn record() -> impl Strategy<Value = String> {
    let size = prop_oneof![20 => 0..40_usize, 2 => 100..4000_usize, 1 => 9000..12_000_usize];
    let parts = |size: usize| match size {
        ..9000 => format!("\"{}\"", "x".repeat(size)),
        _ => format!("[{}]", vec!["1"; size / 2].join(",")),
    };
    prop_oneof![
        1000 => (id(), id(), size).prop_map(move |(a, b, size)| {
            format!("{{\"text\":{},\"i\\u0064\":{a},\"_id\":{b}}}", parts(size))
        }),
        1 => Just("{}".to_owned()),
        1 => Just("17".to_owned()),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Add(usize, String),
    Set(usize, String),
    Remove(usize),
    /// Takes out what makes the answer: the largest, or what is no integer.
    RemoveDecisive,
    Reindex(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0..5000_usize;
    prop_oneof![
        6 => (place.clone(), record()).prop_map(|(at, text)| Step::Add(at, text)),
        4 => (place.clone(), record()).prop_map(|(at, text)| Step::Set(at, text)),
        4 => place.prop_map(Step::Remove),
        6 => Just(Step::RemoveDecisive),
        1 => any::<bool>().prop_map(Step::Reindex),
    ]
}

fn decisive(value: &Value) -> usize {
    let numbers = value.members().map(|member| {
        let id = member.value.member("_id").map(|id| id.to_json());
        id.and_then(|id| id.as_str().parse::<u64>().ok())
    });
    let numbers: Vec<_> = numbers.collect();
    let other = numbers.iter().position(Option::is_none);
    other.unwrap_or_else(|| {
        let largest = numbers.iter().enumerate().max_by_key(|(_, id)| **id);
        largest.map_or(0, |(at, _)| at)
    })
}

fn take(value: &Value, step: &Step, ids: &IdRule) -> Value {
    let count = value.count();
    let (at, new) = match step {
        Step::Add(at, text) => (at % (count + 1), Some((true, json(text)))),
        _ if count == 0 => return value.clone(),
        Step::Set(at, text) => (at % count, Some((false, json(text)))),
        Step::Remove(at) => (at % count, None),
        Step::RemoveDecisive => (decisive(value), None),
        Step::Reindex(_) => return value.indexed_by(ids),
    };
    let edit = match &new {
        Some((true, new)) => ValueEdit::Add(new),
        Some((false, new)) => ValueEdit::Replace(new),
        None => ValueEdit::Remove,
    };
    value.edited(&[at.to_string()], &edit, ids).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_what_reading_all_records_gives_whatever_is_edited(
        start in prop::collection::vec(record(), 0..400),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut ids = rule("_id");
        let text = format!("[{}]", start.join(","));
        let mut value = Value::indexed(Json::parse(text.as_bytes()).unwrap(), &ids);
        check(&value);
        for step in &steps {
            if let Step::Reindex(is_default) = step {
                ids = rule(if *is_default { "id" } else { "_id" });
            }
            value = take(&value, step, &ids);
            check(&value);
        }
    }
}

#[test]
fn what_is_no_array_has_none_and_an_empty_array_has_0() {
    for text in ["17", "\"7\"", "null", "{}", r#"{"a":{"id":1}}"#] {
        assert_eq!(json(text).largest_integer_id("id"), None, "{text}");
    }
    assert_eq!(json("[]").largest_integer_id("id"), Some(0));
}

#[test]
fn it_is_right_also_after_leaves_were_numbered_anew() {
    let records: Vec<_> = (0..3000).map(|n| format!("{{\"id\":{n}}}")).collect();
    let mut value = json(&format!("[{}]", records.join(",")));
    for n in 0..4000 {
        let text = "x".repeat(100);
        let record = json(&format!("{{\"id\":{},\"text\":\"{text}\"}}", 10_000 - n));
        value = value.add(&["1500".to_owned()], &record).unwrap();
        assert_eq!(value.largest_integer_id("id"), Some(10_000));
    }
    let (at, _) = value.record("id", "10000").unwrap();
    value = value.remove(&[at.to_string()]).unwrap();
    assert_eq!(value.largest_integer_id("id"), Some(9999));
    check(&value);
}

/// Each addition of a record without an id read all records, to find the next one.
#[test]
fn a_new_id_costs_the_same_in_a_large_array_also_when_the_largest_has_just_gone() {
    let records: Vec<_> = (0..100_000).map(|n| format!("{{\"id\":{n}}}")).collect();
    let mut value = json(&format!("[{}]", records.join(",")));
    // Two thousand times all records would be two hundred million.
    for _ in 0..1000 {
        let last = (value.count() - 1).to_string();
        value = value.remove(std::slice::from_ref(&last)).unwrap();
        assert_eq!(value.largest_integer_id("id"), Some(99_998));
        let new = json(&format!("{{\"id\":{last}}}"));
        value = value.add(&["-".to_owned()], &new).unwrap();
        assert_eq!(value.largest_integer_id("id"), Some(99_999));
    }
}
