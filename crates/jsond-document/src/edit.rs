//! Edits of a value at a place that a JSON pointer names: add, replace, remove.
//!
//! *Source*: RFC 6902 §4.1–§4.3, on text; the old value stays as it is. An addition before a named
//! member is our own: a patch document says nothing about the order of members.

mod addition;
mod exchange;

use crate::id_name::IdRule;
use crate::json::Kind;
use crate::leaf::Piece;
use crate::pointer::array_index;
use crate::value::{Repr, Value};
use crate::value_edit::ValueEdit;
use crate::{scan, splice, string};
use bytes::Bytes;
use std::sync::Arc;

/// Why an edit does not apply.
///
/// *Units*: `depth` counts the tokens of the pointer that were followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A token on the way, or the target itself, names nothing.
    #[error("there is no value at this place")]
    NotFound {
        /// The tokens that were followed.
        depth: usize,
    },
    /// A token leads into a value that is neither array nor object.
    #[error("the parent is neither an array nor an object")]
    NotAContainer {
        /// The tokens that were followed.
        depth: usize,
    },
    /// A token into an array is no index of it.
    #[error("the array has no such index")]
    Index {
        /// The tokens that were followed.
        depth: usize,
    },
    /// The whole document cannot be removed.
    #[error("the whole document cannot be removed")]
    Root,
}

impl Value {
    /// Adds a member (or replaces the one of that name) or inserts an element.
    ///
    /// *Source*: RFC 6902 §4.1.
    pub fn add(&self, tokens: &[String], value: &Self) -> Result<Self, EditError> {
        self.edited(tokens, &ValueEdit::Add(value), &IdRule::default())
    }

    /// Replaces a value that is there.
    ///
    /// *Source*: RFC 6902 §4.3.
    pub fn replace(&self, tokens: &[String], value: &Self) -> Result<Self, EditError> {
        self.edited(tokens, &ValueEdit::Replace(value), &IdRule::default())
    }

    /// Removes a member or an element.
    ///
    /// *Source*: RFC 6902 §4.2.
    pub fn remove(&self, tokens: &[String]) -> Result<Self, EditError> {
        self.edited(tokens, &ValueEdit::Remove, &IdRule::default())
    }

    /// Adds, replaces or removes in a value that a rule is for: what is indexed as the rule says
    /// stays so, whatever is put into it.
    ///
    /// *Errors*: as the operations above.
    pub fn edited(
        &self,
        tokens: &[String],
        edit: &ValueEdit<'_>,
        ids: &IdRule,
    ) -> Result<Self, EditError> {
        self.edit_at(tokens, edit, 0, ids)
    }

    /// Makes one edit; `depth` tokens have been followed before.
    pub(crate) fn edit_at(
        &self,
        tokens: &[String],
        edit: &ValueEdit<'_>,
        depth: usize,
        ids: &IdRule,
    ) -> Result<Self, EditError> {
        let Some((token, rest)) = tokens.split_first() else {
            let value = edit.value().ok_or(EditError::Root)?;
            return Ok(value.taken_by(ids));
        };
        let below = ids.child(self.kind(), token);
        if let Some(edited) = self.edit_found(token, rest, edit, depth, &below) {
            return edited;
        }
        if !rest.is_empty() {
            let child = self.child(token).ok_or_else(|| self.missing(depth))?;
            let child = child.edit_at(rest, edit, depth + 1, &below)?;
            return self.edit_child(token, &ValueEdit::Replace(&child), depth, ids);
        }
        let value = edit.value().map(|value| value.taken_by(&below));
        let edit = value.as_ref().map_or(*edit, |value| edit.with(value));
        self.edit_child(token, &edit, depth, ids)
    }

    /// The same value, indexed for its new place: it may come from one that is called otherwise.
    pub(crate) fn taken_by(&self, ids: &IdRule) -> Self {
        if ids.names().is_default() {
            self.clone()
        } else {
            self.indexed_by(ids)
        }
    }

    fn missing(&self, depth: usize) -> EditError {
        match self.kind() {
            Kind::Array => EditError::Index { depth },
            Kind::Object => EditError::NotFound { depth },
            _ => EditError::NotAContainer { depth },
        }
    }

    /// Edits a child; a value that is put there is indexed for its place already.
    pub(crate) fn edit_child(
        &self,
        token: &str,
        edit: &ValueEdit<'_>,
        depth: usize,
        ids: &IdRule,
    ) -> Result<Self, EditError> {
        if let Some(edited) = self.edit_small_member(token, edit, ids) {
            return Ok(edited);
        }
        match self.kind() {
            Kind::Object => match (self.position_of(token), edit) {
                (Some(at), ValueEdit::Remove) => Ok(self.remove_at(at)),
                (
                    Some(at),
                    ValueEdit::Add(value)
                    | ValueEdit::AddBefore(value, _)
                    | ValueEdit::Replace(value),
                ) => Ok(self.set_at(at, value, ids)),
                (None, _) => self
                    .added(token, edit, ids)
                    .ok_or_else(|| self.missing(depth)),
            },
            Kind::Array => self
                .edit_element(token, edit, ids)
                .ok_or_else(|| self.missing(depth)),
            _ => Err(self.missing(depth)),
        }
    }

    fn edit_element(&self, token: &str, edit: &ValueEdit<'_>, ids: &IdRule) -> Option<Self> {
        let at = || array_index(token).filter(|at| *at < self.count());
        match edit {
            ValueEdit::Add(_) | ValueEdit::AddBefore(..) => self.added(token, edit, ids),
            ValueEdit::Replace(value) => Some(self.set_at(at()?, value, ids)),
            ValueEdit::Remove => Some(self.remove_at(at()?)),
        }
    }

    /// Finds the position of a member by name.
    #[must_use]
    pub fn position_of(&self, name: &str) -> Option<usize> {
        match self.repr() {
            Repr::Tree(tree) => tree.find(name).map(|place| tree.position(&place)),
            Repr::Text(json) => {
                let text = json.as_bytes();
                let is_it = |entry: scan::Entry| string::reads_as(&text[entry.name], name);
                scan::entries(text, 0).position(is_it)
            }
        }
    }

    fn set_at(&self, position: usize, value: &Self, ids: &IdRule) -> Self {
        match self.repr() {
            Repr::Tree(tree) => {
                let place = tree
                    .at(position)
                    .expect("INVARIANT: the position was found");
                let (name, value) = (tree.piece(&place).name, value.clone());
                Self::large(Arc::new(tree.set(&place, &Piece { name, value })))
            }
            Repr::Text(json) => {
                let entry = scan::entries(json.as_bytes(), 0)
                    .nth(position)
                    .expect("INVARIANT: the position was found");
                let mut new = Vec::new();
                value.write_to(&mut new);
                Self::indexed(splice::replace(json, entry.value, &new), ids)
            }
        }
    }

    fn insert_at(&self, position: usize, name: Option<Bytes>, value: &Self, ids: &IdRule) -> Self {
        match self.repr() {
            Repr::Tree(tree) => {
                let piece = Piece {
                    name,
                    value: value.clone(),
                };
                Self::large(Arc::new(tree.insert(position, piece)))
            }
            Repr::Text(json) => {
                let mut new = Vec::new();
                value.write_to(&mut new);
                let json = splice::insert(json, position, name.as_deref(), &new);
                Self::indexed(json, ids)
            }
        }
    }

    fn remove_at(&self, position: usize) -> Self {
        match self.repr() {
            Repr::Tree(tree) => {
                let place = tree
                    .at(position)
                    .expect("INVARIANT: the position was found");
                Self::large(Arc::new(tree.remove(&place)))
            }
            Repr::Text(json) => {
                let entry = scan::entries(json.as_bytes(), 0)
                    .nth(position)
                    .expect("INVARIANT: the position was found");
                Self::from(splice::remove(json, &entry))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ID_NAME, Pointer, Value};
    use proptest::prelude::*;

    fn check(document: &str, edit: impl Fn(&Value) -> Result<Value, EditError>, expected: &str) {
        let value = Value::parse(document.as_bytes()).unwrap();
        let found =
            edit(&value).map_or_else(|error| format!("{error:?}"), |new| format!("{new:?}"));
        assert_eq!(found, expected, "{document}");
    }

    fn at(pointer: &str) -> Vec<String> {
        Pointer::parse(pointer).unwrap().tokens().to_vec()
    }

    fn json(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_operations_of_rfc_6902_apply_to_text() {
        check(
            r#"{"a":1}"#,
            |v| v.add(&at("/b"), &json("2")),
            r#"{"a":1,"b":2}"#,
        );
        check(r#"{"a":1}"#, |v| v.add(&at("/a"), &json("2")), r#"{"a":2}"#);
        check("{}", |v| v.add(&at("/a"), &json("[]")), r#"{"a":[]}"#);
        check("[1,3]", |v| v.add(&at("/1"), &json("2")), "[1,2,3]");
        check("[1]", |v| v.add(&at("/-"), &json("2")), "[1,2]");
        check("[]", |v| v.add(&at("/0"), &json("2")), "[2]");
        check(
            "[1]",
            |v| v.add(&at("/2"), &json("2")),
            "Index { depth: 0 }",
        );
        check(
            "[1]",
            |v| v.add(&at("/01"), &json("2")),
            "Index { depth: 0 }",
        );
        check(r#"{"a":1,"b":2}"#, |v| v.remove(&at("/b")), r#"{"a":1}"#);
        check(r#"{"a":1,"b":2}"#, |v| v.remove(&at("/a")), r#"{"b":2}"#);
        check(r#"{"a":1}"#, |v| v.remove(&at("/a")), "{}");
        check(
            r#"{"a":[0,{"b":1}]}"#,
            |v| v.replace(&at("/a/1/b"), &json("2")),
            r#"{"a":[0,{"b":2}]}"#,
        );
        check(
            r#"{"a":1}"#,
            |v| v.replace(&at("/b"), &json("2")),
            "NotFound { depth: 0 }",
        );
        check(
            r#"{"a":1}"#,
            |v| v.add(&at("/a/b"), &json("2")),
            "NotAContainer { depth: 1 }",
        );
        check("1", |v| v.replace(&at(""), &json("2")), "2");
        check("1", |v| v.remove(&at("")), "Root");
    }

    fn check_before(document: &str, pointer: &str, neighbour: &str, expected: &str) {
        let new = json("0");
        let edit = ValueEdit::AddBefore(&new, neighbour);
        let edited = |v: &Value| v.edited(&at(pointer), &edit, &IdRule::default());
        check(document, edited, expected);
    }

    #[test]
    fn a_member_is_added_before_the_one_that_is_named() {
        check_before(r#"{"a":1}"#, "/b", "a", r#"{"b":0,"a":1}"#);
        check_before(r#"{"\u0061":1}"#, "/b", "a", r#"{"b":0,"\u0061":1}"#);
        check_before(r#"{"a":1,"b":2}"#, "/c", "b", r#"{"a":1,"c":0,"b":2}"#);
        check_before(r#"{"a":1}"#, "/b", "absent", r#"{"a":1,"b":0}"#);
        check_before("{}", "/b", "b", r#"{"b":0}"#);
        check_before(r#"{"a":1,"b":2}"#, "/b", "a", r#"{"a":1,"b":0}"#);
        check_before(r#"[{"a":1}]"#, "/0/b", "a", r#"[{"b":0,"a":1}]"#);
        check_before("[1]", "/0", "1", "[0,1]");
        check_before("1", "", "a", "0");
    }

    #[test]
    fn nasty_names_and_numbers_stay_as_they_are() {
        let document = r#"{"":9007199254740993,"/":1e400,"~":-0,"__proto__":1.0,"\u0061":[1.50]}"#;
        check(
            document,
            |v| v.replace(&at("/a/0"), &json("2")),
            &document.replace("1.50", "2"),
        );
        check(
            document,
            |v| v.remove(&at("/")),
            &document.replace(r#""":9007199254740993,"#, ""),
        );
        check(
            document,
            |v| v.replace(&at("/~1"), &json("0")),
            &document.replace("1e400", "0"),
        );
    }

    /// A plain list of records stands beside the tree; after every edit both read the same.
    #[derive(Debug, Clone)]
    enum Step {
        Set(usize, usize),
        Add(usize, usize),
        Remove(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (any::<usize>(), 1..600_usize).prop_map(|(n, size)| Step::Set(n, size)),
            (any::<usize>(), 1..20_000_usize).prop_map(|(n, size)| Step::Add(n, size)),
            any::<usize>().prop_map(Step::Remove),
        ];
        prop::collection::vec(step, 1..60)
    }

    fn object_text(model: &[(String, String)]) -> String {
        let members: Vec<_> = model
            .iter()
            .map(|(name, text)| format!("\"{name}\":{text}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    fn record(id: usize, size: usize) -> String {
        if size > 9000 {
            let parts: Vec<_> = (0..size / 10)
                .map(|n| format!("{n:08}").replace('0', "1"))
                .collect();
            return format!("{{\"id\":{id},\"parts\":[{}]}}", parts.join(","));
        }
        format!("{{\"id\":{id},\"text\":\"{}\"}}", "x".repeat(size))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_large_object_reads_like_its_plain_model(count in 0..900_usize, steps in steps()) {
            let mut model: Vec<_> = (0..count).map(|n| (format!("k{n}"), record(n, 20))).collect();
            let mut value = json(&object_text(&model));
            for (fresh, step) in (count..).zip(steps) {
                match step {
                    Step::Set(n, size) if !model.is_empty() => {
                        let n = n % model.len();
                        model[n].1 = record(fresh, size);
                        value = value.replace(&[model[n].0.clone()], &json(&model[n].1)).unwrap();
                    }
                    Step::Remove(n) if !model.is_empty() => {
                        let (name, _) = model.remove(n % model.len());
                        value = value.remove(&[name]).unwrap();
                    }
                    Step::Add(n, size) | Step::Set(n, size) => {
                        // At the end, or before the member that stands there.
                        let at = n % (model.len() + 1);
                        let next = model.get(at).map_or("absent".to_owned(), |it| it.0.clone());
                        model.insert(at, (format!("k{fresh}"), record(fresh, size)));
                        let (name, text) = model[at].clone();
                        let new = json(&text);
                        let edit = ValueEdit::AddBefore(&new, &next);
                        value = value.edited(&[name], &edit, &IdRule::default()).unwrap();
                    }
                    Step::Remove(_) => {}
                }
                prop_assert_eq!(value.len_bytes(), object_text(&model).len());
            }
            prop_assert_eq!(value.to_json().to_string(), object_text(&model));
            prop_assert_eq!(value.count(), model.len());
            prop_assert!(value.is_collection(ID_NAME));
            prop_assert_eq!(value.digest(), json(&object_text(&model)).digest());
            for (position, (name, text)) in model.iter().enumerate() {
                prop_assert_eq!(value.position_of(name), Some(position));
                prop_assert_eq!(&value.member(name).unwrap().to_json().to_string(), text);
            }
            prop_assert!(value.member("absent").is_none());
        }

        #[test]
        fn a_large_array_reads_like_its_plain_model(count in 0..900_usize, steps in steps()) {
            let mut model: Vec<_> = (0..count).map(|n| record(n, 20)).collect();
            let text = |model: &[String]| format!("[{}]", model.join(","));
            let mut value = json(&text(&model));
            for (fresh, step) in (count..).zip(steps) {
                match step {
                    Step::Set(n, size) if !model.is_empty() => {
                        let n = n % model.len();
                        model[n] = record(fresh, size);
                        value = value.replace(&[n.to_string()], &json(&model[n])).unwrap();
                    }
                    Step::Remove(n) if !model.is_empty() => {
                        let n = n % model.len();
                        model.remove(n);
                        value = value.remove(&[n.to_string()]).unwrap();
                    }
                    Step::Add(n, size) | Step::Set(n, size) => {
                        let n = n % (model.len() + 1);
                        model.insert(n, record(fresh, size));
                        value = value.add(&[n.to_string()], &json(&model[n])).unwrap();
                    }
                    Step::Remove(_) => {}
                }
            }
            prop_assert_eq!(value.to_json().to_string(), text(&model));
            prop_assert!(value.is_collection(ID_NAME));
            for (position, record) in model.iter().enumerate() {
                let id = crate::id_of(&json(record).to_json(), ID_NAME).unwrap();
                let (found, found_record) = value.record(ID_NAME, &id).unwrap();
                prop_assert_eq!(found, position);
                prop_assert_eq!(&found_record.to_json().to_string(), record);
                prop_assert_eq!(&value.element(position).unwrap().to_json().to_string(), record);
            }
        }
    }

    #[test]
    fn an_array_stops_and_starts_being_a_collection_with_its_ids() {
        let records: Vec<_> = (0..500).map(|n| record(n, 30)).collect();
        let value = json(&format!("[{}]", records.join(",")));
        assert!(value.is_collection(ID_NAME));
        let twice = value.replace(&at("/3"), &json(r#"{"id":"7"}"#)).unwrap();
        assert!(!twice.is_collection(ID_NAME));
        assert!(twice.record(ID_NAME, "7").is_none());
        let mended = twice.replace(&at("/7"), &json(r#"{"id":3}"#)).unwrap();
        assert!(mended.is_collection(ID_NAME));
        assert_eq!(mended.record(ID_NAME, "7").unwrap().0, 3);
        assert!(
            !value
                .add(&at("/-"), &json("1"))
                .unwrap()
                .is_collection(ID_NAME)
        );
    }

    #[test]
    fn splits_at_one_place_go_on_when_the_order_numbers_run_out() {
        let records: Vec<_> = (0..300).map(|n| format!("{{\"id\":{n}}}")).collect();
        let mut value = json(&format!("[{},{}]", records.join(","), record(300, 8000)));
        for n in 1000..4000 {
            value = value.add(&at("/100"), &json(&record(n, 100))).unwrap();
        }
        assert_eq!(value.count(), 3301);
        for n in 1000..4000_usize {
            assert_eq!(
                value.record(ID_NAME, &n.to_string()).unwrap().0,
                100 + (3999 - n)
            );
        }
    }
}
