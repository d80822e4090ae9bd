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

/// Up to so many free choices the automaton of a pattern is small, and reading with it is fast.
const CHOICES_MAX: usize = 8;

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct Regexp {
    regex: Regex,
    /// Steps for each 16 bytes of text.
    price: usize,
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

    /// Reading is one look into an automaton for each byte, unless that automaton can grow without
    /// measure: then it is one for each place where the text can be in the pattern.
    fn price(&self, whole: bool) -> usize {
        let forks = self.cost.forks + usize::from(!whole);
        if forks == 0 || self.cost.choices <= CHOICES_MAX {
            return 1;
        }
        self.cost.positions.saturating_mul(5)
    }
}

impl Regexp {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// How many steps pay for matching a text of this length.
    pub(super) fn steps(&self, text_bytes: usize) -> usize {
        (text_bytes / 16 + 1).saturating_mul(self.price)
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
        let price = |pattern, whole| Translation::of(pattern).unwrap().unwrap().price(whole);
        assert_eq!(price("[a-z.]+@[a-z.]+[.][a-z]+", true), 1);
        assert_eq!(price("[0-9a-f]{8}-[0-9a-f]{4}", true), 1);
        assert_eq!(price("a long literal text that is all literal", false), 1);
        assert!(price("[ab]*a[ab]{200}c", true) > 1000);
        assert!(price("a[ab]{200}c", false) > 1000);
        assert!(price("(a|b){20}", false) > 50);
        assert!(price("a{1,50}b", false) > 50);
    }
}
