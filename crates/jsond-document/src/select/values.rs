//! Values that a stored value is equal to, or not: texts read as what the stored value is.
//!
//! The text `3` is equal to the string `"3"` and to the number 3, however that is spelled; `null`
//! and `"null"` both to `null`; `[1]` also to an array. Lists are kept sorted, each value once, so
//! that a long one costs little for each record, and a value given again nothing.

use super::error::SelectError;
use super::number::Number;
use super::text::bytes_of;
use crate::json::{Json, Kind};
use crate::value::Value;
use crate::view::View;

/// How many values one member may be compared with.
const VALUES_MAX: usize = 10_000;
/// How many of them may be arrays or objects, which are tried one after the other.
const CONTAINERS_MAX: usize = 64;

/// A set of values that were given as texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    texts: Vec<String>,
    numbers: Vec<Number<'static>>,
    containers: Vec<Value>,
}

impl Values {
    pub(super) fn of(text: &str) -> Self {
        let mut values = Self::default();
        values.add(text);
        values
    }

    /// Takes more texts.
    pub(super) fn extend<'a>(
        &mut self,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<(), SelectError> {
        for text in texts {
            self.add(text);
            bounded(self.texts.len(), "values for one name", VALUES_MAX)?;
            let containers = self.containers.len();
            bounded(containers, "arrays and objects as values", CONTAINERS_MAX)?;
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        let Err(place) = self.texts.binary_search_by(|it| it.as_str().cmp(text)) else {
            return;
        };
        self.texts.insert(place, text.to_owned());
        if let Some(number) = Number::read(text.as_bytes()).map(Number::into_owned)
            && let Err(place) = self.numbers.binary_search(&number)
        {
            self.numbers.insert(place, number);
        }
        if text.trim_start().starts_with(['[', '{']) {
            let container = Json::parse(text.as_bytes());
            self.containers.extend(container.ok().map(Value::from));
        }
    }

    /// Judges whether a stored value is equal to one of the set.
    pub(super) fn contain(&self, stored: View<'_>) -> bool {
        match (stored.kind(), stored.text()) {
            (Kind::Array | Kind::Object, _) => self.contain_container(stored),
            (Kind::String, Some(spelled)) => self.contain_text(&bytes_of(spelled)),
            (Kind::Number, Some(text)) => self.contain_number(text),
            (_, Some(word)) => self.contain_text(word),
            (_, None) => false,
        }
    }

    fn contain_number(&self, text: &[u8]) -> bool {
        // Whole numbers without a sign have one spelling only, apart from points and exponents.
        let is_whole = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        match &self.texts[..] {
            [one] if is_whole(one.as_bytes()) && is_whole(text) => one.as_bytes() == text,
            _ if self.numbers.is_empty() => false,
            _ => self.numbers.binary_search(&Number::of(text)).is_ok(),
        }
    }

    fn contain_text(&self, text: &[u8]) -> bool {
        match &self.texts[..] {
            [one] => one.as_bytes() == text,
            texts => texts.binary_search_by(|it| it.as_bytes().cmp(text)).is_ok(),
        }
    }

    fn contain_container(&self, stored: View<'_>) -> bool {
        let kind = stored.kind();
        if self.containers.iter().all(|it| it.kind() != kind) {
            return false;
        }
        let stored = stored.to_value();
        let mut containers = self.containers.iter();
        containers.any(|it| it.means_the_same_as(&stored))
    }
}

fn bounded(count: usize, what: &'static str, max: usize) -> Result<(), SelectError> {
    if count <= max {
        return Ok(());
    }
    Err(SelectError::TooMany { what, max })
}
