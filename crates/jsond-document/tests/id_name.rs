//! Trees that are indexed by another member than `id`: edits keep the index, a move to another
//! collection changes it, and whoever asks by another name is answered all the same.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use jsond_document::{IdNames, IdRule, Json, Kind, Value, ValueEdit};
use proptest::prelude::*;

fn names() -> IdNames {
    IdNames::parse(["posts=slug", "users=_id"]).unwrap()
}

fn record(n: usize, size: usize) -> String {
    let text = "x".repeat(size);
    format!(r#"{{"slug":"s{n}","_id":{n},"id":"i{n}","text":"{text}"}}"#)
}

fn array(count: usize) -> String {
    let records: Vec<_> = (0..count).map(|n| record(n, 20)).collect();
    format!("[{}]", records.join(","))
}

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

fn edited(value: &Value, pointer: &str, edit: &ValueEdit<'_>, ids: &IdRule) -> Value {
    let pointer = jsond_document::Pointer::parse(pointer).unwrap();
    value.edited(pointer.tokens(), edit, ids).unwrap()
}

/// Checks that every array in a value is indexed as the rule says, however deep.
#[track_caller]
fn check_index(value: &Value, ids: &IdRule) {
    let kind = value.kind();
    if kind == Kind::Array {
        assert!(value.is_indexed_by(ids.id_name()), "by {}", ids.id_name());
    }
    for (n, member) in value.members().enumerate() {
        let name = member
            .name()
            .map_or(n.to_string(), std::borrow::Cow::into_owned);
        check_index(&member.value, &ids.child(kind, &name));
    }
}

#[test]
fn a_tree_finds_records_by_its_own_name_and_by_any_other() {
    let value = Value::indexed(json(&array(1000)).to_json(), &names().rule("posts"));
    assert!(value.is_indexed_by("slug") && !value.is_indexed_by("id"));
    for (name, id) in [("slug", "s700"), ("_id", "700"), ("id", "i700")] {
        assert_eq!(value.record(name, id).unwrap().0, 700, "{name}");
        assert!(value.record(name, "s1000").is_none());
    }
    assert!(value.record("text", "x").is_none());
}

#[test]
fn a_text_that_grows_into_a_tree_is_indexed_as_its_rule_says() {
    let ids = names().rule("db");
    let mut value = Value::indexed(json(r#"{"posts":[],"users":[]}"#).to_json(), &ids);
    for n in 0..400 {
        let record = json(&record(n, 20));
        let new = ValueEdit::Add(&record);
        value = edited(&value, "/posts/-", &new, &ids);
        value = edited(&value, "/users/0", &new, &ids);
    }
    check_index(&value, &ids);
    let posts = value.member("posts").unwrap();
    assert!(!posts.is_indexed_by("id"), "it has become a tree");
    assert_eq!(posts.record("slug", "s399").unwrap().0, 399);
    assert_eq!(
        value
            .member("users")
            .unwrap()
            .record("_id", "399")
            .unwrap()
            .0,
        0
    );
}

#[test]
fn a_value_that_is_put_under_another_name_is_indexed_by_the_name_there() {
    let ids = names().rule("db");
    let text = format!(r#"{{"posts":{},"deep":{{"a":[[1,{{}}]]}}}}"#, array(500));
    let value = Value::indexed(json(&text).to_json(), &ids);
    let posts = value.member("posts").unwrap();
    let digest = posts.digest();
    for (pointer, name) in [("/users", "_id"), ("/other", "id"), ("/deep/posts", "slug")] {
        let new = edited(&value, pointer, &ValueEdit::Add(&posts), &ids);
        check_index(&new, &ids);
        let tokens: Vec<_> = pointer[1..].split('/').map(str::to_owned).collect();
        let moved = new.point(&tokens).unwrap();
        assert!(
            moved.is_indexed_by(name) && moved.record(name, "s1").is_some() == (name == "slug")
        );
        assert_eq!(moved.digest(), digest);
    }
    let whole = edited(&value, "", &ValueEdit::Replace(&json(&text)), &ids);
    check_index(&whole, &ids);
    assert_eq!(whole, value);
    let plain = whole.indexed_by(&IdRule::default());
    check_index(&plain, &IdRule::default());
    assert_eq!(plain, whole);
}

#[test]
fn deep_nesting_is_indexed_anew_in_time_that_does_not_double_with_each_level() {
    let mut text = array(100);
    for _ in 0..100 {
        text = format!(r#"{{"posts":{text}}}"#);
    }
    let value = json(&text).indexed_by(&names().rule("db"));
    check_index(&value, &names().rule("db"));
}

#[derive(Debug, Clone)]
enum Step {
    Set(usize, usize),
    Add(usize, usize),
    Remove(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (any::<usize>(), 1..600_usize).prop_map(|(n, size)| Step::Set(n, size)),
        (any::<usize>(), 1..9000_usize).prop_map(|(n, size)| Step::Add(n, size)),
        any::<usize>().prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn edits_keep_the_index(count in 0..400_usize, steps in steps()) {
        let ids = names().rule("posts");
        let mut model: Vec<_> = (0..count).map(|n| (n, record(n, 20))).collect();
        let mut value = Value::indexed(Json::parse(array(count).as_bytes()).unwrap(), &ids);
        for (fresh, step) in (count..).zip(steps) {
            let (n, adds) = match step {
                Step::Set(n, size) if !model.is_empty() => {
                    let n = n % model.len();
                    model[n] = (fresh, record(fresh, size));
                    (n, Some(false))
                }
                Step::Remove(n) if !model.is_empty() => {
                    let n = n % model.len();
                    model.remove(n);
                    (n, None)
                }
                Step::Add(n, size) | Step::Set(n, size) => {
                    let n = n % (model.len() + 1);
                    model.insert(n, (fresh, record(fresh, size)));
                    (n, Some(true))
                }
                Step::Remove(_) => continue,
            };
            let new = json(model.get(n).map_or("0", |(_, text)| text));
            let edit = match adds {
                None => ValueEdit::Remove,
                Some(true) => ValueEdit::Add(&new),
                Some(false) => ValueEdit::Replace(&new),
            };
            value = value.edited(&[n.to_string()], &edit, &ids).unwrap();
            prop_assert!(value.is_indexed_by("slug"));
        }
        prop_assert!(value.is_collection("slug"));
        for (position, (n, _)) in model.iter().enumerate() {
            prop_assert_eq!(value.record("slug", &format!("s{n}")).unwrap().0, position);
        }
    }
}

#[test]
fn many_edits_at_once_keep_the_index_of_every_array() {
    let ids = names().rule("db");
    let text = format!(r#"{{"posts":[],"users":{},"o":{{}}}}"#, array(300));
    let start = Value::indexed(json(&text).to_json(), &ids);
    let (small, large) = (json(&record(400, 200)), json(&array(200)));
    let tokens = |path: String| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let places: Vec<_> = (0..100)
        .flat_map(|n| [format!("posts/{n}"), format!("users/{n}/posts")])
        .chain((0..100).map(|n| format!("o/posts{n}")))
        .chain([
            "o/posts".to_owned(),
            "o/users".to_owned(),
            "posts.json".to_owned(),
        ])
        .map(tokens)
        .collect();
    let edits: Vec<_> = places
        .iter()
        .map(|place| match &place[0][..] {
            "posts" => (&place[..], ValueEdit::Add(&small)),
            _ => (&place[..], ValueEdit::Add(&large)),
        })
        .collect();
    let mut sorted = edits.clone();
    sorted.sort_by(|(a, _), (b, _)| (&a[0], a.len()).cmp(&(&b[0], b.len())));
    for edits in [edits, sorted] {
        let at_once = start.edit_many(&edits, &ids).unwrap();
        check_index(&at_once, &ids);
        let each = edits
            .iter()
            .try_fold(start.clone(), |value, (place, edit)| {
                value.edited(place, edit, &ids)
            });
        assert_eq!(at_once, each.unwrap());
    }
}
