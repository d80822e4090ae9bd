//! Fields: of each record only the members that are asked for, spelled and ordered as they stand.
//!
//! `a.b` keeps of `a` only `b`, by the same rule by which conditions find their members: a member
//! that is itself called `a.b` wins, and digits name elements of arrays.

use super::error::SelectError;
use super::text::bytes_of;
use crate::json::Kind;
use crate::pointer::array_index;
use crate::view::View;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// How many names there may be: they are looked at for each record.
const NAMES_MAX: usize = 256;

/// The names of the members that are kept.
///
/// INVARIANT: sorted, and each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    names: Vec<String>,
}

impl Fields {
    /// Takes more names, with commas between them.
    ///
    /// *Errors*: [`SelectError::TooMany`].
    pub(super) fn add(&mut self, list: &str) -> Result<(), SelectError> {
        for name in list.split(',') {
            let Err(place) = self.names.binary_search_by(|it| it.as_str().cmp(name)) else {
                continue;
            };
            if self.names.len() == NAMES_MAX {
                return Err(SelectError::TooMany {
                    what: "fields",
                    max: NAMES_MAX,
                });
            }
            self.names.insert(place, name.to_owned());
        }
        Ok(())
    }

    /// Without any names everything is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// Appends the members of a record that are asked for.
///
/// *Shape*: `names` as in [`Fields`]. *Errors*: [`SelectError::NoMembers`].
pub(super) fn write_record(
    record: View<'_>,
    names: &[&str],
    out: &mut Vec<u8>,
) -> Result<(), SelectError> {
    if record.kind() != Kind::Object {
        return Err(SelectError::NoMembers(record.kind()));
    }
    write_object(record, names, out);
    Ok(())
}

/// Appends what is asked for of an array or object; says whether there was anything.
fn write(value: View<'_>, names: &[&str], out: &mut Vec<u8>) -> bool {
    match value.kind() {
        Kind::Object => write_object(value, names, out),
        Kind::Array => write_array(value, names, out),
        _ => false,
    }
}

fn write_object(object: View<'_>, names: &[&str], out: &mut Vec<u8>) -> bool {
    let taken = taken_literally(object, names);
    let mut list = List::open(b"{}", out);
    for entry in object.entries() {
        let name = bytes_of(entry.name);
        if names
            .binary_search_by(|it| it.as_bytes().cmp(&name))
            .is_ok()
        {
            list.push(entry.name, |out| {
                entry.value.write_to(out);
                true
            });
            continue;
        }
        // Without names of several parts nothing is asked for inside members.
        let Some(taken) = &taken else { continue };
        let below = names_below(names, &name, taken);
        if !below.is_empty() {
            list.push(entry.name, |out| write(entry.value, &below, out));
        }
    }
    list.close()
}

/// The names with dots in them that members of an object bear as they are; none if no name that is
/// asked for has a dot.
fn taken_literally<'a>(object: View<'a>, names: &[&str]) -> Option<HashSet<Cow<'a, [u8]>>> {
    if !names.iter().any(|name| name.contains('.')) {
        return None;
    }
    let members = object.entries().map(|entry| bytes_of(entry.name));
    Some(members.filter(|name| name.contains(&b'.')).collect())
}

/// What the names ask for inside the member called `name`; sorted like the names.
fn names_below<'n>(names: &[&'n str], name: &[u8], taken: &HashSet<Cow<'_, [u8]>>) -> Vec<&'n str> {
    let rest = |it: &'n str| {
        let after_name = it.as_bytes().strip_prefix(name)?;
        after_name.starts_with(b".").then(|| &it[name.len() + 1..])
    };
    // Between `name` and `name.` others may stand, such as `name!`.
    let is_before = |it: &&str| it.bytes().lt(name.iter().copied().chain([b'.']));
    let start = names.partition_point(is_before);
    let below = names[start..].iter().map_while(|it| Some((it, rest(it)?)));
    let free = below.filter(|(whole, _)| !taken.contains(whole.as_bytes()));
    free.map(|(_, rest)| rest).collect()
}

fn write_array(array: View<'_>, names: &[&str], out: &mut Vec<u8>) -> bool {
    let mut wanted: BTreeMap<usize, (bool, Vec<&str>)> = BTreeMap::new();
    for name in names {
        let (part, rest) = name
            .split_once('.')
            .map_or((*name, None), |(part, rest)| (part, Some(rest)));
        if let Some(index) = array_index(part) {
            let (is_whole, below) = wanted.entry(index).or_default();
            *is_whole |= rest.is_none();
            below.extend(rest);
        }
    }
    let mut list = List::open(b"[]", out);
    if !wanted.is_empty() {
        for (position, element) in array.entries().enumerate() {
            match wanted.get(&position) {
                Some((true, _)) => list.push(b"", |out| {
                    element.value.write_to(out);
                    true
                }),
                Some((false, below)) => list.push(b"", |out| write(element.value, below, out)),
                None => {}
            }
        }
    }
    list.close()
}

/// An array or object that is being written.
struct List<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    close: u8,
}

impl<'o> List<'o> {
    fn open([open, close]: &[u8; 2], out: &'o mut Vec<u8>) -> Self {
        out.push(*open);
        Self {
            start: out.len(),
            close: *close,
            out,
        }
    }

    /// Writes an entry, unless `write` says that there is nothing in it.
    fn push(&mut self, name: &[u8], write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let before = self.out.len();
        if before > self.start {
            self.out.push(b',');
        }
        self.out.extend_from_slice(name);
        if !name.is_empty() {
            self.out.push(b':');
        }
        if !write(self.out) {
            self.out.truncate(before);
        }
    }

    /// Says whether anything was written.
    fn close(self) -> bool {
        let is_any = self.out.len() > self.start;
        self.out.push(self.close);
        is_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    fn check(record: &str, list: &str, expected: &str) {
        let mut fields = Fields::default();
        fields.add(list).unwrap();
        let padding = format!(r#","padding of the test":{:?}}}"#, ["x"; 3000]);
        let padded = format!("{}{padding}", record.strip_suffix('}').unwrap());
        for text in [record, &padded] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let mut out = Vec::new();
            write_record(value.view(), &fields.names(), &mut out).unwrap();
            assert_eq!(
                String::from_utf8(out).unwrap(),
                expected,
                "{list:?} of {record}"
            );
        }
    }

    #[test]
    fn members_that_are_asked_for_stay_as_they_stand() {
        let record = r#"{"b":1.0,"\u0061":"\/","c":{"d":[1],"e":2}}"#;
        check(record, "a,b", r#"{"b":1.0,"\u0061":"\/"}"#);
        check(record, "c", r#"{"c":{"d":[1],"e":2}}"#);
        check(record, "a,a,a", r#"{"\u0061":"\/"}"#);
        check(record, "x", "{}");
        check(record, "", "{}");
        check(r#"{"":1,"a":2}"#, "", r#"{"":1}"#);
    }

    #[test]
    fn nested_members_stay_inside_their_parents() {
        let record = r#"{"a":{"b":{"c":1,"d":2},"e":3},"f":4}"#;
        check(record, "a.b.c", r#"{"a":{"b":{"c":1}}}"#);
        check(record, "f,a.e,a.b.d", r#"{"a":{"b":{"d":2},"e":3},"f":4}"#);
        check(record, "a.b.c,a", r#"{"a":{"b":{"c":1,"d":2},"e":3}}"#);
        check(record, "a.x,f", r#"{"f":4}"#);
        check(record, "f.x", "{}");
        check(r#"{"a":{},"b":[]}"#, "a,b", r#"{"a":{},"b":[]}"#);
        check(r#"{"a":{},"b":[]}"#, "a.x,b.0", "{}");
        check(
            r#"{"a":{"x":1},"a!":2}"#,
            "a!,a.x,a!b",
            r#"{"a":{"x":1},"a!":2}"#,
        );
        check(
            r#"{"a!":{"x":1},"a":{"y":2}}"#,
            "a!.x,a.y",
            r#"{"a!":{"x":1},"a":{"y":2}}"#,
        );
    }

    #[test]
    fn a_member_with_the_whole_name_wins_over_descending() {
        check(r#"{"a":{"b":1},"a.b":2}"#, "a.b", r#"{"a.b":2}"#);
        check(
            r#"{"x":{"a":{"b":1},"a.b":2}}"#,
            "x.a.b",
            r#"{"x":{"a.b":2}}"#,
        );
    }

    #[test]
    fn digits_name_elements_of_arrays() {
        let record = r#"{"a":[{"b":1,"c":2},[3,4],5]}"#;
        check(record, "a.0.b", r#"{"a":[{"b":1}]}"#);
        check(record, "a.2,a.1.0", r#"{"a":[[3],5]}"#);
        check(record, "a.0.b,a.0", r#"{"a":[{"b":1,"c":2}]}"#);
        check(record, "a.9", "{}");
        check(record, "a.b", "{}");
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        let refused = write_record(View::of_text(b"17"), &["a"], &mut Vec::new());
        assert_eq!(refused, Err(SelectError::NoMembers(Kind::Number)));
    }
}
