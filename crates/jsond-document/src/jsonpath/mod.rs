//! JSONPath: finds nodes in a value, works on its text, and never takes longer than it may.
//!
//! Results are the very texts of the document: numbers come back as they were spelled and compare
//! exactly. Queries are untrusted: their length and nesting are bounded when they are parsed, their
//! steps and the bytes of their result when they run.
//!
//! *Source*: RFC 9535.

mod ast;
mod character;
mod compare;
mod error;
mod evaluate;
mod expression;
mod filter;
mod location;
mod node;
mod parser;
mod reach;
mod regexp;
mod translate;
mod work;

pub use error::{JsonPathError, JsonPathOverrun};
pub use work::JsonPathBounds;

use crate::json::Json;
use crate::value::Value;
use ast::Query;
use evaluate::{Evaluation, Sink};
use location::Location;
use node::Node;
use std::collections::HashSet;
use work::{Stop, Work};

/// A parsed query.
///
/// *Source*: RFC 9535 §2.1.
#[derive(Debug)]
pub struct JsonPath {
    query: Query,
}

/// A node that a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The normalized path, such as `$['a'][0]`.
    ///
    /// *Source*: RFC 9535 §2.7.
    pub path: String,
    /// The value, shared with the document.
    pub value: Value,
}

impl JsonPath {
    /// Parses a query that is well-formed and well-typed.
    ///
    /// *Errors*: where it is not, or too long, too deep, or with regular expressions too large.
    /// *Source*: RFC 9535 §2.1, RFC 9535 §2.4.3.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        parser::parse(text).map(|query| Self { query })
    }

    /// Finds the nodes with their normalized paths, in order; a node selected twice stands twice.
    ///
    /// *Errors*: when a bound is reached; the bytes of the result count the paths and what the
    /// list takes in memory; the values are shared with the document and count nothing.
    pub fn find(
        &self,
        root: &Value,
        bounds: JsonPathBounds,
    ) -> Result<Vec<Found>, JsonPathOverrun> {
        let work = Work::new(bounds);
        let mut found = Vec::new();
        self.each(root, &work, &mut |node, at| {
            work.keep_bytes(size_of::<Found>())?;
            let path = at.path(&work)?.text;
            let value = node.to_value();
            found.push(Found { path, value });
            Ok(())
        })?;
        Ok(found)
    }

    /// The compact text of an array of the values, in order; a node selected twice stands twice.
    ///
    /// *Errors*: when a bound is reached.
    pub fn values(&self, root: &Value, bounds: JsonPathBounds) -> Result<Json, JsonPathOverrun> {
        let work = Work::new(bounds);
        let mut out = Output::open(b"[", &work)?;
        self.each(root, &work, &mut |node, _| out.push(None, node, &work))?;
        Ok(out.close(b"]"))
    }

    /// The compact text of an object of normalized paths and values, in order; a node selected
    /// twice has one member.
    ///
    /// *Errors*: when a bound is reached; where a query may select a node twice, the bytes count
    /// also the memory for knowing it again.
    pub fn values_by_path(
        &self,
        root: &Value,
        bounds: JsonPathBounds,
    ) -> Result<Json, JsonPathOverrun> {
        let work = Work::new(bounds);
        let may_repeat = self.query.may_repeat();
        let mut seen = HashSet::new();
        let mut out = Output::open(b"{", &work)?;
        self.each(root, &work, &mut |node, at| {
            let path = at.path(&work)?;
            if may_repeat && seen.contains(&path.text) {
                work.give_back_bytes(path.quoted_bytes);
                return Ok(());
            }
            out.push(Some(&path.text), node, &work)?;
            if may_repeat {
                work.keep_bytes(size_of::<String>() + path.text.len())?;
                seen.insert(path.text);
            }
            Ok(())
        })?;
        Ok(out.close(b"}"))
    }

    fn each(&self, root: &Value, work: &Work, sink: &mut Sink<'_>) -> Result<(), JsonPathOverrun> {
        let evaluation = Evaluation::new(root, work);
        let ended = evaluation.run(&self.query, &Node::of(root), &Location::ROOT, sink);
        match ended {
            Err(Stop::Overrun(overrun)) => Err(overrun),
            Ok(()) | Err(Stop::Enough) => Ok(()),
        }
    }
}

/// The text of a result while it is written.
struct Output {
    text: Vec<u8>,
}

impl Output {
    fn open(bracket: &[u8], work: &Work) -> Result<Self, JsonPathOverrun> {
        match work.keep_bytes(2) {
            Err(Stop::Overrun(overrun)) => Err(overrun),
            _ => Ok(Self {
                text: bracket.to_vec(),
            }),
        }
    }

    /// Appends a value; the bytes of its path are charged already.
    fn push(&mut self, path: Option<&str>, node: &Node<'_>, work: &Work) -> Result<(), Stop> {
        let bytes = node.len_bytes();
        work.keep_bytes(bytes + 1 + usize::from(path.is_some()))?;
        work.charge_bytes(bytes)?;
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        if let Some(path) = path {
            self.text.extend_from_slice(crate::quote(path).as_bytes());
            self.text.push(b':');
        }
        node.write_to(&mut self.text);
        Ok(())
    }

    fn close(mut self, bracket: &[u8]) -> Json {
        self.text.extend_from_slice(bracket);
        Json::from_compact(self.text)
    }
}
