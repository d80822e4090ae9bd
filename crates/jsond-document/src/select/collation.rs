//! Orders that other interfaces promise: which there are, and how two values lie in them.
//!
//! Each is a total order: where the original compares values of different types by rules that
//! contradict each other, numbers stand before texts.

use super::javascript::Operand;
use feruca::{Collator, Locale, Tailoring};
use std::cmp::Ordering;

/// The order in which a sort puts values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collation {
    /// By kind, numbers exactly, texts by their bytes; missing ones last in either direction.
    #[default]
    Natural,
    /// Texts as in a dictionary; what is missing, `null`, `false` or empty is last, and first when
    /// it descends.
    Dictionary,
    /// As the operators of JavaScript compare; `null` and missing ones last, and first when it
    /// descends.
    Operators,
}

/// Compares texts as a dictionary does.
pub(super) struct Dictionary(Collator);

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dictionary")
    }
}

impl Dictionary {
    pub(super) fn new() -> Self {
        // Punctuation counts, as in ICU.
        Self(Collator::new(Tailoring::Cldr(Locale::Root), false, false))
    }

    /// Orders two values; absent ones are last.
    pub(super) fn compare(&mut self, a: Option<&Operand<'_>>, b: Option<&Operand<'_>>) -> Ordering {
        match (a.filter(|it| is_there(it)), b.filter(|it| is_there(it))) {
            (Some(Operand::Text(a)), Some(Operand::Text(b))) => {
                self.0.collate(a.as_ref(), b.as_ref())
            }
            (Some(a), Some(b)) => compare_operands(a, b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

fn is_there(operand: &Operand<'_>) -> bool {
    match operand {
        Operand::Null | Operand::Boolean(false) => false,
        Operand::Text(text) => !text.is_empty(),
        _ => true,
    }
}

/// Orders two values; `null` is behind the others, and what is missing behind that.
pub(super) fn compare(a: Option<&Operand<'_>>, b: Option<&Operand<'_>>) -> Ordering {
    let rank = |operand: Option<&Operand<'_>>| match operand {
        None => 2,
        Some(Operand::Null) => 1,
        Some(_) => 0,
    };
    match (a, b) {
        (Some(a), Some(b)) if rank(Some(a)) + rank(Some(b)) == 0 => compare_operands(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn compare_operands(a: &Operand<'_>, b: &Operand<'_>) -> Ordering {
    let is_text = |it: &Operand<'_>| matches!(it, Operand::Text(_) | Operand::Container(_));
    match (is_text(a), is_text(b)) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => a.relate(b).unwrap_or(Ordering::Equal),
    }
}
