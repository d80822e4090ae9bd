//! What a collection is, and the id of a record in an array.
//!
//! A collection is an object whose members are all objects, or an array whose elements are all
//! objects with distinct ids, or an empty object or array. This file is the one place that knows;
//! which member is the id is asked of the caller, see the module `id_name`.

use crate::json::{Json, Kind};
use crate::value::Value;
use crate::{scan, string};
use std::collections::HashSet;

/// The member that identifies a record of an array where no other name is given.
pub const ID_NAME: &str = "id";

/// Reads an id as text: a string's text or a number's spelling.
///
/// `7` and `"7"` are the same id. A value of another kind is no id.
#[must_use]
pub fn id_text(id: &Json) -> Option<String> {
    match id.kind() {
        Kind::String => id.as_text().map(std::borrow::Cow::into_owned),
        Kind::Number => Some(id.as_str().to_owned()),
        _ => None,
    }
}

/// Reads the id of a record, the member of this name, as text.
#[must_use]
pub fn id_of(record: &Json, id_name: &str) -> Option<String> {
    id_text(&record.member(id_name)?)
}

/// Reads the id of a record of any size.
#[must_use]
pub fn id_of_value(record: &Value, id_name: &str) -> Option<String> {
    let id = record.member(id_name)?;
    // An id is a scalar, which is small.
    matches!(id.kind(), Kind::String | Kind::Number)
        .then(|| id_text(&id.to_json()))
        .flatten()
}

impl Value {
    /// The largest id of an array if all its elements have an unsigned integer as their id, the
    /// member of this name; 0 of an empty array, none of what is no array.
    ///
    /// *Shape*: an id counts that is spelled in digits alone and fits into 64 bits.
    /// *Cost*: logarithmic at the most for a large array that is indexed by this name, else linear.
    #[must_use]
    pub fn largest_integer_id(&self, id_name: &str) -> Option<u64> {
        if self.kind() != Kind::Array {
            return None;
        }
        match self.as_tree() {
            Some(tree) if tree.is_indexed_by(id_name) => tree.largest_integer_id(),
            _ => self.members().try_fold(0, |largest, record| {
                Some(integer_id(&record.value, id_name)?.max(largest))
            }),
        }
    }
}

/// Reads the id of a record of any size as an integer.
pub(crate) fn integer_id(record: &Value, id_name: &str) -> Option<u64> {
    match record.view().text() {
        Some(text) => integer_id_in(text, id_name),
        None => integer(record.member(id_name)?.view().text()?),
    }
}

/// Reads the id of a record as an integer; `text` begins with the record.
pub(crate) fn integer_id_in(text: &[u8], id_name: &str) -> Option<u64> {
    if text[0] != b'{' {
        return None;
    }
    let id = scan::members(text, 0)
        .find(|entry| string::reads_as(&text[entry.name.clone()], id_name))?;
    integer(&text[id.value])
}

fn integer(spelled: &[u8]) -> Option<u64> {
    std::str::from_utf8(spelled).ok()?.parse().ok()
}

/// Judges whether a small text is a collection.
pub(crate) fn is_collection(json: &Json, id_name: &str) -> bool {
    let text = json.as_bytes();
    match json.kind() {
        Kind::Object => scan::members(text, 0).all(|entry| text[entry.value.start] == b'{'),
        Kind::Array => {
            let mut ids = HashSet::new();
            scan::elements(text, 0).all(|entry| {
                text[entry.value.start] == b'{'
                    && id_of(&json.slice(entry.value), id_name).is_some_and(|id| ids.insert(id))
            })
        }
        _ => false,
    }
}

/// Judges whether the elements of an array are objects with distinct ids.
///
/// *Cost*: linear; for an array that is not indexed by this name.
pub(crate) fn are_records(mut elements: impl Iterator<Item = Value>, id_name: &str) -> bool {
    let mut ids = HashSet::new();
    elements.all(|element| {
        element.kind() == Kind::Object
            && id_of_value(&element, id_name).is_some_and(|id| ids.insert(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IdNames, IdRule};

    fn rule(word: &str) -> IdRule {
        IdNames::parse([word]).unwrap().rule("posts")
    }

    /// Checks a small text, and the same records among others in trees of either index.
    fn check(text: &str, id_name: &str, expected: bool) {
        let value = Value::parse(text.as_bytes()).unwrap();
        assert_eq!(value.is_collection(id_name), expected, "{text} {id_name}");
        let more = (0..1000).map(|n| format!(r#",{{"id":"i{n}","slug":"s{n}","_id":"_{n}"}}"#));
        let text = text.trim_end_matches(']').to_owned() + &more.collect::<String>() + "]";
        let json = Json::parse(text.as_bytes()).unwrap();
        for index in ["id", "slug", "_id"] {
            let value = Value::indexed(json.clone(), &rule(index));
            assert!(value.as_tree().is_some());
            assert_eq!(value.is_collection(id_name), expected, "{id_name} {index}");
        }
    }

    #[test]
    fn an_array_is_a_collection_by_the_member_that_is_asked_for() {
        check(r#"[{"id":1,"slug":"a"},{"id":1,"slug":"b"}]"#, "slug", true);
        check(r#"[{"id":1,"slug":"a"},{"id":1,"slug":"b"}]"#, "id", false);
        check(r#"[{"slug":"a"},{"slug":"a","id":1}]"#, "slug", false);
        check(r#"[{"slug":7},{"slug":"7"}]"#, "slug", false);
        check(r#"[{"slug":7},{"slug":"8"},{"slug":7.0}]"#, "slug", true);
        check(r#"[{"slug":null}]"#, "slug", false);
        check(r#"[{"slug":["a"]}]"#, "slug", false);
        check(r#"[{"slug":"a"},"b"]"#, "slug", false);
        check(r#"[{"s\u006cug":"a"}]"#, "slug", true);
    }

    #[test]
    fn an_object_is_a_collection_whatever_identifies_records_of_arrays() {
        for name in ["id", "slug"] {
            let value = Value::parse(br#"{"a":{},"b":{"x":1}}"#).unwrap();
            assert!(value.is_collection(name));
            assert!(Value::parse(b"[]").unwrap().is_collection(name));
            assert!(!Value::parse(b"1").unwrap().is_collection(name));
        }
    }
}
