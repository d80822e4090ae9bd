//! The text of a file from its value and the text that lay there before.

use jsond_document::{Layout, Value, relayout};

/// Lays a value out like `template`, or with one tab when there is none.
pub fn lay_out(template: Option<&[u8]>, value: &Value) -> Vec<u8> {
    let json = value.to_json();
    match template {
        Some(template) => relayout(template, &json),
        None => Layout::tabs().render_file(&json),
    }
}
