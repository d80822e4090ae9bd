//! A node while a query is evaluated: a part of a small text, or a large value.
//!
//! Stepping from a text to its children borrows ranges of the text; only what is taken out of a
//! tree is a handle of its own. Every step is charged to the meter.

use super::work::{Stop, Work};
use crate::json::{Json, Kind};
use crate::value::{Member, Repr, Value};
use crate::{scan, string};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// Looking a member up in a tree by its name costs as much as this number of visits.
const LOOKUP_STEPS: usize = 48;

/// Looking an element up in a tree by its position costs as much as this number of visits.
const ELEMENT_STEPS: usize = 12;

/// A tree hands its entries out by the leaf; this many visits pay for the first one.
const LEAF_STEPS: usize = 512;

/// A value of the document or of the query.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    Text {
        owner: Cow<'a, Bytes>,
        range: Range<usize>,
    },
    Tree(Cow<'a, Value>),
}

/// A node below another.
#[derive(Debug)]
pub(super) struct Child<'a> {
    pub(super) name: Option<Name<'a>>,
    pub(super) position: usize,
    pub(super) node: Node<'a>,
}

/// A member name as spelled, with its quotes.
#[derive(Debug)]
pub(super) enum Name<'a> {
    Part(&'a [u8]),
    Own(Bytes),
}

impl Name<'_> {
    pub(super) fn spelled(&self) -> &[u8] {
        match self {
            Self::Part(spelled) => spelled,
            Self::Own(spelled) => spelled,
        }
    }
}

impl<'a> Node<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value.repr() {
            Repr::Text(json) => Self::Text {
                owner: Cow::Borrowed(json.as_bytes()),
                range: 0..json.as_bytes().len(),
            },
            Repr::Tree(_) => Self::Tree(Cow::Borrowed(value)),
        }
    }

    fn owned(value: Value) -> Self {
        match value.repr() {
            Repr::Text(json) => Self::of_json(json),
            Repr::Tree(_) => Self::Tree(Cow::Owned(value)),
        }
    }

    /// Takes a small text of its own.
    pub(super) fn of_json(json: &Json) -> Self {
        Self::Text {
            range: 0..json.as_bytes().len(),
            owner: Cow::Owned(json.as_bytes().clone()),
        }
    }

    /// The same node, borrowed.
    pub(super) fn borrowed(&self) -> Node<'_> {
        match self {
            Self::Text { owner, range } => Node::Text {
                owner: Cow::Borrowed(owner),
                range: range.clone(),
            },
            Self::Tree(value) => Node::Tree(Cow::Borrowed(value)),
        }
    }

    /// The node as a handle of its own.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Text { owner, range } => Value::small(Json::part_of(owner, range.clone())),
            Self::Tree(value) => Value::clone(value),
        }
    }

    /// The same node for as long as somebody wants to keep it.
    pub(super) fn kept(&self) -> Node<'static> {
        match self {
            Self::Text { owner, range } => Node::Text {
                owner: Cow::Owned(Bytes::clone(owner)),
                range: range.clone(),
            },
            Self::Tree(value) => Node::Tree(Cow::Owned(Value::clone(value))),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Text { owner, range } => Kind::of(owner[range.start]),
            Self::Tree(value) => value.kind(),
        }
    }

    pub(super) fn is_container(&self) -> bool {
        matches!(self.kind(), Kind::Array | Kind::Object)
    }

    pub(super) fn len_bytes(&self) -> usize {
        match self {
            Self::Text { range, .. } => range.len(),
            Self::Tree(value) => value.len_bytes(),
        }
    }

    /// Appends the compact text to `out`.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text { owner, range } => out.extend_from_slice(&owner[range.clone()]),
            Self::Tree(value) => value.write_to(out),
        }
    }

    /// The text of a node that is no array and no object.
    pub(super) fn scalar(&self) -> &[u8] {
        match self {
            Self::Text { owner, range } => &owner[range.clone()],
            Self::Tree(_) => unreachable!("INVARIANT: only arrays and objects are trees"),
        }
    }

    /// Counts the members or elements.
    pub(super) fn count(&self, work: &Work) -> Result<usize, Stop> {
        match self {
            Self::Text { owner, range } if self.is_container() => {
                work.charge_bytes(range.len())?;
                Ok(scan::entries(owner, range.start).count())
            }
            Self::Text { .. } => Ok(0),
            Self::Tree(value) => Ok(value.count()),
        }
    }

    /// Goes to a member of an object.
    pub(super) fn into_member(self, name: &str, work: &Work) -> Result<Option<Self>, Stop> {
        if self.kind() != Kind::Object {
            return Ok(None);
        }
        match self {
            Self::Text { owner, range } => {
                let found = member_of_text(&owner, range.start, name, work)?;
                Ok(found.map(|range| Self::Text { owner, range }))
            }
            Self::Tree(value) => {
                work.charge(LOOKUP_STEPS)?;
                work.charge_bytes(name.len())?;
                charged(value.member(name), work)
            }
        }
    }

    /// Goes to an element of an array by its position.
    pub(super) fn into_element(self, position: usize, work: &Work) -> Result<Option<Self>, Stop> {
        if self.kind() != Kind::Array {
            return Ok(None);
        }
        match self {
            Self::Text { owner, range } => {
                let found = element_of_text(&owner, range.start, position, work)?;
                Ok(found.map(|range| Self::Text { owner, range }))
            }
            Self::Tree(value) => {
                work.charge(ELEMENT_STEPS)?;
                charged(value.element(position), work)
            }
        }
    }

    /// Finds the position that an index means, from the end if it is negative.
    ///
    /// *Source*: RFC 9535 §2.3.3.
    pub(super) fn position(&self, index: i64, work: &Work) -> Result<Option<usize>, Stop> {
        if self.kind() != Kind::Array {
            return Ok(None);
        }
        if let Ok(position) = usize::try_from(index) {
            return Ok(Some(position));
        }
        let from_end = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(self.count(work)?.checked_sub(from_end))
    }

    /// The members or elements in order.
    pub(super) fn children(&self, work: &Work) -> Result<Children<'_>, Stop> {
        self.children_from(0, work)
    }

    /// The members or elements from a position on, in order.
    pub(super) fn children_from(&self, position: usize, work: &Work) -> Result<Children<'_>, Stop> {
        let source = match self {
            Self::Text { owner, range } if self.is_container() => {
                let entries = scan::entries(owner, range.start);
                let mut source = Source::Text { owner, entries };
                for _ in 0..position {
                    if source.next(work)?.is_none() {
                        break;
                    }
                }
                source
            }
            Self::Text { .. } => Source::None,
            Self::Tree(value) => {
                work.charge(ELEMENT_STEPS + value.count().min(LEAF_STEPS))?;
                Source::Tree(value.members_from(position))
            }
        };
        Ok(Children { source, position })
    }
}

fn charged<'a>(value: Option<Value>, work: &Work) -> Result<Option<Node<'a>>, Stop> {
    let node = value.map(Node::owned);
    if let Some(Node::Text { range, .. }) = &node {
        work.charge_bytes(range.len())?;
    }
    Ok(node)
}

fn member_of_text(
    text: &[u8],
    at: usize,
    name: &str,
    work: &Work,
) -> Result<Option<Range<usize>>, Stop> {
    for entry in scan::entries(text, at) {
        work.charge_bytes(entry.span().len())?;
        if string::reads_as(&text[entry.name], name) {
            return Ok(Some(entry.value));
        }
    }
    Ok(None)
}

fn element_of_text(
    text: &[u8],
    at: usize,
    position: usize,
    work: &Work,
) -> Result<Option<Range<usize>>, Stop> {
    for (here, entry) in scan::entries(text, at).enumerate() {
        work.charge_bytes(entry.value.len())?;
        if here == position {
            return Ok(Some(entry.value));
        }
    }
    Ok(None)
}

/// The children of a node, one after the other.
pub(super) struct Children<'a> {
    source: Source<'a>,
    position: usize,
}

enum Source<'a> {
    None,
    Text {
        owner: &'a Bytes,
        entries: scan::Entries<'a>,
    },
    Tree(Box<dyn Iterator<Item = Member> + 'a>),
}

impl<'a> Source<'a> {
    fn next(&mut self, work: &Work) -> Result<Option<(Option<Name<'a>>, Node<'a>)>, Stop> {
        match self {
            Self::None => Ok(None),
            Self::Text { owner, entries } => {
                let Some(entry) = entries.next() else {
                    return Ok(None);
                };
                work.charge_bytes(entry.span().len())?;
                let name = (!entry.name.is_empty()).then(|| Name::Part(&owner[entry.name]));
                let owner = Cow::Borrowed(*owner);
                let range = entry.value;
                Ok(Some((name, Node::Text { owner, range })))
            }
            Self::Tree(members) => {
                let Some(member) = members.next() else {
                    return Ok(None);
                };
                let node = charged(Some(member.value), work)?;
                work.charge(1)?;
                Ok(node.map(|node| (member.spelled_name.map(Name::Own), node)))
            }
        }
    }
}

impl<'a> Children<'a> {
    pub(super) fn next(&mut self, work: &Work) -> Result<Option<Child<'a>>, Stop> {
        let position = self.position;
        self.position += 1;
        let entry = self.source.next(work)?;
        Ok(entry.map(|(name, node)| Child {
            name,
            position,
            node,
        }))
    }
}
