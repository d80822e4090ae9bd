//! Where a node is: a chain of names and indices on the stack of the evaluation, spelled as a
//! normalized path only for a node that is in the result.
//!
//! *Source*: RFC 9535 §2.7.

use super::character::Characters;
use super::error::JsonPathOverrun;
use super::node::Child;
use super::work::{Stop, Work};
use std::fmt::Write;

/// How many levels all queries in queries may go down together; it bounds the stack.
const LEVELS_MAX: usize = 512;

/// One step from a node to its child.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'a> {
    /// A member name as the document spells it, with its quotes.
    Spelled(&'a [u8]),
    /// A member name as the query reads it.
    Name(&'a str),
    Index(usize),
}

/// The place of a node.
#[derive(Debug)]
pub(super) struct Location<'a> {
    above: Option<(&'a Location<'a>, Token<'a>)>,
    level: usize,
}

/// A normalized path, and how long it is as a JSON string.
#[derive(Debug)]
pub(super) struct NormalizedPath {
    pub(super) text: String,
    pub(super) quoted_bytes: usize,
}

impl Location<'static> {
    /// The place of the whole document.
    pub(super) const ROOT: Self = Self {
        above: None,
        level: 0,
    };
}

impl<'a> Location<'a> {
    /// The place where a query inside a filter begins: its levels count on.
    pub(super) fn start_within(&self) -> Location<'static> {
        Location {
            above: None,
            level: self.level,
        }
    }

    pub(super) fn child(&'a self, token: Token<'a>) -> Result<Self, Stop> {
        let level = self.level + 1;
        if level > LEVELS_MAX {
            return Err(Stop::Overrun(JsonPathOverrun::Levels(LEVELS_MAX)));
        }
        Ok(Self {
            above: Some((self, token)),
            level,
        })
    }

    /// Spells the normalized path.
    ///
    /// The work is charged before it is done, and so are the bytes of the path as a JSON string.
    pub(super) fn path(&self, work: &Work) -> Result<NormalizedPath, Stop> {
        let tokens = self.tokens();
        work.charge(tokens.len())?;
        work.charge_bytes(tokens.iter().map(Token::len_bytes).sum())?;
        let (mut path_bytes, mut escapes) = (1, 0);
        for token in &tokens {
            token.spell(&mut |part| {
                path_bytes += part.len();
                escapes += part.bytes().filter(|it| matches!(it, b'"' | b'\\')).count();
            });
        }
        let quoted_bytes = path_bytes + escapes + 2;
        work.keep_bytes(quoted_bytes)?;
        let mut text = String::with_capacity(path_bytes);
        text.push('$');
        for token in &tokens {
            token.spell(&mut |part| text.push_str(part));
        }
        Ok(NormalizedPath { text, quoted_bytes })
    }

    /// The tokens from the root down.
    fn tokens(&self) -> Vec<Token<'a>> {
        let mut tokens = Vec::new();
        let mut here = self.above;
        while let Some((above, token)) = here {
            tokens.push(token);
            here = above.above;
        }
        tokens.reverse();
        tokens
    }
}

impl Child<'_> {
    pub(super) fn token(&self) -> Token<'_> {
        self.name
            .as_ref()
            .map_or(Token::Index(self.position), |name| {
                Token::Spelled(name.spelled())
            })
    }
}

impl Token<'_> {
    fn len_bytes(&self) -> usize {
        match self {
            Self::Spelled(spelled) => spelled.len(),
            Self::Name(name) => name.len(),
            Self::Index(_) => 0,
        }
    }

    /// Hands the token's part of a normalized path out in pieces.
    fn spell(&self, out: &mut dyn FnMut(&str)) {
        match self {
            Self::Index(position) => out(&format!("[{position}]")),
            Self::Name(name) => spell_name(name.chars(), out),
            Self::Spelled(spelled) => spell_name(Characters::of(spelled), out),
        }
    }
}

fn spell_name(characters: impl Iterator<Item = char>, out: &mut dyn FnMut(&str)) {
    let mut part = String::from("['");
    for character in characters {
        push_character(&mut part, character);
        if part.len() > 240 {
            out(&part);
            part.clear();
        }
    }
    part.push_str("']");
    out(&part);
}

fn push_character(part: &mut String, character: char) {
    match character {
        '\u{8}' => part.push_str("\\b"),
        '\t' => part.push_str("\\t"),
        '\n' => part.push_str("\\n"),
        '\u{c}' => part.push_str("\\f"),
        '\r' => part.push_str("\\r"),
        '\'' => part.push_str("\\'"),
        '\\' => part.push_str("\\\\"),
        '\0'..='\u{1f}' => {
            let _ = write!(part, "\\u{:04x}", u32::from(character));
        }
        other => part.push(other),
    }
}
