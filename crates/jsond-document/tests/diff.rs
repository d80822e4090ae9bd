//! The difference of two values: applied in its order it gives the new value with its very text,
//! and it names what was changed, not the whole document.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use jsond_document::{Difference, DifferenceEdit, IdNames, IdRule, Value, diff};
use proptest::prelude::*;

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

/// Spells differences as a journal would: `+/a@b=1` adds the member a before b.
fn spell(differences: &[Difference]) -> String {
    let place = |it: &Difference| {
        let (pointer, address) = (it.pointer.join("/"), it.address.join("/"));
        if pointer == address {
            pointer
        } else {
            format!("{pointer}({address})")
        }
    };
    let one = |it: &Difference| match &it.edit {
        DifferenceEdit::Add { value, before } => {
            let before = before.as_ref().map(|it| format!("@{it}"));
            format!("+{}{}={value:?}", place(it), before.unwrap_or_default())
        }
        DifferenceEdit::Replace(value) => format!("!{}={value:?}", place(it)),
        DifferenceEdit::Remove => format!("-{}", place(it)),
    };
    differences.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Finds the difference, and applies it one by one and at once.
#[track_caller]
fn differences(old: &Value, new: &Value, ids: &IdRule) -> Vec<Difference> {
    let found = diff(old, new, ids);
    let edits: Vec<_> = found.iter().map(Difference::placed_edit).collect();
    let each = edits
        .iter()
        .try_fold(old.clone(), |value, (place, edit)| {
            value.edited(place, edit, ids)
        })
        .unwrap();
    let at_once = old.edit_many(&edits, ids).unwrap();
    let expected = new.to_json();
    assert_eq!(each.to_json(), expected, "{}", spell(&found));
    assert_eq!(at_once.to_json(), expected, "{}", spell(&found));
    // What shares its leaves with the old value is no other than what was read anew.
    assert_eq!(diff(old, &each, ids), found, "{}", spell(&found));
    found
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    let ids = IdNames::parse(["tags=slug"]).unwrap().rule("db");
    let found = differences(&json(old), &json(new), &ids);
    assert_eq!(spell(&found), expected, "{old} to {new}");
}

#[test]
fn members_and_records_are_named_one_by_one() {
    check("1", "1", "");
    check("1", "1.0", "!=1.0");
    check("{}", "[]", "!=[]");
    check(r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3}"#, "!b=3");
    check(r#"{"a":1,"c":2}"#, r#"{"a":1,"b":3,"c":2}"#, "+b@c=3");
    check(r#"{"a":1}"#, r#"{"a":1,"b":3}"#, "+b=3");
    check(r#"{"a":1,"b":2}"#, r#"{"b":2}"#, "-a");
    check(r#"{"a":1,"b":2}"#, r#"{"c":1,"b":2}"#, "-a +c@b=1");
    check(r#"{"a":{"x":1}}"#, r#"{"a":{"x":2}}"#, r#"!a={"x":2}"#);
    check(r#"{"n":1,"a":{"x":1}}"#, r#"{"n":1,"a":{"x":2}}"#, "!a/x=2");
    check(
        r#"[{"id":1,"a":1},{"id":"x"}]"#,
        r#"[{"id":1,"a":2},{"id":7},{"id":"x"}]"#,
        r#"!0(1)={"id":1,"a":2} +1(7)={"id":7}"#,
    );
    check(r#"[{"id":1},{"id":2}]"#, r#"[{"id":2}]"#, "-0(1)");
    check(r#"[{"id":1}]"#, r#"[{"id":"1"}]"#, r#"!0(1)={"id":"1"}"#);
    check("[1,2,3,4]", "[1,9,3,4]", "!1=9");
    check("[1,2,3,4]", "[1,2,8,9,3,4]", "+2=8 +3=9");
    check("[1,2,3,4]", "[1,4]", "-1 -1");
    check("[]", "[1]", "+0=1");
    check("[1]", "[]", "-0");
    check("[]", r#"[{"id":7}]"#, r#"+0(7)={"id":7}"#);
    check(r#"[{"id":7}]"#, "[]", "-0(7)");
    check(r#"[{"id":7}]"#, "[1]", "!=[1]");
}

#[test]
fn a_file_of_collections_is_entered_down_to_their_records() {
    let old = r#"{"posts":[{"id":1,"t":{"a":1}},{"id":2}],"tags":[{"slug":"x"}],"n":1}"#;
    let new = old
        .replace("\"a\":1", "\"a\":2")
        .replace("\"n\":1", "\"n\":2");
    check(old, &new, r#"!posts/0(posts/1)={"id":1,"t":{"a":2}} !n=2"#);
    let new = old.replace(r#"{"slug":"x"}"#, r#"{"slug":"y"},{"slug":"x"}"#);
    check(old, &new, r#"+tags/0(tags/y)={"slug":"y"}"#);
}

#[test]
fn what_was_moved_is_taken_out_and_added_anew() {
    let old = r#"{"a":1,"b":2,"c":3,"d":4}"#;
    check(old, r#"{"d":4,"a":1,"b":2,"c":3}"#, "-d +d@a=4");
    check(old, r#"{"b":2,"c":3,"d":4,"a":1}"#, "-a +a=1");
    let old = r#"[{"id":1},{"id":2},{"id":3},{"id":4}]"#;
    let up = r#"[{"id":4},{"id":1},{"id":2},{"id":3}]"#;
    check(old, up, r#"-3(4) +0(4)={"id":4}"#);
    check(up, old, r#"-0(4) +3(4)={"id":4}"#);
}

#[test]
fn a_name_in_another_spelling_is_the_same_text_in_the_end() {
    let (plain, escaped) = (r#"{"a":1,"A":1,"b":2}"#, r#"{"a":1,"\u0041":1,"b":2}"#);
    check(escaped, plain, "-A +A@b=1");
    check(plain, escaped, &format!("!={escaped}"));
    check(escaped, &escaped.replace(":1,\"b", ":2,\"b"), "!A=2");
    let nested = |text: &str| format!(r#"{{"n":1,"o":{text}}}"#);
    check(&nested(plain), &nested(escaped), &format!("!o={escaped}"));
}

#[test]
fn a_container_that_is_changed_in_most_places_is_replaced() {
    let records = |from: usize| {
        let records = (0..200).map(|n| format!(r#"{{"id":{n},"n":{}}}"#, n + from));
        format!("[{}]", records.collect::<Vec<_>>().join(","))
    };
    let (old, new) = (records(0), records(1000));
    check(&old, &new, &format!("!={new}"));
    let nested = |text: &str| format!(r#"{{"a":{text},"n":1}}"#);
    check(&nested(&old), &nested(&new), &format!("!a={new}"));
    let long: Vec<_> = old[1..old.len() - 1].split("},").collect();
    let mut reversed: Vec<_> = long.iter().map(|it| it.trim_end_matches('}')).collect();
    reversed.reverse();
    let reversed = format!("[{}}}]", reversed.join("},"));
    check(&old, &reversed, &format!("!={reversed}"));
    check(&old, "[]", "!=[]");
}

/// What shares nothing is gone through once, and only what differs is looked up.
#[test]
fn one_record_among_very_many_is_one_difference() {
    let records = |named: usize, name: &str| {
        let name_of = |n: usize| if n == named { name } else { "same" };
        let record = |n: usize| format!(r#"{{"id":{n},"name":"{}"}}"#, name_of(n));
        json(&format!(
            "[{}]",
            (0..100_000).map(record).collect::<Vec<_>>().join(",")
        ))
    };
    let (old, new) = (records(0, "same"), records(70_000, "new"));
    let found = differences(&old, &new, &IdRule::default());
    let expected = r#"!70000={"id":70000,"name":"new"}"#;
    assert_eq!(spell(&found), expected);
}

/// A document as a list of lists, which is edited apart from the code under test.
#[derive(Debug, Clone)]
enum Model {
    Scalar(String),
    Object(Vec<(String, Model)>),
    Array(Vec<Model>),
}

impl Model {
    fn text(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, it)| format!("{name}:{}", it.text()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Self::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::text).collect();
                format!("[{}]", elements.join(","))
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Object(members) => members.len(),
            Self::Array(elements) => elements.len(),
        }
    }

    fn child(&mut self, at: usize) -> &mut Self {
        match self {
            Self::Object(members) => &mut members[at].1,
            Self::Array(elements) => &mut elements[at],
            Self::Scalar(_) => self,
        }
    }
}

fn scalar() -> impl Strategy<Value = Model> {
    let words = vec![
        "null",
        "true",
        "1",
        "1.0",
        "1e0",
        "-0",
        "\"a\"",
        "\"\\u0061\"",
        "\"\"",
    ];
    prop_oneof![
        prop::sample::select(words).prop_map(|it| Model::Scalar(it.to_owned())),
        (0..99_u32).prop_map(|n| Model::Scalar(n.to_string())),
        (0..300_usize).prop_map(|n| Model::Scalar(format!("\"{}\"", "x".repeat(n)))),
    ]
}

/// Few names, so that they come back; some in two spellings.
fn name(n: usize) -> String {
    match n % 40 {
        0 => "\"\\u0061\"".to_owned(),
        1 => "\"a\"".to_owned(),
        2 => "\"id\"".to_owned(),
        3 => "\"\"".to_owned(),
        4 => "\"x/~\\\"\"".to_owned(),
        _ => format!("\"k{n}\""),
    }
}

fn record() -> impl Strategy<Value = Model> {
    let members = prop::collection::vec((0..12_usize, scalar()), 0..4);
    members.prop_map(|members| {
        Model::Object(members.into_iter().map(|(n, it)| (name(n), it)).collect())
    })
}

fn with_id(record: Model, id: usize) -> Model {
    let id = match id % 5 {
        0 => format!("\"{id}\""),
        _ => id.to_string(),
    };
    let Model::Object(mut members) = record else {
        return record;
    };
    members.retain(|(name, _)| name != "\"id\"");
    members.insert(0, ("\"id\"".to_owned(), Model::Scalar(id)));
    Model::Object(members)
}

fn array_of_records(count: usize) -> impl Strategy<Value = Model> {
    let records = prop::collection::vec((0..2000_usize, record()), 0..count);
    records.prop_map(|records| {
        Model::Array(
            records
                .into_iter()
                .map(|(id, it)| with_id(it, id))
                .collect(),
        )
    })
}

fn object_of<S: Strategy<Value = Model>>(value: S, count: usize) -> impl Strategy<Value = Model> {
    let members = prop::collection::vec((0..2000_usize, value), 0..count);
    members.prop_map(|members| {
        Model::Object(members.into_iter().map(|(n, it)| (name(n), it)).collect())
    })
}

fn document(count: usize) -> impl Strategy<Value = Model> {
    let part = prop_oneof![
        3 => array_of_records(count),
        2 => object_of(record(), count),
        1 => object_of(scalar(), count),
        1 => prop::collection::vec(scalar(), 0..count).prop_map(Model::Array),
        1 => scalar(),
    ];
    prop_oneof![
        array_of_records(count),
        object_of(record(), count),
        prop::collection::vec(scalar(), 0..count).prop_map(Model::Array),
        object_of(part, 5),
    ]
}

/// Where an edit of the model is, and what it is: each number is taken modulo what there is.
#[derive(Debug, Clone)]
struct Change {
    way: Vec<usize>,
    what: What,
    at: usize,
    new: Model,
}

#[derive(Debug, Clone)]
enum What {
    Set,
    Insert,
    Remove,
    Move(usize),
    Rename,
    Reverse,
}

fn change() -> impl Strategy<Value = Change> {
    let new = prop_oneof![
        2 => scalar(),
        3 => new_record(),
        1 => array_of_records(4),
    ];
    change_to(new, 3)
}

fn new_record() -> impl Strategy<Value = Model> {
    (record(), 0..4000_usize).prop_map(|(it, id)| with_id(it, id))
}

/// A change that puts one of these somewhere, less than so many steps below the root.
fn change_to<S: Strategy<Value = Model>>(new: S, steps: usize) -> impl Strategy<Value = Change> {
    let what = prop_oneof![
        6 => Just(What::Set),
        6 => Just(What::Insert),
        6 => Just(What::Remove),
        4 => (0..3000_usize).prop_map(What::Move),
        3 => Just(What::Rename),
        1 => Just(What::Reverse),
    ];
    let way = prop::collection::vec(0..3000_usize, 0..steps);
    (way, what, 0..3000_usize, new).prop_map(|(way, what, at, new)| Change { way, what, at, new })
}

fn take(model: &mut Model, change: &Change) {
    let mut model = model;
    for step in &change.way {
        let count = model.count();
        if count == 0 {
            break;
        }
        model = model.child(step % count);
    }
    let count = model.count();
    let (at, end) = (change.at % count.max(1), change.at % (count + 1));
    match (model, &change.what) {
        (model @ Model::Scalar(_), _) => *model = change.new.clone(),
        (Model::Object(members), What::Insert) => {
            members.insert(end, (name(change.at), change.new.clone()));
        }
        (Model::Array(elements), What::Insert) => elements.insert(end, change.new.clone()),
        (Model::Object(members), What::Reverse) => members.reverse(),
        (Model::Array(elements), What::Reverse) => elements.reverse(),
        _ if count == 0 => {}
        (Model::Object(members), What::Set) => members[at].1 = change.new.clone(),
        (Model::Array(elements), What::Set | What::Rename) => elements[at] = change.new.clone(),
        (Model::Object(members), What::Rename) => members[at].0 = name(at + change.at),
        (Model::Object(members), What::Remove) => drop(members.remove(at)),
        (Model::Array(elements), What::Remove) => drop(elements.remove(at)),
        (Model::Object(members), What::Move(to)) => {
            let member = members.remove(at);
            members.insert(to % count, member);
        }
        (Model::Array(elements), What::Move(to)) => {
            let element = elements.remove(at);
            elements.insert(to % count, element);
        }
    }
}

/// Names that stand twice go; few arrays keep an id twice, so that most are collections.
fn settle(model: &mut Model, keeps_ids: bool) {
    let mut seen = std::collections::HashSet::new();
    match model {
        Model::Scalar(_) => {}
        Model::Object(members) => {
            members.retain(|(name, _)| seen.insert(name.replace("\\u0061", "a")));
            members.iter_mut().for_each(|(_, it)| settle(it, keeps_ids));
        }
        Model::Array(elements) => {
            let id_of = |it: &Model| match it {
                Model::Object(members) => members.first().map(|it| it.1.text().replace('"', "")),
                _ => None,
            };
            elements.retain(|it| keeps_ids || id_of(it).is_none_or(|id| seen.insert(id)));
            elements.iter_mut().for_each(|it| settle(it, keeps_ids));
        }
    }
}

fn check_changed(mut old: Model, changes: &[Change], keeps_ids: bool) {
    settle(&mut old, keeps_ids);
    let mut new = old.clone();
    changes.iter().for_each(|change| take(&mut new, change));
    settle(&mut new, keeps_ids);
    let (old, new) = (old.text(), new.text());
    let found = differences(&json(&old), &json(&new), &IdRule::default());
    assert_eq!(found.is_empty(), old == new);
    let bytes: usize = found.iter().map(|it| format!("{:?}", it.edit).len()).sum();
    assert!(bytes < 2 * new.len() + 4096, "{bytes} for {}", new.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_small_document_becomes_the_new_one_to_the_letter(
        old in document(12),
        changes in prop::collection::vec(change(), 0..8),
        keeps_ids in prop::bool::weighted(0.1),
    ) {
        check_changed(old, &changes, keeps_ids);
    }

    #[test]
    fn any_two_documents_have_a_difference(old in document(12), new in document(12)) {
        let (mut old, mut new) = (old, new);
        settle(&mut old, false);
        settle(&mut new, false);
        differences(&json(&old.text()), &json(&new.text()), &IdRule::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_large_document_becomes_the_new_one_to_the_letter(
        old in document(600),
        changes in prop::collection::vec(change(), 0..30),
        keeps_ids in prop::bool::weighted(0.1),
    ) {
        check_changed(old, &changes, keeps_ids);
    }

    #[test]
    fn a_large_collection_becomes_the_new_one_to_the_letter(
        old in prop_oneof![array_of_records(600), object_of(record(), 600)],
        changes in prop::collection::vec(change_to(new_record(), 1), 0..20),
    ) {
        check_changed(old, &changes, false);
    }
}
