//! Lays a new value over the old text of a file a piece at a time.
//!
//! Gives what [`super::relayout`] gives, in memory that does not grow with the file: what the trees
//! of both values share is copied from chunk to chunk, and only the entries that changed are laid
//! out, in *windows* of text with some of their neighbours. It differs where something far away
//! would have been followed: a record that moved, or a line break after the window in an array or
//! object that has none before. The value it spells is the same in all cases.

mod diff;
mod held;
#[cfg(test)]
mod properties;
mod reader;
mod sink;
mod skim;
mod spelling;
#[cfg(test)]
mod tests;
mod walk;

use crate::Value;
use bytes::Bytes;
use reader::Reader;
use sink::Sink;
use walk::Walk;

/// Why a value was not laid over an old text in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PiecesError<E> {
    /// A chunk of the old text could not be had, or a piece of the new one was not taken.
    #[error("a piece of the text was not read or written")]
    Chunk(#[source] E),
    /// The old text is not that of its value, or not both values are large and of one kind. What
    /// was written is worth nothing; [`crate::relayout`] takes any text.
    #[error("the old text cannot be followed in pieces")]
    Mismatch,
}

/// Prints `value` as the new text of a file, and takes and hands on both texts a piece at a time.
///
/// `old_text` gives the old text in order, in chunks of any size, and none at its end; it has to be
/// the text of `base`, from which `value` was made by edits. The new text is as that of
/// [`crate::relayout`]; the head of the module says where it may differ.
///
/// *Cost*: linear in both texts, but for what did not change no more than copying and comparing.
/// The memory of a chunk and of the largest run of changed entries, besides some bytes for each
/// leaf of the values. *Errors*: [`PiecesError::Mismatch`] also when the new text is not that of
/// `value`, which is known at its end only: until then what was written must not be used.
pub fn relayout_pieces<E>(
    mut old_text: impl FnMut() -> Result<Option<Bytes>, E>,
    base: &Value,
    value: &Value,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), PiecesError<E>> {
    let (Some(old), Some(new)) = (base.as_tree(), value.as_tree()) else {
        return Err(PiecesError::Mismatch);
    };
    let sink = Sink::new(&mut write, value.text_pieces());
    let reader = Reader::new(&mut old_text, sink);
    Walk::file(reader, old, new)
}
