//! Applies operations to an image: down through the folders to one file, and into its value.
//!
//! Everything that is not on the way, and that another image shares, stays as it is.

use super::{ApplyError, Entry, File, Template};
use crate::change::{Operation, OperationKind, Written};
use crate::contract::Revision;
use jsond_document::{IdRule, PlacedValueEdit, ValueEdit};
use std::sync::Arc;
use std::time::SystemTime;

/// Operations that happen at once: they all go to one file, or one to a file as a whole.
pub(super) struct New<'a> {
    pub(super) operations: &'a [Operation],
    pub(super) revision: Revision,
    pub(super) time: SystemTime,
    /// The rule for the file, if it is a new one.
    pub(super) ids: IdRule,
}

/// Applies operations; `depth` tokens of their paths lead to the entry.
pub(super) fn apply_at(entry: &mut Entry, depth: usize, new: &New<'_>) -> Result<(), ApplyError> {
    let entries = match entry {
        Entry::File(file) => return apply_in_file(Arc::make_mut(file), depth, new),
        Entry::Folder(entries) => entries,
    };
    let Operation { kind, path, .. } = &new.operations[0];
    let (name, rest) = path.tokens()[depth..]
        .split_first()
        .ok_or(ApplyError::NoFile)?;
    match (entries.get_mut(name), kind) {
        (Some(Entry::File(_)), OperationKind::Remove) if rest.is_empty() => {
            entries.remove(name);
        }
        (Some(below), _) => return apply_at(below, depth + 1, new),
        (None, OperationKind::Add(written)) if rest.is_empty() => {
            let mut file = File {
                value: None,
                broken: None,
                revision: new.revision,
                modified: new.time,
                template: Template::None,
                ids: new.ids.clone(),
            };
            put_whole(&mut file, written);
            entries.insert(name.clone(), Entry::File(Arc::new(file)));
        }
        (None, _) => return Err(ApplyError::NoFile),
    }
    Ok(())
}

fn apply_in_file(file: &mut File, depth: usize, new: &New<'_>) -> Result<(), ApplyError> {
    let Operation { kind, path, .. } = &new.operations[0];
    match kind {
        OperationKind::Add(written) | OperationKind::Replace(written)
            if path.tokens().len() == depth =>
        {
            put_whole(file, written);
        }
        _ => {
            let value = file.value.as_mut().ok_or(ApplyError::Broken)?;
            if let [operation] = new.operations {
                value.edit_many_in_place(&[edit_of(operation, depth)], &file.ids)?;
            } else {
                let edits = new.operations.iter().map(|it| edit_of(it, depth));
                value.edit_many_in_place(&edits.collect::<Vec<_>>(), &file.ids)?;
            }
        }
    }
    file.revision = new.revision;
    file.modified = new.time;
    Ok(())
}

fn edit_of(operation: &Operation, depth: usize) -> PlacedValueEdit<'_> {
    let edit = match (&operation.kind, &operation.before) {
        (OperationKind::Add(written), None) => ValueEdit::Add(&written.value),
        (OperationKind::Add(written), Some(name)) => ValueEdit::AddBefore(&written.value, name),
        (OperationKind::Replace(written), _) => ValueEdit::Replace(&written.value),
        (OperationKind::Remove, _) => ValueEdit::Remove,
    };
    (&operation.path.tokens()[depth..], edit)
}

fn put_whole(file: &mut File, written: &Written) {
    if let Some(text) = &written.text {
        file.template = Template::Text(text.clone());
    }
    file.value = Some(if file.ids.names().is_default() {
        written.value.clone()
    } else {
        written.value.indexed_by(&file.ids)
    });
    file.broken = None;
}
