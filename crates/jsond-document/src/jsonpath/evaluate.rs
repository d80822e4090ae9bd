//! Walks a document along the segments of a query and hands every found node out, one by one.
//!
//! Nothing is collected on the way: a node goes through all the segments that are left before the
//! next one is looked at. The order is the one RFC 9535 §2.5.2.2 wants, and the memory is the stack.

use super::ast::{Logical, Query, Segment, Selector, Slice, Start};
use super::filter::Patterns;
use super::location::{Location, Token};
use super::node::Node;
use super::work::{Stop, Work};
use crate::json::Kind;
use crate::value::Value;

/// Takes a found node and its place.
pub(super) type Sink<'s> = dyn FnMut(&Node<'_>, &Location<'_>) -> Result<(), Stop> + 's;

/// Up to this step a slice reads every element; with a larger one it looks each up.
const READ_STEP_MAX: usize = 8;

/// One evaluation of one query.
pub(super) struct Evaluation<'e> {
    pub(super) root: &'e Value,
    pub(super) work: &'e Work,
    pub(super) patterns: Patterns,
}

/// A segment and those behind it.
#[derive(Clone, Copy)]
struct Route<'q> {
    segment: &'q Segment,
    rest: &'q [Segment],
}

impl<'e> Evaluation<'e> {
    pub(super) fn new(root: &'e Value, work: &'e Work) -> Self {
        Self {
            root,
            work,
            patterns: Patterns::default(),
        }
    }

    /// Runs a query and hands what it finds to `sink`.
    pub(super) fn run(
        &self,
        query: &Query,
        current: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        match query.start {
            Start::Root => self.walk(&query.segments, &Node::of(self.root), at, sink),
            Start::Current => self.walk(&query.segments, current, at, sink),
        }
    }

    fn walk(
        &self,
        segments: &[Segment],
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        let Some((segment, rest)) = segments.split_first() else {
            return sink(node, at);
        };
        if !node.is_container() {
            return self.work.charge(1);
        }
        let route = Route { segment, rest };
        if segment.descends {
            self.descend(route, node, at, sink)
        } else {
            self.select(route, node, at, sink)
        }
    }

    /// A node before its descendants, children in order.
    fn descend(
        &self,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        self.select(route, node, at, sink)?;
        let mut children = node.children(self.work)?;
        while let Some(child) = children.next(self.work)? {
            if child.node.is_container() {
                let below = at.child(child.token())?;
                self.descend(route, &child.node, &below, sink)?;
            }
        }
        Ok(())
    }

    fn select(
        &self,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        for selector in &route.segment.selectors {
            self.work.charge(1)?;
            match selector {
                Selector::Name(name) => self.select_name(name, route, node, at, sink)?,
                Selector::Index(index) => self.select_index(*index, route, node, at, sink)?,
                Selector::Wildcard => self.select_all(None, route, node, at, sink)?,
                Selector::Filter(filter) => self.select_all(Some(filter), route, node, at, sink)?,
                Selector::Slice(slice) => self.select_slice(*slice, route, node, at, sink)?,
            }
        }
        Ok(())
    }

    fn select_name(
        &self,
        name: &str,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        match node.borrowed().into_member(name, self.work)? {
            Some(child) => self.walk(route.rest, &child, &at.child(Token::Name(name))?, sink),
            None => Ok(()),
        }
    }

    fn select_index(
        &self,
        index: i64,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        match node.position(index, self.work)? {
            Some(position) => self.select_element(position, route, node, at, sink),
            None => Ok(()),
        }
    }

    fn select_element(
        &self,
        position: usize,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        match node.borrowed().into_element(position, self.work)? {
            Some(child) => self.walk(route.rest, &child, &at.child(Token::Index(position))?, sink),
            None => Ok(()),
        }
    }

    /// Selects every child, or those that a filter lets through.
    fn select_all(
        &self,
        filter: Option<&Logical>,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        let mut children = node.children(self.work)?;
        while let Some(child) = children.next(self.work)? {
            let below = at.child(child.token())?;
            let is_selected = match filter {
                Some(filter) => self.holds(filter, &child.node, &below.start_within())?,
                None => true,
            };
            if is_selected {
                self.walk(route.rest, &child.node, &below, sink)?;
            }
        }
        Ok(())
    }

    fn select_slice(
        &self,
        slice: Slice,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        if node.kind() != Kind::Array {
            return Ok(());
        }
        let positions = Positions::of(slice, node.count(self.work)?);
        if positions.can_be_read(node) {
            return self.read_slice(positions, route, node, at, sink);
        }
        if let Node::Text { .. } = node {
            return self.pick_slice(positions, route, node, at, sink);
        }
        for position in positions {
            self.select_element(position, route, node, at, sink)?;
        }
        Ok(())
    }

    /// A slice that goes forward in small steps reads the elements in one go.
    fn read_slice(
        &self,
        mut positions: Positions,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        let Some(mut wanted) = positions.next() else {
            return Ok(());
        };
        let mut children = node.children_from(wanted, self.work)?;
        while let Some(child) = children.next(self.work)? {
            if child.position != wanted {
                continue;
            }
            self.walk(route.rest, &child.node, &at.child(child.token())?, sink)?;
            match positions.next() {
                Some(next) => wanted = next,
                None => break,
            }
        }
        Ok(())
    }

    /// A slice that goes backward through a small text reads it once and picks.
    fn pick_slice(
        &self,
        positions: Positions,
        route: Route<'_>,
        node: &Node<'_>,
        at: &Location<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        let mut children = node.children(self.work)?;
        let mut all = Vec::new();
        while let Some(child) = children.next(self.work)? {
            all.push(child);
        }
        for position in positions {
            self.work.charge(1)?;
            let child = &all[position];
            self.walk(route.rest, &child.node, &at.child(child.token())?, sink)?;
        }
        Ok(())
    }
}

/// The positions that a slice selects, in its order.
#[derive(Debug, Clone, Copy)]
struct Positions {
    next: i64,
    end: i64,
    step: i64,
}

impl Positions {
    /// *Source*: RFC 9535 §2.3.4.2.2.
    fn of(slice: Slice, count: usize) -> Self {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let from_start = |bound: i64| if bound < 0 { count + bound } else { bound };
        let step = slice.step;
        if step >= 0 {
            let bound = |at: Option<i64>, open| from_start(at.unwrap_or(open)).clamp(0, count);
            let (next, end) = (bound(slice.start, 0), bound(slice.end, count));
            return Self { next, end, step };
        }
        let bound = |at: Option<i64>, open| at.map_or(open, from_start).clamp(-1, count - 1);
        let (next, end) = (bound(slice.start, count - 1), bound(slice.end, -1));
        Self { next, end, step }
    }

    fn can_be_read(&self, node: &Node<'_>) -> bool {
        let step = usize::try_from(self.step).unwrap_or_default();
        matches!(node, Node::Text { .. }) && step > 0 || (1..=READ_STEP_MAX).contains(&step)
    }
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let is_inside = match self.step {
            0 => false,
            1.. => self.next < self.end,
            _ => self.next > self.end,
        };
        let position = usize::try_from(self.next).ok().filter(|_| is_inside)?;
        self.next += self.step;
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(slice: (Option<i64>, Option<i64>, i64), count: usize, expected: &[usize]) {
        let (start, end, step) = slice;
        let positions = Positions::of(Slice { start, end, step }, count);
        assert_eq!(
            positions.collect::<Vec<_>>(),
            expected,
            "{slice:?} of {count}"
        );
    }

    #[test]
    fn slices_select_what_rfc_9535_says() {
        let far = (1 << 53) - 1;
        check((Some(1), Some(3), 1), 7, &[1, 2]);
        check((Some(5), None, 1), 7, &[5, 6]);
        check((Some(1), Some(5), 2), 7, &[1, 3]);
        check((Some(5), Some(1), -2), 7, &[5, 3]);
        check((None, None, -1), 3, &[2, 1, 0]);
        check((None, None, 0), 3, &[]);
        check((None, None, -1), 0, &[]);
        check((Some(-far), Some(far), far), 3, &[0]);
        check((Some(far), Some(-far), -far), 3, &[2]);
        check((Some(-2), None, 1), 3, &[1, 2]);
        check((Some(0), Some(-1), 1), 1, &[]);
    }
}
