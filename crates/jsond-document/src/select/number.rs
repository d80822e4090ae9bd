//! Numbers that are compared many times: read once, then compared as integers where they are short.
//!
//! Exact like [`compare_numbers`], which is asked wherever a number is too long or has an exponent.

use crate::number::{compare_numbers, is_number};
use std::borrow::Cow;
use std::cmp::Ordering;

/// How many digits fit before and behind the point of a short number.
const DIGITS_MAX: usize = 18;
const SCALE: i128 = 1_000_000_000_000_000_000;

/// A number that was read from JSON text.
#[derive(Debug, Clone)]
pub(super) enum Number<'a> {
    /// The number times ten to the eighteenth.
    Short(i128),
    /// The text of any other.
    Long(Cow<'a, [u8]>),
}

impl<'a> Number<'a> {
    /// Reads a text that may be a JSON number.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        is_number(text).then(|| Self::of(text))
    }

    /// Reads a text that is known to be a JSON number.
    pub(super) fn of(text: &'a [u8]) -> Self {
        short(text).map_or(Self::Long(Cow::Borrowed(text)), Self::Short)
    }

    pub(super) fn into_owned(self) -> Number<'static> {
        match self {
            Self::Short(number) => Number::Short(number),
            Self::Long(text) => Number::Long(Cow::Owned(text.into_owned())),
        }
    }

    fn text(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Short(number) => Cow::Owned(format!("{number}e-18").into_bytes()),
            Self::Long(text) => Cow::Borrowed(text),
        }
    }
}

/// Reads a number of few digits without an exponent.
fn short(text: &[u8]) -> Option<i128> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (whole, fraction) = match digits.iter().position(|byte| !byte.is_ascii_digit()) {
        None => (digits, &digits[..0]),
        Some(at) if digits[at] == b'.' => (&digits[..at], &digits[at + 1..]),
        Some(_) => return None,
    };
    let behind = integer(fraction)? * 10_i64.pow(u32::try_from(DIGITS_MAX - fraction.len()).ok()?);
    let size = i128::from(integer(whole)?) * SCALE + i128::from(behind);
    Some(if is_negative { -size } else { size })
}

fn integer(digits: &[u8]) -> Option<i64> {
    if digits.len() > DIGITS_MAX {
        return None;
    }
    digits.iter().try_fold(0_i64, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Short(a), Self::Short(b)) => a.cmp(b),
            _ => compare_numbers(&self.text(), &other.text()),
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_few_digits_without_an_exponent_are_short() {
        let is_short = |text: &str| matches!(Number::of(text.as_bytes()), Number::Short(_));
        for text in ["0", "-0", "-1.50", "999999999999999999.999999999999999999"] {
            assert!(is_short(text), "{text}");
        }
        for text in [
            "1e0",
            "1.5E1",
            "1000000000000000000",
            "0.0000000000000000001",
        ] {
            assert!(!is_short(text), "{text}");
        }
        assert!(Number::read(b"01").is_none());
        assert!(Number::read(b"").is_none());
    }

    proptest! {
        #[test]
        fn short_and_long_numbers_compare_like_their_texts(
            a in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,19})?([eE][+-]?[0-9]{1,2})?",
            b in "-?(0|[1-9][0-9]{0,2})(\\.[0-9]{1,2})?([eE][+-]?[0-9])?",
            c in "-?[1-9][0-9]{16,19}",
        ) {
            for (x, y) in [(&a, &b), (&b, &a), (&a, &c), (&b, &b), (&c, &c)] {
                let (x, y) = (x.as_bytes(), y.as_bytes());
                prop_assert_eq!(Number::of(x).cmp(&Number::of(y)), compare_numbers(x, y));
                let mut longer = x.to_vec();
                longer.extend(if x.contains(&b'e') || x.contains(&b'E') { &b""[..] } else { b"e0" });
                prop_assert_eq!(Number::of(&longer).cmp(&Number::of(x)), Ordering::Equal);
            }
        }
    }
}
