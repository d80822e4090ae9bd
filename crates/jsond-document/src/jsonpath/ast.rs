//! The parsed query. It can only hold what is well-typed: the parser turns a function call into
//! one of the shapes here or refuses it, so the evaluation has nothing left to check.
//!
//! *Source*: RFC 9535 §2.

use super::regexp::Regexp;
use crate::value::Value;

/// Where a query begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// `$`: the value the query was asked of.
    Root,
    /// `@`: the node a filter looks at.
    Current,
}

/// An identifier and its segments.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) start: Start,
    pub(super) segments: Vec<Segment>,
}

impl Query {
    /// Judges whether the query finds one node at the most.
    ///
    /// LENIENT: the grammar of comparisons leaves out white space inside the brackets; it may stand
    /// there as in every other query.
    ///
    /// *Source*: RFC 9535 §2.3.5.1.
    pub(super) fn is_singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            let [Selector::Name(_) | Selector::Index(_)] = &*segment.selectors else {
                return false;
            };
            !segment.descends
        })
    }

    /// Judges whether the query may find one node twice.
    pub(super) fn may_repeat(&self) -> bool {
        let descents = self.segments.iter().filter(|it| it.descends).count();
        descents > 1 || self.segments.iter().any(|it| it.selectors.len() > 1)
    }
}

/// A child segment, or a descendant segment.
///
/// *Source*: RFC 9535 §2.5.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) descends: bool,
    pub(super) selectors: Vec<Selector>,
}

/// *Source*: RFC 9535 §2.3.
#[derive(Debug)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice(Slice),
    Filter(Logical),
}

/// *Source*: RFC 9535 §2.3.4.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: i64,
}

/// A logical expression.
///
/// *Source*: RFC 9535 §2.3.5.
#[derive(Debug)]
pub(super) enum Logical {
    Or(Vec<Logical>),
    And(Vec<Logical>),
    Not(Box<Logical>),
    Exists(Query),
    Compare(Box<Comparison>),
    Matches(Box<Matching>),
}

/// Two comparables and an operator.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) left: Comparable,
    pub(super) operator: Operator,
    pub(super) right: Comparable,
}

/// *Source*: RFC 9535 §2.3.5.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What has a value or nothing: RFC 9535 calls it `ValueType`.
#[derive(Debug)]
pub(super) enum Comparable {
    Literal(Value),
    Singular(Query),
    Length(Box<Comparable>),
    Count(Query),
    Value(Query),
}

/// A call of `match` or `search`.
///
/// *Source*: RFC 9535 §2.4.6, RFC 9535 §2.4.7.
#[derive(Debug)]
pub(super) struct Matching {
    /// Whether the pattern must match the whole of the text, or a part of it is enough.
    pub(super) whole: bool,
    pub(super) text: Comparable,
    pub(super) pattern: Pattern,
}

/// The second argument of `match` and `search`.
#[derive(Debug)]
pub(super) enum Pattern {
    /// A literal, compiled once; none when it is no regular expression, which never matches.
    Fixed(Option<Regexp>),
    /// Found in the document.
    Found(Comparable),
}
