//! Compares two nodes: what is the same, what is less.
//!
//! It says the same as [`Value::means_the_same_as`](crate::Value::means_the_same_as), but charges
//! its work as it goes, and steps through texts where they lie.
//!
//! *Source*: RFC 9535 §2.3.5.2.2.

use super::ast::Operator;
use super::character::{Characters, inner};
use super::node::{Child, Node};
use super::work::{Stop, Work};
use crate::json::Kind;
use crate::number::compare_numbers;
use crate::string::unquote;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Judges a comparison; none is RFC 9535's `Nothing`.
pub(super) fn compare(
    left: Option<&Node<'_>>,
    operator: Operator,
    right: Option<&Node<'_>>,
    work: &Work,
) -> Result<bool, Stop> {
    match operator {
        Operator::Equal => is_same(left, right, work),
        Operator::NotEqual => Ok(!is_same(left, right, work)?),
        Operator::Less => is_less(left, right, work),
        Operator::Greater => is_less(right, left, work),
        Operator::LessOrEqual => Ok(is_less(left, right, work)? || is_same(left, right, work)?),
        Operator::GreaterOrEqual => Ok(is_less(right, left, work)? || is_same(left, right, work)?),
    }
}

fn is_same(a: Option<&Node<'_>>, b: Option<&Node<'_>>, work: &Work) -> Result<bool, Stop> {
    match (a, b) {
        (None, None) => Ok(true),
        (Some(a), Some(b)) => means_the_same(a, b, work),
        _ => Ok(false),
    }
}

fn is_less(a: Option<&Node<'_>>, b: Option<&Node<'_>>, work: &Work) -> Result<bool, Stop> {
    let (Some(a), Some(b)) = (a, b) else {
        return Ok(false);
    };
    let order = match (a.kind(), b.kind()) {
        (Kind::Number, Kind::Number) => number_order(a, b, work)?,
        (Kind::String, Kind::String) => string_order(a.scalar(), b.scalar(), work)?,
        _ => return Ok(false),
    };
    Ok(order == Ordering::Less)
}

fn number_order(a: &Node<'_>, b: &Node<'_>, work: &Work) -> Result<Ordering, Stop> {
    work.charge_bytes(a.len_bytes() + b.len_bytes())?;
    Ok(compare_numbers(a.scalar(), b.scalar()))
}

/// Compares by Unicode scalar values; no more of the longer one is read than the shorter needs.
fn string_order(a: &[u8], b: &[u8], work: &Work) -> Result<Ordering, Stop> {
    work.charge_bytes(2 * a.len().min(b.len()))?;
    let (mut a, mut b) = (Characters::of(a), Characters::of(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (Some(x), Some(y)) if x == y => {}
            (x, y) => return Ok(x.cmp(&y)),
        }
    }
}

fn means_the_same(a: &Node<'_>, b: &Node<'_>, work: &Work) -> Result<bool, Stop> {
    work.charge(1)?;
    if a.kind() != b.kind() {
        return Ok(false);
    }
    match a.kind() {
        Kind::Null => Ok(true),
        Kind::Boolean => Ok(a.scalar() == b.scalar()),
        Kind::Number => Ok(number_order(a, b, work)? == Ordering::Equal),
        Kind::String => is_same_string(a.scalar(), b.scalar(), work),
        Kind::Array => has_same_elements(a, b, work),
        Kind::Object => has_same_members(a, b, work),
    }
}

fn is_same_string(a: &[u8], b: &[u8], work: &Work) -> Result<bool, Stop> {
    // An escape spells one byte of text with six at the most.
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    if long - 2 > (short - 2) * 6 {
        return Ok(false);
    }
    if a.len() == b.len() {
        work.charge_bytes(short)?;
        if a == b {
            return Ok(true);
        }
    }
    let is_plain = |spelled: &[u8]| memchr::memchr(b'\\', inner(spelled)).is_none();
    work.charge_bytes(long)?;
    if is_plain(a) && is_plain(b) {
        return Ok(false);
    }
    Ok(string_order(a, b, work)? == Ordering::Equal)
}

fn has_same_elements(a: &Node<'_>, b: &Node<'_>, work: &Work) -> Result<bool, Stop> {
    let (mut of_a, mut of_b) = (a.children(work)?, b.children(work)?);
    loop {
        match (of_a.next(work)?, of_b.next(work)?) {
            (None, None) => return Ok(true),
            (Some(x), Some(y)) if means_the_same(&x.node, &y.node, work)? => {}
            _ => return Ok(false),
        }
    }
}

fn has_same_members(a: &Node<'_>, b: &Node<'_>, work: &Work) -> Result<bool, Stop> {
    if a.count(work)? != b.count(work)? {
        return Ok(false);
    }
    if let Node::Tree(_) = b {
        // A tree has an index of its names.
        return every_member(a, work, |name, node| {
            let found = b.borrowed().into_member(name, work)?;
            found.map_or(Ok(false), |found| means_the_same(node, &found, work))
        });
    }
    let mut by_name = HashMap::new();
    let mut children = b.children(work)?;
    while let Some(child) = children.next(work)? {
        work.charge(1)?;
        by_name.insert(name_of(&child).into_owned(), child.node);
    }
    every_member(a, work, |name, node| {
        let found = by_name.get(name);
        found.map_or(Ok(false), |found| means_the_same(node, found, work))
    })
}

fn every_member(
    object: &Node<'_>,
    work: &Work,
    holds: impl Fn(&str, &Node<'_>) -> Result<bool, Stop>,
) -> Result<bool, Stop> {
    let mut children = object.children(work)?;
    while let Some(child) = children.next(work)? {
        if !holds(&name_of(&child), &child.node)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn name_of<'c>(child: &'c Child<'_>) -> Cow<'c, str> {
    let name = child.name.as_ref();
    unquote(name.expect("INVARIANT: members have names").spelled())
}

#[cfg(test)]
mod tests {
    use super::super::work::JsonPathBounds;
    use super::*;
    use crate::Value;

    const BOUNDS: JsonPathBounds = JsonPathBounds {
        steps_max: 1_000_000,
        result_bytes_max: 0,
    };

    fn judge(a: &Value, operator: Operator, b: &Value) -> bool {
        let work = Work::new(BOUNDS);
        compare(Some(&Node::of(a)), operator, Some(&Node::of(b)), &work).unwrap()
    }

    fn check(a: &str, b: &str, order: Option<Ordering>) {
        let (x, y) = (Value::parse(a.as_bytes()), Value::parse(b.as_bytes()));
        let (x, y) = (x.unwrap(), y.unwrap());
        let is = |expected| order == Some(expected);
        assert_eq!(
            judge(&x, Operator::Equal, &y),
            is(Ordering::Equal),
            "{a} {b}"
        );
        assert_eq!(judge(&x, Operator::Less, &y), is(Ordering::Less), "{a} {b}");
        assert_eq!(
            judge(&y, Operator::Less, &x),
            is(Ordering::Greater),
            "{a} {b}"
        );
        assert_eq!(x.means_the_same_as(&y), is(Ordering::Equal), "{a} {b}");
        assert_eq!(
            judge(&x, Operator::GreaterOrEqual, &y),
            is(Ordering::Greater) || is(Ordering::Equal)
        );
    }

    #[test]
    fn numbers_and_strings_have_an_order_and_the_rest_only_equality() {
        use Ordering::{Equal, Greater, Less};
        check("1", "1.0", Some(Equal));
        check("9007199254740993", "9007199254740992", Some(Greater));
        check("1e400", "1e401", Some(Less));
        check(r#""\u0061\/""#, r#""a/""#, Some(Equal));
        check(r#""ab""#, r#""a""#, Some(Greater));
        check(r#""\uffff""#, r#""\ud834\udd1e""#, Some(Less));
        check(r#""""#, r#""""#, Some(Equal));
        check(r#""""#, r#""a""#, Some(Less));
        check(r#""\u0001\u0001""#, r#""\u0001\u0002""#, Some(Less));
        check("null", "null", Some(Equal));
        check("true", "false", None);
        check("1", r#""1""#, None);
        check("[1,[2]]", "[1e0,[2]]", Some(Equal));
        check("[1,2]", "[1]", None);
        check(
            r#"{"a":1,"b":[2]}"#,
            r#"{"b":[2e0],"\u0061":1}"#,
            Some(Equal),
        );
        check(r#"{"a":1}"#, r#"{"a":1,"b":1}"#, None);
        check(r#"{"a":1}"#, r#"{"b":1}"#, None);
    }

    #[test]
    fn large_values_are_compared_like_small_ones() {
        let members = |from: usize| {
            let mut all: Vec<_> = (0..3000).map(|n| format!("\"k{n}\":{n}")).collect();
            all.rotate_left(from);
            Value::parse(format!("{{{}}}", all.join(",")).as_bytes()).unwrap()
        };
        assert!(judge(&members(0), Operator::Equal, &members(7)));
        let other = members(0).object_with_another();
        assert!(!judge(&members(0), Operator::Equal, &other));
        assert!(!judge(&other, Operator::Equal, &members(0)));
    }

    impl Value {
        fn object_with_another(&self) -> Value {
            let text = self.to_json().as_str().replace("\"k9\":9,", "\"x9\":9,");
            Value::parse(text.as_bytes()).unwrap()
        }
    }

    #[test]
    fn a_long_string_against_a_short_one_costs_nothing() {
        let long = Value::parse(format!("\"{}\"", "x".repeat(1_000_000)).as_bytes()).unwrap();
        let short = Value::parse(br#""xy""#).unwrap();
        let work = Work::new(JsonPathBounds {
            steps_max: 10,
            result_bytes_max: 0,
        });
        let (long, short) = (Node::of(&long), Node::of(&short));
        for operator in [Operator::Equal, Operator::Less] {
            let judged = compare(Some(&long), operator, Some(&short), &work);
            assert_eq!(judged, Ok(operator == Operator::Less));
        }
        let judged = compare(Some(&long), Operator::Equal, Some(&long), &work);
        assert!(matches!(judged, Err(Stop::Overrun(_))));
    }
}
