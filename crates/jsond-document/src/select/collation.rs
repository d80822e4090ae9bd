//! Orders that other interfaces promise: which there are, and how two values lie in them.
//!
//! Texts and numbers beside each other are compared as JavaScript does, by rules that can contradict
//! each other: what comes of a sort is then only one of the orders that there are.

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
    a.relate(b).unwrap_or(Ordering::Equal)
}

/// Sorts by an order that may contradict itself; equal ones stay as they were.
///
/// The standard library may panic on such an order. *Cost*: n log n.
pub(super) fn merge_sort<T>(rows: &mut Vec<T>, order: &impl Fn(&T, &T) -> Ordering) {
    if rows.len() < 2 {
        return;
    }
    let mut behind = rows.split_off(rows.len() / 2);
    merge_sort(rows, order);
    merge_sort(&mut behind, order);
    let mut left = std::mem::take(rows).into_iter().peekable();
    let mut right = behind.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = match order(b, a) {
            Ordering::Less => right.next(),
            _ => left.next(),
        };
        rows.extend(next);
    }
    rows.extend(left);
    rows.extend(right);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::Selection;
    use crate::value::Value;

    /// What a sort by `k` makes of some values, in the spelling of their `k`.
    fn sorted(collation: Collation, is_descending: bool, values: &[&str]) -> String {
        let records: Vec<_> = values
            .iter()
            .map(|it| match *it {
                "" => "{}".to_owned(),
                it => format!("{{\"k\":{it}}}"),
            })
            .collect();
        let records = Value::parse(format!("[{}]", records.join(",")).as_bytes()).unwrap();
        let mut selection = Selection::default().with_collation(collation);
        selection.with_key("k", is_descending).unwrap();
        let found = selection.apply(&records).unwrap().json;
        let found = found.as_str().replace("\"k\":", "");
        found.replace(['{', '}'], "")
    }

    #[test]
    fn an_order_that_contradicts_itself_is_no_fault() {
        let mut numbers: Vec<u32> = (0..500).map(|it| it * 7919 % 503).collect();
        let circle = |a: &u32, b: &u32| (a + 1).rem_euclid(3).cmp(&b.rem_euclid(3));
        merge_sort(&mut numbers, &circle);
        assert_eq!(numbers.len(), 500);
        merge_sort(&mut numbers, &|a, b| a.cmp(b));
        assert!(numbers.is_sorted());
        let mut pairs = vec![(1, 'a'), (0, 'b'), (1, 'c'), (0, 'd')];
        merge_sort(&mut pairs, &|a, b| a.0.cmp(&b.0));
        assert_eq!(pairs, [(0, 'b'), (0, 'd'), (1, 'a'), (1, 'c')]);
    }

    #[test]
    fn a_dictionary_orders_texts_by_letters_and_puts_what_is_absent_last() {
        let words = [
            "\"b\"", "\"É\"", "\"a\"", "\"B\"", "\"f\"", "\"A\"", "\"e\"",
        ];
        assert_eq!(
            sorted(Collation::Dictionary, false, &words),
            r#"["a","A","b","B","e","É","f"]"#
        );
        let mixed = ["null", "3", "\"\"", "0", "\"7\""];
        assert_eq!(
            sorted(Collation::Dictionary, false, &mixed),
            r#"[0,3,"7",null,""]"#
        );
        assert_eq!(
            sorted(Collation::Dictionary, true, &mixed),
            r#"[null,"","7",3,0]"#
        );
    }

    #[test]
    fn operators_order_texts_by_code_units_and_put_null_before_missing_ones() {
        let values = ["", "\"a\"", "null", "\"B\""];
        assert_eq!(
            sorted(Collation::Operators, false, &values),
            r#"["B","a",null,]"#
        );
        assert_eq!(
            sorted(Collation::Operators, true, &values),
            r#"[,null,"a","B"]"#
        );
        let numbers = ["200", "\"150\"", "true", "100"];
        for collation in [Collation::Operators, Collation::Dictionary] {
            assert_eq!(
                sorted(collation, false, &numbers),
                r#"[true,100,"150",200]"#
            );
        }
    }
}
