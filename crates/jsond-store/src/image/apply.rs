//! Applies operations to an image: down through the folders to one file, and into its value.
//!
//! Everything that is not on the way is shared with the image before.

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
pub(super) fn apply_at(entry: &Entry, depth: usize, new: &New<'_>) -> Result<Entry, ApplyError> {
    let entries = match entry {
        Entry::File(file) => {
            let file = apply_in_file(file, depth, new)?;
            return Ok(Entry::File(Arc::new(file)));
        }
        Entry::Folder(entries) => entries,
    };
    let Operation { kind, path, .. } = &new.operations[0];
    let (name, rest) = path.tokens()[depth..]
        .split_first()
        .ok_or(ApplyError::NoFile)?;
    let mut entries = entries.clone();
    match (entries.get(name), kind) {
        (Some(Entry::File(_)), OperationKind::Remove) if rest.is_empty() => {
            entries.remove(name);
        }
        (Some(below), _) => {
            let below = apply_at(below, depth + 1, new)?;
            entries.insert(name.clone(), below);
        }
        (None, OperationKind::Add(written)) if rest.is_empty() => {
            let file = File {
                value: None,
                broken: None,
                revision: new.revision,
                modified: new.time,
                template: Template::None,
                ids: new.ids.clone(),
            };
            let file = with_whole(&file, written);
            entries.insert(name.clone(), Entry::File(Arc::new(file)));
        }
        (None, _) => return Err(ApplyError::NoFile),
    }
    Ok(Entry::Folder(entries))
}

fn apply_in_file(file: &File, depth: usize, new: &New<'_>) -> Result<File, ApplyError> {
    let Operation { kind, path, .. } = &new.operations[0];
    let mut changed = match kind {
        OperationKind::Add(written) | OperationKind::Replace(written)
            if path.tokens().len() == depth =>
        {
            with_whole(file, written)
        }
        _ => {
            let value = file.value.as_ref().ok_or(ApplyError::Broken)?;
            let edits = new.operations.iter().map(|it| edit_of(it, depth));
            let edits: Vec<_> = edits.collect();
            File {
                value: Some(value.edit_many(&edits, &file.ids)?),
                ..file.clone()
            }
        }
    };
    changed.revision = new.revision;
    changed.modified = new.time;
    Ok(changed)
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

fn with_whole(file: &File, written: &Written) -> File {
    let template = match &written.text {
        Some(text) => Template::Text(text.clone()),
        None => file.template.clone(),
    };
    let value = if file.ids.names().is_default() {
        written.value.clone()
    } else {
        written.value.indexed_by(&file.ids)
    };
    File {
        value: Some(value),
        broken: None,
        template,
        ..file.clone()
    }
}
