//! Lays a new value over the old text of a file a piece at a time.
//!
//! Gives what [`super::relayout`] gives, in memory that does not grow with the file: what both values
//! share is copied from chunk to chunk, and only the entries that changed are laid out, in *windows*
//! of text with some of their neighbours. What stands further away is not seen, so where a file is
//! laid out unevenly the white space of new text may be another.

mod ahead;
#[cfg(test)]
mod bulk_tests;
mod diff;
mod held;
#[cfg(test)]
mod properties;
mod reader;
mod side;
mod sink;
mod skim;
mod spelling;
mod stretch;
#[cfg(test)]
mod tests;
mod walk;

use super::skeleton::Skeleton;
use crate::leaf::Piece;
use crate::tree::Tree;
use crate::{IdRule, Kind, Value};
use bytes::Bytes;
use reader::Reader;
use side::Fresh;
use sink::Sink;
use std::sync::Arc;
use walk::Walk;

/// Why a value was not laid over an old text in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PiecesError<E> {
    /// A chunk of the old text could not be had, or a piece of the new one was not taken.
    #[error("a piece of the text was not read or written")]
    Chunk(#[source] E),
    /// The old text is not that of its value, or not both values are arrays or both objects with
    /// something in them. What was written is worth nothing; [`crate::relayout`] takes any text.
    #[error("the old text cannot be followed in pieces")]
    Mismatch,
}

/// Prints `value` as the new text of a file, and takes and hands on both texts a piece at a time.
///
/// `old_text` gives the old text in order, in chunks of any size, and none at its end; it has to be
/// the text of the value whose skeleton `base` is, from which `value` was made by edits. The new text
/// is that of [`crate::relayout`], but that new and changed entries follow only old ones near them: a
/// record that moved far does not take its layout along, names are put into columns, and values on
/// one line, by what is around them, and an old value of more than 64 KB is no model for another.
///
/// *Cost*: linear in both texts, but for what did not change no more than copying and comparing.
/// The memory of a chunk and of the largest run of changed entries, besides some bytes for each
/// leaf of the values. *Errors*: [`PiecesError::Mismatch`] also when the new text is not that of
/// `value`, which is known at its end only: until then what was written must not be used.
pub fn relayout_pieces<E>(
    mut old_text: impl FnMut() -> Result<Option<Bytes>, E>,
    base: &Skeleton,
    value: &Value,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), PiecesError<E>> {
    let Some(tree) = tree_of(value) else {
        return Err(PiecesError::Mismatch);
    };
    let skeleton = &Skeleton::of_tree(&tree);
    let tree = &*tree;
    let sink = Sink::new(&mut write, value.text_pieces());
    let reader = Reader::new(&mut old_text, sink);
    Walk::file(reader, base, Fresh { tree, skeleton })
}

/// The tree of a value, made for the occasion if it is small; none of a scalar.
fn tree_of(value: &Value) -> Option<Arc<Tree>> {
    let kind = value.kind();
    match value.as_tree() {
        Some(tree) => Some(Arc::clone(tree)),
        None if !matches!(kind, Kind::Array | Kind::Object) => None,
        None => {
            let pieces = value.members().map(Piece::from);
            let id_name = IdRule::default().index_name(kind);
            Some(Arc::new(Tree::build(kind, pieces, id_name)))
        }
    }
}
