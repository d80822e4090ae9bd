//! JSON values as the operators of JavaScript see them, for interfaces that promise its rules.
//!
//! Numbers are doubles here, as they are there; the comparisons of this interface's own are in
//! `condition.rs` and lose nothing.
//!
//! *Source*: ECMA-262 §7.1 (type conversion), §7.2 (comparison), §6.1.6.1.20 (numbers as text).

use super::text::bytes_of;
use crate::json::{Json, Kind};
use crate::view::View;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value as an operand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// An array or object: equal to nothing, and in an order by its text.
    Container(String),
}

impl<'a> Operand<'a> {
    pub(crate) fn of(value: View<'a>) -> Self {
        let text = value.text().unwrap_or_default();
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::Boolean => Self::Boolean(text == b"true"),
            Kind::Number => Self::Number(double(text)),
            Kind::String => Self::Text(text_of_bytes(bytes_of(text))),
            Kind::Array | Kind::Object => Self::Container(text_of(value).into_owned()),
        }
    }

    pub(crate) fn into_owned(self) -> Operand<'static> {
        match self {
            Self::Null => Operand::Null,
            Self::Boolean(it) => Operand::Boolean(it),
            Self::Number(it) => Operand::Number(it),
            Self::Text(it) => Operand::Text(Cow::Owned(it.into_owned())),
            Self::Container(it) => Operand::Container(it),
        }
    }

    /// `<`, `>` and their kin; none where one of the numbers is none.
    pub(super) fn relate(&self, other: &Operand<'_>) -> Option<Ordering> {
        match (self.as_text(), other.as_text()) {
            (Some(a), Some(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            _ => self.to_number().partial_cmp(&other.to_number()),
        }
    }

    /// An order of all operands that agrees with `===` where that holds, to search by.
    pub(crate) fn order(&self, other: &Operand<'_>) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Operand::Boolean(b)) => a.cmp(b),
            // Adding nothing makes one zero of the two.
            (Self::Number(a), Operand::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Self::Text(a), Operand::Text(b)) => a.as_ref().cmp(b.as_ref()),
            (Self::Container(a), Operand::Container(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The operand as JSON; an array or object as its text.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::from_compact("null"),
            Self::Boolean(it) => Json::from_compact(if *it { "true" } else { "false" }),
            Self::Number(it) if it.is_finite() => Json::from_compact(spell_number(*it)),
            Self::Number(it) => Json::string(&spell_number(*it)),
            Self::Text(text) => Json::string(text),
            Self::Container(text) => Json::string(text),
        }
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::Container(_))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Boolean(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::Container(_) => 4,
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Container(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn to_number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Boolean(it) => f64::from(u8::from(*it)),
            Self::Number(it) => *it,
            Self::Text(text) => number_of(text),
            Self::Container(text) => number_of(text),
        }
    }
}

/// Reads a text as `Number()` does; NaN where it is none.
#[must_use]
pub fn number_of(text: &str) -> f64 {
    let text = text.trim_matches(|it: char| it.is_whitespace() || it == '\u{feff}');
    let digits = |radix| {
        let whole = u64::from_str_radix(&text[2..], radix).ok();
        let is_plain = !text[2..].starts_with('+');
        #[expect(clippy::cast_precision_loss, reason = "it is a double in JavaScript")]
        whole.filter(|_| is_plain).map_or(f64::NAN, |it| it as f64)
    };
    match text.get(..2) {
        _ if text.is_empty() => 0.0,
        Some("0x" | "0X") => digits(16),
        Some("0o" | "0O") => digits(8),
        Some("0b" | "0B") => digits(2),
        _ => match text.trim_start_matches(['+', '-']) {
            "Infinity" if text.starts_with('-') => f64::NEG_INFINITY,
            "Infinity" => f64::INFINITY,
            // What Rust reads besides are the names of what is no number.
            rest if rest.starts_with(|it: char| it.is_ascii_digit() || it == '.') => {
                text.parse().unwrap_or(f64::NAN)
            }
            _ => f64::NAN,
        },
    }
}

/// Spells a value as `String()` does.
pub(crate) fn text_of(value: View<'_>) -> Cow<'_, str> {
    let text = value.text().unwrap_or_default();
    match value.kind() {
        Kind::String => text_of_bytes(bytes_of(text)),
        Kind::Number => spell(text),
        Kind::Object => Cow::Borrowed("[object Object]"),
        Kind::Array => {
            let elements = value.entries().map(|it| it.value);
            let spelled = elements.map(|it| match it.kind() {
                Kind::Null => Cow::Borrowed(""),
                _ => text_of(it),
            });
            Cow::Owned(spelled.collect::<Vec<_>>().join(","))
        }
        Kind::Null | Kind::Boolean => String::from_utf8_lossy(text),
    }
}

/// Spells a value as `String()` does.
#[must_use]
pub fn spell_value(value: &Json) -> String {
    text_of(View::of_text(value.as_bytes())).into_owned()
}

fn text_of_bytes(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn double(text: &[u8]) -> f64 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or(f64::NAN)
}

/// How many digits a double surely keeps.
const DIGITS_KEPT: usize = 15;

fn spell(text: &[u8]) -> Cow<'_, str> {
    let is_whole = text.iter().all(u8::is_ascii_digit);
    if is_whole && text.len() <= DIGITS_KEPT {
        return String::from_utf8_lossy(text);
    }
    Cow::Owned(spell_number(double(text)))
}

/// Spells a number as `String()` does.
#[must_use]
pub fn spell_number(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if number.is_infinite() {
        let sign = if number < 0.0 { "-" } else { "" };
        format!("{sign}Infinity")
    } else if (1e-6..1e21).contains(&size) {
        format!("{number}")
    } else {
        let spelled = format!("{number:e}");
        match spelled.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => spelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    fn related(a: &str, b: &str) -> Option<Ordering> {
        let (a, b) = (value(a), value(b));
        Operand::of(a.view()).relate(&Operand::of(b.view()))
    }

    #[test]
    fn operands_are_in_the_order_of_javascript() {
        assert_eq!(related("\"150\"", "150"), Some(Ordering::Equal));
        assert_eq!(related("\"10\"", "\"9\""), Some(Ordering::Less));
        assert_eq!(related("null", "1"), Some(Ordering::Less));
        assert_eq!(related("null", "\"a\""), None);
        assert_eq!(related("true", "1"), Some(Ordering::Equal));
        assert_eq!(related("[2]", "10"), Some(Ordering::Less));
        assert_eq!(related("{}", "\"[z\""), Some(Ordering::Less));
        assert_eq!(related("\" 7 \"", "7"), Some(Ordering::Equal));
        assert_eq!(related("\"0x10\"", "16"), Some(Ordering::Equal));
        assert_eq!(related("\"inf\"", "1"), None);
    }

    #[test]
    fn values_are_spelled_as_in_javascript() {
        let check = |text: &str, expected: &str| assert_eq!(text_of(value(text).view()), expected);
        check("1.0", "1");
        check("-0", "0");
        check("1e21", "1e+21");
        check("1e20", "100000000000000000000");
        check("0.0000001", "1e-7");
        check("-2.50", "-2.5");
        check("1e400", "Infinity");
        check("[1,[null,\"a\"],{}]", "1,,a,[object Object]");
        check("\"a\\u00e9\"", "aé");
        check("true", "true");
    }
}
