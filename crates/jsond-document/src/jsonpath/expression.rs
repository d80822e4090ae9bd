//! Parses filters: logical expressions, comparisons and function calls, and judges their types.
//!
//! *Source*: RFC 9535 §2.3.5.1, RFC 9535 §2.4.3.

use super::ast::{Comparable, Comparison, Logical, Matching, Operator, Pattern, Query, Start};
use super::error::JsonPathError;
use super::parser::{PATTERNS_MAX, Parsed, Parser, STATES_MAX};
use super::regexp::{Regexp, TooLarge, Translation};
use crate::json::Json;
use crate::number::is_number;
use crate::value::Value;

/// An operand before it is known what is wanted of it.
enum Operand {
    Literal(Value),
    Query(Query),
    /// A function that has a value.
    Valued(Comparable),
    /// A function that is true or false.
    Judged(Matching),
}

const FUNCTIONS: &str = "length, count, match, search and value";

impl Parser<'_> {
    /// A logical expression: `&&` binds closer than `||`.
    pub(super) fn logical(&mut self) -> Parsed<Logical> {
        self.chain("||", Self::all_of, Logical::Or)
    }

    fn all_of(&mut self) -> Parsed<Logical> {
        self.chain("&&", Self::basic, Logical::And)
    }

    fn chain(
        &mut self,
        operator: &str,
        part: impl Fn(&mut Self) -> Parsed<Logical>,
        join: impl Fn(Vec<Logical>) -> Logical,
    ) -> Parsed<Logical> {
        let first = part(self)?;
        let mut all = vec![first];
        while self.eat_behind_space(operator) {
            self.skip_space();
            all.push(part(self)?);
        }
        Ok(match all.len() {
            1 => all.swap_remove(0),
            _ => join(all),
        })
    }

    /// Steps over `word` if it stands here or behind white space.
    fn eat_behind_space(&mut self, word: &str) -> bool {
        let before = self.at;
        self.skip_space();
        let is_here = self.eat(word);
        if !is_here {
            self.at = before;
        }
        is_here
    }

    fn basic(&mut self) -> Parsed<Logical> {
        if self.peek() == Some('!') {
            self.at += 1;
            self.skip_space();
            let inner = if self.peek() == Some('(') {
                self.nested(Self::parenthesized)?
            } else {
                self.test()?
            };
            return Ok(Logical::Not(Box::new(inner)));
        }
        if self.peek() == Some('(') {
            return self.nested(Self::parenthesized);
        }
        self.comparison_or_test()
    }

    fn parenthesized(&mut self) -> Parsed<Logical> {
        self.eat("(");
        self.skip_space();
        let inner = self.logical()?;
        self.skip_space();
        if !self.eat(")") {
            return Err(self.fault("put && or || or ) here"));
        }
        Ok(inner)
    }

    /// What stands behind `!`: a comparison needs parentheses there.
    fn test(&mut self) -> Parsed<Logical> {
        let start = self.at;
        let operand = self.operand()?;
        let behind = self.at;
        self.skip_space();
        if self.operator().is_some() {
            let message = "put the comparison behind ! into parentheses";
            return Err(JsonPathError::new(start, message));
        }
        self.at = behind;
        as_test(operand, start)
    }

    fn comparison_or_test(&mut self) -> Parsed<Logical> {
        let start = self.at;
        let left = self.operand()?;
        let behind = self.at;
        self.skip_space();
        let Some(operator) = self.operator() else {
            self.at = behind;
            return as_test(left, start);
        };
        let left = as_comparable(left, start)?;
        self.skip_space();
        let start = self.at;
        let right = self.operand()?;
        let right = as_comparable(right, start)?;
        Ok(Logical::Compare(Box::new(Comparison {
            left,
            operator,
            right,
        })))
    }

    fn operator(&mut self) -> Option<Operator> {
        let all = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let found = all.into_iter().find(|(word, _)| self.eat(word));
        found.map(|(_, operator)| operator)
    }

    fn operand(&mut self) -> Parsed<Operand> {
        match self.peek() {
            Some('\'' | '"') => {
                let text = self.string()?;
                Ok(Operand::Literal(Value::small(Json::string(&text))))
            }
            Some('-' | '0'..='9') => self.number().map(Operand::Literal),
            Some('$') => self.query(Start::Root).map(Operand::Query),
            Some('@') => self.query(Start::Current).map(Operand::Query),
            Some('a'..='z') => self.word(),
            _ => Err(self.fault("put @ or $, a literal or a function here")),
        }
    }

    fn query(&mut self, start: Start) -> Parsed<Query> {
        self.at += 1;
        let segments = self.segments()?;
        Ok(Query { start, segments })
    }

    fn number(&mut self) -> Parsed<Value> {
        let start = self.at;
        let is_part = |it: char| it.is_ascii_digit() || matches!(it, '+' | '-' | '.' | 'e' | 'E');
        let number = self.eat_while(is_part);
        if !is_number(number.as_bytes()) {
            let message = "spell a number as JSON does, such as 0, -1.5 or 1e3";
            return Err(JsonPathError::new(start, message));
        }
        Ok(Value::small(Json::from_compact(number.to_owned())))
    }

    /// A literal that is a word, or a function call.
    fn word(&mut self) -> Parsed<Operand> {
        let start = self.at;
        let is_part = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        let word = self.eat_while(is_part);
        if self.eat("(") {
            return self.nested(|parser| parser.call(word, start));
        }
        if matches!(word, "true" | "false" | "null") {
            let json = Json::from_compact(word.to_owned());
            return Ok(Operand::Literal(Value::small(json)));
        }
        let message =
            format!("{word} is no literal; put strings into quotes, or ( behind a function");
        Err(JsonPathError::new(start, message))
    }

    /// The arguments of a function, behind the parenthesis.
    fn call(&mut self, name: &str, start: usize) -> Parsed<Operand> {
        let wanted = match name {
            "length" | "count" | "value" => 1,
            "match" | "search" => 2,
            _ => {
                let message = format!("there is no function {name}; there are {FUNCTIONS}");
                return Err(JsonPathError::new(start, message));
            }
        };
        let mut arguments = self.arguments()?.into_iter();
        let count = arguments.len();
        let (Some((first, at)), second, true) =
            (arguments.next(), arguments.next(), count == wanted)
        else {
            let message = format!("give {name} {wanted} arguments, not {count}");
            return Err(JsonPathError::new(start, message));
        };
        match (name, second) {
            ("length", _) => {
                let argument = Box::new(as_comparable(first, at)?);
                Ok(Operand::Valued(Comparable::Length(argument)))
            }
            ("count", _) => Ok(Operand::Valued(Comparable::Count(as_nodes(first, at)?))),
            ("value", _) => Ok(Operand::Valued(Comparable::Value(as_nodes(first, at)?))),
            (_, Some((pattern, pattern_at))) => {
                let whole = name == "match";
                let text = as_comparable(first, at)?;
                let pattern = as_comparable(pattern, pattern_at)?;
                let pattern = self.pattern(pattern, whole, pattern_at)?;
                Ok(Operand::Judged(Matching {
                    whole,
                    text,
                    pattern,
                }))
            }
            (_, None) => unreachable!("INVARIANT: match and search have two arguments"),
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<(Operand, usize)>> {
        let mut arguments = Vec::new();
        self.skip_space();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            let start = self.at;
            if matches!(self.peek(), Some('!' | '(')) {
                return Err(self.fault("give the function a value or a query, no condition"));
            }
            arguments.push((self.operand()?, start));
            self.skip_space();
            if self.eat(")") {
                return Ok(arguments);
            }
            if !self.eat(",") {
                return Err(self.fault("put , or ) behind the argument"));
            }
            self.skip_space();
        }
    }

    fn pattern(&mut self, pattern: Comparable, whole: bool, at: usize) -> Parsed<Pattern> {
        let Comparable::Literal(literal) = pattern else {
            return Ok(Pattern::Found(pattern));
        };
        let Some(text) = literal
            .to_json()
            .as_text()
            .map(std::borrow::Cow::into_owned)
        else {
            return Ok(Pattern::Fixed(None));
        };
        let too_large = |TooLarge| {
            let message = format!(
                "the regular expressions are too large; use {PATTERNS_MAX} at the most, shorter ones"
            );
            JsonPathError::new(at, message)
        };
        self.compile(&text, whole)
            .map(Pattern::Fixed)
            .map_err(too_large)
    }

    fn compile(&mut self, pattern: &str, whole: bool) -> Result<Option<Regexp>, TooLarge> {
        let Some(translation) = Translation::of(pattern)? else {
            return Ok(None);
        };
        debug_assert!(self.states_left <= STATES_MAX);
        self.patterns_left = self.patterns_left.checked_sub(1).ok_or(TooLarge)?;
        self.states_left = self
            .states_left
            .checked_sub(translation.states())
            .ok_or(TooLarge)?;
        translation.compile(whole)
    }
}

fn as_test(operand: Operand, start: usize) -> Parsed<Logical> {
    match operand {
        Operand::Query(query) => Ok(Logical::Exists(query)),
        Operand::Judged(matching) => Ok(Logical::Matches(Box::new(matching))),
        Operand::Literal(_) => {
            let message = "compare the literal with something; alone it says nothing";
            Err(JsonPathError::new(start, message))
        }
        Operand::Valued(_) => {
            let message = "compare the function's value with something";
            Err(JsonPathError::new(start, message))
        }
    }
}

fn as_comparable(operand: Operand, start: usize) -> Parsed<Comparable> {
    match operand {
        Operand::Literal(value) => Ok(Comparable::Literal(value)),
        Operand::Valued(comparable) => Ok(comparable),
        Operand::Query(query) if query.is_singular() => Ok(Comparable::Singular(query)),
        Operand::Query(_) => {
            let message = "use only names and indices here, one in each segment: \
                           the query may find several nodes; or put value(…) around it";
            Err(JsonPathError::new(start, message))
        }
        Operand::Judged(_) => {
            let message = "match and search are true or false by themselves; compare nothing";
            Err(JsonPathError::new(start, message))
        }
    }
}

fn as_nodes(operand: Operand, start: usize) -> Parsed<Query> {
    match operand {
        Operand::Query(query) => Ok(query),
        _ => Err(JsonPathError::new(
            start,
            "give the function a query, such as @.*",
        )),
    }
}
