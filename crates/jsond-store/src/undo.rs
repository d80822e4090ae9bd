//! What a change took away, so that an edit by hand can be merged after a crash.
//!
//! A checkpoint that was killed leaves the old text of a file, and a hand may have edited it before
//! the next start. To merge the two sides, recovery needs what the records were that the pending
//! changes touched. Of a short file the journal keeps the whole text; of a long one each operation
//! carries the record it goes into as it was before the change: its *unit*, the smallest part of a
//! file that a merge takes from one side.

use crate::change::Operation;
use crate::image::Image;
use crate::resolve::Way;
use jsond_document::{IdRule, Kind, Value};
use std::collections::HashSet;

/// A unit longer than this, and than the value that is written, is not kept.
const UNIT_BYTES_MAX: usize = 4096;

/// What the unit of an operation was before the change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Undo {
    /// How many tokens of the operation's address lead to the unit.
    pub(crate) tokens: usize,
    /// The unit; none when it was not there.
    pub(crate) was: Option<Value>,
}

/// Notes in the one operation of a change what its unit is, where the way to its place is known
/// already; else as [`with_undo`].
pub(crate) fn with_undo_at(
    mut operations: Vec<Operation>,
    way: &Way,
    has_text: impl Fn(&[String]) -> bool,
) -> Vec<Operation> {
    if let [operation] = &mut operations[..]
        && !has_text(&operation.path.tokens()[..way.file_tokens])
    {
        operation.undo = undo_at(way, operation.kind.written_bytes());
    }
    operations
}

/// Notes in the operations of one change what their units are in the image before it.
///
/// Of files of which `has_text` the whole text is kept, which says more.
pub(crate) fn with_undo(
    operations: Vec<Operation>,
    image: &Image,
    has_text: impl Fn(&[String]) -> bool,
) -> Vec<Operation> {
    let mut known: HashSet<Vec<String>> = HashSet::new();
    let mut noted = Vec::with_capacity(operations.len());
    for mut operation in operations {
        let address = operation.address_tokens();
        let is_known = (0..=address.len()).any(|length| known.contains(&address[..length]))
            || has_text(image.split(address).0);
        if !is_known && let Some(undo) = undo_of(image, address, operation.kind.written_bytes()) {
            known.insert(address[..undo.tokens].to_vec());
            operation.undo = Some(undo);
        }
        noted.push(operation);
    }
    noted
}

/// The unit at the end of a way that is known; none when it is too large to be kept.
fn undo_at(way: &Way, written_bytes: usize) -> Option<Undo> {
    let (depth, was) = unit_on(way);
    (was.len_bytes() <= UNIT_BYTES_MAX.max(written_bytes)).then(|| Undo {
        tokens: way.file_tokens + depth,
        was: Some(was.clone()),
    })
}

/// Goes a way as far as a merge does, as [`unit_in`] does where it is to be looked for.
fn unit_on(way: &Way) -> (usize, &Value) {
    let mut values = way.values().enumerate().peekable();
    while let Some((depth, (value, ids))) = values.next() {
        let Some((_, (child, below))) = values.peek() else {
            return (depth, value);
        };
        let is_collection = value.is_collection(ids.id_name());
        if value.kind() == Kind::Array && !is_collection {
            return (depth, value);
        }
        if is_collection && !is_merged_inside(child, below) {
            return (depth + 1, child);
        }
    }
    (0, &way.value)
}

/// The unit of an address; none when it is too large to be kept.
fn undo_of(image: &Image, address: &[String], written_bytes: usize) -> Option<Undo> {
    let (file_path, inside) = image.split(address);
    let Some(file) = image.file(file_path) else {
        let tokens = address.len();
        return Some(Undo { tokens, was: None });
    };
    let value = file.value.clone()?;
    let (depth, was) = unit_in(value, inside, file.ids.clone());
    let bound = UNIT_BYTES_MAX.max(written_bytes);
    let is_small = was.as_ref().is_none_or(|it| it.len_bytes() <= bound);
    is_small.then(|| Undo {
        tokens: file_path.len() + depth,
        was,
    })
}

/// Walks into a file's value as far as a merge does; gives how far, and what is there.
fn unit_in(mut value: Value, inside: &[String], mut ids: IdRule) -> (usize, Option<Value>) {
    for (depth, token) in inside.iter().enumerate() {
        let is_collection = value.is_collection(ids.id_name());
        let child = match value.kind() {
            Kind::Object => value.member(token),
            Kind::Array if is_collection => {
                let found = value.record(ids.id_name(), token);
                found.map(|(_, record)| record)
            }
            _ => return (depth, Some(value)),
        };
        let Some(child) = child else {
            return (depth + 1, None);
        };
        ids = ids.child(value.kind(), token);
        if is_collection && !is_merged_inside(&child, &ids) {
            return (depth + 1, Some(child));
        }
        value = child;
    }
    (inside.len(), Some(value))
}

/// Judges whether a member of a collection is no record to a merge but a large collection itself.
pub(crate) fn is_merged_inside(value: &Value, ids: &IdRule) -> bool {
    value.len_bytes() > UNIT_BYTES_MAX && value.count() > 0 && value.is_collection(ids.id_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Address;
    use crate::resolve::Resolved;

    /// The unit of a place that was gone to is the one that is found by its address.
    #[test]
    fn a_known_place_has_the_unit_of_its_address() {
        let long: Vec<_> = (0..300)
            .map(|n| format!("{{\"id\":{n},\"a\":[{n}]}}"))
            .collect();
        let members: Vec<_> = (0..300)
            .map(|n| format!("\"k{n}\":{{\"a\":{n}}}"))
            .collect();
        let db = format!(
            "{{\"posts\":[{}],\"by\":{{{}}},\"few\":[{{\"id\":1,\"x\":{{\"y\":2}}}}],\"list\":[[1],[2]]}}",
            long.join(","),
            members.join(",")
        );
        let image = Image::of_files([
            ("db.json", db.as_str()),
            ("a.json", "{\"x\":{\"y\":{\"z\":1}}}"),
            ("one.json", "1"),
        ]);
        let mut seen = 0;
        for path in [
            "db.json",
            "db.json/posts",
            "db.json/posts/7",
            "db.json/posts/7/a",
            "db.json/posts/7/a/0",
            "db.json/by",
            "db.json/by/k7",
            "db.json/by/k7/a",
            "db.json/few/1",
            "db.json/few/1/x/y",
            "db.json/list/1/0",
            "a.json",
            "a.json/x",
            "a.json/x/y/z",
            "one.json",
        ] {
            let tokens: Vec<String> = path.split('/').map(str::to_owned).collect();
            let Resolved::Value(place) = image.resolve(&Address(tokens.clone())) else {
                panic!("{path} is there");
            };
            let (_, way) = place.into_way();
            for written_bytes in [1, 1 << 20] {
                let by_way = undo_at(&way, written_bytes);
                assert_eq!(by_way, undo_of(&image, &tokens, written_bytes), "{path}");
                seen += usize::from(by_way.is_some());
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
