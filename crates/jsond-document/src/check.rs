//! Judges a JSON text, with every refusal that the JSON grammar leaves open.
//!
//! serde_json judges the grammar; the pass here walks text that it accepted and judges what it lets
//! through: duplicate names, lone surrogates, depth, length of numbers. It changes nothing, so that
//! faults can point into the input; how white space is dropped is in the module `compact`.

use crate::error::{SyntaxError, SyntaxFault};
use crate::scan::{skip_space, string_end};
use crate::string::unquote;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// How much a JSON text may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The deepest nesting of arrays and objects that is accepted.
    pub depth_max: usize,
    /// The longest text of one number that is accepted.
    pub number_bytes_max: usize,
}

impl Bounds {
    /// Bounds nothing.
    pub const NONE: Self = Self {
        depth_max: usize::MAX,
        number_bytes_max: usize::MAX,
    };
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            depth_max: 128,
            number_bytes_max: 1024,
        }
    }
}

/// What is known of a text that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Where the text starts, behind a byte order mark.
    pub(crate) start: usize,
    /// Where the first white space between tokens is; the end of the text if there is none.
    pub(crate) first_space: usize,
}

/// Judges `input`.
pub(crate) fn check(input: &[u8], bounds: Bounds) -> Result<Checked, SyntaxError> {
    let start = if input.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let text = std::str::from_utf8(&input[start..]).map_err(|error| {
        SyntaxError::at(input, start + error.valid_up_to(), SyntaxFault::NotUtf8)
    })?;
    if let Err(error) = serde_json::from_str::<&RawValue>(text) {
        let offset = start + offset_of(text, error.line(), error.column());
        return Err(SyntaxError::at(
            input,
            offset,
            SyntaxFault::Grammar(words_of(&error)),
        ));
    }
    let first_space = Walk::new(text.as_bytes(), bounds)
        .run()
        .map_err(|(offset, fault)| SyntaxError::at(input, start + offset, fault))?;
    Ok(Checked {
        start,
        first_space: start + first_space,
    })
}

/// Judges whether a text is JSON, by its grammar alone.
pub(crate) fn is_grammatical(text: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(text).is_ok()
}

/// serde_json counts columns in bytes and points at the last byte it read, a line end included.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let read = lines.map(str::len).sum::<usize>() + column;
    read.saturating_sub(1).min(text.len())
}

fn words_of(error: &serde_json::Error) -> String {
    let words = error.to_string();
    match words.rfind(" at line ") {
        Some(at) => words[..at].to_owned(),
        None => words,
    }
}

/// An open array or object, and where its names start in [`Walk::names`].
struct Frame<'a> {
    is_object: bool,
    first_name: usize,
    many: Option<HashSet<Cow<'a, str>>>,
}

/// Over this many names in one object a hash set is asked instead of each name.
const NAMES_COMPARED_MAX: usize = 12;

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    bounds: Bounds,
    /// The first byte of the token before.
    before: u8,
    frames: Vec<Frame<'a>>,
    names: Vec<Range<usize>>,
}

type Found = (usize, SyntaxFault);

impl<'a> Walk<'a> {
    fn new(text: &'a [u8], bounds: Bounds) -> Self {
        Self {
            text,
            at: 0,
            bounds,
            before: 0,
            frames: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Walks to the end and tells where the first white space is.
    fn run(&mut self) -> Result<usize, Found> {
        let mut first_space = None;
        loop {
            let token = skip_space(self.text, self.at);
            if token > self.at {
                first_space.get_or_insert(self.at);
            }
            self.at = token;
            let Some(&byte) = self.text.get(token) else {
                return Ok(first_space.unwrap_or(token));
            };
            match byte {
                b'{' | b'[' => self.open(byte)?,
                b'}' | b']' => self.close(),
                b',' | b':' => self.at += 1,
                b'"' => self.string()?,
                _ => self.scalar()?,
            }
            self.before = byte;
        }
    }

    fn open(&mut self, byte: u8) -> Result<(), Found> {
        if self.frames.len() >= self.bounds.depth_max {
            return Err((self.at, SyntaxFault::TooDeep(self.bounds.depth_max)));
        }
        let first_name = self.names.len();
        self.frames.push(Frame {
            is_object: byte == b'{',
            first_name,
            many: None,
        });
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.names.truncate(frame.first_name);
        }
        self.at += 1;
    }

    fn string(&mut self) -> Result<(), Found> {
        let range = self.at..string_end(self.text, self.at);
        let spelled = &self.text[range.clone()];
        if let Some(offset) = lone_surrogate(spelled) {
            return Err((range.start + offset, SyntaxFault::LoneSurrogate));
        }
        let is_name = matches!(self.before, b'{' | b',')
            && self.frames.last().is_some_and(|frame| frame.is_object);
        if is_name {
            self.name(range.clone())?;
        }
        self.at = range.end;
        Ok(())
    }

    /// Notes a member name and refuses it when the object has it already.
    fn name(&mut self, range: Range<usize>) -> Result<(), Found> {
        let text = self.text;
        let frame = self
            .frames
            .last_mut()
            .expect("INVARIANT: a name stands in an object");
        let spelled = &text[range.clone()];
        let twice = match &mut frame.many {
            Some(names) => !names.insert(unquote(spelled)),
            None => self.names[frame.first_name..]
                .iter()
                .any(|other| is_same_name(&text[other.clone()], spelled)),
        };
        if twice {
            let name = unquote(spelled).into_owned();
            return Err((range.start, SyntaxFault::DuplicateName(name)));
        }
        if frame.many.is_none() {
            self.names.push(range);
            if self.names.len() - frame.first_name > NAMES_COMPARED_MAX {
                let names = self.names.drain(frame.first_name..);
                frame.many = Some(names.map(|name| unquote(&text[name])).collect());
            }
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Found> {
        let end = crate::scan::value_end(self.text, self.at);
        let is_number = matches!(self.text[self.at], b'-' | b'0'..=b'9');
        if is_number && end - self.at > self.bounds.number_bytes_max {
            return Err((
                self.at,
                SyntaxFault::NumberTooLong(self.bounds.number_bytes_max),
            ));
        }
        self.at = end;
        Ok(())
    }
}

/// Judges whether two spelled names read the same.
fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    let is_escaped = |spelled| memchr::memchr(b'\\', spelled).is_some();
    one == other || (is_escaped(one) || is_escaped(other)) && unquote(one) == unquote(other)
}

/// Finds a `\u` escape that is half of a surrogate pair.
fn lone_surrogate(spelled: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &spelled[at..]) {
        at += found;
        if spelled[at + 1] != b'u' {
            at += 2;
            continue;
        }
        match unit(spelled, at) {
            0xd800..0xdc00 => {
                let follows = spelled[at + 6..].starts_with(b"\\u")
                    && (0xdc00..0xe000).contains(&unit(spelled, at + 6));
                if !follows {
                    return Some(at);
                }
                at += 12;
            }
            0xdc00..0xe000 => return Some(at),
            _ => at += 6,
        }
    }
    None
}

/// Reads the four digits of the `\u` escape at `at`.
fn unit(spelled: &[u8], at: usize) -> u32 {
    let digits = std::str::from_utf8(&spelled[at + 2..at + 6]).expect("INVARIANT: hex digits");
    u32::from_str_radix(digits, 16).expect("INVARIANT: hex digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::compact::compact;

    fn check(input: &str, expected: &str) {
        let found = match compact(input.as_bytes(), Bounds::default()) {
            Ok(text) => String::from_utf8(text).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{input}");
    }

    #[test]
    fn white_space_goes_and_spelling_stays() {
        check(
            "\u{feff} { \"a\" : [ 1.0 , -0, 1e400 ] }\r\n",
            r#"{"a":[1.0,-0,1e400]}"#,
        );
        check(r#""\u00e9 \/ é""#, r#""\u00e9 \/ é""#);
        check("9007199254740993", "9007199254740993");
        check(
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":"1"}"#,
        );
    }

    #[test]
    fn faults_point_at_their_place() {
        check("{\"a\": tru}", "expected ident at line 1, column 10");
        check(
            "{\n \"a\": 1,\n \"\\u0061\": 2}",
            "the member name \"a\" stands twice in one object at line 3, column 2",
        );
        check(
            r#"["\ud834"]"#,
            "a \\u escape names half of a surrogate pair at line 1, column 3",
        );
        check(
            r#"["\udd1e\ud834"]"#,
            "a \\u escape names half of a surrogate pair at line 1, column 3",
        );
        check("", "EOF while parsing a value at line 1, column 1");
    }

    #[test]
    fn a_name_may_stand_once_in_each_object() {
        check(
            r#"{"a":{"a":{"a":1}},"b":{"a":2}}"#,
            r#"{"a":{"a":{"a":1}},"b":{"a":2}}"#,
        );
        check(r#"["a","a",{"a":"a"}]"#, r#"["a","a",{"a":"a"}]"#);
        check(r#"{"\u0061":1,"\\u0061":2}"#, r#"{"\u0061":1,"\\u0061":2}"#);
        let twice = "the member name \"a\" stands twice in one object at line 1, column 13";
        check(r#"{"\u0061":1,"a":2}"#, twice);
        check(r#"{"\u0061":1,"\u0061":2}"#, twice);
    }

    #[test]
    fn the_twentieth_name_is_compared_with_all_before() {
        let names: Vec<_> = (0..20).map(|n| format!("\"n{n}\":0")).collect();
        check(
            &format!("{{{}}}", names.join(",")),
            &format!("{{{}}}", names.join(",")),
        );
        let twice = format!("{{{},\"n3\":1}}", names.join(","));
        assert!(compact(twice.as_bytes(), Bounds::default()).is_err());
        let nested = format!("{{\"x\":{twice}}}");
        assert!(compact(nested.as_bytes(), Bounds::default()).is_err());
    }

    #[test]
    fn depth_and_length_of_numbers_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(compact(nested(128).as_bytes(), Bounds::default()).is_ok());
        assert!(compact(nested(129).as_bytes(), Bounds::default()).is_err());
        assert!(compact(nested(100_000).as_bytes(), Bounds::default()).is_err());
        assert!(compact("1".repeat(1024).as_bytes(), Bounds::default()).is_ok());
        assert!(compact("1".repeat(1025).as_bytes(), Bounds::default()).is_err());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_offset() {
        let error = compact(b"[\"a\xff\"]", Bounds::default()).unwrap_err();
        assert_eq!((error.offset, error.fault), (3, SyntaxFault::NotUtf8));
    }
}
