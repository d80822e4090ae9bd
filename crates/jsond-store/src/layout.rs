//! The text of a file from its value and the text that lay there before.

use crate::image::{File, Template};
use bytes::Bytes;
use jsond_document::{Layout, PiecesError, Skeleton, Value, pretty, relayout, relayout_pieces};

/// Lays a value out like `template`, or with one tab when there is none.
pub(crate) fn lay_out(template: Option<&[u8]>, value: &Value) -> Vec<u8> {
    let json = value.to_json();
    match template {
        Some(template) => relayout(template, &json),
        None => Layout::tabs().render_file(&json),
    }
}

/// Lays a value over a text that comes in pieces, of which `base` is the skeleton; says whether that
/// could be done. What was written until then is to be thrown away if not.
///
/// *Errors*: those of reading and writing.
pub(crate) fn lay_out_pieces<E>(
    old_text: impl FnMut() -> Result<Option<Bytes>, E>,
    base: Option<&Skeleton>,
    value: &Value,
    write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let Some(base) = base else {
        return Ok(false);
    };
    match relayout_pieces(old_text, base, value, write) {
        Ok(()) => Ok(true),
        Err(PiecesError::Mismatch) => Ok(false),
        Err(PiecesError::Chunk(error)) => Err(error),
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
