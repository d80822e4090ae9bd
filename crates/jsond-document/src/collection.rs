//! What a collection is, and the id of a record in an array.
//!
//! A collection is an object whose members are all objects, or an array whose elements are all
//! objects with distinct ids, or an empty object or array. This file is the one place that knows.

use crate::json::{Json, Kind};
use crate::scan;
use crate::value::Value;
use std::collections::HashSet;

/// The member that identifies a record of an array.
pub const ID_NAME: &str = "id";

/// Reads the id of a record as text: a string's text or a number's spelling.
///
/// `7` and `"7"` are the same id. An object without an `id` of these two kinds has none.
#[must_use]
pub fn id_of(record: &Json) -> Option<String> {
    let id = record.member(ID_NAME)?;
    match id.kind() {
        Kind::String => id.as_text().map(std::borrow::Cow::into_owned),
        Kind::Number => Some(id.as_str().to_owned()),
        _ => None,
    }
}

/// Reads the id of a record of any size.
#[must_use]
pub fn id_of_value(record: &Value) -> Option<String> {
    match record.as_tree() {
        None => id_of(&record.to_json()),
        Some(_) => {
            let id = record.member(ID_NAME)?.to_json();
            id_of(&Json::from_compact(format!("{{\"{ID_NAME}\":{id}}}")))
        }
    }
}

/// Judges whether a small text is a collection.
pub(crate) fn is_collection(json: &Json) -> bool {
    let text = json.as_bytes();
    match json.kind() {
        Kind::Object => scan::members(text, 0).all(|entry| text[entry.value.start] == b'{'),
        Kind::Array => {
            let mut ids = HashSet::new();
            scan::elements(text, 0).all(|entry| {
                text[entry.value.start] == b'{'
                    && id_of(&json.slice(entry.value)).is_some_and(|id| ids.insert(id))
            })
        }
        _ => false,
    }
}
