//! The text of a file from its value and the text that lay there before.

use crate::image::{File, Template};
use jsond_document::{Layout, Value, pretty, relayout};

/// Lays a value out like `template`, or with one tab when there is none.
pub(crate) fn lay_out(template: Option<&[u8]>, value: &Value) -> Vec<u8> {
    let json = value.to_json();
    match template {
        Some(template) => relayout(template, &json),
        None => Layout::tabs().render_file(&json),
    }
}

/// Lays out a whole file as it is or will be on disk; a very large one in its style only.
#[must_use]
pub fn file_text(file: &File, value: &Value) -> Vec<u8> {
    match &file.template {
        Template::Text(text) => lay_out(Some(text), value),
        Template::OnDisk(layout) => layout.render_file(&value.to_json()),
        Template::None => lay_out(None, value),
    }
}

/// Lays out any value of a file in the file's style.
#[must_use]
pub fn pretty_text(file: &File, value: &Value) -> Vec<u8> {
    let layout = match &file.template {
        Template::Text(text) => Layout::detect(text),
        Template::OnDisk(layout) => layout.clone(),
        Template::None => Layout::tabs(),
    };
    pretty(&value.to_json(), &layout)
}
