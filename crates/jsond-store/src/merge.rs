//! Three-way merge of a file that was edited by hand with what was written through the API. Pure.
//!
//! Record by record: what only the hand changed is taken, what only the API changed stays, and
//! where both changed the same record the API's value stays and the caller keeps the hand's text.

use crate::change::{Operation, OperationKind};
use crate::contract::{Address, Revision};
use crate::image::{FilePath, Image};
use crate::undo::{is_merged_inside, with_undo};
use bytes::Bytes;
use jsond_document::{Difference, DifferenceEdit, IdRule, Kind, Pointer, Value, diff, id_of_value};
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

/// What another program left of a file, and what it made that of.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    pub(crate) path: FilePath,
    /// What lay on disk before.
    pub(crate) base: Option<Value>,
    /// The last change that the base holds.
    pub(crate) held: Revision,
    /// What lies there now; none when the file was removed.
    pub(crate) hand: Option<Value>,
    /// Its text is kept in the journal.
    pub(crate) has_text: bool,
}

/// How the two sides of a file come together.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    /// What the hand did to the image.
    pub(crate) patch: Vec<Operation>,
    /// What is still to be done to the file on disk.
    pub(crate) pending: Vec<Operation>,
    /// Both sides changed the same record; the hand's version of it is not in the value.
    pub(crate) conflict: bool,
}

impl Merge {
    /// Merges what a hand did with what an image holds.
    ///
    /// *Cost*: linear in the file.
    pub(crate) fn of(sides: &Sides, image: &Image) -> Self {
        let file = image.file(&sides.path);
        let is_pending = match file {
            Some(file) => file.revision > sides.held,
            None => sides.base.is_some(),
        };
        let ours = file.and_then(|file| file.value.as_ref());
        let (base, hand) = (sides.base.as_ref(), sides.hand.as_ref());
        let ids = image.rule_of(&sides.path);
        let merged = match (hand, is_pending) {
            (None, false) => None,
            _ => merge_sides(base, hand, ours, &ids),
        };
        let value = merged.as_ref().map(|merged| &merged.value);
        let pending = changes(image, &sides.path, hand, value);
        Self {
            patch: changes(image, &sides.path, ours, value),
            pending: with_undo(pending, &image.with_value(&sides.path, hand), |_| {
                sides.has_text
            }),
            conflict: merged.as_ref().is_some_and(|merged| merged.conflict),
        }
    }
}

impl Merge {
    /// Merges with what the changes made of a file that the image does not show, because it was
    /// broken when the store was opened.
    pub(crate) fn of_hidden(sides: &Sides, image: &Image, ours: &Value) -> Self {
        let shown = image.with_value(&sides.path, Some(ours));
        let merge = Self::of(sides, &shown);
        let merged = shown.apply(&merge.patch, shown.revision, SystemTime::now());
        let merged = merged.expect("INVARIANT: made for this image");
        let value = merged
            .file(&sides.path)
            .and_then(|file| file.value.as_ref());
        Self {
            patch: changes(image, &sides.path, None, value),
            ..merge
        }
    }
}

/// How unlike two values are: one that replaces everything is no likeness.
///
/// *Units*: bytes, about.
pub(crate) fn distance(old: &Value, new: &Value, ids: &IdRule) -> usize {
    let weight = |difference: Difference| match difference.edit {
        DifferenceEdit::Add { value, .. } | DifferenceEdit::Replace(value) => {
            DIFFERENCE_BYTES + value.len_bytes()
        }
        DifferenceEdit::Remove => DIFFERENCE_BYTES,
    };
    diff(old, new, ids).into_iter().map(weight).sum()
}

/// What a difference counts whatever is written.
const DIFFERENCE_BYTES: usize = 32;

/// The operations that make one value of a file of another.
pub(crate) fn changes(
    image: &Image,
    path: &FilePath,
    old: Option<&Value>,
    new: Option<&Value>,
) -> Vec<Operation> {
    let whole = |kind| {
        vec![Operation {
            ids: image.ids.clone(),
            ..Operation::new(kind, Pointer::from_tokens(path.iter().cloned()))
        }]
    };
    match (old, new) {
        (None, None) => Vec::new(),
        (None, Some(new)) => whole(OperationKind::Add(new.clone().into())),
        (Some(_), None) => whole(OperationKind::Remove),
        (Some(old), Some(new)) => {
            let differences = diff(old, new, &image.rule_of(path));
            let operation = |it| operation_of(image, path, it);
            differences.into_iter().map(operation).collect()
        }
    }
}

fn operation_of(image: &Image, file: &FilePath, difference: Difference) -> Operation {
    let in_file = |tokens: Vec<String>| file.iter().cloned().chain(tokens);
    let is_moved = difference.address != difference.pointer;
    let (kind, before) = match difference.edit {
        DifferenceEdit::Add { value, before } => (OperationKind::Add(value.into()), before),
        DifferenceEdit::Replace(value) => (OperationKind::Replace(value.into()), None),
        DifferenceEdit::Remove => (OperationKind::Remove, None),
    };
    let path = Pointer::from_tokens(in_file(difference.pointer));
    Operation {
        address: is_moved.then(|| Address(in_file(difference.address).collect())),
        ids: image.ids.clone(),
        before,
        ..Operation::new(kind, path)
    }
}

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

/// A member or an element, by the key that it has on all sides: its name or its id.
struct Entry {
    key: String,
    /// The name as it is spelled.
    name: Option<Bytes>,
    value: Value,
}

/// The members by name, or the records of an array by id.
fn entries(value: &Value, ids: &IdRule) -> Vec<Entry> {
    value
        .members()
        .map(|member| {
            let key = member.name().map(std::borrow::Cow::into_owned);
            let key = key.or_else(|| id_of_value(&member.value, ids.id_name()));
            Entry {
                key: key.unwrap_or_default(),
                name: member.spelled_name,
                value: member.value,
            }
        })
        .collect()
}

fn merge_entries(base: &Value, hand: &Value, ours: &Value, kind: Kind, ids: &IdRule) -> Merged {
    let lists = [base, hand, ours].map(|side| entries(side, ids));
    let by_key = |list: &'_ [Entry]| -> HashMap<String, Value> {
        let entries = list.iter();
        entries
            .map(|it| (it.key.clone(), it.value.clone()))
            .collect()
    };
    let sides = [&lists[0], &lists[1], &lists[2]].map(|list| by_key(list));
    let by_record = base.is_collection(ids.id_name());
    let mut conflict = false;
    let mut out: Vec<(Option<&Bytes>, Value)> = Vec::new();
    for Entry { key, name, .. } in order_of(&lists) {
        let below = ids.child(kind, key);
        let of_key = [0, 1, 2].map(|side| sides[side].get(key));
        let merged = merge_entry(of_key, by_record, &below);
        conflict |= merged.1;
        out.extend(merged.0.map(|value| (name.as_ref(), value)));
    }
    Merged {
        value: join(&out, kind),
        conflict,
    }
}

/// What becomes of one entry, and whether the sides conflict over it.
fn merge_entry(sides: [Option<&Value>; 3], by_record: bool, ids: &IdRule) -> (Option<Value>, bool) {
    let [base, hand, ours] = sides;
    if hand == base || hand == ours {
        return (ours.cloned(), false);
    }
    if ours == base {
        return (hand.cloned(), false);
    }
    match (base, hand, ours) {
        (Some(base), Some(hand), Some(ours))
            if !by_record || all_inside([base, hand, ours], ids) =>
        {
            let merged = merge(base, hand, ours, ids);
            (Some(merged.value), merged.conflict)
        }
        _ => (ours.cloned(), true),
    }
}

/// The entries of both sides in the order in which they are to stand, each from the side whose
/// order it is.
///
/// The hand's order is kept, with what came on our side behind its neighbour or at the end, unless
/// our side has another order than the base: then ours is.
fn order_of([base, hand, ours]: &[Vec<Entry>; 3]) -> Vec<&Entry> {
    let positions: HashMap<_, _> = base.iter().map(|it| &it.key).zip(0..).collect();
    let known = ours.iter().filter_map(|it| positions.get(&it.key).copied());
    let (first, second) = match known.collect::<Vec<usize>>().is_sorted() {
        true => (hand, ours),
        false => (ours, hand),
    };
    let in_first: HashSet<_> = first.iter().map(|it| &it.key).collect();
    let last_common = second.iter().rposition(|it| in_first.contains(&it.key));
    let (inside, at_end) = second.split_at(last_common.map_or(0, |at| at + 1));
    // What comes only in the second, by the entry of the first behind which it stands there.
    let mut behind: HashMap<Option<&String>, Vec<&Entry>> = HashMap::new();
    let mut neighbour = None;
    for entry in inside {
        if in_first.contains(&entry.key) {
            neighbour = Some(&entry.key);
        } else {
            behind.entry(neighbour).or_default().push(entry);
        }
    }
    let mut order = behind.remove(&None).unwrap_or_default();
    for entry in first {
        order.push(entry);
        order.extend(behind.remove(&Some(&entry.key)).unwrap_or_default());
    }
    order.extend(at_end);
    order
}

/// Judges whether all sides are large collections: their records are merged, not they themselves.
fn all_inside(sides: [&Value; 3], ids: &IdRule) -> bool {
    sides.iter().all(|side| is_merged_inside(side, ids))
}

fn join(entries: &[(Option<&Bytes>, Value)], kind: Kind) -> Value {
    let named = kind == Kind::Object;
    let mut text = vec![if named { b'{' } else { b'[' }];
    for (n, (name, value)) in entries.iter().enumerate() {
        if n > 0 {
            text.push(b',');
        }
        if let Some(name) = name {
            text.extend_from_slice(name);
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
