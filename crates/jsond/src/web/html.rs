//! Markup that is put together from elements of ours and texts of anybody.
//!
//! INVARIANT: the names of elements and attributes are written in our code (they are
//! `&'static str`), every text goes through the escaping, and every element that begins ends. So
//! what is put together here is well-formed, whatever the data.

use super::escape::{self, Hidden};

/// A piece of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Makes an empty piece.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The length of the markup in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Judges whether a text has characters that nobody sees, or that reorder others.
    #[must_use]
    pub fn hides(text: &str) -> bool {
        text.chars().any(escape::is_hidden)
    }

    /// Appends a text on a line; characters that nobody sees are marked.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape::push(&mut self.0, text, Hidden::Marked);
        self
    }

    /// Appends a text in a place that keeps white space: line feeds and tabs stay.
    pub fn block(&mut self, text: &str) -> &mut Self {
        escape::push(&mut self.0, text, Hidden::MarkedButSpace);
        self
    }

    /// Appends another piece.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Appends an element and fills it.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        fill: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            escape::push(&mut self.0, value, Hidden::Named);
            self.0.push('"');
        }
        self.0.push('>');
        fill(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// Appends an element of a class that holds a text.
    pub fn span(&mut self, name: &'static str, class: &'static str, text: &str) -> &mut Self {
        let class = [("class", class)];
        let attributes = if class[0].1.is_empty() {
            &[][..]
        } else {
            &class
        };
        self.element(name, attributes, |inside| {
            inside.text(text);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_closed_and_texts_are_escaped() {
        let mut html = Html::new();
        html.element("a", &[("href", "/?a=\"&b=<"), ("class", "x")], |html| {
            html.text("<b>").span("i", "", "\n");
        });
        assert_eq!(
            html.as_str(),
            "<a href=\"/?a=&quot;&amp;b=&lt;\" class=\"x\">&lt;b&gt;<i><mark>\\n</mark></i></a>"
        );
        assert_eq!(html.len(), html.as_str().len());
    }

    #[test]
    fn a_block_keeps_its_lines() {
        let mut html = Html::new();
        html.block("a\n\tb\u{0}");
        assert_eq!(html.as_str(), "a\n\tb<mark>U+0000</mark>");
    }
}
