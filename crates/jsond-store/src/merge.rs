//! Three-way merge of a file that was edited by hand with what was written through the API. Pure.
//!
//! Record by record: what only the hand changed is taken, what only the API changed stays, and
//! where both changed the same record the API's value stays and the caller keeps the hand's text.

use jsond_document::{IdRule, Kind, Value, id_of_value, quote};
use std::collections::HashMap;

/// What a merge came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Merged {
    pub(crate) value: Value,
    /// Both sides changed the same record; the hand's version of it is not in the value.
    pub(crate) conflict: bool,
}

/// Merges whatever there is of the three sides; none when there is nothing on either.
///
/// A missing `hand` is a file that was removed by hand, a missing `ours` one that is not served.
pub(crate) fn merge_sides(
    base: Option<&Value>,
    hand: Option<&Value>,
    ours: Option<&Value>,
    ids: &IdRule,
) -> Option<Merged> {
    let kept = |value: &Value, conflict| {
        Some(Merged {
            value: value.clone(),
            conflict,
        })
    };
    match (base, hand, ours) {
        (Some(base), Some(hand), Some(ours)) => Some(merge(base, hand, ours, ids)),
        (None, Some(hand), Some(ours)) => kept(ours, hand != ours),
        // What the hand changed while the API removed the file is kept as a file.
        (Some(base), Some(hand), None) => (hand != base).then(|| kept(hand, false)).flatten(),
        (None, Some(hand), None) => kept(hand, false),
        (_, None, Some(ours)) => kept(ours, false),
        (_, None, None) => None,
    }
}

/// Merges the hand's version and ours, which both come from `base`; records of arrays are told
/// apart by the member that the rule names.
pub(crate) fn merge(base: &Value, hand: &Value, ours: &Value, ids: &IdRule) -> Merged {
    if hand == ours || hand == base {
        return Merged {
            value: ours.clone(),
            conflict: false,
        };
    }
    if ours == base {
        return Merged {
            value: hand.clone(),
            conflict: false,
        };
    }
    let kinds = [base.kind(), hand.kind(), ours.kind()];
    match kinds {
        [Kind::Object, Kind::Object, Kind::Object] => {
            merge_entries(base, hand, ours, Kind::Object, ids)
        }
        [Kind::Array, Kind::Array, Kind::Array]
            if [base, hand, ours]
                .iter()
                .all(|it| it.is_collection(ids.id_name())) =>
        {
            merge_entries(base, hand, ours, Kind::Array, ids)
        }
        _ => Merged {
            value: ours.clone(),
            conflict: true,
        },
    }
}

/// The members by name, or the records of an array by id.
fn entries(value: &Value, ids: &IdRule) -> Vec<(String, Value)> {
    value
        .members()
        .map(|member| {
            let key = member.name().map(std::borrow::Cow::into_owned);
            let key = key
                .or_else(|| id_of_value(&member.value, ids.id_name()))
                .unwrap_or_default();
            (key, member.value)
        })
        .collect()
}

fn merge_entries(base: &Value, hand: &Value, ours: &Value, kind: Kind, ids: &IdRule) -> Merged {
    let base_by_key: HashMap<_, _> = entries(base, ids).into_iter().collect();
    let ours_by_key: HashMap<_, _> = entries(ours, ids).into_iter().collect();
    let hand_list = entries(hand, ids);
    let hand_by_key: HashMap<_, _> = hand_list.iter().cloned().collect();
    let by_record = base.is_collection(ids.id_name());
    let mut conflict = false;
    let mut out: Vec<(String, Value)> = Vec::new();
    for (key, ours_value) in entries(ours, ids) {
        let sides = (base_by_key.get(&key), hand_by_key.get(&key));
        let kept = match sides {
            (Some(b), Some(h)) if h == b => Some(ours_value),
            (Some(b), Some(h)) if ours_value == *b => Some(h.clone()),
            (Some(b), Some(h)) if !by_record => {
                let merged = merge(b, h, &ours_value, &ids.child(kind, &key));
                conflict |= merged.conflict;
                Some(merged.value)
            }
            (Some(b), None) if ours_value == *b => None,
            (None, None) => Some(ours_value),
            (_, Some(h)) if *h == ours_value => Some(ours_value),
            _ => {
                conflict = true;
                Some(ours_value)
            }
        };
        out.extend(kept.map(|value| (key, value)));
    }
    for (key, hand_value) in hand_list {
        match (base_by_key.get(&key), ours_by_key.contains_key(&key)) {
            (None, false) => out.push((key, hand_value)),
            // The API removed what the hand changed.
            (Some(b), false) if *b != hand_value => conflict = true,
            _ => {}
        }
    }
    Merged {
        value: join(&out, kind),
        conflict,
    }
}

fn join(entries: &[(String, Value)], kind: Kind) -> Value {
    let named = kind == Kind::Object;
    let mut text = vec![if named { b'{' } else { b'[' }];
    for (n, (key, value)) in entries.iter().enumerate() {
        if n > 0 {
            text.push(b',');
        }
        if named {
            text.extend_from_slice(quote(key).as_bytes());
            text.push(b':');
        }
        value.write_to(&mut text);
    }
    text.push(if named { b'}' } else { b']' });
    Value::parse(&text).expect("INVARIANT: joined from values with distinct keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, hand: &str, ours: &str, expected: &str, conflict: bool) {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let merged = merge(&value(base), &value(hand), &value(ours), &IdRule::default());
        assert_eq!(
            merged,
            Merged {
                value: value(expected),
                conflict
            },
            "{base} {hand} {ours}"
        );
    }

    #[test]
    fn different_records_merge_and_the_same_record_conflicts() {
        let base = r#"{"a":{"x":1},"b":{"x":1},"c":{"x":1}}"#;
        check(
            base,
            r#"{"a":{"x":2},"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":1},"b":{"x":3},"c":{"x":1}}"#,
            r#"{"a":{"x":2},"b":{"x":3},"c":{"x":1}}"#,
            false,
        );
        check(
            base,
            r#"{"a":{"x":2},"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":3},"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":3},"b":{"x":1},"c":{"x":1}}"#,
            true,
        );
        check(
            base,
            r#"{"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":1},"b":{"x":1},"c":{"x":1},"d":{}}"#,
            r#"{"b":{"x":1},"c":{"x":1},"d":{}}"#,
            false,
        );
        check(
            base,
            r#"{"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":9},"b":{"x":1},"c":{"x":1}}"#,
            r#"{"a":{"x":9},"b":{"x":1},"c":{"x":1}}"#,
            true,
        );
        check(
            base,
            r#"{"a":{"x":2},"b":{"x":1},"c":{"x":1}}"#,
            r#"{"b":{"x":1},"c":{"x":1}}"#,
            r#"{"b":{"x":1},"c":{"x":1}}"#,
            true,
        );
    }

    #[test]
    fn records_of_arrays_merge_by_id_and_collections_deeper_down_too() {
        check(
            r#"[{"id":1},{"id":2}]"#,
            r#"[{"id":1,"x":1},{"id":2}]"#,
            r#"[{"id":1},{"id":2},{"id":3}]"#,
            r#"[{"id":1,"x":1},{"id":2},{"id":3}]"#,
            false,
        );
        check(
            r#"{"p":[{"id":1},{"id":2}],"v":1}"#,
            r#"{"p":[{"id":1,"x":1},{"id":2}],"v":1}"#,
            r#"{"p":[{"id":1},{"id":2,"y":1}],"v":2}"#,
            r#"{"p":[{"id":1,"x":1},{"id":2,"y":1}],"v":2}"#,
            false,
        );
        check("[1,2]", "[1,2,3]", "[0,1,2]", "[0,1,2]", true);
        check("1", "2", "3", "3", true);
    }
}
