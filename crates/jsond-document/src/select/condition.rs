//! What the conditions on one member ask, and whether a stored value meets it.
//!
//! Conditions of one name stand together, so that the member is sought once. Equality asked twice
//! means either value, inequality neither; everything else must hold each for itself.

use super::error::SelectError;
use super::expression::{Expression, Steps};
use super::number::Number;
use super::operator::Operator;
use super::path::Path;
use super::text::{Lower, Needle, bytes_of};
use super::values::Values;
use crate::json::Kind;
use crate::string::unquote;
use crate::view::View;
use std::cmp::Ordering;

/// What a pass over the records needs besides them.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) lower: Lower,
    pub(super) steps: Steps,
}

/// The conditions on one member.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    path: Path,
    tests: Vec<Test>,
}

#[derive(Debug, Clone)]
enum Test {
    Equal(Values),
    Different(Values),
    Ordered(Operator, Literal),
    Contains(Needle, Values),
    StartsWith(Needle),
    EndsWith(Needle),
    Matches(Expression),
    Exists(bool),
}

/// A text to compare with, and the number it reads as.
#[derive(Debug, Clone)]
struct Literal {
    text: String,
    number: Option<Number<'static>>,
}

impl Condition {
    pub(super) fn new(name: &str) -> Result<Self, SelectError> {
        Ok(Self {
            path: Path::new(name)?,
            tests: Vec::new(),
        })
    }

    pub(super) fn name(&self) -> &str {
        self.path.name()
    }

    /// How many things are asked of the member.
    pub(super) fn tests(&self) -> usize {
        self.tests.len()
    }

    /// Asks one more thing of the member.
    pub(super) fn add(&mut self, operator: Operator, value: &str) -> Result<(), SelectError> {
        let test = match operator {
            Operator::Eq => return self.equal().extend(std::iter::once(value)),
            Operator::In => return self.equal().extend(value.split(',')),
            Operator::Ne => return self.different().extend(std::iter::once(value)),
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => {
                Test::Ordered(operator, Literal::new(value))
            }
            Operator::Contains => Test::Contains(Needle::new(value), Values::of(value)),
            Operator::StartsWith => Test::StartsWith(Needle::new(value)),
            Operator::EndsWith => Test::EndsWith(Needle::new(value)),
            Operator::Matches => Test::Matches(Expression::parse(
                &format!("{}:matches", self.name()),
                value,
            )?),
            Operator::Exists => Test::Exists(presence(self.name(), value)?),
        };
        self.tests.push(test);
        Ok(())
    }

    fn equal(&mut self) -> &mut Values {
        let is_it = |test: &Test| matches!(test, Test::Equal(_));
        let at = self.position_or_push(is_it, Test::Equal);
        match &mut self.tests[at] {
            Test::Equal(values) => values,
            _ => unreachable!("INVARIANT: found by its kind"),
        }
    }

    fn different(&mut self) -> &mut Values {
        let is_it = |test: &Test| matches!(test, Test::Different(_));
        let at = self.position_or_push(is_it, Test::Different);
        match &mut self.tests[at] {
            Test::Different(values) => values,
            _ => unreachable!("INVARIANT: found by its kind"),
        }
    }

    fn position_or_push(&mut self, is_it: fn(&Test) -> bool, make: fn(Values) -> Test) -> usize {
        self.tests.iter().position(is_it).unwrap_or_else(|| {
            self.tests.push(make(Values::default()));
            self.tests.len() - 1
        })
    }

    /// Judges whether a record meets all that is asked.
    pub(super) fn is_met(&self, record: View<'_>, room: &mut Room) -> bool {
        let found = self.path.find(record);
        self.tests.iter().all(|test| match (test, found) {
            (Test::Exists(wanted), found) => found.is_some() == *wanted,
            (test, Some(stored)) => test.is_met(stored, room),
            (_, None) => false,
        })
    }
}

impl Test {
    fn is_met(&self, stored: View<'_>, room: &mut Room) -> bool {
        match self {
            Self::Equal(values) => values.contain(stored),
            Self::Different(values) => !values.contain(stored),
            Self::Ordered(operator, literal) => literal
                .compare(stored)
                .is_some_and(|ordering| is_ordered(*operator, ordering)),
            Self::Contains(_, value) if stored.kind() == Kind::Array => {
                stored.entries().any(|element| value.contain(element.value))
            }
            Self::Contains(needle, _) => {
                spelled(stored).is_some_and(|text| needle.is_in(room.lower.of_spelled(text)))
            }
            Self::StartsWith(needle) => {
                spelled(stored).is_some_and(|text| needle.starts(room.lower.of_spelled(text)))
            }
            Self::EndsWith(needle) => {
                spelled(stored).is_some_and(|text| needle.ends(room.lower.of_spelled(text)))
            }
            Self::Matches(expression) => spelled(stored)
                .is_some_and(|text| expression.is_match(&unquote(text), &mut room.steps)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

/// The spelled text of a stored string; none for any other kind.
fn spelled(stored: View<'_>) -> Option<&[u8]> {
    stored.text().filter(|_| stored.kind() == Kind::String)
}

fn is_ordered(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Lt => ordering.is_lt(),
        Operator::Lte => ordering.is_le(),
        Operator::Gt => ordering.is_gt(),
        Operator::Gte => ordering.is_ge(),
        _ => false,
    }
}

impl Literal {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            number: Number::read(text.as_bytes()).map(Number::into_owned),
        }
    }

    /// Compares a stored value with this one; only strings, numbers and booleans have an order.
    fn compare(&self, stored: View<'_>) -> Option<Ordering> {
        let text = stored.text()?;
        match stored.kind() {
            Kind::String => Some(self.compare_text(&bytes_of(text))),
            Kind::Number => Some(match &self.number {
                Some(number) => Number::of(text).cmp(number),
                None => text.cmp(self.text.as_bytes()),
            }),
            Kind::Boolean => Some(text.cmp(self.text.as_bytes())),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    fn compare_text(&self, text: &[u8]) -> Ordering {
        let numbers = self.number.as_ref().zip(Number::read(text));
        match numbers {
            Some((number, stored)) => stored.cmp(number),
            None => text.cmp(self.text.as_bytes()),
        }
    }
}

fn presence(name: &str, value: &str) -> Result<bool, SelectError> {
    value.parse().map_err(|_| SelectError::Exists {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}
