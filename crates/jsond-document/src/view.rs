//! A borrowed look at a value of any size, for passes over many records.
//!
//! A [`crate::Value`] hands out members that share their text by counting references; here they
//! are slices, so that a pass over a hundred thousand records touches nothing but their text.
//! A run of small entries is cut where its leaf says they start, without reading them.

use crate::json::{Json, Kind};
use crate::leaf::Leaf;
use crate::scan;
use crate::tree::{Leaves, Tree};
use crate::value::{Repr, Value};
use std::sync::Arc;

/// A borrowed JSON value: one compact text, or a tree of texts.
#[derive(Debug, Clone, Copy)]
pub struct View<'a>(Look<'a>);

#[derive(Debug, Clone, Copy)]
enum Look<'a> {
    Text(&'a [u8]),
    Tree(&'a Arc<Tree>),
}

/// A member or an element of a borrowed value.
///
/// *Shape*: `name` is the member name as spelled, with its quotes; empty for an element.
#[derive(Debug, Clone, Copy)]
pub struct ViewEntry<'a> {
    /// The member name with its quotes; empty for an element.
    pub name: &'a [u8],
    /// The value.
    pub value: View<'a>,
}

impl Value {
    /// Looks at the value without taking a share of it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View(match self.repr() {
            Repr::Text(json) => Look::Text(json.as_bytes()),
            Repr::Tree(tree) => Look::Tree(tree),
        })
    }
}

impl<'a> View<'a> {
    /// Looks at text that is known to be one value in compact form.
    pub(crate) fn of_text(text: &'a [u8]) -> Self {
        Self(Look::Text(text))
    }

    /// The compact text of a small value; none when it is a tree.
    #[must_use]
    pub fn text(self) -> Option<&'a [u8]> {
        match self.0 {
            Look::Text(text) => Some(text),
            Look::Tree(_) => None,
        }
    }

    /// The kind of the value.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0 {
            Look::Text(text) => Kind::of(text[0]),
            Look::Tree(tree) => tree.kind(),
        }
    }

    /// The length of the compact text in bytes.
    #[must_use]
    pub fn len_bytes(self) -> usize {
        match self.0 {
            Look::Text(text) => text.len(),
            Look::Tree(tree) => tree.bytes(),
        }
    }

    /// Judges whether both have the same compact text.
    pub(crate) fn is_same(self, other: View<'_>) -> bool {
        match (self.0, other.0) {
            (Look::Text(a), Look::Text(b)) => a == b,
            _ => self.len_bytes() == other.len_bytes() && self.to_value() == other.to_value(),
        }
    }

    /// Appends the compact text to `out`.
    pub fn write_to(self, out: &mut Vec<u8>) {
        match self.0 {
            Look::Text(text) => out.extend_from_slice(text),
            Look::Tree(tree) => {
                let mut parts = Vec::new();
                tree.push_text(&mut parts);
                out.extend(parts.iter().flatten());
            }
        }
    }

    /// Takes the value out of what it was borrowed from.
    ///
    /// *Cost*: copies a small value, shares a large one.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self.0 {
            Look::Text(text) => Value::from(Json::from_compact(text.to_vec())),
            Look::Tree(tree) => Value::large(Arc::clone(tree)),
        }
    }

    /// The members or elements, in order; a scalar has none.
    #[must_use]
    pub fn entries(self) -> ViewEntries<'a> {
        self.entries_from(0)
    }

    /// The members or elements from a position on, in order.
    ///
    /// *Cost*: a large value is entered at the position, a small one is read up to it.
    #[must_use]
    pub fn entries_from(self, position: usize) -> ViewEntries<'a> {
        let named = self.kind() == Kind::Object;
        let (leaves, skipped, steps) = match self.0 {
            Look::Tree(tree) => {
                let (leaves, skipped) = tree.leaves_from(position);
                (Some(leaves), skipped, Steps::Done)
            }
            Look::Text(text) if matches!(self.kind(), Kind::Array | Kind::Object) => {
                let entries = scan::entries(text, 0);
                (None, position, Steps::Scan { text, entries })
            }
            Look::Text(_) => (None, 0, Steps::Done),
        };
        let mut entries = ViewEntries {
            named,
            leaves,
            steps,
        };
        if skipped > 0 {
            entries.nth(skipped - 1);
        }
        entries
    }

    /// Finds a member of a large object by its name; small ones are for the caller to scan.
    pub(crate) fn member_of_tree(self, name: &str) -> Option<Self> {
        match self.0 {
            Look::Tree(tree) if tree.named() => {
                let (leaf, within) = tree.find_in_leaf(name)?;
                Steps::of(leaf).nth(within, true).map(|entry| entry.value)
            }
            _ => None,
        }
    }
}

/// The members or elements of one borrowed value, in order.
#[derive(Debug, Clone)]
pub struct ViewEntries<'a> {
    named: bool,
    leaves: Option<Leaves<'a>>,
    steps: Steps<'a>,
}

/// What is left of the leaf, or of the small text, that is being read.
#[derive(Debug, Clone)]
enum Steps<'a> {
    Done,
    Big(&'a [u8], &'a Arc<Tree>),
    Run {
        text: &'a [u8],
        starts: &'a [u32],
    },
    Scan {
        text: &'a [u8],
        entries: scan::Entries<'a>,
    },
}

impl<'a> ViewEntries<'a> {
    /// Passes the leaves that two trees share, where both stand between two leaves, and counts
    /// their entries.
    pub(crate) fn skip_shared(&mut self, other: &mut Self) -> usize {
        let mut count = 0;
        while self.steps.is_at_end() && other.steps.is_at_end() {
            let (mut mine, mut theirs) = (self.leaves.clone(), other.leaves.clone());
            match (next_of(&mut mine), next_of(&mut theirs)) {
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => count += a.sum().entries,
                _ => break,
            }
            (self.leaves, other.leaves) = (mine, theirs);
        }
        count
    }
}

fn next_of<'a>(leaves: &mut Option<Leaves<'a>>) -> Option<&'a Arc<Leaf>> {
    leaves.as_mut()?.next()
}

impl<'a> Steps<'a> {
    /// Judges whether nothing is left of a leaf.
    fn is_at_end(&self) -> bool {
        match self {
            Self::Done => true,
            Self::Run { starts, .. } => starts.is_empty(),
            Self::Big(..) | Self::Scan { .. } => false,
        }
    }

    fn of(leaf: &'a Leaf) -> Self {
        match leaf {
            Leaf::Run { text, starts, .. } => Self::Run { text, starts },
            Leaf::Big { name, tree } => Self::Big(name.as_deref().unwrap_or_default(), tree),
        }
    }

    fn nth(mut self, position: usize, named: bool) -> Option<ViewEntry<'a>> {
        if let Self::Run { starts, .. } = &mut self {
            *starts = starts.get(position..)?;
        }
        self.step(named)
    }

    fn step(&mut self, named: bool) -> Option<ViewEntry<'a>> {
        match self {
            Self::Done => None,
            Self::Big(name, tree) => {
                let (name, value) = (*name, View(Look::Tree(tree)));
                *self = Self::Done;
                Some(ViewEntry { name, value })
            }
            Self::Run { text, starts } => {
                let (start, rest) = starts.split_first()?;
                *starts = rest;
                // A comma stands before the next entry.
                let end = rest.first().map_or(text.len(), |next| *next as usize - 1);
                Some(cut(&text[*start as usize..end], named))
            }
            Self::Scan { text, entries } => entries.next().map(|entry| ViewEntry {
                name: &text[entry.name],
                value: View(Look::Text(&text[entry.value])),
            }),
        }
    }
}

/// Cuts the text of one entry into name and value.
fn cut(entry: &[u8], named: bool) -> ViewEntry<'_> {
    let (name, value) = if named {
        let end = scan::string_end(entry, 0);
        (&entry[..end], &entry[end + 1..])
    } else {
        (&entry[..0], entry)
    };
    ViewEntry {
        name,
        value: View(Look::Text(value)),
    }
}

impl<'a> Iterator for ViewEntries<'a> {
    type Item = ViewEntry<'a>;

    fn next(&mut self) -> Option<ViewEntry<'a>> {
        loop {
            if let Some(entry) = self.steps.step(self.named) {
                return Some(entry);
            }
            self.steps = Steps::of(self.leaves.as_mut()?.next()?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let value = Value::parse(text.as_bytes()).unwrap();
        for position in [0, 1, 2, value.count() / 2, value.count(), value.count() + 1] {
            let seen: Vec<_> = value
                .view()
                .entries_from(position)
                .map(|entry| {
                    let name = (!entry.name.is_empty()).then(|| entry.name.to_vec());
                    (name, entry.value.to_value())
                })
                .collect();
            let members: Vec<_> = value
                .members_from(position)
                .map(|member| (member.spelled_name.map(|it| it.to_vec()), member.value))
                .collect();
            assert_eq!(seen, members, "from {position}");
        }
        let mut out = Vec::new();
        value.view().write_to(&mut out);
        assert_eq!(out, &value.to_json().as_bytes()[..]);
        assert_eq!(value.view().len_bytes(), out.len());
    }

    #[test]
    fn a_view_sees_the_members_that_the_value_has() {
        let long = "x".repeat(300);
        let record = |n: usize| format!(r#"{{"n\u0061me":"a,\"}}","n":{n},"long":"{long}"}}"#);
        let array = |count: usize| (0..count).map(record).collect::<Vec<_>>().join(",");
        let object = |count: usize| {
            let member = |n: usize| format!(r#""k\"{n}":{}"#, record(n));
            (0..count).map(member).collect::<Vec<_>>().join(",")
        };
        for count in [0, 1, 3, 200] {
            check(&format!("[{}]", array(count)));
            check(&format!("{{{}}}", object(count)));
        }
        let big = array(200);
        check(&format!("[1,[{big}],2,[{big}],[{big}],3]"));
        check(&format!(r#"{{"a":1,"b":[{big}],"":{{{}}}}}"#, object(200)));
        check("17");
        check(r#""text""#);
    }

    #[test]
    fn a_member_of_a_large_object_is_found_by_its_name() {
        let members = |n: usize| format!(r#""k\u0065{n}":{n}"#);
        let text = (0..5000).map(members).collect::<Vec<_>>().join(",");
        let value = Value::parse(format!("{{{text}}}").as_bytes()).unwrap();
        let found = value.view().member_of_tree("ke4321").unwrap();
        assert_eq!(found.text().unwrap(), b"4321");
        assert!(value.view().member_of_tree("ke5000").is_none());
    }
}
