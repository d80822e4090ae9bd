//! Parses a query: segments, selectors, names and integers. Filters are in `expression`.
//!
//! *Source*: RFC 9535 §2.1, RFC 9535 §2.3, RFC 9535 §2.5.

use super::ast::{Query, Segment, Selector, Slice, Start};
use super::error::JsonPathError;

/// The longest query.
const QUERY_BYTES_MAX: usize = 16 << 10;

/// How deep brackets, parentheses and function calls may be nested in a query.
const LEVELS_MAX: usize = 64;

/// The largest integer that every program reads exactly.
///
/// *Source*: RFC 9535 §2.1.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// How many regular expressions a query may hold, and how large all of them may be.
pub(super) const PATTERNS_MAX: usize = 32;
pub(super) const STATES_MAX: usize = 60_000;

/// Reads a query from left to right.
pub(super) struct Parser<'t> {
    text: &'t str,
    pub(super) at: usize,
    levels: usize,
    pub(super) patterns_left: usize,
    pub(super) states_left: usize,
}

pub(super) type Parsed<T> = Result<T, JsonPathError>;

/// Parses a whole query.
pub(super) fn parse(text: &str) -> Parsed<Query> {
    if text.len() > QUERY_BYTES_MAX {
        let message = format!("the query is longer than {QUERY_BYTES_MAX} bytes; ask for less");
        return Err(JsonPathError::new(QUERY_BYTES_MAX, message));
    }
    let mut parser = Parser {
        text,
        at: 0,
        levels: 0,
        patterns_left: PATTERNS_MAX,
        states_left: STATES_MAX,
    };
    if !parser.eat("$") {
        return Err(parser.fault("begin a query with $"));
    }
    let segments = parser.segments()?;
    if parser.at < text.len() {
        return Err(parser.unread());
    }
    let start = Start::Root;
    Ok(Query { start, segments })
}

impl<'t> Parser<'t> {
    pub(super) fn fault(&self, message: impl Into<String>) -> JsonPathError {
        JsonPathError::new(self.at, message)
    }

    fn unread(&self) -> JsonPathError {
        if self
            .rest()
            .trim_start_matches([' ', '\t', '\n', '\r'])
            .is_empty()
        {
            return self.fault("take the white space at the end away");
        }
        self.fault("go on with . or .. or [, or end the query here")
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over `word` if it stands here.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let is_here = self.rest().starts_with(word);
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    /// Steps over the characters that `is_part` takes.
    pub(super) fn eat_while(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub(super) fn skip_space(&mut self) {
        self.eat_while(|it| matches!(it, ' ' | '\t' | '\n' | '\r'));
    }

    /// Parses what is nested in something, one level deeper.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.levels == LEVELS_MAX {
            let message = format!("the query is nested deeper than {LEVELS_MAX}; make it flatter");
            return Err(self.fault(message));
        }
        self.levels += 1;
        let parsed = parse(self)?;
        self.levels -= 1;
        Ok(parsed)
    }

    /// The segments behind an identifier; white space behind the last one is left.
    pub(super) fn segments(&mut self) -> Parsed<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            match self.segment()? {
                Some(segment) => segments.push(segment),
                None => {
                    self.at = before;
                    return Ok(segments);
                }
            }
        }
    }

    fn segment(&mut self) -> Parsed<Option<Segment>> {
        let descends = self.eat("..");
        let selectors = if self.peek() == Some('[') {
            self.nested(Self::bracketed)?
        } else if descends || self.eat(".") {
            vec![self.shorthand()?]
        } else {
            return Ok(None);
        };
        Ok(Some(Segment {
            descends,
            selectors,
        }))
    }

    /// `*` or a name without quotes, behind the dots.
    fn shorthand(&mut self) -> Parsed<Selector> {
        if self.eat("*") {
            return Ok(Selector::Wildcard);
        }
        let is_letter = |it: char| it.is_ascii_alphabetic() || it == '_' || !it.is_ascii();
        if !self.peek().is_some_and(is_letter) {
            return Err(self.fault("put a name or * here, or the name as ['…']"));
        }
        let name = self.eat_while(|it| is_letter(it) || it.is_ascii_digit());
        Ok(Selector::Name(name.to_owned()))
    }

    fn bracketed(&mut self) -> Parsed<Vec<Selector>> {
        self.eat("[");
        let mut selectors = Vec::new();
        loop {
            self.skip_space();
            selectors.push(self.selector()?);
            self.skip_space();
            if self.eat("]") {
                return Ok(selectors);
            }
            if !self.eat(",") {
                return Err(self.fault("put , or ] behind the selector"));
            }
        }
    }

    fn selector(&mut self) -> Parsed<Selector> {
        match self.peek() {
            Some('\'' | '"') => self.string().map(Selector::Name),
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.at += 1;
                self.skip_space();
                self.logical().map(Selector::Filter)
            }
            Some('-' | ':' | '0'..='9') => self.index_or_slice(),
            _ => Err(self.fault("put a selector here: 'name', an index, a slice, * or ?filter")),
        }
    }

    fn index_or_slice(&mut self) -> Parsed<Selector> {
        let start = self.integer()?;
        let behind = self.at;
        self.skip_space();
        if !self.eat(":") {
            self.at = behind;
            let index = start.ok_or_else(|| self.fault("put an integer here"))?;
            return Ok(Selector::Index(index));
        }
        self.skip_space();
        let end = self.integer()?;
        self.skip_space();
        let mut step = None;
        if self.eat(":") {
            self.skip_space();
            step = self.integer()?;
        }
        let step = step.unwrap_or(1);
        Ok(Selector::Slice(Slice { start, end, step }))
    }

    /// An integer, if one stands here.
    fn integer(&mut self) -> Parsed<Option<i64>> {
        let start = self.at;
        let is_negative = self.eat("-");
        let digits = self.eat_while(|it| it.is_ascii_digit());
        if digits.is_empty() && !is_negative {
            return Ok(None);
        }
        let is_well_formed =
            digits == "0" && !is_negative || !digits.is_empty() && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|it: &i64| *it <= INTEGER_MAX);
        match number {
            Some(number) if is_well_formed => Ok(Some(if is_negative { -number } else { number })),
            None if is_well_formed => {
                let message = format!("an integer lies between -{INTEGER_MAX} and {INTEGER_MAX}");
                Err(JsonPathError::new(start, message))
            }
            _ => {
                let message = "spell an integer without zeros in front, without + and not as -0";
                Err(JsonPathError::new(start, message))
            }
        }
    }

    /// A string in single or double quotes.
    ///
    /// *Source*: RFC 9535 §2.3.1.
    pub(super) fn string(&mut self) -> Parsed<String> {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.eat_while(|it| it != quote && it != '\\' && it >= ' '));
            match self.peek() {
                Some(it) if it == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape(quote)?),
                Some(_) => return Err(self.fault("spell a control character as \\u00…")),
                None => {
                    let message = format!("this string has no {quote} at its end");
                    return Err(JsonPathError::new(start, message));
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Parsed<char> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += letter.map_or(0, char::len_utf8);
        match letter {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.code_point(start),
            Some(it @ ('/' | '\\')) => Ok(it),
            Some(it) if it == quote => Ok(it),
            _ => {
                let message =
                    format!("behind \\ stands one of b f n r t / \\ {quote} or u with four digits");
                Err(JsonPathError::new(start, message))
            }
        }
    }

    /// A Unicode escape behind its `u`, with the second one of a surrogate pair.
    fn code_point(&mut self, start: usize) -> Parsed<char> {
        let fault = || JsonPathError::new(start, "\\u takes four digits; surrogates go in pairs");
        let high = self.code_unit().ok_or_else(fault)?;
        let point = if (0xd800..0xdc00).contains(&high) {
            let low = self.eat("\\u").then(|| self.code_unit()).flatten();
            let low = low.filter(|it| (0xdc00..0xe000).contains(it));
            0x10000 + ((high - 0xd800) << 10) + (low.ok_or_else(fault)? - 0xdc00)
        } else {
            high
        };
        char::from_u32(point).ok_or_else(fault)
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
