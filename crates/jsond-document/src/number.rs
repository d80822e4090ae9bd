//! Compares numbers by the decimal value of their texts, exactly: no rounding to binary floats.
//!
//! `1`, `1.0` and `10e-1` are equal, `9007199254740993` is more than `9007199254740992`, and `1e400`
//! less than `1e401`.

use std::cmp::Ordering;

/// A JSON number's text taken apart: `0.d₁d₂d₃… × 10^magnitude` with d₁ not 0; zero has no digits.
#[derive(Debug)]
struct Decimal<'a> {
    is_negative: bool,
    /// The digits of the coefficient before the point, without zeros in front.
    whole: &'a [u8],
    /// Those behind the point.
    fraction: &'a [u8],
    magnitude: i128,
}

/// Judges whether a text is a JSON number.
///
/// *Source*: RFC 8259 §6.
#[must_use]
pub fn is_number(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let (fraction, rest) = digits(rest);
            (Some(fraction), rest)
        }
        None => (None, rest),
    };
    let exponent = match rest.split_first() {
        Some((b'e' | b'E', rest)) => {
            let unsigned = rest.strip_prefix(b"+").or(rest.strip_prefix(b"-"));
            let (exponent, rest) = digits(unsigned.unwrap_or(rest));
            !exponent.is_empty() && rest.is_empty()
        }
        Some(_) => false,
        None => true,
    };
    let has_no_leading_zero = whole == b"0" || whole.first().is_some_and(|it| *it != b'0');
    has_no_leading_zero && fraction.is_none_or(|it| !it.is_empty()) && exponent
}

/// Compares two JSON numbers by value.
///
/// *Shape*: both texts are JSON numbers.
#[must_use]
pub fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a, b) = (Decimal::of(a), Decimal::of(b));
    match (a.sign(), b.sign()) {
        (x, y) if x != y => x.cmp(&y),
        (1, _) => a.compare_size(&b),
        (-1, _) => b.compare_size(&a),
        _ => Ordering::Equal,
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn without_zeros_in_front(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros..]
}

fn without_zeros_behind(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|&&it| it == b'0').count();
    &digits[..digits.len() - zeros]
}

impl<'a> Decimal<'a> {
    fn of(text: &'a [u8]) -> Self {
        let is_negative = text.first() == Some(&b'-');
        let (whole, rest) = digits(text.strip_prefix(b"-").unwrap_or(text));
        let (fraction, rest) = digits(rest.strip_prefix(b".").unwrap_or(rest));
        let exponent = exponent(rest.strip_prefix(b"e").or(rest.strip_prefix(b"E")));
        let whole = without_zeros_in_front(whole);
        let fraction = without_zeros_behind(fraction);
        let (whole, fraction, shift) = if whole.is_empty() {
            let significant = without_zeros_in_front(fraction);
            (whole, significant, -length(fraction) + length(significant))
        } else if fraction.is_empty() {
            (without_zeros_behind(whole), fraction, length(whole))
        } else {
            (whole, fraction, length(whole))
        };
        Self {
            is_negative,
            whole,
            fraction,
            magnitude: exponent.saturating_add(shift),
        }
    }

    fn sign(&self) -> i8 {
        match (self.whole, self.fraction, self.is_negative) {
            ([], [], _) => 0,
            (_, _, true) => -1,
            (_, _, false) => 1,
        }
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        let digits = |it: &Self| {
            it.whole
                .iter()
                .chain(it.fraction)
                .copied()
                .collect::<Vec<_>>()
        };
        self.magnitude
            .cmp(&other.magnitude)
            .then_with(|| digits(self).cmp(&digits(other)))
    }
}

fn length(digits: &[u8]) -> i128 {
    i128::try_from(digits.len()).unwrap_or(i128::MAX)
}

/// Reads an exponent; one of more than 38 digits counts as the largest there is.
fn exponent(text: Option<&[u8]>) -> i128 {
    let Some(text) = text else { return 0 };
    let is_negative = text.first() == Some(&b'-');
    let (digits, _) = digits(
        text.strip_prefix(b"+")
            .or(text.strip_prefix(b"-"))
            .unwrap_or(text),
    );
    let size = digits.iter().fold(0_i128, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(i128::from(digit - b'0'))
    });
    if is_negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(a: &str, b: &str, expected: Ordering) {
        assert!(is_number(a.as_bytes()), "{a}");
        assert!(is_number(b.as_bytes()), "{b}");
        assert_eq!(
            compare_numbers(a.as_bytes(), b.as_bytes()),
            expected,
            "{a} {b}"
        );
        assert_eq!(
            compare_numbers(b.as_bytes(), a.as_bytes()),
            expected.reverse(),
            "{b} {a}"
        );
    }

    #[test]
    fn numbers_compare_by_their_exact_decimal_value() {
        use Ordering::{Equal, Greater, Less};
        check("1", "1.0", Equal);
        check("10e-1", "1", Equal);
        check("0.001E+3", "1", Equal);
        check("-0", "0.00e9", Equal);
        check("100", "1e2", Equal);
        check("1010", "101e1", Equal);
        check("0.0101", "101e-4", Equal);
        check("10.10", "1.01e1", Equal);
        check("9007199254740993", "9007199254740992", Greater);
        check("1e400", "1e401", Less);
        check("1e-400", "0", Greater);
        check("-1e400", "-1e401", Greater);
        check("-1", "0", Less);
        check("9", "10", Less);
        check("0.1", "0.09", Greater);
        check(
            "123456789012345678901234567890",
            "123456789012345678901234567891",
            Less,
        );
        check("1e99999999999999999999", "1e99999999999999999998", Greater);
        check("-1.5", "1.5", Less);
    }

    #[test]
    fn only_what_json_calls_a_number_is_one() {
        for text in [
            "", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1 ", "NaN", "1.5e1.5",
        ] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_compare_like_integers(a in any::<i64>(), b in any::<i64>()) {
            let (x, y) = (a.to_string(), b.to_string());
            prop_assert_eq!(compare_numbers(x.as_bytes(), y.as_bytes()), a.cmp(&b));
        }

        #[test]
        fn a_shifted_point_changes_nothing(
            digits in "[0-9]{1,20}", at in 0..20_usize, exponent in -30..30_i32,
            other in any::<i32>(),
        ) {
            let whole = digits.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            let at = at.min(whole.len());
            let (head, tail) = whole.split_at(at);
            let head = if head.is_empty() { "0" } else { head };
            let tail = if tail.is_empty() { "0" } else { tail };
            let behind = i32::try_from(whole.len() - at).unwrap();
            let plain = format!("{whole}e{exponent}");
            let shifted = format!("{head}.{tail}e{}", exponent + behind);
            prop_assert_eq!(
                compare_numbers(plain.as_bytes(), shifted.as_bytes()),
                Ordering::Equal,
                "{} {}", plain, shifted
            );
            let other = other.to_string();
            prop_assert_eq!(
                compare_numbers(plain.as_bytes(), other.as_bytes()),
                compare_numbers(shifted.as_bytes(), other.as_bytes())
            );
        }
    }
}
