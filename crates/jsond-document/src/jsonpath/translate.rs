//! Checks the grammar of an interoperable regular expression, and says it in the words of the regex
//! crate, while it counts what each part will cost.
//!
//! `^` and `$` are ordinary characters in the grammar; like in the mappings of RFC 9485 §5 they are
//! handed on as they are, and so are anchors.
//!
//! *Source*: RFC 9485 §4.

use std::iter::Peekable;
use std::str::Chars;

/// How deep groups may be nested.
const GROUPS_MAX: usize = 64;

/// How many states a named character category takes, and how many a class of its own.
const CATEGORY_STATES: usize = 700;
const CLASS_STATES: usize = 12;

/// What a part of a pattern costs.
///
/// *Shape*: `states` to compile, `positions` where a text can be in it, `choices` among those that
/// are free, `forks` where a text can go two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cost {
    pub(super) states: usize,
    pub(super) positions: usize,
    pub(super) choices: usize,
    pub(super) forks: usize,
}

impl Cost {
    const LITERAL: Self = Self::of(1, 0);
    const CLASS: Self = Self::of(CLASS_STATES, 1);
    const CATEGORY: Self = Self::of(CATEGORY_STATES, 1);

    const fn of(states: usize, choices: usize) -> Self {
        Self {
            states,
            positions: 1,
            choices,
            forks: 0,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            states: self.states.saturating_add(other.states),
            positions: self.positions.saturating_add(other.positions),
            choices: self.choices.saturating_add(other.choices),
            forks: self.forks.saturating_add(other.forks),
        }
    }

    fn times(self, count: usize) -> Self {
        Self {
            states: self.states.saturating_mul(count),
            positions: self.positions.saturating_mul(count),
            choices: self.choices.saturating_mul(count),
            forks: self.forks.saturating_mul(count),
        }
    }

    /// The part may be left out or taken again.
    fn forked(self) -> Self {
        Self {
            choices: self.choices.saturating_add(1),
            forks: self.forks.saturating_add(1),
            ..self
        }
    }
}

/// Why a pattern is not translated.
pub(super) enum Refusal {
    Grammar,
    TooLarge,
}

/// Reads a pattern from left to right.
pub(super) struct Translator<'p> {
    rest: Peekable<Chars<'p>>,
    syntax: String,
    /// What stands before each open group.
    open: Vec<Cost>,
    /// What stands in this group before the last atom.
    before: Cost,
    /// The atom that a quantifier would belong to.
    last: Option<Cost>,
}

impl<'p> Translator<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self {
            rest: pattern.chars().peekable(),
            syntax: String::with_capacity(pattern.len() + 16),
            open: Vec::new(),
            before: Cost::default(),
            last: None,
        }
    }

    /// Translates the whole pattern.
    pub(super) fn run(mut self) -> Result<(String, Cost), Refusal> {
        while let Some(character) = self.rest.next() {
            self.step(character)?;
        }
        self.settle();
        if self.open.is_empty() {
            Ok((self.syntax, self.before))
        } else {
            Err(Refusal::Grammar)
        }
    }

    fn step(&mut self, character: char) -> Result<(), Refusal> {
        match character {
            '(' => return self.open_group(),
            ')' => return self.close_group(),
            '|' => {
                self.settle();
                self.before = self.before.forked();
                self.syntax.push('|');
            }
            '*' | '+' | '?' => {
                self.quantify(1, true)?;
                self.syntax.push(character);
            }
            '{' => return self.counted(),
            '.' => self.atom(Cost::CLASS, "[^\\n\\r]"),
            '[' => return self.class(),
            '\\' => return self.escape(),
            ']' | '}' => return Err(Refusal::Grammar),
            '^' | '$' => self.atom(Cost::LITERAL, character.encode_utf8(&mut [0; 4])),
            other => self.literal(other),
        }
        Ok(())
    }

    /// Counts the last atom in: no quantifier follows it.
    fn settle(&mut self) {
        if let Some(last) = self.last.take() {
            self.before = self.before.and(last);
        }
    }

    fn atom(&mut self, cost: Cost, syntax: &str) {
        self.settle();
        self.last = Some(cost);
        self.syntax.push_str(syntax);
    }

    fn literal(&mut self, character: char) {
        self.atom(Cost::LITERAL, &escaped(character));
    }

    fn open_group(&mut self) -> Result<(), Refusal> {
        self.settle();
        if self.open.len() == GROUPS_MAX {
            return Err(Refusal::TooLarge);
        }
        self.open.push(std::mem::take(&mut self.before));
        self.syntax.push_str("(?:");
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), Refusal> {
        self.settle();
        let before = self.open.pop().ok_or(Refusal::Grammar)?;
        let group = std::mem::replace(&mut self.before, before);
        // Also an empty group takes part in a repetition.
        self.last = Some(group.and(Cost::LITERAL));
        self.syntax.push(')');
        Ok(())
    }

    fn quantify(&mut self, count: usize, is_forked: bool) -> Result<(), Refusal> {
        let last = self.last.take().ok_or(Refusal::Grammar)?;
        let cost = last.times(count.max(1));
        self.before = self
            .before
            .and(if is_forked { cost.forked() } else { cost });
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,5}`.
    fn counted(&mut self) -> Result<(), Refusal> {
        let from = self.number().ok_or(Refusal::Grammar)?;
        let has_comma = self.rest.next_if_eq(&',').is_some();
        let to = if has_comma { self.number() } else { None };
        self.rest.next_if_eq(&'}').ok_or(Refusal::Grammar)?;
        let count = from.max(to.unwrap_or(0));
        if has_comma && let Some(last) = self.last {
            // Each repetition may be the last one.
            self.last = Some(last.forked());
        }
        self.quantify(count.saturating_add(usize::from(has_comma)), false)?;
        let to = match (has_comma, to) {
            (false, _) => String::new(),
            (true, None) => ",".to_owned(),
            (true, Some(to)) => format!(",{to}"),
        };
        self.syntax.push_str(&format!("{{{from}{to}}}"));
        Ok(())
    }

    /// The digits that come next; a number too large for the machine is its largest.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.rest.peek().and_then(|it| it.to_digit(10)) {
            self.rest.next();
            let so_far: usize = number.unwrap_or(0);
            number = Some(so_far.saturating_mul(10).saturating_add(digit as usize));
        }
        number
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        match self.rest.next() {
            Some(letter @ ('p' | 'P')) => {
                let category = self.category(letter)?;
                self.atom(Cost::CATEGORY, &category);
            }
            Some(letter) => self.literal(unescaped(letter)?),
            None => return Err(Refusal::Grammar),
        }
        Ok(())
    }

    /// `\p{Lu}`, behind the letter.
    fn category(&mut self, letter: char) -> Result<String, Refusal> {
        self.rest.next_if_eq(&'{').ok_or(Refusal::Grammar)?;
        let mut name = String::new();
        while let Some(letter) = self.rest.next_if(char::is_ascii_alphabetic) {
            name.push(letter);
        }
        self.rest.next_if_eq(&'}').ok_or(Refusal::Grammar)?;
        if !is_category(&name) {
            return Err(Refusal::Grammar);
        }
        Ok(format!("\\{letter}{{{name}}}"))
    }

    fn class(&mut self) -> Result<(), Refusal> {
        let mut class = String::from("[");
        let mut cost = Cost::CLASS;
        if self.rest.next_if_eq(&'^').is_some() {
            class.push('^');
        }
        let mut is_first = true;
        loop {
            match self.rest.next().ok_or(Refusal::Grammar)? {
                ']' if !is_first => break,
                '-' if is_first || self.rest.peek() == Some(&']') => class.push_str("\\-"),
                '\\' if matches!(self.rest.peek(), Some('p' | 'P')) => {
                    let letter = self.rest.next().ok_or(Refusal::Grammar)?;
                    class.push_str(&self.category(letter)?);
                    cost.states += CATEGORY_STATES;
                }
                start => class.push_str(&self.range(start)?),
            }
            cost.states += 1;
            is_first = false;
        }
        class.push(']');
        self.atom(cost, &class);
        Ok(())
    }

    /// One character of a class, or a range of them.
    fn range(&mut self, start: char) -> Result<String, Refusal> {
        let start = self.class_character(start)?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next() != Some(']');
        if !is_range {
            return Ok(escaped(start));
        }
        self.rest.next();
        let end = self.rest.next().ok_or(Refusal::Grammar)?;
        let end = self.class_character(end)?;
        if end < start {
            return Err(Refusal::Grammar);
        }
        Ok(format!("{}-{}", escaped(start), escaped(end)))
    }

    fn class_character(&mut self, character: char) -> Result<char, Refusal> {
        match character {
            '\\' => unescaped(self.rest.next().ok_or(Refusal::Grammar)?),
            '-' | '[' | ']' => Err(Refusal::Grammar),
            other => Ok(other),
        }
    }
}

/// What a character behind a backslash means.
fn unescaped(letter: char) -> Result<char, Refusal> {
    match letter {
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        '(' | ')' | '*' | '+' | '-' | '.' | '?' | '[' | '\\' | ']' | '^' | '{' | '|' | '}' => {
            Ok(letter)
        }
        _ => Err(Refusal::Grammar),
    }
}

fn escaped(character: char) -> String {
    regex::escape(character.encode_utf8(&mut [0; 4]))
}

fn is_category(name: &str) -> bool {
    let mut letters = name.chars();
    let kinds = match letters.next() {
        Some('L') => "lmotu",
        Some('M') => "cen",
        Some('N') => "dlo",
        Some('P') => "cdefios",
        Some('Z') => "lps",
        Some('S') => "ckmo",
        Some('C') => "cfno",
        _ => return false,
    };
    let has_known_kind = letters.next().is_none_or(|kind| kinds.contains(kind));
    has_known_kind && letters.next().is_none()
}
