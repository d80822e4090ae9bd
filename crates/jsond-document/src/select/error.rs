//! What can be wrong with a selection, in words that say what to do.

use super::operator::Operator;
use crate::json::Kind;

/// Says why a selection cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The word behind the last colon of a condition is no operator.
    #[error(
        "{operator:?} in {name}:{operator} is no operator; there are {}; \
         for a member whose name has a colon add :eq to the name",
        Operator::list()
    )]
    UnknownOperator {
        /// The member name before the colon.
        name: String,
        /// The word behind it.
        operator: String,
    },
    /// `exists` was given something else than `true` or `false`.
    #[error("the condition {name}:exists takes true or false, not {value:?}")]
    Exists {
        /// The member name.
        name: String,
        /// What was given.
        value: String,
    },
    /// A regular expression is none, or too large.
    #[error("the regular expression of {name} is refused{}: {fault}", place(*character))]
    Expression {
        /// The member name.
        name: String,
        /// What is wrong.
        fault: String,
        /// Where, as a character from 1; none when it is the whole.
        character: Option<usize>,
    },
    /// Regular expressions would take too long over the strings they have to look at.
    #[error(
        "the regular expressions cost too much on this collection; shorten them, \
         or narrow the records by other conditions before them"
    )]
    TooCostly,
    /// More was asked for than is done in one request.
    #[error("there are more than {max} {what}; ask for fewer at a time")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many may be there.
        max: usize,
    },
    /// A part of the result is not named by a whole number.
    #[error("{parameter} takes a whole number from {min} on, not {value:?}")]
    NoCount {
        /// The parameter, as in `_limit`.
        parameter: &'static str,
        /// What was given.
        value: String,
        /// The smallest number it takes.
        min: usize,
    },
    /// A page and a slice were asked for at once.
    #[error(
        "{page} names a page and {slice} a slice; use _page and _per_page, or _start, _end and _limit"
    )]
    PageAndSlice {
        /// The parameter that asks for a page.
        page: &'static str,
        /// The parameter that asks for a slice.
        slice: &'static str,
    },
    /// The page lies behind the last one.
    #[error("there is no page {page}; the last one is {last}")]
    PastTheEnd {
        /// The page that was asked for.
        page: usize,
        /// The last page there is.
        last: usize,
    },
    /// Fields were asked of a value that has no members.
    #[error("_fields chooses members of objects, and here is a value of kind {}; leave it out", .0.name())]
    NoMembers(Kind),
}

fn place(character: Option<usize>) -> String {
    character.map_or_else(String::new, |at| format!(" at character {at}"))
}
