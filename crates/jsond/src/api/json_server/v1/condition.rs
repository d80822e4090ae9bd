//! The conditions of json-server 1.x: `field:op=value`, `field_op=value`, and `_where`.
//!
//! Both spell a tree of members, operators and values; from the tree comes the filter.

use super::super::{check_tests, members};
use super::Asked;
use crate::api::problem::{Problem, ProblemKind};
use crate::api::view::refused;
use jsond_document::{
    FILTER_TESTS_MAX, Filter, Json, Kind, Name, Order, SelectError, Where, number_of, spell_number,
    spell_value,
};
use jsond_store::Place;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

const OPERATORS: [&str; 10] = [
    "lt",
    "lte",
    "gt",
    "gte",
    "eq",
    "ne",
    "in",
    "contains",
    "startsWith",
    "endsWith",
];

/// How many dots a name may have; documents are not nested deeper.
const DOTS_MAX: usize = 128;

/// The operator of 0.17 for regular expressions.
const LIKE: &str = "_like";

/// What is asked, before it is known what it means.
#[derive(Debug, Clone)]
enum Tree {
    Members(Vec<(String, Tree)>),
    Value(Operand),
    List(Vec<Operand>),
    /// What meets nothing.
    Nothing,
}

/// A value to compare with.
#[derive(Debug, Clone)]
struct Operand {
    json: Json,
    /// As it was written.
    text: String,
}

/// Reads conditions; `_where` takes the place of all others.
pub(super) fn of_parameters<'a>(
    pairs: impl Iterator<Item = &'a (String, String)>,
    place: &Place,
    asked: &Asked<'_>,
) -> Result<Filter, Problem> {
    let given = asked
        .first("_where")
        .map(|text| Json::parse(text.as_bytes()));
    let mut expressions = Vec::new();
    let tree = match given {
        Some(Ok(json)) if matches!(json.kind(), Kind::Object | Kind::Array) => tree_of(&json),
        _ => {
            let mut tree = Tree::Members(Vec::new());
            let fields = Fields::new(place);
            for (name, value) in pairs {
                let is_field = || !asked.rules.is_strict && fields.has(name);
                match name.strip_suffix(LIKE) {
                    Some(path) if !asked.rules.is_strict && !is_field() => {
                        expressions.push(Filter::like(Name::Dotted(path), value));
                    }
                    _ if name.matches('.').count() > DOTS_MAX => {
                        let detail = "A name has too many dots.";
                        return Err(Problem::new(ProblemKind::UnknownParameter, detail));
                    }
                    _ => tree.add(name, value, is_field),
                }
            }
            tree
        }
    };
    let compiler = Compiler {
        is_strict: asked.rules.is_strict,
        tests: Cell::new(expressions.len()),
    };
    let filters = std::iter::once(compiler.filter(&tree)).chain(expressions);
    let filters: Result<_, _> = filters.collect();
    Ok(Filter::All(filters.map_err(|error| refused(&error))?))
}

/// Which names are those of members; each is looked for once, and only so many are.
struct Fields<'a> {
    place: &'a Place,
    known: RefCell<HashMap<String, bool>>,
}

impl<'a> Fields<'a> {
    fn new(place: &'a Place) -> Self {
        let known = RefCell::default();
        Self { place, known }
    }

    fn has(&self, name: &str) -> bool {
        let mut known = self.known.borrow_mut();
        if let Some(has) = known.get(name) {
            return *has;
        }
        let has = known.len() < FILTER_TESTS_MAX && self.place.value.has_field(name);
        known.insert(name.to_owned(), has);
        has
    }
}

/// The tree that `_where` spells.
fn tree_of(json: &Json) -> Tree {
    match json.kind() {
        Kind::Object => {
            let members = members(json).into_iter();
            Tree::Members(
                members
                    .map(|(name, value)| (name, branch(&value.to_json())))
                    .collect(),
            )
        }
        // An array has no members that are asked for.
        _ => Tree::Members(Vec::new()),
    }
}

fn branch(json: &Json) -> Tree {
    match json.kind() {
        Kind::Object => tree_of(json),
        Kind::Array => {
            let value = jsond_document::Value::from(json.clone());
            Tree::List(
                value
                    .members()
                    .map(|it| Operand::of(it.value.to_json()))
                    .collect(),
            )
        }
        _ => Tree::Value(Operand::of(json.clone())),
    }
}

impl Operand {
    fn of(json: Json) -> Self {
        let text = match json.as_text().filter(|_| json.kind() == Kind::String) {
            Some(text) => text.into_owned(),
            None => json.as_str().to_owned(),
        };
        Self { json, text }
    }

    /// Reads a value of a parameter as what it looks like.
    fn coerced(text: &str) -> Self {
        let number = number_of(text);
        let json = match text {
            "true" | "false" | "null" => Json::parse(text.as_bytes()),
            _ if text.trim().is_empty() || !number.is_finite() => Ok(Json::string(text)),
            _ => Json::parse(spell_number(number).as_bytes()),
        };
        Self {
            json: json.unwrap_or_else(|_| Json::string(text)),
            text: text.to_owned(),
        }
    }
}

/// Splits a parameter's name into the name of a member and an operator; an unknown operator is none.
fn split(name: &str, is_field: impl Fn() -> bool) -> Option<(&str, &str)> {
    if let Some((path, word)) = name.rsplit_once(':') {
        return match word {
            "" => Some((name, "eq")),
            word => OPERATORS.contains(&word).then_some((path, word)),
        };
    }
    match name.rsplit_once('_') {
        Some((path, word))
            if !path.is_empty()
                && word.bytes().all(|it| it.is_ascii_lowercase())
                && OPERATORS.contains(&word)
                && !is_field() =>
        {
            Some((path, word))
        }
        _ => Some((name, "eq")),
    }
}

/// The names on the way to a member: `.` descends, `[0]` does so into an array, and a backslash makes
/// either a character like any other.
fn parts_of(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => parts
                .last_mut()
                .into_iter()
                .for_each(|it| it.extend(characters.next())),
            '.' | '[' => parts.push(String::new()),
            ']' => {}
            character => parts
                .last_mut()
                .into_iter()
                .for_each(|it| it.push(character)),
        }
    }
    parts
}

impl Tree {
    /// Takes a parameter.
    fn add(&mut self, name: &str, value: &str, is_field: impl Fn() -> bool) {
        let Some((path, operator)) = split(name, is_field) else {
            return;
        };
        let values = match operator {
            "in" => {
                let parts = value.split(',').map(|it| Operand::coerced(it.trim()));
                Self::List(parts.collect())
            }
            _ => Self::Value(Operand::coerced(value)),
        };
        let mut here = self;
        for (depth, part) in parts_of(path).into_iter().enumerate() {
            // What is in an array is not reached.
            let is_index = !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
            if depth > 0 && is_index {
                *here = Self::Nothing;
                return;
            }
            here = here.child(&part);
        }
        if !matches!(here, Self::Nothing) {
            *here.child(operator) = values;
        }
    }

    /// The branch of a name, which is made if it is not there.
    fn child(&mut self, name: &str) -> &mut Self {
        if !matches!(self, Self::Members(_)) {
            *self = Self::Members(Vec::new());
        }
        let Self::Members(members) = self else {
            unreachable!("INVARIANT: it was made so");
        };
        let at = members.iter().position(|(it, _)| it == name);
        let at = at.unwrap_or_else(|| {
            members.push((name.to_owned(), Self::Members(Vec::new())));
            members.len() - 1
        });
        &mut members[at].1
    }

    /// Whether there is an operator anywhere in it.
    fn asks(&self) -> bool {
        match self {
            Self::Members(members) => members
                .iter()
                .any(|(name, it)| OPERATORS.contains(&name.as_str()) || name == "or" || it.asks()),
            _ => false,
        }
    }
}

struct Compiler {
    is_strict: bool,
    /// How many tests there are so far.
    tests: Cell<usize>,
}

impl Compiler {
    /// Counts one more test.
    fn count(&self) -> Result<(), SelectError> {
        self.tests.update(|count| count + 1);
        check_tests(self.tests.get())
    }

    fn filter(&self, tree: &Tree) -> Result<Filter, SelectError> {
        self.count()?;
        let Tree::Members(members) = tree else {
            return Ok(nothing());
        };
        let filters = members
            .iter()
            .map(|(name, branch)| match (name.as_str(), branch) {
                ("or", branch) => self.any_of(branch),
                (name, Tree::Members(inner)) => self.member(name, inner, branch),
                _ => Ok(nothing()),
            });
        Ok(Filter::All(filters.collect::<Result<_, _>>()?))
    }

    fn any_of(&self, branch: &Tree) -> Result<Filter, SelectError> {
        let Tree::List(alternatives) = branch else {
            return Ok(nothing());
        };
        let objects = alternatives
            .iter()
            .filter(|it| it.json.kind() == Kind::Object);
        let filters = objects.map(|it| self.filter(&tree_of(&it.json)));
        Ok(Filter::Any(filters.collect::<Result<_, _>>()?))
    }

    fn member(
        &self,
        name: &str,
        inner: &[(String, Tree)],
        branch: &Tree,
    ) -> Result<Filter, SelectError> {
        let is_known = |it: &&(String, Tree)| OPERATORS.contains(&it.0.as_str());
        let tests: Vec<_> = inner.iter().filter(is_known).collect();
        if tests.is_empty() {
            let otherwise = self.is_strict || !branch.asks();
            return Filter::inside(Name::Literal(name), self.filter(branch)?, otherwise);
        }
        let tests = tests
            .into_iter()
            .map(|(operator, values)| self.test(name, operator, values));
        Ok(Filter::All(tests.collect::<Result<_, _>>()?))
    }

    fn test(&self, name: &str, operator: &str, values: &Tree) -> Result<Filter, SelectError> {
        self.count()?;
        let name = Name::Literal(name);
        let (one, values) = match values {
            Tree::Value(value) => (Some(value), std::slice::from_ref(value)),
            Tree::List(values) if operator == "in" => (None, values.as_slice()),
            _ => (None, &[][..]),
        };
        let order = |order| match one {
            Some(value) => Filter::ordered(name, order, &value.json),
            None => Ok(nothing()),
        };
        let text = |at| match one {
            Some(value) if self.is_strict => Filter::text(name, at, &spell_value(&value.json)),
            Some(value) => Filter::text(name, at, &value.text),
            None => Ok(nothing()),
        };
        match operator {
            "lt" => order(Order::Less),
            "lte" => order(Order::LessOrEqual),
            "gt" => order(Order::Greater),
            "gte" => order(Order::GreaterOrEqual),
            "contains" => text(Where::Within),
            "startsWith" => text(Where::Start),
            "endsWith" => text(Where::End),
            "ne" => Ok(self.equal(name, values)?.negated()),
            _ => self.equal(name, values),
        }
    }

    fn equal(&self, name: Name<'_>, values: &[Operand]) -> Result<Filter, SelectError> {
        if self.is_strict {
            let values: Vec<_> = values.iter().map(|it| it.json.clone()).collect();
            return Filter::same(name, &values);
        }
        let scalars = values
            .iter()
            .filter(|it| !matches!(it.json.kind(), Kind::Array | Kind::Object));
        Filter::equal(name, scalars.map(|it| it.text.as_str()))
    }
}

/// What no record meets.
fn nothing() -> Filter {
    Filter::Any(Vec::new())
}
