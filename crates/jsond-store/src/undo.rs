//! What a change took away, so that an edit by hand can be merged after a crash.
//!
//! A checkpoint that was killed leaves the old text of a file, and a hand may have edited it before
//! the next start. To merge the two sides, recovery needs what the records were that the pending
//! changes touched. Of a short file the journal keeps the whole text; of a long one each operation
//! carries the record it goes into as it was before the change: its *unit*, the smallest part of a
//! file that a merge takes from one side.

use crate::change::Operation;
use crate::image::Image;
use jsond_document::{IdRule, Kind, Value};
use std::collections::HashSet;

/// A unit longer than this, and than the value that is written, is not kept.
const UNIT_BYTES_MAX: usize = 4096;

/// What the unit of an operation was before the change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Undo {
    /// How many tokens of the operation's address lead to the unit.
    pub(crate) tokens: usize,
    /// The unit; none when it was not there.
    pub(crate) was: Option<Value>,
}

/// Notes in the operations of one change what their units are in the image before it.
///
/// Of files of which `has_text` the whole text is kept, which says more.
pub(crate) fn with_undo(
    operations: Vec<Operation>,
    image: &Image,
    has_text: impl Fn(&[String]) -> bool,
) -> Vec<Operation> {
    let mut known: HashSet<Vec<String>> = HashSet::new();
    let mut noted = Vec::with_capacity(operations.len());
    for mut operation in operations {
        let address = operation.address_tokens();
        let is_known = (0..=address.len()).any(|length| known.contains(&address[..length]))
            || has_text(image.split(address).0);
        if !is_known && let Some(undo) = undo_of(image, address, operation.kind.written_bytes()) {
            known.insert(address[..undo.tokens].to_vec());
            operation.undo = Some(undo);
        }
        noted.push(operation);
    }
    noted
}

/// The unit of an address; none when it is too large to be kept.
fn undo_of(image: &Image, address: &[String], written_bytes: usize) -> Option<Undo> {
    let (file_path, inside) = image.split(address);
    let Some(file) = image.file(file_path) else {
        let tokens = address.len();
        return Some(Undo { tokens, was: None });
    };
    let value = file.value.clone()?;
    let (depth, was) = unit_in(value, inside, file.ids.clone());
    let bound = UNIT_BYTES_MAX.max(written_bytes);
    let is_small = was.as_ref().is_none_or(|it| it.len_bytes() <= bound);
    is_small.then(|| Undo {
        tokens: file_path.len() + depth,
        was,
    })
}

/// Walks into a file's value as far as a merge does; gives how far, and what is there.
fn unit_in(mut value: Value, inside: &[String], mut ids: IdRule) -> (usize, Option<Value>) {
    for (depth, token) in inside.iter().enumerate() {
        let is_collection = value.is_collection(ids.id_name());
        let child = match value.kind() {
            Kind::Object => value.member(token),
            Kind::Array if is_collection => {
                let found = value.record(ids.id_name(), token);
                found.map(|(_, record)| record)
            }
            _ => return (depth, Some(value)),
        };
        let Some(child) = child else {
            return (depth + 1, None);
        };
        ids = ids.child(value.kind(), token);
        if is_collection && !is_merged_inside(&child, &ids) {
            return (depth + 1, Some(child));
        }
        value = child;
    }
    (inside.len(), Some(value))
}

/// Judges whether a member of a collection is no record to a merge but a large collection itself.
pub(crate) fn is_merged_inside(value: &Value, ids: &IdRule) -> bool {
    value.len_bytes() > UNIT_BYTES_MAX && value.count() > 0 && value.is_collection(ids.id_name())
}
