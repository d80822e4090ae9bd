//! Merge patch: from a value and a patch to the edits that the patch means there.
//!
//! Edits rather than a new value, so that every member the patch does not name keeps its bytes.
//!
//! *Source*: RFC 7396.

use crate::json::{Json, Kind};
use crate::patch::PatchEdit;
use crate::value::Value;
use std::borrow::Cow;

/// An edit at a place below the patched value.
pub type PlacedEdit = (Vec<String>, PatchEdit);

/// Finds the edits that a merge patch means for a value; none when it changes nothing.
///
/// *Shape*: in the order of the patch's members; no edit is inside another.
#[must_use]
pub fn merge_patch(target: &Value, patch: &Value) -> Vec<PlacedEdit> {
    let mut edits = Vec::new();
    merge_at(&mut Vec::new(), target, patch, &mut edits);
    edits
}

fn merge_at(place: &mut Vec<String>, target: &Value, patch: &Value, edits: &mut Vec<PlacedEdit>) {
    if patch.kind() != Kind::Object || target.kind() != Kind::Object {
        let new = without_nulls(patch);
        if new != *target {
            edits.push((place.clone(), PatchEdit::Replace(new)));
        }
        return;
    }
    for member in patch.members() {
        let name = member.name().map_or_else(String::new, Cow::into_owned);
        let old = target.member(&name);
        place.push(name);
        match (old, member.value.kind()) {
            (Some(_), Kind::Null) => edits.push((place.clone(), PatchEdit::Remove)),
            (None, Kind::Null) => {}
            (Some(old), _) => merge_at(place, &old, &member.value, edits),
            (None, _) => {
                let new = without_nulls(&member.value);
                edits.push((place.clone(), PatchEdit::Add(new)));
            }
        }
        place.pop();
    }
}

/// What a patch makes where nothing is: its objects without the members that are null.
fn without_nulls(patch: &Value) -> Value {
    if patch.kind() != Kind::Object {
        return patch.clone();
    }
    let mut text = Vec::with_capacity(patch.len_bytes());
    write_without_nulls(patch, &mut text);
    Value::from(Json::from_compact(text))
}

fn write_without_nulls(patch: &Value, out: &mut Vec<u8>) {
    if patch.kind() != Kind::Object {
        patch.write_to(out);
        return;
    }
    let members = patch.members().filter(|it| it.value.kind() != Kind::Null);
    out.push(b'{');
    for (n, member) in members.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&member.spelled_name.unwrap_or_default());
        out.push(b':');
        write_without_nulls(&member.value, out);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::Patched;

    fn check(target: &str, patch: &str, expected: &str) {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let mut found = value(target);
        for (tokens, edit) in merge_patch(&value(target), &value(patch)) {
            found.edit(&tokens, edit).unwrap();
        }
        assert_eq!(found.to_json().as_str(), expected, "{target} {patch}");
        assert!(
            merge_patch(&found, &found).is_empty() || expected.contains("null"),
            "{expected}"
        );
    }

    /// The examples of the standard's appendix.
    #[test]
    fn the_fifteen_examples_of_the_standard_hold() {
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"a":null}"#, "{}");
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
        check(
            r#"{"a":{"b":"c"}}"#,
            r#"{"a":{"b":"d","c":null}}"#,
            r#"{"a":{"b":"d"}}"#,
        );
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
        check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
        check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
        check(r#"{"a":"foo"}"#, "null", "null");
        check(r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#);
        check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#);
        check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
        check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
    }

    #[test]
    fn members_that_the_patch_does_not_name_keep_their_bytes() {
        check(
            r#"{"n":1.0,"\u0061":1e400,"":{"/":-0,"~":9007199254740993}}"#,
            r#"{"":{"/":null},"a":{"__proto__":{"x":null,"y":[null]}}}"#,
            r#"{"n":1.0,"\u0061":{"__proto__":{"y":[null]}},"":{"~":9007199254740993}}"#,
        );
    }

    #[test]
    fn a_patch_that_says_what_is_there_means_no_edit() {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let target = value(r#"{"a":{"b":1},"c":[1]}"#);
        let patch = value(r#"{"c":[1],"a":{"b":1,"x":null},"y":null}"#);
        assert_eq!(merge_patch(&target, &patch), []);
    }
}
