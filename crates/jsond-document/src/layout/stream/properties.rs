//! What holds for every large document, every layout and every edit that is laid out in pieces.

use super::tests::in_pieces;
use super::*;
use crate::layout::large::{large_doc, records_file};
use crate::layout::properties::compact;
use crate::layout::random::{Dice, Show, doc, edges, expanded, one_line, random_style, telling};
use crate::{IdRule, Json, Kind, ValueEdit, relayout};
use proptest::prelude::*;

/// Makes edits at random places, mostly deep ones, each seeing those before it.
fn edited(base: &Value, edits: usize, fresh: &Value, dice: &mut Dice) -> Value {
    let mut value = base.clone();
    for _ in 0..edits {
        let (tokens, is_member) = place(&value, dice);
        let edit = match dice.throw(4) {
            0 => ValueEdit::Remove,
            1 if !is_member => ValueEdit::Add(fresh),
            _ => ValueEdit::Replace(fresh),
        };
        if !tokens.is_empty() {
            let edits = [(tokens.as_slice(), edit)];
            value = value.edit_many(&edits, &IdRule::default()).unwrap();
        }
        if dice.throw(4) == 0 && value.kind() == Kind::Object {
            let name = [format!("new {}", dice.throw(1000))];
            let edits = [(name.as_slice(), ValueEdit::Add(fresh))];
            value = value.edit_many(&edits, &IdRule::default()).unwrap();
        }
    }
    value
}

/// The way to a value in a document, and whether it is a member of an object.
fn place(value: &Value, dice: &mut Dice) -> (Vec<String>, bool) {
    let (mut tokens, mut here, mut is_member) = (Vec::new(), value.clone(), false);
    while here.count() > 0 && (tokens.is_empty() || dice.throw(4) > 0) {
        let at = dice.throw(here.count());
        let child = here.members_from(at).next().unwrap();
        is_member = child.spelled_name.is_some();
        tokens.push(
            child
                .name()
                .map_or(at.to_string(), std::borrow::Cow::into_owned),
        );
        here = child.value;
    }
    (tokens, is_member)
}

/// The same value, which shares nothing.
fn apart(value: &Value) -> Value {
    Value::from(Json::parse(value.to_json().as_bytes()).unwrap())
}

/// Judges whether both are arrays or both objects, and neither is empty.
fn are_alike(one: &Value, other: &Value) -> bool {
    one.kind() == other.kind() && one.count() > 0 && other.count() > 0
}

/// Lays out in pieces; whatever comes of it spells the value.
fn lay(text: &str, base: &Value, new: &Value, chunk_bytes: usize) -> Option<String> {
    let found = in_pieces(text.as_bytes(), base, new, chunk_bytes);
    if !are_alike(base, new) {
        assert_eq!(found, Err(PiecesError::Mismatch));
        return None;
    }
    let found = found.expect("the text is that of its value");
    assert_eq!(Json::parse(&found).unwrap(), new.to_json());
    Some(String::from_utf8(found).unwrap())
}

fn in_one(text: &str, new: &Value) -> String {
    String::from_utf8(relayout(text.as_bytes(), &new.to_json())).unwrap()
}

/// The value, and one that shares nothing with the base, lie in pieces as they do in one.
fn check_as_in_one(text: &str, base: &Value, new: &Value, chunk_bytes: usize) {
    let whole = in_one(text, new);
    for new in [new, &apart(new)] {
        if let Some(found) = lay(text, base, new, chunk_bytes) {
            assert_eq!(found, whole);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn an_even_file_in_pieces_is_the_file_in_one(
        doc in large_doc(), fresh in doc(), style in prop_oneof![expanded(), one_line()],
        (before, after) in edges(), edits in 1..8_usize, seed in 1..u64::MAX,
        chunk_bytes in 1..20_000_usize,
    ) {
        let doc = telling(doc);
        let text = format!("{before}{}{after}", Show::text(style, &doc));
        let base = Value::from(compact(&doc));
        let new = edited(&base, edits, &Value::from(compact(&fresh)), &mut Dice(seed));
        check_as_in_one(&text, &base, &new, chunk_bytes);
    }

    #[test]
    fn a_file_of_records_of_every_layout_in_pieces_is_the_file_in_one(
        (doc, text) in records_file(), fresh in doc(), (before, after) in edges(),
        edits in 1..8_usize, seed in 1..u64::MAX, chunk_bytes in 1..20_000_usize,
    ) {
        let text = format!("{before}{text}{after}");
        let base = Value::from(compact(&doc));
        let new = edited(&base, edits, &Value::from(compact(&fresh)), &mut Dice(seed));
        check_as_in_one(&text, &base, &new, chunk_bytes);
    }

    #[test]
    fn a_small_file_in_pieces_is_the_file_in_one(
        doc in doc(), fresh in doc(), style in prop_oneof![expanded(), one_line()],
        (before, after) in edges(), edits in 1..8_usize, seed in 1..u64::MAX,
        chunk_bytes in 1..200_usize,
    ) {
        let doc = telling(doc);
        let text = format!("{before}{}{after}", Show::text(style, &doc));
        let base = Value::from(compact(&doc));
        let new = edited(&base, edits, &Value::from(compact(&fresh)), &mut Dice(seed));
        if let Some(found) = lay(&text, &base, &new, chunk_bytes) {
            prop_assert_eq!(found, in_one(&text, &new));
        }
    }

    #[test]
    fn a_file_of_any_white_space_keeps_its_value_and_what_did_not_change(
        doc in large_doc(), other in large_doc(), fresh in doc(), style in random_style(),
        edits in 1..8_usize, seed in 1..u64::MAX, chunk_bytes in 1..20_000_usize,
    ) {
        let text = Show::text(style, &doc);
        let base = Value::from(compact(&doc));
        let new = edited(&base, edits, &Value::from(compact(&fresh)), &mut Dice(seed));
        let other = Value::from(compact(&other));
        let as_it_was = lay(&text, &base, &apart(&base), chunk_bytes);
        prop_assert_eq!(as_it_was.as_ref(), Some(&text));
        for new in [&new, &apart(&new), &other] {
            lay(&text, &base, new, chunk_bytes);
        }
    }
}
