//! Judges whether two values mean the same, however they are spelled.
//!
//! *Source*: RFC 6902 §4.6, RFC 9535 §2.3.5.2.2: numbers by their value, strings by their characters,
//! objects without regard to order.

use crate::json::Kind;
use crate::number::compare_numbers;
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

impl Value {
    /// Judges whether both values mean the same.
    ///
    /// *Cost*: linear in the smaller of both.
    #[must_use]
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        if self.kind() != other.kind() {
            return false;
        }
        match self.kind() {
            Kind::Null => true,
            Kind::Boolean => self == other,
            Kind::Number => {
                let (a, b) = (self.to_json(), other.to_json());
                compare_numbers(a.as_bytes(), b.as_bytes()) == Ordering::Equal
            }
            Kind::String => self.to_json().as_text() == other.to_json().as_text(),
            Kind::Array => same_elements(self, other),
            Kind::Object => same_members(self, other),
        }
    }
}

fn same_elements(a: &Value, b: &Value) -> bool {
    let (mut a, mut b) = (a.members(), b.members());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.value.means_the_same_as(&b.value) => {}
            _ => return false,
        }
    }
}

fn same_members(a: &Value, b: &Value) -> bool {
    if a.count() != b.count() {
        return false;
    }
    let by_name: HashMap<_, _> = b
        .members()
        .filter_map(|member| Some((member.name()?.into_owned(), member.value)))
        .collect();
    a.members().all(|member| {
        let name = member.name().expect("INVARIANT: members have names");
        by_name
            .get(&*name)
            .is_some_and(|value| member.value.means_the_same_as(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: bool) {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        assert_eq!(value(a).means_the_same_as(&value(b)), expected, "{a} {b}");
        assert_eq!(value(b).means_the_same_as(&value(a)), expected, "{b} {a}");
    }

    #[test]
    fn values_are_the_same_however_they_are_spelled() {
        check("1", "1.0", true);
        check("9007199254740993", "9007199254740992", false);
        check(r#""\u0061\/""#, r#""a/""#, true);
        check(r#"{"a":1,"b":[2]}"#, r#"{"b":[2e0],"\u0061":1}"#, true);
        check(r#"{"a":1}"#, r#"{"a":1,"b":1}"#, false);
        check("[1,2]", "[2,1]", false);
        check("[1]", "[1,1]", false);
        check("null", "false", false);
        check("true", "false", false);
        check(r#""1""#, "1", false);
        check("[]", "{}", false);
    }
}
