//! Replays changes that a file lacks. Pure.
//!
//! On the content for which they were made the changes apply as they stand. On an edit of it they
//! are aimed anew: a record of an array is found by its id, what is there already is not added
//! twice, and what cannot be aimed for certain is set aside. Which member is the id was settled when
//! the change was made; a start with other names changes nothing about that.

use crate::change::{Operation, OperationKind};
use crate::contract::{Address, Revision};
use crate::image::Image;
use crate::resolve::{Place, Resolved};
use jsond_document::{IdNames, Kind, Pointer, Value};
use std::time::SystemTime;

/// What the changes are replayed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The content for which they were made.
    Known,
    /// An edit by hand of a content for which some of them were made.
    Edited,
    /// The same, with everything that they touched as it was when they were made.
    Restored,
}

/// Where an operation goes.
enum Aim {
    Apply(Operation),
    /// It has happened already.
    Skip,
    /// Nobody can say.
    Aside,
}

/// Applies changes; gives the image and those that do not apply.
pub(crate) fn replay(
    image: &Image,
    pending: &[&(Revision, SystemTime, Operation)],
    content: Content,
) -> (Image, Vec<Operation>) {
    let mut image = image.clone();
    let mut aside = Vec::new();
    for (revision, time, operation) in pending {
        if content != Content::Known {
            image = ruled_by(&image, operation, &operation.ids);
        }
        let applied = match aim(&image, operation, content) {
            Aim::Apply(aimed) => image.apply(&[aimed], *revision, *time).ok(),
            Aim::Skip => continue,
            Aim::Aside => None,
        };
        match applied {
            Some(new) => image = new,
            None => {
                tracing::warn!(path = %operation.path, %revision, "a change was set aside");
                aside.push(operation.clone());
            }
        }
    }
    if let Some((_, _, last)) = pending.last() {
        image = ruled_by(&image, last, &image.ids);
    }
    (image, aside)
}

/// Makes the file of an operation be read by these names: an address is one of the time when the
/// change was made, and the names may have been others then.
///
/// *Cost*: linear in the file where the names are others, else small.
fn ruled_by(image: &Image, operation: &Operation, names: &IdNames) -> Image {
    let (path, _) = image.split(operation.path.tokens());
    match image.file(path) {
        Some(file) if file.ids.names() != names => {
            let file = file.ruled_by(image.rule_by(names, path));
            image.with_file(path, Some(file))
        }
        _ => image.clone(),
    }
}

fn aim(image: &Image, operation: &Operation, content: Content) -> Aim {
    let (file, inside) = image.split(operation.path.tokens());
    if inside.is_empty() {
        return aim_at_file(operation, image.file(file).is_some());
    }
    match content {
        Content::Known => Aim::Apply(operation.clone()),
        Content::Edited | Content::Restored => aim_anew(image, operation, content),
    }
}

/// A whole file may or may not be there.
fn aim_at_file(operation: &Operation, exists: bool) -> Aim {
    match &operation.kind {
        OperationKind::Replace(written) if !exists => {
            let kind = OperationKind::Add(written.clone());
            Aim::Apply(Operation {
                kind,
                ..operation.clone()
            })
        }
        OperationKind::Remove if !exists => Aim::Skip,
        _ => Aim::Apply(operation.clone()),
    }
}

fn aim_anew(image: &Image, operation: &Operation, content: Content) -> Aim {
    let address = Address(operation.address_tokens().to_vec());
    let at = |kind: OperationKind, path: Vec<String>| {
        Aim::Apply(Operation {
            before: operation.before.clone(),
            ids: operation.ids.clone(),
            ..Operation::new(kind, Pointer::from_tokens(path))
        })
    };
    if let Some((length, array)) = array_without_ids(image, &address) {
        // In it places are indices, which an edit may have moved.
        if content == Content::Edited {
            return Aim::Aside;
        }
        let inside = &operation.path.tokens()[length..];
        let path = path_of(&array).into_iter().chain(inside.iter().cloned());
        return at(operation.kind.clone(), path.collect());
    }
    match (operation.kind.clone(), image.resolve(&address)) {
        (OperationKind::Add(written) | OperationKind::Replace(written), Resolved::Value(place)) => {
            at(OperationKind::Replace(written), path_of(&place))
        }
        (OperationKind::Add(written), Resolved::Absent { parent, token }) => {
            let path = path_in(&parent, token);
            at(OperationKind::Add(written), path)
        }
        (OperationKind::Remove, Resolved::Value(place)) => {
            at(OperationKind::Remove, path_of(&place))
        }
        (OperationKind::Remove, Resolved::Absent { .. } | Resolved::Nothing) => Aim::Skip,
        _ => Aim::Aside,
    }
}

fn path_of(place: &Place) -> Vec<String> {
    place
        .file_path
        .iter()
        .chain(&place.pointer)
        .cloned()
        .collect()
}

/// The operation that makes a unit what it was; the inner value is none when it is that already.
/// None when the unit has no place.
#[expect(
    clippy::option_option,
    reason = "nothing to do, and nothing known, are two answers"
)]
pub(crate) fn aim_at_unit(
    image: &Image,
    unit: &Address,
    was: Option<Value>,
    operation: &Operation,
) -> Option<Option<Operation>> {
    let image = ruled_by(image, operation, &operation.ids);
    let (file, inside) = image.split(&unit.0);
    let exists = image.file(file).is_some();
    let (kind, path) = if inside.is_empty() {
        let kind = match was {
            Some(was) if exists => OperationKind::Replace(was.into()),
            Some(was) => OperationKind::Add(was.into()),
            None if exists => OperationKind::Remove,
            None => return Some(None),
        };
        (kind, unit.0.clone())
    } else {
        match (image.resolve(unit), was) {
            (Resolved::Value(place), Some(was)) => {
                (OperationKind::Replace(was.into()), path_of(&place))
            }
            (Resolved::Value(place), None) => (OperationKind::Remove, path_of(&place)),
            (Resolved::Absent { parent, token }, Some(was)) => {
                (OperationKind::Add(was.into()), path_in(&parent, token))
            }
            (Resolved::Absent { .. } | Resolved::Nothing, None) => return Some(None),
            _ => return None,
        }
    };
    Some(Some(Operation::new(kind, Pointer::from_tokens(path))))
}

/// The path of a member that is to be added, or of an element at the end.
fn path_in(parent: &Place, token: String) -> Vec<String> {
    let is_array = parent.value.kind() == Kind::Array;
    let token = if is_array {
        parent.value.count().to_string()
    } else {
        token
    };
    let mut path = path_of(parent);
    path.push(token);
    path
}

/// Finds the array without ids that an address leads into, and how many tokens lead to it.
fn array_without_ids(image: &Image, address: &Address) -> Option<(usize, Place)> {
    (0..address.0.len()).find_map(|length| {
        match image.resolve(&Address(address.0[..length].to_vec())) {
            Resolved::Value(place) => {
                let is_one = place.value.kind() == Kind::Array && !place.is_collection();
                is_one.then_some((length, place))
            }
            _ => None,
        }
    })
}
