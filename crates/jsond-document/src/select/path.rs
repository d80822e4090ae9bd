//! Names of members in conditions and sorting: `a.b.c` descends, digits descend into arrays.
//!
//! A member whose name is the whole rest of the path wins at each level over descending, so that
//! `a.b` reaches a member that is called `a.b`. Names compare after resolving escapes.

use super::error::SelectError;
use crate::json::Kind;
use crate::pointer::array_index;
use crate::scan::{elements, value_end};
use crate::string::unquote;
use crate::view::View;
use memchr::memmem::Finder;
use std::ops::Range;

/// How many parts a name may have; documents are not nested deeper.
const PARTS_MAX: usize = 128;

/// Where in a record a member is sought.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// The name and a quote behind it, as a plainly spelled member name ends.
    closed: String,
    /// Where the parts of the name start.
    starts: Vec<usize>,
    /// A name without quotes and backslashes is spelled as it is, or with escapes.
    is_plain: bool,
    /// Finds the last part of the name as it stands in most records.
    guess: Option<Finder<'static>>,
}

/// What a quick look at the text of an object says.
enum Guess<'a> {
    Found(View<'a>),
    Missing,
    Unsure,
}

/// What was found at one level.
enum Step<'a> {
    /// The member that has the rest of the path as its name.
    End(View<'a>),
    /// What the next part of the path leads to.
    Down(View<'a>),
}

impl Path {
    pub(super) fn new(name: &str) -> Result<Self, SelectError> {
        let dots = memchr::memchr_iter(b'.', name.as_bytes());
        let starts: Vec<_> = std::iter::once(0).chain(dots.map(|at| at + 1)).collect();
        if starts.len() > PARTS_MAX {
            return Err(SelectError::TooMany {
                what: "parts in one name",
                max: PARTS_MAX,
            });
        }
        let is_plain = !name.contains(['"', '\\']);
        let last = &name[starts[starts.len() - 1]..];
        // Behind the quote that closes a string stands one of these, behind one that opens it not.
        let is_told_apart = !last.starts_with([',', ':', '}', ']']);
        let finder = || Finder::new(&format!("\"{last}\":")).into_owned();
        Ok(Self {
            is_plain,
            closed: format!("{name}\""),
            guess: (is_plain && is_told_apart).then(finder),
            starts,
        })
    }

    /// A path to the member that is called so, whatever dots are in the name.
    pub(super) fn literal(name: &str) -> Self {
        Self {
            is_plain: !name.contains(['"', '\\']),
            closed: format!("{name}\""),
            guess: None,
            starts: vec![0],
        }
    }

    /// The name as it was given.
    pub(super) fn name(&self) -> &str {
        &self.closed[..self.closed.len() - 1]
    }

    /// Finds the value the path leads to.
    pub(super) fn find<'a>(&self, record: View<'a>) -> Option<View<'a>> {
        let mut here = record;
        for level in 0..self.starts.len() {
            match self.step(level, here)? {
                Step::End(value) => return Some(value),
                Step::Down(value) => here = value,
            }
        }
        Some(here)
    }

    /// The rest of the name from a level on.
    fn rest(&self, level: usize) -> Range<usize> {
        self.starts[level]..self.closed.len() - 1
    }

    /// The part of the name at a level.
    fn part(&self, level: usize) -> Range<usize> {
        let next = self.starts.get(level + 1);
        self.starts[level]..next.map_or(self.closed.len() - 1, |next| next - 1)
    }

    fn step<'a>(&self, level: usize, here: View<'a>) -> Option<Step<'a>> {
        match (here.kind(), here.text()) {
            (Kind::Object, Some(text)) => self.step_in_text(level, text),
            (Kind::Object, None) => self.step_in_tree(level, here),
            (Kind::Array, text) => {
                let index = array_index(&self.closed[self.part(level)])?;
                let element = match text {
                    Some(text) => nth_element(text, index),
                    None => here.entries_from(index).next().map(|entry| entry.value),
                };
                element.map(Step::Down)
            }
            _ => None,
        }
    }

    fn step_in_tree<'a>(&self, level: usize, here: View<'a>) -> Option<Step<'a>> {
        let named = |name: Range<usize>| here.member_of_tree(&self.closed[name]);
        named(self.rest(level))
            .map(Step::End)
            .or_else(|| named(self.part(level)).map(Step::Down))
    }

    fn step_in_text<'a>(&self, level: usize, object: &'a [u8]) -> Option<Step<'a>> {
        let (rest, part) = (self.rest(level), self.part(level));
        let is_last = rest == part;
        if is_last {
            match self.guess(object) {
                Guess::Found(value) => return Some(Step::End(value)),
                Guess::Missing => return None,
                Guess::Unsure => {}
            }
        }
        let (mut at, mut down) = (1, None);
        while object.get(at) == Some(&b'"') {
            let name = Name::read(object, at);
            let start = name.end + 1;
            let end = value_end(object, start);
            if self.is_called(object, &name, &rest) {
                return Some(Step::End(View::of_text(&object[start..end])));
            }
            if !is_last && down.is_none() && self.is_called(object, &name, &part) {
                down = Some(Step::Down(View::of_text(&object[start..end])));
            }
            at = end + 1;
        }
        down
    }

    /// Looks for the last part of the name as it is mostly spelled, without reading what is before.
    ///
    /// Where there is no backslash every quote opens or closes a string, and this name's first one
    /// opens; where there is no bracket before it, it is a member of the object itself.
    fn guess<'a>(&self, object: &'a [u8]) -> Guess<'a> {
        let Some(finder) = &self.guess else {
            return Guess::Unsure;
        };
        let found = finder.find(object);
        let before = &object[1..found.unwrap_or(object.len())];
        match found {
            None if memchr::memchr(b'\\', before).is_none() => Guess::Missing,
            Some(at) if memchr::memchr3(b'\\', b'{', b'[', before).is_none() => {
                let start = at + finder.needle().len();
                Guess::Found(View::of_text(&object[start..value_end(object, start)]))
            }
            _ => Guess::Unsure,
        }
    }

    /// Judges whether a spelled name reads as a part of this one.
    fn is_called(&self, object: &[u8], name: &Name, wanted: &Range<usize>) -> bool {
        if name.has_escape {
            return unquote(&object[name.start..name.end]) == self.closed[wanted.clone()];
        }
        self.is_plain
            && object[name.start + 1..name.end - 1] == self.closed.as_bytes()[wanted.clone()]
    }
}

fn nth_element(array: &[u8], index: usize) -> Option<View<'_>> {
    let entry = elements(array, 0).nth(index)?;
    Some(View::of_text(&array[entry.value]))
}

/// Where a spelled member name stands, quotes included.
struct Name {
    start: usize,
    end: usize,
    has_escape: bool,
}

impl Name {
    fn read(text: &[u8], start: usize) -> Self {
        let (mut at, mut has_escape) = (start + 1, false);
        // Names are short: looking at each byte is quicker than setting out to search.
        loop {
            match text[at] {
                b'"' => break,
                b'\\' => {
                    has_escape = true;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        Self {
            start,
            end: at + 1,
            has_escape,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    /// The record as it is, and padded to be a tree.
    fn check(record: &str, name: &str, expected: Option<&str>) {
        let padding = format!(r#""padding of the test":{:?}"#, ["x"; 3000]);
        let padded = match record {
            "{}" => format!("{{{padding}}}"),
            _ => format!("{},{padding}}}", record.strip_suffix('}').unwrap()),
        };
        for text in [record, &padded] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let found = Path::new(name).unwrap().find(value.view());
            let found = found.map(|view| view.to_value().to_json().to_string());
            assert_eq!(found.as_deref(), expected, "{name} in {record}");
        }
    }

    #[test]
    fn a_name_leads_to_its_member() {
        check(r#"{"a":1,"b":[2]}"#, "b", Some("[2]"));
        check(r#"{"a":1,"b":2}"#, "c", None);
        check("{}", "c", None);
        check(r#"{"":1}"#, "", Some("1"));
        check(r#"{"__proto__":null}"#, "__proto__", Some("null"));
        check(r#"{"학과":"a"}"#, "학과", Some(r#""a""#));
    }

    #[test]
    fn names_compare_after_resolving_escapes() {
        check(r#"{"\u0061\/":1}"#, "a/", Some("1"));
        check(r#"{"\\":1}"#, "\\", Some("1"));
        check(r#"{"\\n":1,"\n":2}"#, "\\n", Some("1"));
        check(r#"{"\\n":1,"\n":2}"#, "\n", Some("2"));
        check(r#"{"a\"b":1}"#, "a\"b", Some("1"));
        check(r#"{"a\"":1}"#, "a", None);
        check(r#"{"x":"a","a":2}"#, "a", Some("2"));
    }

    #[test]
    fn what_only_looks_like_the_name_is_not_taken_for_it() {
        check(r#"{"a":{"b":1},"b":2}"#, "b", Some("2"));
        check(r#"{"a":[{"b":1}],"b":2}"#, "b", Some("2"));
        check(r#"{"a":{"b":1}}"#, "b", None);
        check(r#"{"a":"\"b\":","b":2}"#, "b", Some("2"));
        check(r#"{"a":"b",":":2}"#, ",", None);
        check(r#"{"a":"b,",":":2}"#, ",", None);
        check(r#"{"a":"b","x":":",",":2}"#, ",", Some("2"));
        check(r#"{"a":"b",":":2}"#, ":", Some("2"));
        check(r#"{"a":["b"],"]":2}"#, "]", Some("2"));
        check(r#"{"a":{"":1},"}":3,"":2}"#, "}", Some("3"));
        check(r#"{"a":"","":2}"#, "", Some("2"));
        check(r#"{"a":"{","b":2}"#, "b", Some("2"));
        check(r#"{"\u0062":2}"#, "b", Some("2"));
        check(r#"{"x":"y","a":1}"#, "y", None);
        check("{\"a\u{7f}\":1,\"\u{80}\":2}", "a\u{7f}", Some("1"));
    }

    #[test]
    fn dots_descend_unless_a_member_has_the_whole_name() {
        check(r#"{"a":{"b":{"c":3}}}"#, "a.b.c", Some("3"));
        check(r#"{"a":{"b":1},"a.b":2}"#, "a.b", Some("2"));
        check(r#"{"a.b":2,"a":{"b":1}}"#, "a.b", Some("2"));
        check(r#"{"x":{"a":{"b":1},"a.b":2}}"#, "x.a.b", Some("2"));
        check(r#"{"a":{"":{"":5}}}"#, "a..", Some("5"));
        check(r#"{"a":1}"#, "a.b", None);
        check(r#"{"a":"b"}"#, "a.b", None);
        check(r#"{"b":1}"#, "a.b", None);
    }

    #[test]
    fn digits_descend_into_arrays_and_name_members_of_objects() {
        check(r#"{"a":[1,{"b":2},[3,4]]}"#, "a.1.b", Some("2"));
        check(r#"{"a":[1,{"b":2},[3,4]]}"#, "a.2.1", Some("4"));
        check(r#"{"a":[1]}"#, "a.1", None);
        check(r#"{"a":[1]}"#, "a.00", None);
        check(r#"{"a":[1]}"#, "a.-", None);
        check(r#"{"a":{"0":7}}"#, "a.0", Some("7"));
        let elements = (0..4000)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(",");
        check(&format!(r#"{{"a":[{elements}]}}"#), "a.3210", Some("3210"));
    }

    #[test]
    fn a_name_of_too_many_parts_is_refused() {
        assert!(Path::new(&".".repeat(PARTS_MAX - 1)).is_ok());
        assert!(Path::new(&".".repeat(PARTS_MAX)).is_err());
    }
}
