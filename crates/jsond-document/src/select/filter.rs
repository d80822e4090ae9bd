//! Conditions that are made of others: what interfaces besides this one's own parameters ask.
//!
//! Built by the caller, judged in the same pass as all else. What a member is compared by is said
//! with each test: by what is stored, as in this interface's own conditions, or by the rules of
//! JavaScript.

use super::condition::Room;
use super::error::SelectError;
use super::expression::Expression;
use super::javascript::{Operand, text_of};
use super::path::Path;
use super::text::{Lower, Needle};
use super::values::Values;
use crate::json::{Json, Kind};
use crate::value::Value;
use crate::view::View;
use std::cmp::Ordering;

/// How many tests one filter may be made of: each is judged for each record.
pub const FILTER_TESTS_MAX: usize = 128;

/// What is asked of a record.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Each of these; without any, nothing is asked.
    All(Vec<Filter>),
    /// One of these; without any, nothing is met.
    Any(Vec<Filter>),
    /// What is in a member that is an object.
    Inside(Box<Inside>),
    /// A test of a member that is there.
    Member(Box<Member>),
    /// Some text occurs in a value, however deep it lies.
    Anywhere(Box<Anywhere>),
}

/// What is asked of the object in a member.
#[derive(Debug, Clone)]
pub struct Inside {
    path: Path,
    filter: Filter,
    otherwise: bool,
}

/// A test of a member.
#[derive(Debug, Clone)]
pub struct Member {
    path: Path,
    test: Test,
}

/// A text that is sought, without regard to case.
#[derive(Debug, Clone)]
pub struct Anywhere(Needle);

/// The name of a member.
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    /// `a.b` descends.
    Dotted(&'a str),
    /// Every character is one of the name.
    Literal(&'a str),
}

/// What a member is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Where in a string a text is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Anywhere.
    Within,
    /// At the start.
    Start,
    /// At the end.
    End,
}

#[derive(Debug, Clone)]
enum Test {
    /// One of these texts, read as what is stored.
    Equal(Values),
    /// One of these, of the same type.
    Same(Vec<Operand<'static>>),
    /// Spelled as one of these.
    Spelled(Vec<String>),
    Ordered(Order, Operand<'static>),
    Text(Where, Box<Needle>),
    Like(Expression),
    Not(Box<Test>),
}

impl Filter {
    /// Asks that a member be none of what `self` asks; a missing one is met by neither.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Member(member) => Self::Member(Box::new(Member {
                path: member.path,
                test: Test::Not(Box::new(member.test)),
            })),
            other => other,
        }
    }

    /// Asks that a member equal one of some texts, read as what is stored.
    ///
    /// *Errors*: too many texts.
    pub fn equal<'a>(
        name: Name<'_>,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, SelectError> {
        let mut values = Values::default();
        values.extend(texts)?;
        member(name, Test::Equal(values))
    }

    /// Asks that a member be one of some values by `===`; arrays and objects never are.
    ///
    /// *Errors*: a name of too many parts.
    pub fn same(name: Name<'_>, values: &[Json]) -> Result<Self, SelectError> {
        let views = values.iter().map(|it| View::of_text(it.as_bytes()));
        let mut operands: Vec<_> = views.map(|it| Operand::of(it).into_owned()).collect();
        operands.retain(|it| !it.is_container());
        operands.sort_by(Operand::order);
        member(name, Test::Same(operands))
    }

    /// Asks that a member be spelled as one of some texts, by `String()`.
    ///
    /// *Errors*: a name of too many parts.
    pub fn spelled(name: Name<'_>, mut texts: Vec<String>) -> Result<Self, SelectError> {
        texts.sort();
        member(name, Test::Spelled(texts))
    }

    /// Asks for an order by the operators of JavaScript.
    ///
    /// *Errors*: a name of too many parts.
    pub fn ordered(name: Name<'_>, order: Order, value: &Json) -> Result<Self, SelectError> {
        let operand = Operand::of(View::of_text(value.as_bytes())).into_owned();
        member(name, Test::Ordered(order, operand))
    }

    /// Asks that a string hold a text, without regard to case.
    ///
    /// *Errors*: a name of too many parts.
    pub fn text(name: Name<'_>, at: Where, text: &str) -> Result<Self, SelectError> {
        member(name, Test::Text(at, Box::new(Needle::new(text))))
    }

    /// Asks that what a member is spelled as have a match.
    ///
    /// *Errors*: the expression is none, or too large.
    pub fn like(name: Name<'_>, expression: &str) -> Result<Self, SelectError> {
        let shown = match name {
            Name::Dotted(name) | Name::Literal(name) => name,
        };
        member(name, Test::Like(Expression::parse(shown, expression)?))
    }

    /// Asks something of the object in a member; `otherwise` is what a record comes to whose member
    /// is none.
    ///
    /// *Errors*: a name of too many parts.
    pub fn inside(name: Name<'_>, filter: Self, otherwise: bool) -> Result<Self, SelectError> {
        Ok(Self::Inside(Box::new(Inside {
            path: name.path()?,
            filter,
            otherwise,
        })))
    }

    /// Asks that a text occur somewhere in the values of a record, at any depth.
    #[must_use]
    pub fn anywhere(text: &str) -> Self {
        Self::Anywhere(Box::new(Anywhere(Needle::new(text))))
    }

    pub(super) fn is_met(&self, record: View<'_>, room: &mut Room) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|it| it.is_met(record, room)),
            Self::Any(filters) => filters.iter().any(|it| it.is_met(record, room)),
            Self::Inside(inside) => match inside.path.find(record) {
                Some(object) if object.kind() == Kind::Object => inside.filter.is_met(object, room),
                _ => inside.otherwise,
            },
            Self::Member(member) => {
                let found = member.path.find(record);
                found.is_some_and(|it| member.test.is_met(it, room))
            }
            Self::Anywhere(text) => occurs(record, &text.0, &mut room.lower),
        }
    }
}

fn member(name: Name<'_>, test: Test) -> Result<Filter, SelectError> {
    let path = name.path()?;
    Ok(Filter::Member(Box::new(Member { path, test })))
}

impl Name<'_> {
    fn path(self) -> Result<Path, SelectError> {
        match self {
            Self::Dotted(name) => Path::new(name),
            Self::Literal(name) => Ok(Path::literal(name)),
        }
    }
}

impl Test {
    fn is_met(&self, stored: View<'_>, room: &mut Room) -> bool {
        match self {
            Self::Equal(values) => values.contain(stored),
            Self::Same(values) => {
                let operand = Operand::of(stored);
                values.binary_search_by(|it| it.order(&operand)).is_ok()
            }
            Self::Spelled(texts) => {
                let text = text_of(stored);
                texts.binary_search_by(|it| it.as_str().cmp(&text)).is_ok()
            }
            Self::Ordered(order, value) => Operand::of(stored)
                .relate(value)
                .is_some_and(|it| order.holds(it)),
            Self::Text(at, needle) => stored
                .text()
                .filter(|_| stored.kind() == Kind::String)
                .is_some_and(|text| at.holds(needle, room.lower.of_spelled(text))),
            Self::Like(expression) => expression.is_match(&text_of(stored), &mut room.steps),
            Self::Not(test) => !test.is_met(stored, room),
        }
    }
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Where {
    fn holds(self, needle: &Needle, text: &[u8]) -> bool {
        match self {
            Self::Within => needle.is_in(text),
            Self::Start => needle.starts(text),
            Self::End => needle.ends(text),
        }
    }
}

/// What counts as false in JavaScript has no text that could be found.
fn occurs(value: View<'_>, needle: &Needle, lower: &mut Lower) -> bool {
    match value.kind() {
        Kind::Array | Kind::Object => value.entries().any(|it| occurs(it.value, needle, lower)),
        Kind::String => value
            .text()
            .is_some_and(|text| text.len() > 2 && needle.is_in(lower.of_spelled(text))),
        Kind::Null => false,
        Kind::Boolean | Kind::Number => {
            let text = text_of(value);
            !matches!(&*text, "false" | "0") && needle.is_in(lower.of_text(text.as_bytes()))
        }
    }
}

impl Value {
    /// Judges whether some record of a collection has a member of this name.
    ///
    /// *Shape*: `name` as in conditions, `a.b` descends. *Cost*: linear in the collection where
    /// none has.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        let Ok(path) = Path::new(name) else {
            return false;
        };
        self.view()
            .entries()
            .any(|record| path.find(record.value).is_some())
    }

    /// The largest value that the records of a collection have in a member, by the operators of
    /// JavaScript; what is not comparable to it is none.
    ///
    /// *Cost*: linear in the collection.
    #[must_use]
    pub fn largest_field(&self, name: &str) -> Option<Json> {
        let path = Path::new(name).ok()?;
        let mut largest: Option<Operand<'_>> = None;
        for record in self.view().entries() {
            let value = path.find(record.value).map(Operand::of);
            let Some(value) = value.filter(|it| *it != Operand::Null) else {
                continue;
            };
            let is_larger = |it: &Operand<'_>| value.relate(it).is_some_and(Ordering::is_gt);
            if largest.as_ref().is_none_or(is_larger) {
                largest = Some(value);
            }
        }
        largest.map(|it| it.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::Selection;

    const RECORDS: &str = r#"[{"id":1,"n":"150","t":"Été","a":{"b":1},"l":["x"]},
        {"id":2,"n":null,"t":"ete","a":7},{"id":3,"n":20.0,"f":false}]"#;

    fn check(filter: Filter, ids: &str) {
        let selection = Selection::default().with_filter(filter).with_field("id");
        let found = selection.apply(&Value::parse(RECORDS.as_bytes()).unwrap());
        let found = found.unwrap().json;
        let digits: String = found
            .as_str()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert_eq!(digits, ids, "{selection:?}");
    }

    impl Selection {
        fn with_field(mut self, name: &str) -> Self {
            self.with_fields(name).unwrap();
            self
        }
    }

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_member_is_compared_as_the_test_says() {
        let n = Name::Dotted("n");
        check(Filter::equal(n, ["150"].into_iter()).unwrap(), "1");
        check(
            Filter::equal(n, ["20"].into_iter()).unwrap().negated(),
            "12",
        );
        check(Filter::same(n, &[json("150")]).unwrap(), "");
        check(
            Filter::same(n, &[json("\"150\""), json("20")]).unwrap(),
            "13",
        );
        check(Filter::same(n, &[json("null")]).unwrap().negated(), "13");
        check(
            Filter::same(Name::Literal("l"), &[json("[\"x\"]")]).unwrap(),
            "",
        );
        check(
            Filter::spelled(n, vec!["20".into(), "null".into()]).unwrap(),
            "23",
        );
        check(
            Filter::spelled(Name::Dotted("l"), vec!["x".into()]).unwrap(),
            "1",
        );
        check(Filter::ordered(n, Order::Less, &json("21")).unwrap(), "23");
        check(
            Filter::ordered(n, Order::GreaterOrEqual, &json("20")).unwrap(),
            "13",
        );
        check(
            Filter::text(Name::Dotted("t"), Where::Within, "ÉT").unwrap(),
            "1",
        );
        check(
            Filter::text(Name::Dotted("l"), Where::Within, "x").unwrap(),
            "",
        );
        check(Filter::like(Name::Dotted("t"), "^e").unwrap(), "2");
    }

    #[test]
    fn names_descend_only_where_they_are_dotted() {
        let one = [json("1")];
        check(Filter::same(Name::Dotted("a.b"), &one).unwrap(), "1");
        check(Filter::same(Name::Literal("a.b"), &one).unwrap(), "");
        let inside = |otherwise| {
            let inner = Filter::same(Name::Literal("b"), &[json("2")]).unwrap();
            Filter::inside(Name::Literal("a"), inner, otherwise).unwrap()
        };
        check(inside(true), "23");
        check(inside(false), "");
    }

    #[test]
    fn the_largest_value_is_that_of_javascript() {
        let largest = |ids: &[&str]| {
            let records: Vec<_> = ids.iter().map(|id| format!("{{\"id\":{id}}}")).collect();
            let records = format!("[{},{{}}]", records.join(","));
            let records = Value::parse(records.as_bytes()).unwrap();
            let found = records.largest_field("id");
            found.map(|it| it.as_str().to_owned()).unwrap_or_default()
        };
        assert_eq!(largest(&["1", "70", "3", "\"t\""]), "70");
        assert_eq!(largest(&["\"t\"", "70"]), "\"t\"");
        assert_eq!(largest(&["2", "\"10\"", "9"]), "\"10\"");
        assert_eq!(largest(&["null"]), "");
        assert_eq!(largest(&["7.50"]), "7.5");
    }

    #[test]
    fn filters_are_made_of_filters() {
        let is = |id: &str| Filter::same(Name::Dotted("id"), &[json(id)]).unwrap();
        check(Filter::All(vec![]), "123");
        check(Filter::Any(vec![]), "");
        check(Filter::Any(vec![is("1"), is("3")]), "13");
        check(Filter::All(vec![is("1"), is("3")]), "");
        check(Filter::anywhere("20"), "3");
        check(Filter::anywhere("x"), "1");
        check(Filter::anywhere("false"), "");
        check(Filter::anywhere("null"), "");
    }
}
