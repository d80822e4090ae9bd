//! Edits of small compact text: one entry replaced, added or taken out, every other byte kept.

use crate::json::Json;
use crate::scan::{self, Entry};

/// Replaces one range of a text.
pub(crate) fn replace(json: &Json, range: std::ops::Range<usize>, new: &[u8]) -> Json {
    let text = json.as_bytes();
    let mut out = Vec::with_capacity(text.len() - range.len() + new.len());
    out.extend_from_slice(&text[..range.start]);
    out.extend_from_slice(new);
    out.extend_from_slice(&text[range.end..]);
    Json::from_compact(out)
}

/// Takes the entry out, with the comma that it no longer needs.
pub(crate) fn remove(json: &Json, entry: &Entry) -> Json {
    let text = json.as_bytes();
    let mut span = entry.span();
    if text[span.end] == b',' {
        span.end += 1;
    } else if text[span.start - 1] == b',' {
        span.start -= 1;
    }
    replace(json, span, b"")
}

/// Adds an entry before the one at `position`, or at the end.
///
/// *Shape*: `name` is a spelled member name, or none for an element.
pub(crate) fn insert(json: &Json, position: usize, name: Option<&[u8]>, value: &[u8]) -> Json {
    let text = json.as_bytes();
    let next = scan::entries(text, 0).nth(position);
    let at = next
        .as_ref()
        .map_or(text.len() - 1, |entry| entry.span().start);
    let is_empty = text.len() == 2;
    let mut new = Vec::with_capacity(name.map_or(0, <[u8]>::len) + value.len() + 2);
    if next.is_none() && !is_empty {
        new.push(b',');
    }
    if let Some(name) = name {
        new.extend_from_slice(name);
        new.push(b':');
    }
    new.extend_from_slice(value);
    if next.is_some() {
        new.push(b',');
    }
    replace(json, at..at, &new)
}
