//! Judges filter expressions, and evaluates the functions in them.
//!
//! *Source*: RFC 9535 §2.3.5, RFC 9535 §2.4.

use super::ast::{Comparable, Logical, Matching, Pattern, Query, Selector, Start};
use super::character;
use super::compare::compare;
use super::error::JsonPathOverrun;
use super::evaluate::Evaluation;
use super::location::Location;
use super::node::Node;
use super::regexp::{Regexp, TooLarge, Translation};
use super::work::Stop;
use crate::json::{Json, Kind};
use crate::string::unquote;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// How many compiled patterns from the document are kept at a time.
const PATTERNS_MAX: usize = 8;

/// How large a pattern from the document may be; a state takes some 50 bytes.
const STATES_MAX: usize = 20_000;

/// Patterns that were found in the document, compiled: often it is the same one for every node.
pub(super) type Patterns = RefCell<HashMap<(bool, String), Option<Rc<Regexp>>>>;

impl<'e> Evaluation<'e> {
    /// Judges whether a logical expression is true of a node.
    pub(super) fn holds(
        &self,
        logical: &Logical,
        current: &Node<'_>,
        at: &Location<'_>,
    ) -> Result<bool, Stop> {
        self.work.charge(1)?;
        match logical {
            Logical::Or(all) => self.is_any(all, true, current, at),
            Logical::And(all) => Ok(!self.is_any(all, false, current, at)?),
            Logical::Not(inner) => Ok(!self.holds(inner, current, at)?),
            Logical::Exists(query) => self.exists(query, current, at),
            Logical::Compare(comparison) => {
                let left = self.value_of(&comparison.left, current, at)?;
                let right = self.value_of(&comparison.right, current, at)?;
                let operator = comparison.operator;
                compare(left.as_ref(), operator, right.as_ref(), self.work)
            }
            Logical::Matches(matching) => self.matches(matching, current, at),
        }
    }

    /// Judges whether one of the expressions is `wanted`; those behind it are not looked at.
    fn is_any(
        &self,
        all: &[Logical],
        wanted: bool,
        current: &Node<'_>,
        at: &Location<'_>,
    ) -> Result<bool, Stop> {
        for logical in all {
            if self.holds(logical, current, at)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn exists(&self, query: &Query, current: &Node<'_>, at: &Location<'_>) -> Result<bool, Stop> {
        if query.is_singular() {
            return Ok(self.single(query, current)?.is_some());
        }
        let ended = self.run(query, current, at, &mut |_, _| Err(Stop::Enough));
        if ended == Err(Stop::Enough) {
            return Ok(true);
        }
        ended.map(|()| false)
    }

    /// Goes where a singular query leads.
    fn single<'n>(&self, query: &Query, current: &'n Node<'_>) -> Result<Option<Node<'n>>, Stop>
    where
        'e: 'n,
    {
        let mut node = match query.start {
            Start::Current => current.borrowed(),
            Start::Root => Node::of(self.root),
        };
        for segment in &query.segments {
            self.work.charge(1)?;
            let next = match segment.selectors.first() {
                Some(Selector::Name(name)) => node.into_member(name, self.work)?,
                Some(Selector::Index(index)) => match node.position(*index, self.work)? {
                    Some(position) => node.into_element(position, self.work)?,
                    None => None,
                },
                _ => unreachable!("INVARIANT: a singular query has names and indices"),
            };
            let Some(next) = next else { return Ok(None) };
            node = next;
        }
        Ok(Some(node))
    }

    fn value_of<'n>(
        &self,
        comparable: &'n Comparable,
        current: &'n Node<'_>,
        at: &Location<'_>,
    ) -> Result<Option<Node<'n>>, Stop>
    where
        'e: 'n,
    {
        match comparable {
            Comparable::Literal(value) => Ok(Some(Node::of(value))),
            Comparable::Singular(query) => self.single(query, current),
            Comparable::Length(argument) => {
                let value = self.value_of(argument, current, at)?;
                let length = value.map_or(Ok(None), |value| self.length(&value))?;
                Ok(length.map(number))
            }
            Comparable::Count(query) => Ok(Some(number(self.count(query, current, at)?))),
            Comparable::Value(query) => self.only(query, current, at),
        }
    }

    /// *Source*: RFC 9535 §2.4.4.
    fn length(&self, value: &Node<'_>) -> Result<Option<usize>, Stop> {
        match value.kind() {
            Kind::String => {
                self.work.charge_bytes(value.len_bytes())?;
                Ok(Some(character::count(value.scalar())))
            }
            Kind::Array | Kind::Object => value.count(self.work).map(Some),
            Kind::Null | Kind::Boolean | Kind::Number => Ok(None),
        }
    }

    /// *Source*: RFC 9535 §2.4.5.
    fn count(&self, query: &Query, current: &Node<'_>, at: &Location<'_>) -> Result<usize, Stop> {
        let mut count = 0;
        self.run(query, current, at, &mut |_, _| {
            count += 1;
            self.work.charge(1)
        })?;
        Ok(count)
    }

    /// The value of the one node that a query finds; nothing if there are none or several.
    ///
    /// *Source*: RFC 9535 §2.4.8.
    fn only(
        &self,
        query: &Query,
        current: &Node<'_>,
        at: &Location<'_>,
    ) -> Result<Option<Node<'static>>, Stop> {
        let mut only = None;
        let ended = self.run(query, current, at, &mut |node, _| {
            if only.is_some() {
                return Err(Stop::Enough);
            }
            only = Some(node.kept());
            Ok(())
        });
        if ended == Err(Stop::Enough) {
            return Ok(None);
        }
        ended.map(|()| only)
    }

    fn matches(
        &self,
        matching: &Matching,
        current: &Node<'_>,
        at: &Location<'_>,
    ) -> Result<bool, Stop> {
        let text = self.value_of(&matching.text, current, at)?;
        let Some(text) = text.filter(|text| text.kind() == Kind::String) else {
            return Ok(false);
        };
        match &matching.pattern {
            Pattern::Fixed(None) => Ok(false),
            Pattern::Fixed(Some(regexp)) => self.is_match(regexp, &text),
            Pattern::Found(comparable) => {
                let pattern = self.value_of(comparable, current, at)?;
                let regexp = pattern.map_or(Ok(None), |it| self.pattern(matching.whole, &it))?;
                regexp.map_or(Ok(false), |regexp| self.is_match(&regexp, &text))
            }
        }
    }

    fn is_match(&self, regexp: &Regexp, text: &Node<'_>) -> Result<bool, Stop> {
        self.work.charge_bytes(text.len_bytes())?;
        self.work.charge(regexp.steps(text.len_bytes()))?;
        Ok(regexp.is_match(&unquote(text.scalar())))
    }

    /// Compiles a pattern from the document; none when it is no regular expression.
    fn pattern(&self, whole: bool, pattern: &Node<'_>) -> Result<Option<Rc<Regexp>>, Stop> {
        if pattern.kind() != Kind::String {
            return Ok(None);
        }
        self.work.charge_bytes(pattern.len_bytes())?;
        let key = (whole, unquote(pattern.scalar()).into_owned());
        if let Some(regexp) = self.patterns.borrow().get(&key) {
            return Ok(regexp.clone());
        }
        let regexp = self.compile(&key.1, whole)?.map(Rc::new);
        let mut patterns = self.patterns.borrow_mut();
        if patterns.len() >= PATTERNS_MAX {
            patterns.clear();
        }
        patterns.insert(key, regexp.clone());
        Ok(regexp)
    }

    fn compile(&self, pattern: &str, whole: bool) -> Result<Option<Regexp>, Stop> {
        let too_large = |TooLarge| Stop::Overrun(JsonPathOverrun::Pattern);
        let Some(translation) = Translation::of(pattern).map_err(too_large)? else {
            return Ok(None);
        };
        if translation.states() > STATES_MAX {
            return Err(too_large(TooLarge));
        }
        self.work.charge(translation.steps())?;
        translation.compile(whole).map_err(too_large)
    }
}

fn number(count: usize) -> Node<'static> {
    Node::of_json(&Json::from_compact(count.to_string()))
}
