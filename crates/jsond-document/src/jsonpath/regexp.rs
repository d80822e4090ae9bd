//! Interoperable regular expressions, compiled within bounds, and the price of using them.
//!
//! The engine is the regex crate's: it has no backtracking, but what it does for each byte can grow
//! with the pattern. The price follows the pattern, so that a meter sees it before.
//!
//! *Source*: RFC 9485 §3.

use super::translate::{Cost, Refusal, Translator};
use regex::{Regex, RegexBuilder};

/// The longest pattern.
const PATTERN_BYTES_MAX: usize = 4096;

/// What the compiled pattern may take; the estimate below refuses long before.
const COMPILED_BYTES_MAX: usize = 8 << 20;

/// What a pattern may keep of the automaton that it makes while it runs.
const AUTOMATON_BYTES_MAX: usize = 512 << 10;

/// Up to this estimate of its size the automaton of a pattern fits into what it may keep.
const AUTOMATON_SIZE_MAX: usize = 1 << 16;

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct Regexp {
    regex: Regex,
    price: Price,
}

/// What reading one byte of text costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Price {
    /// A look into an automaton.
    Look,
    /// Making a state of the automaton, from as many positions in the pattern.
    State(usize),
}

/// Says that a regular expression is larger than can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// A regular expression in the words of the regex crate.
#[derive(Debug)]
pub(super) struct Translation {
    syntax: String,
    cost: Cost,
}

impl Translation {
    /// Translates a pattern; none if it is no interoperable regular expression.
    pub(super) fn of(pattern: &str) -> Result<Option<Self>, TooLarge> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(TooLarge);
        }
        match Translator::new(pattern).run() {
            Ok((syntax, cost)) => Ok(Some(Self { syntax, cost })),
            Err(Refusal::Grammar) => Ok(None),
            Err(Refusal::TooLarge) => Err(TooLarge),
        }
    }

    /// How many states the pattern takes when it is compiled, about.
    pub(super) fn states(&self) -> usize {
        self.cost.states
    }

    /// How many steps pay for compiling it.
    pub(super) fn steps(&self) -> usize {
        5_000_usize.saturating_add(self.cost.states.saturating_mul(13))
    }

    /// Compiles; none when the regex crate refuses, for example a range from `z` to `a`.
    pub(super) fn compile(&self, whole: bool) -> Result<Option<Regexp>, TooLarge> {
        let syntax = if whole {
            format!("\\A(?:{})\\z", self.syntax)
        } else {
            self.syntax.clone()
        };
        let built = RegexBuilder::new(&syntax)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(AUTOMATON_BYTES_MAX)
            .build();
        match built {
            Ok(regex) => Ok(Some(Regexp {
                regex,
                price: self.price(whole),
            })),
            Err(regex::Error::CompiledTooBig(_)) => Err(TooLarge),
            Err(_) => Ok(None),
        }
    }

    /// The automaton is made while a text is read, and what does not fit is made again and again.
    ///
    /// A text can be at several positions of the pattern at once: with forks, or where the match may
    /// begin anywhere. Each free choice may double the number of their combinations.
    fn price(&self, whole: bool) -> Price {
        let Cost {
            positions,
            choices,
            forks,
            ..
        } = self.cost;
        let is_straight = whole && forks == 0;
        let is_literal = choices == 0 && forks == 0;
        let shift = u32::try_from(choices).unwrap_or(u32::MAX);
        let combinations = 1_usize.checked_shl(shift).unwrap_or(usize::MAX);
        let size = positions
            .saturating_mul(positions)
            .saturating_mul(combinations);
        if is_straight || is_literal || size <= AUTOMATON_SIZE_MAX {
            Price::Look
        } else {
            Price::State(positions)
        }
    }
}

impl Regexp {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// How many steps pay for matching a text of this length.
    pub(super) fn steps(&self, text_bytes: usize) -> usize {
        match self.price {
            Price::Look => 2 + text_bytes / 16,
            Price::State(positions) => text_bytes.saturating_mul(1 + positions / 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(pattern: &str, whole: bool) -> Option<Regexp> {
        let translation = Translation::of(pattern).unwrap()?;
        translation.compile(whole).unwrap()
    }

    #[track_caller]
    fn check(pattern: &str, text: &str, whole: bool, part: bool) {
        let regexp = compile(pattern, true).expect("a regular expression");
        assert_eq!(regexp.is_match(text), whole, "{pattern} is all of {text}");
        let regexp = compile(pattern, false).expect("a regular expression");
        assert_eq!(regexp.is_match(text), part, "{pattern} is in {text}");
    }

    #[test]
    fn patterns_match_as_rfc_9485_says() {
        check("a.c", "abc", true, true);
        check("a.c", "a\nc", false, false);
        check("a.c", "xa\u{2028}cx", false, true);
        check("a|bc", "abc", false, true);
        check("(a|b)+c{2,3}", "abacc", true, true);
        check("[a-c^-]+", "a^-", true, true);
        check("[^a-c]+", "xyz", true, true);
        check("[-a]", "-", true, true);
        check("[\\]\\-]+", "]-", true, true);
        check("[&&a~~]+", "&~a", true, true);
        check("\\p{Lu}[\\p{Ll}0-9]*", "\u{c9}t\u{e9}1", true, true);
        check("\\P{L}", "1", true, true);
        check("\\n\\.\\(", "\n.(", true, true);
        check("#<>\"'/@ ~&", "#<>\"'/@ ~&", true, true);
        check("^a$", "a", true, true);
        check("", "", true, true);
        check("", "a", false, true);
        check("a{0}b", "b", true, true);
        check("()*x", "x", true, true);
        check("\u{1d11e}", "\u{1d11e}", true, true);
    }

    #[test]
    fn what_is_no_interoperable_regular_expression_is_none() {
        for pattern in [
            "(",
            ")",
            "a)",
            "*",
            "a**",
            "a|*",
            "+a",
            "a{",
            "a{}",
            "a{,2}",
            "a{2",
            "a{2}{3}",
            "a{2,1}",
            "[",
            "[]",
            "[^]",
            "[a",
            "[z-a]",
            "[a-b-c]",
            "[[a]]",
            "]",
            "}",
            "\\",
            "\\d",
            "\\w",
            "\\$",
            "\\u0041",
            "\\p{Greek}",
            "\\p{Cs}",
            "\\p{L",
            "\\pL",
            "(?i)a",
            "a*?",
            "\\b",
            "[\\d]",
            "[a\\",
        ] {
            assert!(compile(pattern, true).is_none(), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_would_grow_without_measure_are_estimated_so() {
        let states = |pattern| Translation::of(pattern).unwrap().unwrap().states();
        assert!(states("(((a{1000}){1000}){1000})") > 1_000_000_000);
        assert!(states("(\\p{L}{100}){100}") > 1_000_000);
        assert!(states("((){99999999999999999999999}){9999999999}") > 1_000_000_000);
        assert!(states("[a-z]+@[a-z]+[.]com") < 100);
        assert_eq!(Translation::of(&"a".repeat(5000)).unwrap_err(), TooLarge);
        assert_eq!(Translation::of(&"(".repeat(100)).unwrap_err(), TooLarge);
    }

    #[test]
    fn only_patterns_whose_automaton_can_grow_are_dear() {
        let check = |pattern: &str, whole, is_dear: bool| {
            let price = Translation::of(pattern).unwrap().unwrap().price(whole);
            assert_eq!(price != Price::Look, is_dear, "{pattern} {price:?}");
        };
        check("[a-z.]+@[a-z.]+[.][a-z]+", true, false);
        check("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{20}", true, false);
        check("[0-9]{4}-[0-9]{2}-[0-9]{2}", false, false);
        check(&"long".repeat(100), false, false);
        check("[ab]*a[ab]{200}c", true, true);
        check("a[ab]{200}c", false, true);
        check("(a|b){20}", false, true);
        check("a{1,50}b", false, true);
        check(&format!("{}[xy]", "a".repeat(1999)), false, true);
    }
}
