//! Regular expressions of the operator `matches`, with a bound on what they may cost.
//!
//! An expression takes time in proportion to the text, but also to the places in it that can be
//! reached at once: `a.{1000}b` follows a thousand. Each character of a text therefore counts as
//! many steps as the expression has places, and a request may take only so many.

use super::error::SelectError;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// How long the text of an expression may be.
const TEXT_BYTES_MAX: usize = 4096;
/// How large it may become when it is built, which bounds memory and the time to build it.
const BUILT_BYTES_MAX: usize = 256 * 1024;
/// How large the memory of one expression may grow while it runs.
const CACHE_BYTES_MAX: usize = 1024 * 1024;
/// How many steps one request may take; a step takes some nanoseconds at the worst.
const STEPS_MAX: u64 = 250_000_000;

/// An expression and how many places it has.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    regex: Regex,
    places: u64,
}

/// The steps a request may still take.
#[derive(Debug)]
pub(super) struct Steps {
    left: u64,
    is_over: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            left: STEPS_MAX,
            is_over: false,
        }
    }
}

impl Steps {
    /// Says whether something was left out because there were no steps for it.
    pub(super) fn are_over(&self) -> bool {
        self.is_over
    }
}

impl Expression {
    /// Parses the expression of a condition on `name`.
    ///
    /// *Errors*: [`SelectError::Expression`], with the character at which it is wrong.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, SelectError> {
        let refuse = |fault: String, character| SelectError::Expression {
            name: name.to_owned(),
            fault,
            character,
        };
        let too_large = || refuse("it is too large; shorten it".to_owned(), None);
        if text.len() > TEXT_BYTES_MAX {
            return Err(too_large());
        }
        let hir = ParserBuilder::new()
            .case_insensitive(true)
            .build()
            .parse(text)
            .map_err(|error| {
                let (fault, offset) = fault_of(&error);
                refuse(fault, offset.map(|at| text[..at].chars().count() + 1))
            })?;
        let regex = RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(BUILT_BYTES_MAX)
            .dfa_size_limit(CACHE_BYTES_MAX)
            .build();
        Ok(Self {
            regex: regex.map_err(|_| too_large())?,
            places: places(&hir),
        })
    }

    /// Judges whether a text has a match, as long as there are steps left for it.
    pub(super) fn is_match(&self, text: &str, steps: &mut Steps) -> bool {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let Some(left) = steps.left.checked_sub(self.places.saturating_mul(length)) else {
            steps.is_over = true;
            return false;
        };
        steps.left = left;
        self.regex.is_match(text)
    }
}

/// What is wrong with an expression, and at which byte.
fn fault_of(error: &regex_syntax::Error) -> (String, Option<usize>) {
    match error {
        regex_syntax::Error::Parse(error) => {
            let start = error.span().start.offset;
            (error.kind().to_string(), Some(start))
        }
        regex_syntax::Error::Translate(error) => {
            let start = error.span().start.offset;
            (error.kind().to_string(), Some(start))
        }
        error => (error.to_string(), None),
    }
}

/// Counts the places of an expression, those of a repeated part as often as it is repeated.
fn places(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => u64::try_from(literal.0.len()).unwrap_or(u64::MAX),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            places(&repetition.sub).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(1, u64::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, character: usize, fault: &str) {
        match Expression::parse("m", text) {
            Err(SelectError::Expression {
                character: found,
                fault: words,
                ..
            }) => assert_eq!((found, &*words), (Some(character), fault), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_bad_expression_is_told_with_its_place() {
        check("a(", 2, "unclosed group");
        check("*", 1, "repetition operator missing expression");
        check("a\n(", 3, "unclosed group");
        check(
            "김[z-a]",
            3,
            "invalid character class range, the start must be <= the end",
        );
        check(r"a\p{Nothing}", 2, "Unicode property not found");
    }

    #[test]
    fn an_expression_that_is_too_large_is_refused() {
        for text in [
            "(a{1000}){1000}",
            r"\w{500}",
            &"a".repeat(TEXT_BYTES_MAX + 1),
        ] {
            let error = Expression::parse("m", text).unwrap_err().to_string();
            assert!(error.contains("it is too large; shorten it"), "{error}");
        }
        assert!(Expression::parse("m", &"(".repeat(4000)).is_err());
        assert!(Expression::parse("m", &"(a".repeat(4000)).is_err());
        let nested = format!("{}a{}", "(".repeat(2000), ")".repeat(2000));
        assert!(Expression::parse("m", &nested).is_err());
    }

    #[test]
    fn usual_expressions_are_taken() {
        for text in [
            r"^[\w.+-]+@[\w-]+\.[a-z]{2,}$",
            "^(kim|lee|park|choi|jung)",
            "[가-힣]{2,4}",
            r"^\d{4}-\d{2}-\d{2}",
            "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        ] {
            assert!(Expression::parse("m", text).is_ok(), "{text}");
        }
    }

    #[test]
    fn places_are_counted_as_often_as_they_are_repeated() {
        let count = |text: &str| Expression::parse("m", text).unwrap().places;
        assert!(count("a") <= 2);
        assert!((1000..1100).contains(&count("a[ab]{1000}b")));
        assert!((1000..1100).contains(&count("((1{10}){0,10}){10,}")));
    }

    #[test]
    fn an_expression_that_costs_too_much_stops() {
        let expression = Expression::parse("m", "a[ab]{999}c").unwrap();
        let (mut steps, text) = (Steps::default(), "ab".repeat(200));
        let mut texts = 0;
        while !steps.are_over() {
            assert!(!expression.is_match(&text, &mut steps));
            texts += 1;
        }
        assert!((500..1000).contains(&texts), "{texts}");
        assert!(!expression.is_match(&format!("a{}c", "b".repeat(999)), &mut steps));
    }
}
