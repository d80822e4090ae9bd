//! Edits of a member that is there, in which it is looked for once: a member of a small object, and one
//! of a large object that another value is put in the place of, or that is edited inside. There, and
//! where something is added to a large array or object, what no other value shares is changed where
//! it is.

use super::EditError;
use crate::id_name::IdRule;
use crate::leaf::Piece;
use crate::splice;
use crate::tree::{Place, Tree};
use crate::value::{Repr, Value};
use crate::value_edit::ValueEdit;
use std::sync::Arc;

impl Value {
    /// Makes an edit that puts something in the place of a member of a large object, or edits inside
    /// of it; none where that is not what it is.
    ///
    /// *Cost*: the member is looked for once.
    pub(super) fn edit_found(
        &self,
        token: &str,
        rest: &[String],
        edit: &ValueEdit<'_>,
        depth: usize,
        below: &IdRule,
    ) -> Option<Result<Self, EditError>> {
        let tree = self.as_tree()?;
        let exchange = Exchange::find(tree, token, rest, edit, depth, below)?;
        Some(exchange.map(|exchange| {
            let mut tree = Arc::clone(tree);
            exchange.make(&mut tree);
            Self::large(tree)
        }))
    }

    /// Edits a member that is there, if this is a small object: it is looked for once.
    pub(super) fn edit_small_member(
        &self,
        name: &str,
        edit: &ValueEdit<'_>,
        ids: &IdRule,
    ) -> Option<Self> {
        let Repr::Text(json) = self.repr() else {
            return None;
        };
        let entry = json.find_member(name)?;
        Some(match edit.value() {
            Some(value) => {
                let json = splice::replace(json, entry.value, value.to_json().as_bytes());
                Self::indexed(json, ids)
            }
            None => Self::from(splice::remove(json, &entry)),
        })
    }

    /// The same as an edit of this value, which shares no more with others than it has to; none
    /// where the edit is another.
    ///
    /// *Errors*: the value is as it was.
    pub(crate) fn put_in_place(
        &mut self,
        tokens: &[String],
        edit: &ValueEdit<'_>,
        ids: &IdRule,
    ) -> Option<Result<(), EditError>> {
        let (token, rest) = tokens.split_first()?;
        let below = ids.child(self.kind(), token);
        match Exchange::find(self.as_tree()?, token, rest, edit, 0, &below) {
            Some(Ok(exchange)) => exchange.make(self.as_tree_mut()?),
            Some(Err(error)) => return Some(Err(error)),
            None if rest.is_empty() => {
                let (at, name) = self.addition(token, edit)?;
                let value = edit.value()?.taken_by(&below);
                let tree = Arc::make_mut(self.as_tree_mut()?);
                tree.insert_in_place(at, Piece { name, value });
            }
            None => return None,
        }
        let tree = Arc::clone(self.as_tree()?);
        *self = Self::large(tree);
        Some(Ok(()))
    }
}

/// A member of a large object that another value is put in the place of.
struct Exchange {
    place: Place,
    gone: Piece,
    came: Piece,
}

impl Exchange {
    /// Finds the member, and makes the value; none where the edit does not put one in the place of
    /// another, or edit inside of it.
    fn find(
        tree: &Tree,
        token: &str,
        rest: &[String],
        edit: &ValueEdit<'_>,
        depth: usize,
        below: &IdRule,
    ) -> Option<Result<Self, EditError>> {
        if !tree.named() || (rest.is_empty() && edit.value().is_none()) {
            return None;
        }
        let place = tree.find(token)?;
        let gone = tree.piece(&place);
        let value = match edit.value() {
            Some(value) if rest.is_empty() => value.taken_by(below),
            _ => match gone.value.edit_at(rest, edit, depth + 1, below) {
                Ok(value) => value,
                Err(error) => return Some(Err(error)),
            },
        };
        let name = gone.name.clone();
        let came = Piece { name, value };
        Some(Ok(Self { place, gone, came }))
    }

    /// Makes it in the tree; one that others share stays as it is.
    fn make(self, tree: &mut Arc<Tree>) {
        let Self { place, gone, came } = &self;
        Arc::make_mut(tree).edit_in_place(place, Some(gone), Some(came));
    }
}
