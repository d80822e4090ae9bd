//! The members of an object while many edits are made in it: which stand where, without moving the
//! others.
//!
//! Only members that the edits name have a link in a chain; the others are taken from the old
//! object between them when all is done. Links stay where they are when their member goes, so that
//! one that comes back stands where it was added and not where it was.

use crate::leaf::Piece;
use crate::value::Value;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The chain, from the first member that is named to the end of the object.
pub(super) struct Sequence<'a> {
    links: Vec<Link<'a>>,
    first: usize,
    /// Where new members come that are before no other; it has no member itself.
    end: usize,
    /// The links of the members that are there.
    by_name: HashMap<&'a str, usize>,
}

struct Link<'a> {
    origin: Origin<'a>,
    /// None when the member has gone.
    value: Option<Value>,
    previous: Option<usize>,
    next: Option<usize>,
}

enum Origin<'a> {
    /// The member at this position of the old object, or its end.
    Old(usize),
    /// A member that came, by its name.
    New(&'a str),
}

impl<'a> Sequence<'a> {
    /// Makes the chain of the members of an object that have these names.
    ///
    /// *Cost*: in the number of names and what it takes to find each.
    pub(super) fn of(object: &Value, names: impl Iterator<Item = &'a str>) -> Self {
        let names: HashSet<_> = names.collect();
        let positions = names
            .into_iter()
            .filter_map(|name| Some((object.position_of(name)?, name)));
        let positions: BTreeMap<_, _> = positions.collect();
        let end = positions.len();
        let by_name = positions.values().copied().zip(0..).collect();
        let members = positions
            .into_iter()
            .map(|(position, name)| (position, object.member(name)));
        let members = members.chain([(object.count(), None)]).zip(0_usize..);
        let links = members.map(|((position, value), at)| Link {
            origin: Origin::Old(position),
            value,
            previous: at.checked_sub(1),
            next: (at < end).then_some(at + 1),
        });
        Self {
            links: links.collect(),
            first: 0,
            end,
            by_name,
        }
    }

    /// The value of a member that is there.
    pub(super) fn value_mut(&mut self, name: &str) -> Option<&mut Value> {
        let at = *self.by_name.get(name)?;
        self.links[at].value.as_mut()
    }

    /// Takes a member out.
    pub(super) fn remove(&mut self, name: &str) {
        if let Some(at) = self.by_name.remove(name) {
            self.links[at].value = None;
        }
    }

    /// Puts a member that is not there before another, or at the end.
    pub(super) fn insert(&mut self, name: &'a str, value: Value, neighbour: Option<&str>) {
        let next = neighbour.and_then(|name| self.by_name.get(name).copied());
        let next = next.unwrap_or(self.end);
        let at = self.links.len();
        let previous = self.links[next].previous.replace(at);
        match previous {
            Some(previous) => self.links[previous].next = Some(at),
            None => self.first = at,
        }
        self.by_name.insert(name, at);
        self.links.push(Link {
            origin: Origin::New(name),
            value: Some(value),
            previous,
            next: Some(next),
        });
    }

    /// All members in their order, those without a link from the old object.
    pub(super) fn into_pieces(mut self, object: &Value) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(object.count() + self.by_name.len());
        let mut came = Vec::new();
        let mut members = object.members();
        let mut passed = 0;
        let mut at = Some(self.first);
        while let Some(link) = at.map(|at| &mut self.links[at]) {
            at = link.next;
            let value = link.value.take();
            match link.origin {
                Origin::New(name) => came.extend(value.map(|value| Piece {
                    name: Some(Bytes::from(crate::quote(name))),
                    value,
                })),
                Origin::Old(position) => {
                    let between = members.by_ref().take(position - passed);
                    pieces.extend(between.map(Piece::from));
                    pieces.append(&mut came);
                    let name = members.next().and_then(|member| member.spelled_name);
                    pieces.extend(value.map(|value| Piece { name, value }));
                    passed = position + 1;
                }
            }
        }
        pieces
    }
}
