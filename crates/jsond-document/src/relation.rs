//! Records that name others by a key: those others are put into them as one more member.
//!
//! A relation is joined in one pass over each side. Nothing of it is stored; the records that come
//! of it are new texts.

use crate::json::{Json, Kind};
use crate::scan;
use crate::select::text_of;
use crate::string::{quote, reads_as};
use crate::value::Value;
use crate::view::View;
use std::collections::HashMap;

/// How the records of a collection belong to those of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The member that the related records are put into, in the place of one that is there.
    pub member: String,
    /// Which side holds the key.
    pub side: Side,
    /// Whether `1` and `"1"` are different keys.
    pub is_typed: bool,
}

/// Which side of a relation holds the key of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The related ones do, in this member; all that have the record's id are put into it.
    Children(String),
    /// The record does, in this member; the one related record of this id is put into it, and the
    /// member is left out where there is none.
    Parent(String),
}

/// Related records by their keys.
struct Index<'a> {
    relation: &'a Relation,
    id_name: &'a str,
    records: HashMap<Vec<u8>, Vec<View<'a>>>,
}

impl Relation {
    /// Puts related records into each element of an array, or into one object; none where more than
    /// so many bytes would come of it.
    ///
    /// *Shape*: ids are the members called `id_name` on either side. *Cost*: linear in both and in
    /// what comes of it.
    #[must_use]
    pub fn join(
        &self,
        records: &Value,
        related: &Value,
        id_name: &str,
        bytes_max: usize,
    ) -> Option<Value> {
        let index = self.index(related, id_name);
        if records.kind() == Kind::Array {
            let write = |record: View<'_>, out: &mut Vec<u8>| {
                // One record is in it as a whole, or not at all.
                if out.len() <= bytes_max {
                    index.join(record, out);
                }
            };
            let out = each(records, write);
            return (out.len() <= bytes_max).then(|| of_bytes(out));
        }
        let mut out = Vec::new();
        index.join(records.view(), &mut out);
        (out.len() <= bytes_max).then(|| of_bytes(out))
    }

    fn index<'a>(&'a self, related: &'a Value, id_name: &'a str) -> Index<'a> {
        let name = match &self.side {
            Side::Children(key) => key.as_str(),
            Side::Parent(_) => id_name,
        };
        let mut records = HashMap::<_, Vec<_>>::new();
        if related.kind() == Kind::Array {
            for entry in related.view().entries() {
                let key = member(entry.value, name).and_then(|it| key_of(it, self.is_typed));
                if let Some(key) = key {
                    records.entry(key).or_default().push(entry.value);
                }
            }
        }
        Index {
            relation: self,
            id_name,
            records,
        }
    }
}

impl Index<'_> {
    fn join(&self, record: View<'_>, out: &mut Vec<u8>) {
        if record.kind() != Kind::Object {
            return record.write_to(out);
        }
        let Relation {
            member: name,
            side,
            is_typed,
        } = self.relation;
        let key_name = match side {
            Side::Children(_) => self.id_name,
            Side::Parent(key) => key,
        };
        let key = member(record, key_name).and_then(|it| key_of(it, *is_typed));
        let found = key.and_then(|key| self.records.get(&key));
        let found = found.map_or(&[][..], Vec::as_slice);
        let related = match (side, found) {
            (Side::Children(_), found) => Some(list(found)),
            (Side::Parent(_), []) => None,
            (Side::Parent(_), [first, ..]) => Some(first.to_value().to_json()),
        };
        write_with(record, name, related.as_ref(), out);
    }
}

impl Json {
    /// Sets a member of an object: in its place where it is there, else as the last one.
    #[must_use]
    pub fn with_member(&self, name: &str, value: &Self) -> Self {
        self.changed(name, Some(value))
    }

    /// Sets all members of another object, as [`Json::with_member`] sets one.
    ///
    /// *Cost*: linear in both.
    #[must_use]
    pub fn with_members_of(&self, other: &Self) -> Self {
        let others = View::of_text(other.as_bytes()).entries();
        let others: Vec<_> = others.map(|it| (name_of(it.name), it.value)).collect();
        let places: HashMap<_, _> = others
            .iter()
            .enumerate()
            .map(|(at, it)| (&it.0, at))
            .collect();
        let mut is_set = vec![false; others.len()];
        let mut out = vec![b'{'];
        for entry in View::of_text(self.as_bytes()).entries() {
            let at = places.get(&name_of(entry.name)).copied();
            if let Some(at) = at {
                is_set[at] = true;
            }
            push_member(
                entry.name,
                at.map_or(entry.value, |at| others[at].1),
                &mut out,
            );
        }
        for (at, (name, value)) in others.iter().enumerate() {
            if !is_set[at] {
                push_member(quote(name).as_bytes(), *value, &mut out);
            }
        }
        out.push(b'}');
        Self::from_compact(out)
    }

    /// Leaves a member of an object out.
    #[must_use]
    pub fn without_member(&self, name: &str) -> Self {
        self.changed(name, None)
    }

    fn changed(&self, name: &str, value: Option<&Self>) -> Self {
        let mut out = Vec::new();
        write_with(View::of_text(self.as_bytes()), name, value, &mut out);
        Self::from_compact(out)
    }
}

impl Value {
    /// Spells every number that is an id of a record in an array as a string.
    #[must_use]
    pub fn with_text_ids(&self, id_name: &str) -> Self {
        of_bytes(each(self, |record, out| {
            write_with_text_id(record, id_name, out);
        }))
    }

    /// Spells the id of a record as a string where it is a number.
    #[must_use]
    pub fn with_text_id(&self, id_name: &str) -> Self {
        let mut out = Vec::new();
        write_with_text_id(self.view(), id_name, &mut out);
        Self::from(Json::from_compact(out))
    }
}

fn write_with_text_id(record: View<'_>, id_name: &str, out: &mut Vec<u8>) {
    let id = member(record, id_name).filter(|id| id.kind() == Kind::Number);
    match id {
        Some(id) => write_with(record, id_name, Some(&Json::string(&text_of(id))), out),
        None => record.write_to(out),
    }
}

fn of_bytes(out: Vec<u8>) -> Value {
    Value::from(Json::from_compact(out))
}

fn name_of(spelled: &[u8]) -> String {
    crate::string::unquote(spelled).into_owned()
}

/// Appends a member to an object that is being written.
fn push_member(name: &[u8], value: View<'_>, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(name);
    out.push(b':');
    value.write_to(out);
}

/// Writes an array anew, element by element.
fn each(records: &Value, mut write: impl FnMut(View<'_>, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len_bytes());
    out.push(b'[');
    for entry in records.view().entries() {
        if out.len() > 1 {
            out.push(b',');
        }
        write(entry.value, &mut out);
    }
    out.push(b']');
    out
}

fn list(records: &[View<'_>]) -> Json {
    let mut out = vec![b'['];
    for (at, record) in records.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        record.write_to(&mut out);
    }
    out.push(b']');
    Json::from_compact(out)
}

fn member<'a>(record: View<'a>, name: &str) -> Option<View<'a>> {
    match (record.kind(), record.text()) {
        (Kind::Object, Some(text)) => {
            let entry = scan::members(text, 0).find(|it| reads_as(&text[it.name.clone()], name));
            entry.map(|it| View::of_text(&text[it.value]))
        }
        (Kind::Object, None) => record.member_of_tree(name),
        _ => None,
    }
}

/// What a value is as a key; arrays, objects and `null` are none.
fn key_of(value: View<'_>, is_typed: bool) -> Option<Vec<u8>> {
    if !matches!(value.kind(), Kind::String | Kind::Number | Kind::Boolean) {
        return None;
    }
    let mut key = text_of(value).into_owned().into_bytes();
    if is_typed {
        key.extend_from_slice(value.kind().name().as_bytes());
    }
    Some(key)
}

/// Writes an object with a member set, or left out.
fn write_with(record: View<'_>, name: &str, value: Option<&Json>, out: &mut Vec<u8>) {
    let mut value = value.map(|it| View::of_text(it.as_bytes()));
    let mut is_there = false;
    out.push(b'{');
    for entry in record.entries() {
        if !reads_as(entry.name, name) {
            push_member(entry.name, entry.value, out);
            continue;
        }
        is_there = true;
        if let Some(value) = value.take() {
            push_member(entry.name, value, out);
        }
    }
    if let Some(value) = value.filter(|_| !is_there) {
        push_member(quote(name).as_bytes(), value, out);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    fn relation(member: &str, side: Side, is_typed: bool) -> Relation {
        Relation {
            member: member.to_owned(),
            side,
            is_typed,
        }
    }

    const POSTS: &str = r#"[{"id":1,"t":"a"},{"id":"2","comments":7,"u":0},5]"#;
    const COMMENTS: &str =
        r#"[{"id":1,"postId":1},{"id":2,"postId":"1"},{"id":3,"postId":2},{"id":4}]"#;

    #[test]
    fn children_are_put_into_their_parents() {
        let children = |is_typed| {
            let side = Side::Children("postId".to_owned());
            let relation = relation("comments", side, is_typed);
            let joined = relation.join(&value(POSTS), &value(COMMENTS), "id", 1000);
            joined.unwrap().to_json().as_str().to_owned()
        };
        let both = r#"[{"id":1,"postId":1},{"id":2,"postId":"1"}]"#;
        let second = r#"{"id":"2","comments":[{"id":3,"postId":2}],"u":0}"#;
        assert_eq!(
            children(false),
            format!(r#"[{{"id":1,"t":"a","comments":{both}}},{second},5]"#)
        );
        assert_eq!(
            children(true),
            r#"[{"id":1,"t":"a","comments":[{"id":1,"postId":1}]},{"id":"2","comments":[],"u":0},5]"#
        );
    }

    #[test]
    fn a_parent_is_put_into_its_children_and_left_out_where_there_is_none() {
        let parent = relation("post", Side::Parent("postId".to_owned()), false);
        let one = |record: &str| {
            let joined = parent.join(&value(record), &value(POSTS), "id", 1000);
            joined.unwrap().to_json().as_str().to_owned()
        };
        assert_eq!(
            one(r#"{"postId":"1"}"#),
            r#"{"postId":"1","post":{"id":1,"t":"a"}}"#
        );
        assert_eq!(
            one(r#"{"post":3,"postId":9,"x":1}"#),
            r#"{"postId":9,"x":1}"#
        );
        assert_eq!(one(r#"{"postId":null}"#), r#"{"postId":null}"#);
    }

    /// A hundred thousand children of one large parent would be as many copies of it.
    #[test]
    fn no_more_is_made_than_is_asked_for() {
        let parent = relation("post", Side::Parent("postId".to_owned()), false);
        let related = value(&format!("[{{\"id\":1,\"t\":\"{}\"}}]", "x".repeat(10_000)));
        let children = value(&format!("[{}]", ["{\"postId\":1}"; 100].join(",")));
        assert!(parent.join(&children, &related, "id", 2_000_000).is_some());
        assert!(parent.join(&children, &related, "id", 500_000).is_none());
        let one = value("{\"postId\":1}");
        assert!(parent.join(&one, &related, "id", 5_000).is_none());
    }

    #[test]
    fn members_of_another_object_are_set_in_their_places() {
        let check = |object: &str, other: &str, expected: &str| {
            let [object, other] = [object, other].map(|it| Json::parse(it.as_bytes()).unwrap());
            assert_eq!(object.with_members_of(&other).as_str(), expected);
        };
        check(
            r#"{"a":1,"\u0062":2,"c":3}"#,
            r#"{"z":[1],"b":{"x":null},"a":0,"y":1}"#,
            r#"{"a":0,"\u0062":{"x":null},"c":3,"z":[1],"y":1}"#,
        );
        check("{}", r#"{"a":1}"#, r#"{"a":1}"#);
        check(r#"{"a":1}"#, "{}", r#"{"a":1}"#);
    }

    #[test]
    fn members_are_set_in_their_place() {
        let object = Json::parse(br#"{"a":1,"\u0062":2,"c":3}"#).unwrap();
        let seven = Json::parse(b"7").unwrap();
        assert_eq!(
            object.with_member("b", &seven).as_str(),
            r#"{"a":1,"\u0062":7,"c":3}"#
        );
        assert_eq!(object.without_member("a").as_str(), r#"{"\u0062":2,"c":3}"#);
        assert_eq!(
            Json::parse(b"{}")
                .unwrap()
                .with_member("a\"", &seven)
                .as_str(),
            r#"{"a\"":7}"#
        );
    }

    #[test]
    fn ids_are_spelled_as_strings() {
        assert_eq!(
            value(r#"[{"x":1,"id":1.0},{"id":"2"},[]]"#)
                .with_text_ids("id")
                .to_json()
                .as_str(),
            r#"[{"x":1,"id":"1"},{"id":"2"},[]]"#
        );
    }
}
